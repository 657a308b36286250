"""The pages of the API: which names are public says the package, what they are mkdocstrings reads from the source."""

from collections.abc import Iterator
from types import ModuleType

from maas_client import catalog, dataset, errors, testing, types
from maas_client.dataset import convert, cost, fix, preview, split, stats
from maas_client.testing import contract
from tests.test_surface import PAIRS, public

HEAD = "This page is generated from the source.\n"
MODULES: dict[str, tuple[str, str, tuple[ModuleType, ...]]] = {
    "types": ("Types", "What methods return and take. All of it is immutable.", (types,)),
    "errors": ("Errors", "Each as a class; the [tree with exit codes](../errors.md) is easier to read.", (errors,)),
    "dataset": (
        "Training data",
        "Everything here happens on your machine; [how to use it](../../how-to/data.md).",
        (dataset, stats, preview, cost, fix, split, convert),
    ),
    "catalog": ("The catalog", "Facts about models, clouds and techniques, each with its source.", (catalog,)),
    "testing": (
        "Testing",
        "For your own tests; [how to use it](../../how-to/testing.md) has the pytest fixtures.",
        (testing, contract),
    ),
}


def pages() -> dict[str, str]:
    """Return every page by its name."""
    found = {name: "".join(_module_page(*parts)) for name, parts in MODULES.items()}
    return {"client": "".join(_clients()), "resources": "".join(_resources())} | found


def _module_page(title: str, about: str, modules: tuple[ModuleType, ...]) -> Iterator[str]:
    yield f"# {title}\n\n{about} {HEAD}"
    for module in modules:
        yield f"\n## `{module.__name__}`\n\n" if len(modules) > 1 else "\n"
        for name in sorted(_names(module)):
            yield _entry(f"{module.__name__}.{name}", 3 if len(modules) > 1 else 2)


def _names(module: ModuleType) -> list[str]:
    listed: list[str] | None = getattr(module, "__all__", None)
    if listed is not None:
        return listed
    return [
        name
        for name, member in vars(module).items()
        if not name.startswith("_") and getattr(member, "__module__", None) == module.__name__ and callable(member)
    ]


def _clients() -> Iterator[str]:
    yield f"# The clients\n\nTheir nouns are on the [next page](resources.md). {HEAD}\n"
    yield _entry("maas_client.MaaSClient", 2, "members: false")
    yield _same("MaaSClient")
    yield _entry("maas_client.AsyncMaaSClient", 2)


def _resources() -> Iterator[str]:
    yield f"# What a client can do\n\nThe nouns of a client, and what their methods hand out. {HEAD}\n"
    twins = dict(PAIRS[1:])
    shown = [
        cls
        for name, cls in public()
        if name.startswith(("maas_client.resources", "maas_client.core", "maas_client.watch"))
    ]
    for cls in shown:
        if cls in twins.values():
            continue
        name = f"{cls.__module__}.{cls.__qualname__}"
        if cls in twins:
            twin = twins[cls]
            yield _entry(f"{twin.__module__}.{twin.__qualname__}", 2, "merge_init_into_class: false", "members: false")
            yield _same(twin.__name__)
        yield _entry(name, 2, "merge_init_into_class: false" if cls in twins else "")


def _same(name: str) -> str:
    """Say which class has the same methods: the synchronous ones have no docstrings of their own in the source."""
    return f"`{name}` has the same methods as the following class, without `await`:\n\n"


def _entry(name: str, level: int, *more: str) -> str:
    options = "".join(f"      {line}\n" for line in (f"heading_level: {level}", *more) if line)
    return f"::: {name}\n    options:\n{options}\n"
