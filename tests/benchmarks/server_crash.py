"""kill -9 of the reference server at many moments while four writers write: what of the acknowledged is lost.

Every moment is a number of acknowledgements, drawn from a seed; the writer that gets it kills the server while the
others are in the middle of theirs. Needs a checkout: it shares its writers with the tests.
"""

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path

from maas_client.testing import Server
from tests.unit.server.killing import WRITERS, Book, damage, lost, write_until_killed

CLOCK = "scaled:100000"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    starts: list[float] = []
    missing = broken = 0
    book = Book()
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        server = Server.start(state, clock=CLOCK)
        try:
            for moment in range(asked.moments):
                seed = asked.seed * 1_000_000 + moment
                before = set(book.allowed)
                write_until_killed(server, book, f"m{moment}", seed, random.Random(seed).randint(1, 60))
                for problem in damage(state):
                    broken += 1
                    print(f"moment {moment}, seed {seed}: {problem}")
                began = time.perf_counter()
                server = Server.start(state, clock=CLOCK)
                starts.append(time.perf_counter() - began)
                for problem in lost(server, book, [key for key in book.allowed if key not in before]):
                    missing += 1
                    print(f"moment {moment}, seed {seed}: {problem}")
            missing += len(list(lost(server, book, list(book.allowed))))
            size = sum(path.stat().st_size for path in state.rglob("*") if path.is_file())
        finally:
            server.stop()
    print(
        f"{asked.moments} moments, {WRITERS} writers, {book.acknowledged} acknowledged writes: {missing} lost, "
        f"{broken} broken; ready again after {statistics.median(starts):.2f} s (median, at most {max(starts):.2f}); "
        f"{size / 2**20:.0f} MiB of state at the end"
    )


if __name__ == "__main__":
    main()
