"""What values draw of themselves in a notebook: all that matters, escaped, and no secret."""

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from pydantic import SecretStr

from maas_client.core.paging import Page
from maas_client.dataset import check
from maas_client.types import (
    Deployment,
    DeploymentKeys,
    DeploymentStatus,
    FineTuningJob,
    Hyperparameters,
    JobEvent,
    JobProgress,
    JobStatus,
    MetricPoint,
    Metrics,
    Plan,
    PlannedData,
    PlannedRequest,
    ServiceError,
)
from maas_client.types.curves import panels
from maas_client.types.drawing import table, text
from maas_client.watch import JobPicture

EVIL = "<script>alert(1)</script>\u202e\x1b"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
JOB = FineTuningJob(
    name=f"bot{EVIL}",
    status=JobStatus.FAILED,
    raw_status=EVIL,
    model="Phi-4",
    training_file=EVIL,
    output_model="o",
    hyperparameters=Hyperparameters(n_epochs=3, learning_rate=2e-5),
    tags={EVIL: EVIL},
    properties={"secret": "hidden-value"},
    trained_tokens=1234567,
    created_at=BEGIN,
    error=ServiceError(code="UserError", message=EVIL),
    simulated=True,
)
PLAN = Plan(
    resource_manager="https://management.azure.com",
    subscription_id="s",
    resource_group="g",
    workspace=EVIL,
    name="bot",
    model="Phi-4",
    body={"properties": {"nested": EVIL}},
    fingerprint="f",
    data=PlannedData(rows={"training": 60}, warnings=0, rules={}),
    requests=(PlannedRequest(operation="Jobs_CreateOrUpdate", method="PUT", url=f"https://x/{EVIL}"),),
)


class Tags(HTMLParser):
    """Reads HTML; every tag that is opened is closed, and none is of a kind that does something."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {"script", "a", "img", "link", "iframe"}
        assert not [name for name, _ in attrs if name.startswith("on") or name in {"href", "src"}]
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += f"{data} "


def words(html: str) -> str:
    reader = Tags()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    assert not {"\u202e", "\x1b"} & set(html)
    return reader.words


def drawn(value: object) -> str:
    return words(value._repr_html_())  # type: ignore[attr-defined]


def test_a_job():
    told = drawn(JOB)
    for part in (
        "failed",
        "nothing was really trained",
        "Phi-4",
        "n_epochs 3",
        "1,234,567",
        "2026-01-01 00:00:00",
        "UserError",
    ):
        assert part in told
    assert "<script>" in told  # shown as text
    assert "hidden-value" not in told


def test_any_value_draws_the_fields_that_are_set():
    deployment = Deployment(
        name="bot", status=DeploymentStatus.SUCCEEDED, raw_status="Succeeded", model="m", location="eastus2",
        inference_uri="https://bot.eastus2.models.ai.azure.com", tags={"team": EVIL},
    )  # fmt: skip
    told = drawn(deployment)
    assert told.startswith("Deployment bot")
    assert "https://bot.eastus2.models.ai.azure.com" in told
    assert "marketplace" not in told
    assert "key-of-mine" not in drawn(DeploymentKeys(primary=SecretStr("key-of-mine"), secondary=SecretStr("k")))


def test_a_plan_with_values_within_it():
    told = drawn(PLAN)
    assert told.startswith("Plan bot")
    for part in ("Jobs_CreateOrUpdate", "PUT", "training = 60"):
        assert part in told


def test_a_page():
    told = drawn(Page((JOB, JOB), "next"))
    assert told.count("bot") == 2
    assert "there is a next page" in told
    assert drawn(Page((), None)).strip() == ""


def test_long_lists_are_counted():
    assert "and 3 more" in words(table(("a",), [(index,) for index in range(53)]))


def test_an_event_is_a_line():
    event = JobEvent(
        type="status", message=EVIL, job_name="bot", created_at=BEGIN, status=JobStatus.QUEUED, raw_status="Queued"
    )
    assert drawn(event).startswith("00:00:00 queued     <script>")


def test_a_report(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text('{"messages": [{"role": "user", "content": "<script>"}]}\n{"x": 1}\n')
    report = check(path)
    told = drawn(report)
    assert "train.jsonl" in told
    assert "errors" in told
    assert report.findings[0].rule in told
    assert "No errors" in drawn(replace(report, findings=(), errors=0))


def points(key: str, *values: float) -> list[MetricPoint]:
    return [MetricPoint(key=key, value=value, step=10 * step) for step, value in enumerate(values, 1)]


def test_metrics_are_a_tuple_that_draws_curves():
    metrics = Metrics([*points("loss", 2.0, 1.5, float("nan"), 1.0), *points("eval_loss", 2.1), *points(EVIL, 1.0)])
    assert metrics == tuple(metrics)
    assert metrics.keys == tuple(sorted(("loss", "eval_loss", EVIL)))
    assert metrics.series("eval_loss") == ((10, 2.1),)
    assert metrics.series("nothing") == ()
    told = drawn(metrics)
    assert "validation loss 2.1" in told
    assert "step 40" in told
    assert drawn(Metrics()).split() == ["metric", "last", "value", "step"]


def test_curves_are_to_scale_and_xml():
    svg = panels([("loss", [(0, 1.0), (50, 3.0), (100, 2.0)]), ("none", []), ("<b>", [(0, 5.0)])])
    root = ET.fromstring(svg)
    line = next(element for element in root.iter() if element.tag.endswith("polyline")).attrib["points"]
    (x0, y0), (x1, y1), (x2, y2) = [tuple(map(float, place.split(","))) for place in line.split()]
    assert x1 - x0 == pytest.approx(x2 - x1)
    assert (y0 - y1) == pytest.approx(2 * (y2 - y1), abs=0.1)
    assert len([element for element in root.iter() if element.tag.endswith("polyline")]) == 2
    assert panels([("loss", [(0, float("nan"))])]) == panels([]) == ""
    many = panels([("loss", [(step, float(step)) for step in range(100)])])
    assert "<circle" in svg
    assert "<circle" not in many


def test_a_picture_draws_itself_at_every_moment():
    picture = JobPicture(JOB)
    assert "bot" in drawn(picture)
    for step, loss in enumerate((1.0, 1.1, 1.2, 1.3), 1):
        picture.feed(
            JobEvent(
                type="metrics", message="", job_name="bot", created_at=BEGIN, status=JobStatus.RUNNING, raw_status=EVIL,
                metrics={"loss": 2.0 - step / 10, "eval_loss": loss},
                progress=JobProgress(step=step, total_steps=10, epoch=step / 3, eta_seconds=61.0),
            ),
            1000.0 + step,
        )  # fmt: skip
    told = drawn(picture)
    for part in ("running 0:00:03", "40%, step 4 of 10", "1.333 of 3", "0:01:01", "Overfitting?", "validation loss"):
        assert part in told


def test_text():
    assert text("a\nb") == "a<br>b"
    assert text(0.123456789) == "0.123457"
    assert text("\ud800\u2066") == "\\ud800\\u2066"
