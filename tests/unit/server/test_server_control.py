"""The control routes: which of them the admin token opens, and that every one says so."""

import re
from pathlib import Path

import pytest

import maas_client.server

ROUTE = re.compile(r'Route\(\s*"(/_maas/[^"]*)",[^\[]*methods=\[([^\]]*)\]')
OPEN = {"/_maas/health", "/_maas/openapi.json", "/_maas/ledger", "/_maas/fidelity"}


def routes():
    for file in sorted(Path(maas_client.server.__file__).parent.rglob("*.py")):
        for path, methods in ROUTE.findall(file.read_text(encoding="utf-8")):
            for method in re.findall(r"\w+", methods):
                yield method, path


def test_the_routes_are_found():
    found = {path for _, path in routes()}
    assert found > OPEN
    assert {"/_maas/clock", "/_maas/reset", "/_maas/faults", "/_maas/requests", "/_maas/tokens/revoke"} <= found


def test_the_page_lists_every_route_and_no_other():
    page = (Path(__file__).parents[3] / "docs" / "pages" / "explanation" / "reference-server.md").read_text(
        encoding="utf-8"
    )
    listed = set()
    for cell in re.findall(
        r"^\| ((?:`[^`]*`(?:, )?)+) \|", page.partition("## Control routes")[2].partition("\n## ")[0], re.MULTILINE
    ):
        methods: list[str] = []
        for text in re.findall(r"`([^`]*)`", cell):
            method, _, path = text.partition(" ")
            methods.append(method)
            if path:
                listed |= {(each, path) for each in methods}
                methods = []
    assert listed == set(routes())


@pytest.mark.parametrize(("method", "path"), sorted(routes()))
def test_the_admin_token_opens_them(server, method, path):
    target = path.replace("{id}", "x").replace("{name}", "x")
    assert "{" not in target
    answer = server.send(method, target, {} if method == "POST" else None)
    assert answer.status == (200 if path in OPEN else 401)
    assert path in OPEN or answer.error["code"] == "AdminTokenRequired"
    guess = server.send(method, target, None, {"x-maas-admin-token": "guess"})
    assert guess.status == answer.status
