"""The live picture of a job: what it shows, and that it fits into every terminal."""

from collections.abc import Callable
from math import exp

import pytest

from tests.cli.scenes import JOB, Scene


def queued(scene: Scene) -> None:
    scene.status("NotStarted", after=1)
    scene.status("Preparing", after=64)
    scene.status("Queued", after=125)
    scene.seconds += 725


def running(scene: Scene, *, until: int = 310, validation: Callable[[int], float] = lambda step: 1.1) -> None:
    scene.status("Queued", after=1)
    scene.status("Running", after=250)
    for step in range(10, until + 1, 10):
        held_out = {"eval_loss": validation(step)} if step % 100 == 0 else {}
        scene.report(step, loss=0.7 + 1.4 * exp(-step / 150) + 0.03 * (-1) ** step, learning_rate=2e-5, **held_out)
    scene.seconds += 12


def training(scene: Scene) -> None:
    running(scene, validation=lambda step: 0.9 + 1.4 * exp(-step / 200))


def overfitting(scene: Scene) -> None:
    running(scene, until=500, validation=lambda step: 1.0 + abs(step - 200) / 1000)


def failed(scene: Scene) -> None:
    running(scene, until=120)
    scene.status("Failed", "Failed: UserError: Training failed: CUDA out of memory. Tried to allocate 2 GiB.", after=3)


def lost(scene: Scene) -> None:
    running(scene, until=60)
    scene.message("Connection lost (Nobody answers at management.azure.com.) Trying again.")
    scene.seconds += 60


SCENES = [queued, training, overfitting, failed, lost]


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 30), (40, 24)])
def test_the_golden_screens(same_screen, columns, rows):
    shown = []
    for play in SCENES:
        scene = Scene(columns, rows)
        with scene.view.shown():
            play(scene)
            screen = scene.screen()
        assert max(map(len, screen.splitlines())) < columns
        shown.append(f"--- {play.__name__}\n{screen}")
    same_screen(f"watch-{columns}", "".join(shown))


@pytest.mark.parametrize("rows", [4, 12, 60])
@pytest.mark.parametrize("columns", [20, 80, 200])
def test_it_fits_and_stands_there_once(columns, rows):
    scene = Scene(columns, rows)
    with scene.view.shown():
        overfitting(scene)
        lines = scene.screen().splitlines()
    assert len(lines) <= rows
    assert max(map(len, lines)) < columns
    assert sum("Running" in line for line in lines) == 1
    assert any("step 500" in line for line in lines) or rows == 4
    # Beside each other on a wide terminal, below each other on a narrow one, and nowhere without room.
    assert any("┤" in line for line in lines) is (rows > 12 or (rows == 12 and columns >= 80))


@pytest.mark.parametrize(("before", "after"), [(100, 50), (90, 40), (50, 100)])
def test_a_window_that_is_pulled_at(before, after):
    scene = Scene(before, 60)
    with scene.view.shown():
        training(scene)
        scene.screen()
        scene.terminal.resize(after, 60)
        scene.console.size = scene.console.size._replace(width=after)
        scene.view.refresh()
        text = scene.screen()
    assert text.splitlines()[0].split()[1:] == ["support-bot", "Running"]
    assert [text.count(word) for word in ("support-bot", "queued", "step", "last news")] == [1, 1, 1, 1]
    assert max(map(len, text.splitlines())) < after


@pytest.mark.parametrize("no_color", ["", "1"])
def test_without_colours_and_with_ascii_alone(monkeypatch, no_color):
    monkeypatch.setenv("NO_COLOR", no_color)
    scene = Scene(80, 24, JOB.model_copy(update={"name": "n" * 200, "simulated": True}), encoding="ascii")
    with scene.view.shown():
        overfitting(scene)
        scene.message("\x1b]0;x\x07")
        text = scene.screen()

    assert text.isascii()
    assert "simulated" in text
    assert "\\x1b]0;x\\x07" in text
    assert "\x1b]0;" not in scene.terminal.drawn
    assert ("\x1b[1;36m" in scene.terminal.drawn) is (no_color == "")


def test_what_is_not_known_is_not_said():
    scene = Scene(80, 24)
    with scene.view.shown():
        scene.status("Running", after=3600)
        scene.seconds += 5
        text = scene.screen()
    assert "created 1h 00m ago → running\n" in text  # since when it runs is not known
    assert not any(word in text for word in ("step", "ETA", "loss", "queued"))


def test_a_job_that_was_over_when_it_was_first_seen():
    scene = Scene(80, 24)
    with scene.view.shown():
        scene.status("Completed", "Completed: registered as bot:1", after=60)
        text = scene.screen()
    assert "created 1m 00s ago\n  Completed: registered as bot:1\n" in text


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own terminal alone decides."""
    for name in ("COLUMNS", "LINES", "TERM"):
        monkeypatch.delenv(name, raising=False)
