"""The API pages show each option of `**options` as a parameter of its own.

Docstrings list them below the one that stands for all, a line each; without this they would run into one paragraph.
"""

import re

from griffe import DocstringParameter, DocstringSectionKind, Extension, Function

OPTION = re.compile(r"(\w+): (.+)")


class EachOption(Extension):
    """Parts the description of `**options` into its options."""

    def on_function(self, *, func: Function, **_rest: object) -> None:
        """Replace it in the parameters of a function."""
        for section in func.docstring.parsed if func.docstring else ():
            if section.kind is DocstringSectionKind.parameters:
                section.value[:] = [each for parameter in section.value for each in _parted(parameter)]


def _parted(parameter: DocstringParameter) -> list[DocstringParameter]:
    first, *rest = parameter.description.splitlines()
    if not parameter.name.startswith("*") or not rest:
        return [parameter]
    parts = [DocstringParameter(parameter.name, description=first, annotation=parameter.annotation)]
    for line in rest:
        if option := OPTION.fullmatch(line.strip()):
            parts.append(DocstringParameter(option[1], description=option[2]))
        else:
            parts[-1].description += f" {line.strip()}"
    return parts
