"""The one place that imports httpx, without its command line.

`import httpx` also imports its command line, and with it click, rich and pygments where they are installed: about
half of its import time, for nothing that a client uses. A module named `None` in `sys.modules` cannot be imported,
which httpx takes for "command line not installed".
"""

import sys

_COMMAND_LINE = "httpx._main"

if "httpx" in sys.modules:
    import httpx as httpx
else:
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment]
    try:
        import httpx as httpx
    finally:
        del sys.modules[_COMMAND_LINE]

__all__ = ["httpx"]
