"""The reference server: the Azure ML fine-tuning wire on a loopback port, with its state in a folder."""
