"""kill -9 at 25 moments while four writers write: what was acknowledged is there, and nothing is there by half."""

import random
from pathlib import Path

import pytest

from maas_client.testing import Server
from tests.unit.server.killing import Book, damage, lost, write_until_killed

MOMENTS = 25
CLOCK = "scaled:100000"
"""Jobs end within a second, so that kills meet endings and registrations too."""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_was_acknowledged_survives_every_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The check of the wire and coverage double the time of a start, and write their files at a clean stop alone.
    for name in ("MAAS_SERVER_CONFORMANCE", "COVERAGE_PROCESS_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    state = tmp_path / "state"
    book = Book()
    server = Server.start(state, clock=CLOCK)
    try:
        for seed in range(MOMENTS):
            before = set(book.allowed)
            kill_at = random.Random(seed).randint(1, 40)
            write_until_killed(server, book, f"r{seed}", seed, kill_at)
            assert list(damage(state)) == [], f"moment {seed}"
            server = Server.start(state, clock=CLOCK)
            assert not list((state / "blobs").glob("incoming-*"))
            assert list(lost(server, book, [key for key in book.allowed if key not in before])) == [], f"moment {seed}"
        assert list(lost(server, book, list(book.allowed))) == []
        assert server.stop() == 0
        assert list(damage(state)) == []
    finally:
        server.kill()
    assert book.acknowledged >= MOMENTS
