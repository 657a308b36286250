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
    yield "# The clients\n\nTwo classes with the same methods; their nouns are on the [next page](resources.md). "
    yield f"{HEAD}\n"
    yield _entry("maas_client.MaaSClient", 2)
    yield _entry("maas_client.AsyncMaaSClient", 2)


def _resources() -> Iterator[str]:
    yield f"# What a client can do\n\nThe nouns of a client, and what their methods hand out. {HEAD}"
    yield "Of each pair the synchronous class is shown; the other has the same methods, to be awaited.\n\n"
    twins = {sync: other for other, sync in PAIRS}
    clients = set(PAIRS[0])
    shown = [cls for name, cls in public() if name.startswith(("maas_client.resources", "maas_client.core"))]
    for cls in shown:
        if cls in clients or cls in twins.values():
            continue
        if cls in twins:
            yield f"`{twins[cls].__name__}`, its methods to be awaited, and:\n\n"
        yield _entry(f"{cls.__module__}.{cls.__qualname__}", 2)


def _entry(name: str, level: int) -> str:
    return f"::: {name}\n    options:\n      heading_level: {level}\n\n"
