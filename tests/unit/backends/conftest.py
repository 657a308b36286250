"""Makes `exchanges` importable: tests are collected with importlib, so their folder is not on the path."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
