"""Run the reference server: `python -m maas_client.server`."""

import sys

from maas_client.server.main import main

if __name__ == "__main__":
    sys.exit(main())
