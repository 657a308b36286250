"""Our description of the wire, narrowed so that requests made from it meet something: names that exist, or nearly do.

Left as it is, nearly every path would lead to a workspace or a job that nobody made, and every answer would be a 404.
What a request says beyond its path - queries, headers, bodies - is left as wide as the description has it.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]
METHODS = ("get", "put", "post", "patch", "delete", "head")


def narrowed(contract: Json, values: Mapping[str, Sequence[str]], blobs: Json, absent: frozenset[str]) -> Json:
    """Return a description to make requests from.

    Args:
        contract: The OpenAPI document.
        values: By name of a parameter in a path or query: what it may be.
        blobs: Where blobs are: `account`, `suffix`, `container`, and the members of the signature.
        absent: Operations that the server does not have, and says so with 501.
    """
    whole = copy.deepcopy(contract)
    paths: Json = {**whole["paths"], **_blob_paths(whole.pop("x-ms-paths"), blobs)}
    for item in paths.values():
        for method in METHODS:
            if item.get(method, {}).get("operationId") in absent:
                del item[method]
    whole["paths"] = {path: item for path, item in paths.items() if any(method in item for method in METHODS)}
    for item in whole["paths"].values():
        for holder in (item, *(item[method] for method in METHODS if method in item)):
            _narrow(holder.get("parameters", []), values)
    _narrow(list(whole["components"]["parameters"].values()), values)
    return whole


def _narrow(parameters: list[Json], values: Mapping[str, Sequence[str]]) -> None:
    for parameter in parameters:
        if parameter.get("name") in values:
            parameter["schema"] = {"type": "string", "enum": list(values[parameter["name"]])}


def _blob_paths(described: Json, blobs: Json) -> Json:
    """Return the paths of blobs at one account, open with a signature; what tells them apart stays in their queries."""
    found: Json = {}
    values = {
        "container": [blobs["container"], "nobodys-container"],
        "blob": ["folder/there.jsonl", "folder/new.txt", "nobody"],
    }
    signature = [
        {"name": name, "in": "query", "required": True, "schema": {"type": "string", "enum": [value]}}
        for name, value in blobs["signature"]
    ]
    for path, item in described.items():
        if path.startswith("/stmaas"):
            continue  # the same once more
        parameters = [each for each in item["parameters"] if _name(each) not in {"account", "suffix", "sas"}]
        _narrow(parameters, values)
        place = path.replace("{account}", blobs["account"]).replace("{suffix}", blobs["suffix"])
        found[place] = {
            name: {**each, "parameters": [one for one in each["parameters"] if _name(one) not in {"comp", "restype"}]}
            if name in METHODS and "parameters" in each
            else each
            for name, each in item.items()
        } | {"parameters": parameters + signature}
    return found


def _name(parameter: Json) -> str:
    return str(parameter.get("name") or parameter.get("$ref", "").rpartition("/")[2])
