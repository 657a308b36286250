"""What users see: names, signatures, docstrings, the tree of errors, and what an import loads."""

import ast
import inspect
import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import maas_client
from maas_client import catalog, dataset, errors, testing, types
from maas_client.client import AsyncMaaSClient, MaaSClient
from maas_client.client._nouns import NOUNS, AsyncNouns, Nouns
from maas_client.core.paging import AsyncPager, Page, Pager
from maas_client.resources._job_create import JobOptions
from maas_client.resources._poller import AsyncPoller, Poller
from maas_client.resources._submission import AsyncSubmission
from maas_client.resources.chat import AsyncChat, Chat, ChatParameters
from maas_client.resources.data import AsyncData, Data
from maas_client.resources.deployments import AsyncDeployments, Deployments
from maas_client.resources.files import AsyncFiles, Files
from maas_client.resources.jobs import AsyncJobs, Jobs
from maas_client.resources.marketplace import AsyncMarketplace, Marketplace
from maas_client.resources.models import AsyncModels, Models
from maas_client.resources.submissions import AsyncSubmissions, Submission, Submissions
from maas_client.testing import contract
from maas_client.types.base import Value, field_texts
from maas_client.watch import JobPicture

SNAPSHOT = Path(__file__).with_name("surface.txt")
PAIRS = [
    (AsyncMaaSClient, MaaSClient),
    (AsyncNouns, Nouns),
    (AsyncFiles, Files),
    (AsyncData, Data),
    (AsyncJobs, Jobs),
    (AsyncModels, Models),
    (AsyncSubmissions, Submissions),
    (AsyncSubmission, Submission),
    (AsyncDeployments, Deployments),
    (AsyncMarketplace, Marketplace),
    (AsyncChat, Chat),
    (AsyncPoller, Poller),
    (AsyncPager, Pager),
]
RENAMED = {"aclose": "close", "__aenter__": "__enter__", "__aexit__": "__exit__", "__aiter__": "__iter__"}
HEAVY = ("azure.identity", "httpx", "pydantic", "rich", "starlette", "tiktoken", "tokenizers")


def modules() -> list[Any]:
    return [errors, types, catalog, dataset, testing, contract]


def public() -> Iterator[tuple[str, Any]]:
    """Everything that users may name or hold, with its home."""
    for module in modules():
        yield from ((f"{module.__name__}.{name}", getattr(module, name)) for name in sorted(module.__all__))
    held = [cls for pair in PAIRS for cls in pair] + [Page, ChatParameters, JobOptions, JobPicture]
    yield from ((f"{cls.__module__}.{cls.__qualname__}", cls) for cls in held)


# Names


def test_names_of_the_package() -> None:
    assert maas_client.__all__ == ["AsyncMaaSClient", "MaaSClient", "MaaSError", "__version__"]
    assert {*maas_client.__all__, "types", "errors", "dataset", "catalog", "testing"} == set(dir(maas_client))
    assert all(getattr(maas_client, name) is not None for name in dir(maas_client))
    with pytest.raises(AttributeError, match="no attribute 'Client'"):
        maas_client.Client  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize("module", modules(), ids=lambda module: str(module.__name__))
def test_all_is_all_there_is(module: Any) -> None:
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert hasattr(module, name)


def test_all_of_types_leaves_no_value_out() -> None:
    homes = [
        import_module(f"maas_client.types.{name}")
        for name in (
            "artifacts",
            "base",
            "chat",
            "compute",
            "data",
            "deployments",
            "files",
            "jobs",
            "marketplace",
            "models",
            "plans",
            "preflight",
            "responses",
            "submissions",
        )
    ]
    defined = {
        name
        for home in homes
        for name, member in vars(home).items()
        if isinstance(member, type) and member.__module__ == home.__name__ and not name.startswith("_")
    }
    assert defined - set(types.__all__) <= {"Draft"}
    assert set(types.__all__) - defined == {"MessageInput"}


# Signatures


def describe(name: str, thing: Any) -> list[str]:
    """Write a class or function as its source does, without bodies: the same on every version of Python."""
    if not (inspect.isclass(thing) or inspect.isfunction(thing)):
        return [f"{name}: {type(thing).__name__}"]
    node = ast.parse(textwrap.dedent(inspect.getsource(thing))).body[0]
    home = name.rpartition(".")[0]
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        return [f"{home}: class {node.name}({bases})", *(f"    {line}" for item in node.body if (line := member(item)))]
    return [f"{home}: {member(node)}"]


def member(node: ast.stmt) -> str | None:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        if node.name.startswith("_") and not node.name.startswith("__"):
            return None
        word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
        marks = "".join(f"@{mark.id} " for mark in node.decorator_list if isinstance(mark, ast.Name))
        returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        return f"{marks}{word} {node.name}({ast.unparse(node.args)}){returns}"
    if isinstance(node, ast.AnnAssign | ast.Assign):
        line = ast.unparse(node)
        return None if line.startswith("_") else line
    return None


def test_signatures_are_those_checked_in(generated: Any) -> None:
    lines = [line for name, thing in public() for line in describe(name, thing)]
    generated(SNAPSHOT, "\n".join(lines) + "\n")


# The two surfaces


def surface(cls: type) -> dict[str, Any]:
    own = ("__init__",) if cls in PAIRS[0] else ()
    return {
        RENAMED.get(name, name): inspect.unwrap(getattr(value, "__func__", value))
        for name, value in vars(cls).items()
        if not name.startswith("_") or name in {*RENAMED, *RENAMED.values(), *own}
    }


@pytest.mark.parametrize(("asynchronous", "synchronous"), PAIRS, ids=lambda cls: str(cls.__name__))
def test_both_surfaces_are_one(asynchronous: type, synchronous: type) -> None:
    theirs, ours = surface(asynchronous), surface(synchronous)
    assert sorted(theirs) == sorted(ours)
    for name, twin in theirs.items():
        documentation = inspect.getdoc(ours[name])
        assert documentation == inspect.getdoc(twin), name
        if not name.startswith("__"):
            assert documentation, name
        if callable(twin):
            assert parameters(ours[name]) == parameters(twin), name
    assert inspect.getdoc(synchronous)
    assert inspect.getdoc(asynchronous)


def parameters(function: Any) -> list[tuple[str, Any, Any, Any]]:
    found = inspect.signature(function).parameters.values()
    return [(each.name, each.kind, each.default, each.annotation) for each in found]


def test_clients_hold_the_same_nouns() -> None:
    options: dict[str, Any] = {"subscription_id": "s", "resource_group": "g", "workspace": "w", "credential": "token"}
    with MaaSClient(**options) as client:
        nouns = {name: type(getattr(client, name)) for name in NOUNS}
        asynchronous = AsyncMaaSClient(**options)
        twins = {name: type(getattr(asynchronous, name)) for name in NOUNS}
    assert sorted(nouns) == ["chat", "data", "deployments", "files", "jobs", "marketplace", "models", "submissions"]
    assert {(twins[name], nouns[name]) for name in nouns} <= set(PAIRS)
    assert "token" not in repr(client)


# Docstrings


@pytest.mark.parametrize(
    ("name", "thing"), [(n, t) for n, t in public() if inspect.isclass(t) or inspect.isfunction(t)]
)
def test_everything_public_is_documented(name: str, thing: Any) -> None:
    assert (thing.__doc__ or "").strip(), name
    if inspect.isclass(thing) and issubclass(thing, Value) and thing is not Value:
        thing.model_rebuild()
        told = field_texts(thing)
        assert [field for field, info in thing.model_fields.items() if not info.description and field not in told] == []


# Errors


def drawn() -> dict[str, tuple[str | None, str | None]]:
    """Read the tree in the docstring of `errors`: name to parent and second base."""
    tree: dict[str, tuple[str | None, str | None]] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"    ((?:[│ ]   )*)(?:[├└]── )?(\w+Error)\b(?: \((\w+)\))?", line)
        if match is None:
            continue
        depth = len(match[1]) // 4 + (1 if "── " in line else 0)
        path = [*path[:depth], match[2]]
        tree[match[2]] = (path[-2] if depth else None, match[3])
    return tree


def test_errors_drawn_are_errors_defined() -> None:
    defined = {
        name: cls
        for name, cls in vars(errors).items()
        if isinstance(cls, type) and issubclass(cls, Exception) and cls.__module__ == errors.__name__
    }
    tree = drawn()
    assert sorted(tree) == sorted(defined) == sorted(errors.__all__)
    for name, (parent, second) in tree.items():
        bases = [base.__name__ for base in defined[name].__bases__]
        assert bases == [parent or "Exception", *([second] if second else [])], name


def test_statuses_drawn_are_statuses_raised() -> None:
    from maas_client.core.error_map import ErrorFacts, build_error
    from maas_client.core.io import Request, Response

    drawing = re.findall(r"(\w+Error)\s+(\d\d\d|5xx)\b", errors.__doc__ or "")
    assert len(drawing) == 9
    for name, status in drawing:
        answer = Response(int(status.replace("xx", "03")), {}, b"")
        assert type(build_error(Request("O", "GET", "https://h"), answer, ErrorFacts("m"))).__name__ == name


# Imports


def test_an_import_loads_nothing_heavy() -> None:
    script = f"import json, sys, maas_client; print(json.dumps([n for n in {HEAVY!r} if n in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_a_client_does_not_load_azure_identity_before_it_is_needed() -> None:
    script = (
        "import sys, maas_client\n"
        "maas_client.MaaSClient(subscription_id='s', resource_group='g', workspace='w').close()\n"
        "print([n for n in ('azure.identity', 'rich', 'starlette', 'uvicorn', 'anyio') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "azure.identity" not in done.stdout
    assert "rich" not in done.stdout
    assert "starlette" not in done.stdout
