"""A report as text, as JSON and as JUnit's XML."""

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from maas_client.testing.contract.run import Outcome, Report, Verdict


def lines_of(outcome: Outcome) -> Iterator[str]:
    """Yield an outcome for people."""
    statement = outcome.statement
    yield f"{outcome.verdict.upper() if outcome.verdict is Verdict.FAILS else outcome.verdict:8} {statement.id}"
    if outcome.verdict is Verdict.HOLDS:
        return
    yield f"         {statement.text}"
    yield f"         {outcome.why}" + (f" (request {outcome.request_id})" if outcome.request_id else "")
    if outcome.verdict is Verdict.FAILS:
        yield f"         source: {statement.source}"


def summary(report: Report) -> Iterator[str]:
    """Yield the report's end for people."""
    for what in report.left_behind:
        yield f"left behind: {what}"
    counts = {verdict: len(report.of(verdict)) for verdict in Verdict}
    total, failed = len(report.outcomes), counts[Verdict.FAILS]
    yield (
        f"{total} {'statement' if total == 1 else 'statements'} about {report.target}: {counts[Verdict.HOLDS]} hold, "
        f"{failed} {'fails' if failed == 1 else 'fail'}, {counts[Verdict.SKIPPED]} skipped ({report.seconds:.1f} s)"
    )


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as a JSON value."""
    return {
        "target": report.target,
        "ok": report.ok,
        "seconds": round(report.seconds, 3),
        "counts": {verdict.value: len(report.of(verdict)) for verdict in Verdict},
        "left_behind": list(report.left_behind),
        "statements": [
            {
                "id": outcome.statement.id,
                "statement": outcome.statement.text,
                "source": outcome.statement.source,
                "verdict": outcome.verdict.value,
                "why": outcome.why or None,
                "request_id": outcome.request_id or None,
                "seconds": round(outcome.seconds, 3),
            }
            for outcome in report.outcomes
        ],
    }


def as_junit(report: Report) -> str:
    """Return the report as JUnit's XML, which services that run tests read."""
    counts = {verdict: str(len(report.of(verdict))) for verdict in Verdict}
    suite = Element(
        "testsuite",
        name=f"contract of {report.target}",
        tests=str(len(report.outcomes)),
        failures=counts[Verdict.FAILS],
        errors="0",
        skipped=counts[Verdict.SKIPPED],
        time=f"{report.seconds:.3f}",
    )
    for outcome in report.outcomes:
        statement = outcome.statement
        case = SubElement(
            suite,
            "testcase",
            classname=f"contract.{statement.group}",
            name=f"{statement.id}: {statement.text}",
            time=f"{outcome.seconds:.3f}",
        )
        if outcome.verdict is Verdict.FAILS:
            SubElement(case, "failure", message=outcome.why).text = f"source: {statement.source}"
        elif outcome.verdict is Verdict.SKIPPED:
            SubElement(case, "skipped", message=outcome.why)
    indent(suite)
    return tostring(suite, encoding="unicode", xml_declaration=True)
