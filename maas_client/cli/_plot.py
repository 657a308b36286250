"""The curves of a job in a file: SVG and HTML drawn here, PNG by matplotlib. A file is there whole, or not at all."""

from pathlib import Path
from typing import TYPE_CHECKING

from maas_client.dataset.writing import writing
from maas_client.errors import ConfigurationError
from maas_client.types.curves import panels
from maas_client.types.drawing import table, text
from maas_client.types.jobs import CURVES

if TYPE_CHECKING:
    from maas_client.types import FineTuningJob, Metrics

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font-family: sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color-scheme: light dark }}
table {{ border-collapse: collapse; margin: 1rem 0 }}
th, td {{ border-bottom: 1px solid #8884; padding: 0.2rem 0.8rem 0.2rem 0; font-variant-numeric: tabular-nums }}
svg {{ max-width: 100%; height: auto }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def write_plot(path: Path, job: "FineTuningJob", metrics: "Metrics", *, force: bool) -> None:
    """Draw what a job reported; the end of the file's name says how: `.html`, `.png` or `.svg`.

    Raises:
        ConfigurationError: There is nothing to draw, the file is there already and `force` is false, it cannot be
            written, or matplotlib is not installed and a PNG is wanted.
    """
    drawing = panels([(name, metrics.series(key)) for key, name in CURVES.items()])
    if not drawing:
        raise ConfigurationError(
            f"The job {job.name} has reported no losses yet.", hint=f"Wait for some: maas-ft jobs watch {job.name}"
        )
    form = path.suffix.lower()
    content = _png(job, metrics) if form == ".png" else (drawing if form == ".svg" else _page(job, metrics, drawing))
    with writing(path, force=force) as file:
        file.write(content if isinstance(content, bytes) else content.encode("utf-8"))


def _page(job: "FineTuningJob", metrics: "Metrics", drawing: str) -> str:
    keys = [key for key in metrics.keys if key != "epoch"]
    steps: dict[int, dict[str, float]] = {}
    for point in metrics:
        steps.setdefault(point.step, {})[point.key] = point.value
    rows = [(step, values.get("epoch"), *(values.get(key) for key in keys)) for step, values in sorted(steps.items())]
    numbers = table(("step", "epoch", *keys), rows, most=len(rows))
    head = job._repr_html_()
    return _PAGE.format(title=text(f"Job {job.name}"), body=f"{head}\n{drawing}\n{numbers}")


def _png(job: "FineTuningJob", metrics: "Metrics") -> bytes:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ConfigurationError(
            "A PNG is drawn by matplotlib, which is not installed.",
            hint="pip install 'maas-client[plot]' , or name a file that ends in .svg or .html .",
        ) from error
    from io import BytesIO

    series = [(name, metrics.series(key)) for key, name in CURVES.items()]
    drawn = [(name, points) for name, points in series if points]
    figure = Figure(figsize=(5 * len(drawn), 4), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(job.name, parse_math=False)
    for place, (name, points) in enumerate(drawn, 1):
        axes = figure.add_subplot(1, len(drawn), place, title=name, xlabel="step")
        axes.plot([step for step, _ in points], [value for _, value in points], marker="." if len(points) < 60 else "")
        axes.grid(alpha=0.3)
    memory = BytesIO()
    figure.savefig(memory, format="png", dpi=120)
    return memory.getvalue()
