# ruff: noqa: E501 - sentences of the page stand as they do there
"""The page of states, and its drawings, from the reference server's transition tables.

A drawing is a column of boxes in the order of the table: what may follow next to it is an arrow down, what is skipped
an arc on the right, the way back an arc on the left. Words that may follow everywhere are said instead of drawn.
"""

from collections.abc import Iterator, Mapping
from html import escape

from maas_client.backends.azureml.runs import read_status
from maas_client.server.state import ENDPOINT, JOB
from tests.documents.tables import table

HEAD = """# States

What becomes of a job and of a deployment, as the reference server has it: a word may be followed by these, and by no others. Generated from `maas_client/server/state.py`, which names its source.

"""
JOBS = {word: sorted(after, key=list(JOB).index) for word, after in JOB.items()}
DEPLOYMENTS = {
    " / ".join(pair): [" / ".join(other) for other in ENDPOINT if other in after] for pair, after in ENDPOINT.items()
}
WIDTH, HEIGHT, GAP = 170, 30, 22


def page() -> str:
    """Write the page."""
    rows = [(f"`{word}`", f"`{read_status(word)}`", _words(after)) for word, after in JOBS.items()]
    pairs = [(f"`{pair}`", _words(after)) for pair, after in DEPLOYMENTS.items()]
    return "".join(
        (
            HEAD,
            f"## Jobs\n\n![States of a job](states-job.svg)\n\n{_everywhere(JOBS)}\n\n",
            "The client's `status` is one vocabulary for every service; the service's own word is in `raw_status`.\n\n",
            table(("word of the service", "`status`", "may be followed by"), rows),
            f"\n## Deployments\n\n![States of a deployment](states-deployment.svg)\n\n{_everywhere(DEPLOYMENTS)} After that the deployment is gone.\n\n",
            table(("`provisioningState` / `endpointState`", "may be followed by"), pairs),
        )
    )


def drawings() -> dict[str, str]:
    """Return the drawings by their names."""
    return {"states-job.svg": "".join(_drawing(JOBS)), "states-deployment.svg": "".join(_drawing(DEPLOYMENTS))}


def _words(words: list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words) or "nothing: it has ended"


def _common(table: Mapping[str, list[str]]) -> list[str]:
    """Return what may follow every word that has a choice."""
    choices = [set(after) for after in table.values() if len(after) > 1]
    return [word for word in table if all(word in after for after in choices)]


def _everywhere(table: Mapping[str, list[str]]) -> str:
    return f"Not drawn: {' and '.join(f'`{word}`' for word in _common(table))} may come after every state that has not ended."


def _drawing(table: Mapping[str, list[str]]) -> Iterator[str]:
    words, common = list(table), _common(table)
    left, right = 90, 140
    height = len(words) * (HEIGHT + GAP)
    size = f'width="{left + WIDTH + right}" height="{height}" viewBox="0 0 {left + WIDTH + right} {height}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13">\n'
    yield '<defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="#5c6bc0"/></marker></defs>\n'
    for start, word in enumerate(words):
        for after in table[word]:
            if after not in common or len(table[word]) == 1:
                yield f'<path d="{_way(start, words.index(after), left)}" fill="none" stroke="#5c6bc0" marker-end="url(#end)"/>\n'
    for place, word in enumerate(words):
        top = place * (HEIGHT + GAP) + GAP / 2
        ends = ' stroke-width="2.5"' if not table[word] else ""
        yield f'<rect x="{left}" y="{top:g}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#fff" stroke="#333"{ends}/>\n'
        yield f'<text x="{left + WIDTH / 2:g}" y="{top + 20:g}" text-anchor="middle" fill="#111">{escape(word)}</text>\n'
    yield "</svg>\n"


def _way(start: int, end: int, left: int) -> str:
    """Draw from one box to another."""
    step = HEIGHT + GAP
    if end == start + 1:
        middle, below = left + WIDTH / 2, start * step + GAP / 2 + HEIGHT
        return f"M{middle:g} {below:g}V{below + GAP:g}"
    edge, side = (left + WIDTH, 1) if end > start else (left, -1)
    bulge = edge + side * min(30 + 18 * abs(end - start), 130)
    # Arcs leave a box below its middle and arrive above it, so that the two do not lie on each other.
    out, into = (start * step + GAP / 2 + HEIGHT * 0.7, end * step + GAP / 2 + HEIGHT * 0.3)
    return f"M{edge} {out:g}C{bulge} {out:g} {bulge} {into:g} {edge} {into:g}"
