"""Values draw themselves in a real kernel, and a job that is watched is drawn again in its place."""

import asyncio
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from maas_client.testing import serving
from tests.documents.blocks import blocks

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "pages" / "how-to" / "watching.md"
BEGIN = """
from maas_client import MaaSClient
client = MaaSClient.from_env()
job = client.jobs.create(
    "Phi-4-mini-instruct", training_file=client.files.upload("train.jsonl"), n_epochs=1, name="drawn"
)
"""


@pytest.mark.filterwarnings("default")
def test_a_job_is_watched_in_a_notebook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    for name in ("IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    (tmp_path / "train.jsonl").write_bytes((ROOT / "examples/data/train.jsonl").read_bytes())
    (watch,) = [block.text for block in blocks(PAGE, "python") if "display_id" in block.text]
    sources = [BEGIN, watch, "client.jobs.get(job)", "client.jobs.metrics(job)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    client = NotebookClient(notebook, timeout=100, kernel_name="python3", resources={"metadata": {"path": tmp_path}})
    with serving(tmp_path / "state", clock="scaled:5000") as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        asyncio.run(client.async_execute())

    _, watched, shown, metrics = ["".join(o.data["text/html"] for o in cell.outputs) for cell in notebook.cells]
    assert watched.count("<caption") == 1  # drawn in place, not once more for each event
    for part in ("succeeded", "step", "validation loss", "<polyline"):
        assert part in watched
    assert "Fine-tuning job drawn" in shown
    assert metrics.count("<polyline") == 3
