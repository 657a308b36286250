"""Run the reference server: `python -m maas_client.server`."""

from maas_client.server.main import main

if __name__ == "__main__":
    main(prog_name="maas-ft serve")
