"""Run the command line: `python -m maas_client`."""

from maas_client.cli.main import main

if __name__ == "__main__":
    main()
