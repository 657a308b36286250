"""What holds for every course that a job may take, and wherever a watch is broken off."""

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from maas_client.types import FineTuningJob, Hyperparameters, JobEvent, JobStatus, MetricPoint
from maas_client.watch import Cadence, Reducer, Snapshot, Track, advance, next_delay, progress_of

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
BEFORE = {"Queued": JobStatus.QUEUED, "Provisioning": JobStatus.QUEUED}
WORDS = {
    **BEFORE, "Running": JobStatus.RUNNING, "Paused": JobStatus.PAUSED, "Odd": JobStatus.UNKNOWN,
    "CancelRequested": JobStatus.CANCELLING, "Completed": JobStatus.SUCCEEDED, "Failed": JobStatus.FAILED,
}  # fmt: skip
KEYS = ["loss", "learning_rate", "epoch", "eval_loss", "train_runtime"]

values = st.floats(allow_nan=True, allow_infinity=True)
points = st.builds(
    MetricPoint,
    key=st.sampled_from(KEYS),
    value=values,
    step=st.integers(0, 12),
    created_at=st.none() | st.integers(0, 99).map(lambda second: BEGIN + timedelta(seconds=second)),
)


@st.composite
def courses(draw):
    """A job that reveals more with every look, in any order and with duplicates."""
    seen: list[MetricPoint] = []
    warnings: list[str] = []
    looks = []
    for number in range(draw(st.integers(1, 7))):
        seen += draw(st.lists(points, max_size=4))
        warnings += draw(st.lists(st.sampled_from(["a", "b", "c"]), max_size=1))
        word = draw(st.sampled_from(sorted(WORDS)))
        job = FineTuningJob(
            name="j", status=WORDS[word], raw_status=word, model="m", training_file="f", output_model="o",
            hyperparameters=Hyperparameters(n_epochs=draw(st.sampled_from([None, 3]))),
        )  # fmt: skip
        shown = tuple(draw(st.permutations(seen)))
        looks.append(Snapshot(job, BEGIN + timedelta(seconds=10 * number), shown, tuple(warnings)))
    return looks


def run(reducer: Reducer, looks: list[Snapshot]) -> list[tuple[int, JobEvent]]:
    return [(number, event) for number, look in enumerate(looks) for event in reducer.feed(look)]


@given(courses())
def test_a_watch_broken_off_anywhere_goes_on_with_exactly_the_rest(looks):
    whole = run(Reducer(), looks)
    for index, (number, event) in enumerate(whole):
        rest = run(Reducer(event.resume_token), looks[number:])
        assert repr([event for _, event in rest]) == repr([event for _, event in whole[index + 1 :]])


@given(courses(), st.integers(0, 7))
def test_a_watch_broken_off_between_looks_goes_on_with_exactly_the_rest(looks, cut):
    first, rest = Reducer(), Reducer()
    run(first, looks[:cut])
    rest = Reducer(first.resume_token)
    assert repr(run(rest, looks[cut:])) == repr(run(first, looks[cut:]))
    assert rest.resume_token == first.resume_token


@given(courses())
def test_reading_only_newer_points_tells_the_same(looks):
    everything, newer = Reducer(), Reducer()
    for look in looks:
        told = newer.high_water
        fresh = tuple(point for point in look.metrics if point.step > told.get(point.key, -1))
        expected = everything.feed(look)
        got = newer.feed(Snapshot(look.job, look.seen_at, fresh, look.warnings))
        assert [event.metrics.keys() for event in got] == [event.metrics.keys() for event in expected]
        assert [event.type for event in got] == [event.type for event in expected]


@given(courses())
def test_once_in_order_and_to_the_end(looks):
    events = [event for _, event in run(Reducer(), looks)]
    numbers = [(key, event.progress.step) for event in events if event.progress for key in event.metrics]
    assert max(Counter(numbers).values(), default=1) == 1
    for key in KEYS:
        steps = [step for told, step in numbers if told == key]
        assert steps == sorted(steps)
    warned = [event.message for event in events if event.type == "message"]
    assert len(warned) == len(set(warned))
    ends = [index for index, look in enumerate(looks) if look.job.status.is_terminal]
    terminal = [event for event in events if event.status.is_terminal]
    assert len(terminal) == bool(ends)
    if ends:
        last = looks[ends[0]]
        assert events[-1] is terminal[0]
        assert terminal[0].raw_status == last.job.raw_status
        newest = {point.key: max(p.step for p in last.metrics if p.key == point.key) for point in last.metrics}
        assert newest.items() <= {key: max(s for k, s in numbers if k == key) for key, _ in numbers}.items()
    statuses = [event.status for event in events if event.type == "status"]
    if JobStatus.RUNNING in statuses:
        assert JobStatus.QUEUED not in statuses[statuses.index(JobStatus.RUNNING) :]
    pairs = [(event.status, event.raw_status) for event in events if event.type == "status"]
    assert all(one != other for one, other in itertools.pairwise(pairs))


@given(st.lists(st.tuples(st.integers(0, 10**6), values, st.floats(0, 1e10)), max_size=12), st.integers(1, 100))
def test_progress_is_never_nonsense(reports, n_epochs):
    track = Track()
    for step, epoch, at in reports:
        track = advance(track, step, {"epoch": epoch}, at, n_epochs)
        progress = progress_of(track, track.step)
        assert progress.total_steps is None or progress.total_steps >= track.step
        assert progress.eta_seconds is None or progress.eta_seconds >= 0
        assert progress.steps_per_second is None or progress.steps_per_second > 0


@given(
    st.sampled_from([Cadence.for_service(), Cadence.for_emulator()]),
    st.floats(-1e6, 1e6),
    st.floats(-1e6, 1e6),
    st.integers(0, 10**6),
    st.none() | st.floats(0, 1e6),
)
def test_delays_are_bounded(cadence, age, quiet, errors, hint):
    delay = next_delay(cadence, status_age_seconds=age, quiet_seconds=quiet, errors=errors, retry_after=hint)
    assert max(0.2, hint or 0.0) <= delay <= max(cadence.max_seconds, 1.1 * (hint or 0.0)) + 1e-6
