"""Names of a module that are loaded when they are first used, so that importing it costs next to nothing.

A type checker must not see `__getattr__`: it would take a misspelt name for one that is there. Hence, in the module:

    if not TYPE_CHECKING:
        __getattr__ = loads(__name__, {"Name": "maas_client.where.it_is"})
"""

import sys
from collections.abc import Callable, Mapping


def loads(module: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """Return the `__getattr__` of a module.

    Args:
        module: Its name.
        homes: By name of what is loaded, the module that has it; a name that is the last part of its home is that
            module itself.
    """

    def load(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        from importlib import import_module

        home = import_module(homes[name])
        value: object = home if homes[name].endswith(f".{name}") else getattr(home, name)
        setattr(sys.modules[module], name, value)
        return value

    return load
