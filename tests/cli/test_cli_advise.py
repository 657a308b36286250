"""`maas-ft advise`: asked for by options, asked by questions, in text and in JSON."""

import json

import pytest

from tests.cli.screens import take_screen

HOME = ("advise", "--goal", "qa", "--model", "Phi-4", "--gpus", "2", "--gpu-memory", "8", "--priority", "cost")
