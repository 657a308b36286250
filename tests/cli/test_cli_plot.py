"""Curves in files: whole or not at all, standing alone, and everything that the service wrote escaped."""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from maas_client.cli._plot import write_plot
from maas_client.errors import ConfigurationError
from maas_client.types import FineTuningJob, JobStatus, MetricPoint, Metrics
from tests.cli.program import MODEL

JOB = FineTuningJob(
    name="<script>bot</script>", status=JobStatus.SUCCEEDED, raw_status="Completed", model="Phi-4", training_file="t",
    output_model="o",
)  # fmt: skip
METRICS = Metrics(
    MetricPoint(key=key, value=value / step, step=step)
    for step in range(10, 100, 10)
    for key, value in (("eval_loss", 11.0), ("loss", 10.0), ("<script>", 1.0))
)


def test_html_stands_alone(tmp_path):
    write_plot(tmp_path / "out.html", JOB, METRICS, force=False)
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;bot" in page
    assert "validation loss" in page
    assert "http" not in page.replace("http-equiv", "").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert page.count("<tr>") >= 9


def test_svg_is_xml(tmp_path):
    write_plot(tmp_path / "out.svg", JOB, METRICS, force=False)
    assert ET.parse(tmp_path / "out.svg").getroot().tag.endswith("svg")


def test_png_is_drawn_by_matplotlib(tmp_path):
    pytest.importorskip("matplotlib")
    write_plot(tmp_path / "out.PNG", JOB.model_copy(update={"name": "bot $x_$"}), METRICS, force=False)
    assert (tmp_path / "out.PNG").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ConfigurationError) as caught:
        write_plot(tmp_path / "out.png", JOB, METRICS, force=False)
    assert caught.value.hint is not None
    assert "pip install 'maas-client[plot]'" in caught.value.hint
    assert list(tmp_path.glob("*out*")) == []


def test_nothing_is_written_over_and_nothing_is_drawn_of_nothing(tmp_path):
    kept = tmp_path / "out.svg"
    kept.write_text("mine")
    with pytest.raises(ConfigurationError, match="is there already"):
        write_plot(kept, JOB, METRICS, force=False)
    with pytest.raises(ConfigurationError, match="has reported no losses yet"):
        write_plot(kept, JOB, Metrics(), force=True)
    assert kept.read_text() == "mine"
    write_plot(kept, JOB, METRICS, force=True)
    assert kept.read_text().startswith("<svg")


def test_the_command(invoke, data, tmp_path):
    created = invoke("submit", "--local", "--model", MODEL, "--train", "train.jsonl", "--name", "bot", "--epochs", "1")
    assert created.exit_code == 0, created.stderr
    drawn = invoke("jobs", "metrics", "bot", "--local", "--plot", "out.html")
    assert (drawn.exit_code, drawn.stdout, drawn.stderr) == (0, "", "out.html written.\n")
    assert "Fine-tuning job bot" in Path("out.html").read_text(encoding="utf-8")
    assert invoke("jobs", "metrics", "bot", "--local", "--plot", "out.html").exit_code == 2
    assert invoke("jobs", "metrics", "bot", "--local", "--plot", "out.html", "--force").exit_code == 0


@pytest.mark.parametrize("arguments", [("--plot", "out.gif"), ("--force",)])
def test_wrong_usage(invoke, arguments):
    assert invoke("jobs", "metrics", "bot", "--local", *arguments).exit_code == 2
