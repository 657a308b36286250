"""The service itself, without HTTP: files, jobs, models, deployments, and the rules about them."""
