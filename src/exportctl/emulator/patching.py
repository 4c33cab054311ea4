"""
JSON Patch as the service understands it: add, replace and remove with JSON Pointers, on a whole document.

In: operations as they came and a document. Out: a new document. Which fields may change is not judged here.
"""

from __future__ import annotations

import copy
from typing import Any

from exportctl.emulator.wire import Json, flow, invalid

OPERATIONS = ("add", "replace", "remove")
WHOLE = ("auth", "params")


def apply(operations: object, doc: Json, merge: bool) -> Json:
    """
    The document after all operations; `merge` lays objects over objects instead of replacing them.

    Raises:
        Refused: an operation that is malformed, unknown, or names what is not there.
    """
    # rule: patch-body
    if operations in (None, [], {}, ""):
        raise flow(1405, 400, "Request body is empty")
    if not isinstance(operations, list):
        raise invalid("The body must be an array of JSON Patch operations")
    result = copy.deepcopy(doc)
    for operation in operations:
        _apply_one(operation, result, merge)
    return result


def _apply_one(operation: object, doc: Json, merge: bool) -> None:
    if not isinstance(operation, dict) or set(operation) - {"op", "path", "value"}:
        raise invalid("A JSON Patch operation takes op, path and value")
    # rule: patch-operations
    op = str(operation.get("op", "")).lower()
    if op not in OPERATIONS:
        raise flow(1434, 400, f"Operation [{operation.get('op')}] is not supported")
    # rule: patch-value-required
    if "value" not in operation:
        raise invalid("A JSON Patch operation needs a value")
    parts = _pointer(operation.get("path"))
    parent = _walk(doc, parts[:-1])
    if isinstance(parent, list):
        _change_list(parent, parts[-1], op, copy.deepcopy(operation["value"]))
    elif isinstance(parent, dict):
        # rule: auth-params-whole
        whole = tuple(parts) == WHOLE or not merge
        _change_object(parent, parts[-1], op, copy.deepcopy(operation["value"]), whole)
    else:
        raise _missing(parts[-1])


def _pointer(path: object) -> list[str]:
    if not isinstance(path, str) or not path.startswith("/"):
        raise invalid("path must be a JSON Pointer")
    return [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")]


def _walk(value: Any, parts: list[str]) -> Any:
    for part in parts:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list):
            value = value[_index(part, len(value))]
        else:
            raise _missing(part)
    return value


def _index(part: str, length: int) -> int:
    if part.isascii() and part.isdigit() and (part == "0" or part[0] != "0") and int(part) < length:
        return int(part)
    raise _missing(part)


def _missing(part: str) -> Exception:
    # rule: patch-missing-field
    return flow(1455, 400, f"Patch names a field that does not exist: [{part}]")


def _change_list(target: list[Any], part: str, op: str, value: object) -> None:
    if op == "add":
        target.insert(len(target) if part == "-" else _index(part, len(target) + 1), value)
    elif op == "replace":
        target[_index(part, len(target))] = value
    else:
        del target[_index(part, len(target))]


def _change_object(target: Json, part: str, op: str, value: object, whole: bool) -> None:
    if op != "add" and part not in target:
        raise _missing(part)
    if op == "remove":
        del target[part]
    elif whole:
        target[part] = value
    else:
        # rule: patch-objects
        target[part] = _merged(target.get(part), value)


def _merged(before: Any, value: Any) -> Any:
    if not isinstance(before, dict) or not isinstance(value, dict):
        return value
    return {**before, **{key: _merged(before.get(key), value[key]) for key in value}}
