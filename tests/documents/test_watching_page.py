"""What the page on watching says in numbers is what the code does."""

from dataclasses import fields

import pytest

from maas_client.watch.cadence import FRESH_INTERVALS, Cadence
from maas_client.watch.overfitting import RISES, SMALLEST_RISE
from maas_client.watch.progress import WINDOW
from maas_client.watch.turns import Turns
from tests.documents.blocks import ROOT

CADENCE = Cadence.for_service()
AT_ONCE = next(field.default for field in fields(Turns) if field.name == "at_once")
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@pytest.mark.parametrize(
    "said",
    [
        f"| every {CADENCE.base_seconds:.0f} seconds |",
        f"twice as often, for {FRESH_INTERVALS * CADENCE.base_seconds:.0f} seconds",
        f"up to every {CADENCE.max_seconds:.0f} seconds",
        f"up to {CADENCE.max_seconds:.0f} seconds, drawn at random",
        f"{CADENCE.looks_per_second:.0f} looks a second in the long run, {AT_ONCE} at once",
        f"is looked at every {1000 / CADENCE.looks_per_second:.0f} seconds",
        f"outage of {CADENCE.outage_seconds / 60:.0f} minutes",
        f"of the last {WORDS[WINDOW]} reports",
        f"at {WORDS[RISES]} evaluations in a row, by {WORDS[round(SMALLEST_RISE * 100)]} per cent",
    ],
)
def test_number(said: str) -> None:
    page = ROOT / "docs" / "pages" / "explanation" / "watching.md"
    assert said in " ".join(page.read_text(encoding="utf-8").split())
