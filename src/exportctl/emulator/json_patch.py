"""
JSON Patch as the service understands it: add, replace and remove with JSON Pointers, on a whole document.

In: operations as they came and a document. Out: a new document. Which fields may change is not judged here.
"""

from __future__ import annotations

import copy
from typing import Any

from exportctl.emulator.wire import Json, flow_error, invalid_body_error

OPERATIONS = ("add", "replace", "remove")
AUTH_PARAMS_PATH = ("auth", "params")


def apply_operations(operations: object, doc: Json, merge: bool) -> Json:
    """Return the document after all operations; `merge` lays objects over objects instead of replacing them."""
    # rule: patch-body
    if operations in (None, [], {}, ""):
        raise flow_error(1405, 400, "Request body is empty")
    if not isinstance(operations, list):
        raise invalid_body_error("The body must be an array of JSON Patch operations")
    result = copy.deepcopy(doc)
    for operation in operations:
        _apply_operation(operation, result, merge)
    return result


def _apply_operation(operation: object, doc: Json, merge: bool) -> None:
    if not isinstance(operation, dict) or set(operation) - {"op", "path", "value"}:
        raise invalid_body_error("A JSON Patch operation takes op, path and value")
    # rule: patch-operations
    op = str(operation.get("op", "")).lower()
    if op not in OPERATIONS:
        raise flow_error(1434, 400, f"Operation [{operation.get('op')}] is not supported")
    # rule: patch-value-required
    if "value" not in operation:
        raise invalid_body_error("A JSON Patch operation needs a value")
    parts = _parse_pointer(operation.get("path"))
    parent = _find_value(doc, parts[:-1])
    if isinstance(parent, list):
        _change_list(parent, parts[-1], op, copy.deepcopy(operation["value"]))
    elif isinstance(parent, dict):
        # rule: auth-params-whole
        whole = tuple(parts) == AUTH_PARAMS_PATH or not merge
        _change_object(parent, parts[-1], op, copy.deepcopy(operation["value"]), whole)
    else:
        raise _missing_field_error(parts[-1])


def _parse_pointer(path: object) -> list[str]:
    if not isinstance(path, str) or not path.startswith("/"):
        raise invalid_body_error("path must be a JSON Pointer")
    return [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")]


def _find_value(value: Any, parts: list[str]) -> Any:
    for part in parts:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list):
            value = value[_parse_index(part, len(value))]
        else:
            raise _missing_field_error(part)
    return value


def _parse_index(part: str, length: int) -> int:
    if part.isascii() and part.isdigit() and (part == "0" or part[0] != "0") and int(part) < length:
        return int(part)
    raise _missing_field_error(part)


def _missing_field_error(part: str) -> Exception:
    # rule: patch-missing-field
    return flow_error(1455, 400, f"Patch names a field that does not exist: [{part}]")


def _change_list(target: list[Any], part: str, op: str, value: object) -> None:
    if op == "add":
        target.insert(len(target) if part == "-" else _parse_index(part, len(target) + 1), value)
    elif op == "replace":
        target[_parse_index(part, len(target))] = value
    else:
        del target[_parse_index(part, len(target))]


def _change_object(target: Json, part: str, op: str, value: object, whole: bool) -> None:
    if op != "add" and part not in target:
        raise _missing_field_error(part)
    if op == "remove":
        del target[part]
    elif whole:
        target[part] = value
    else:
        # rule: patch-objects
        target[part] = _merge_values(target.get(part), value)


def _merge_values(before: Any, value: Any) -> Any:
    if not isinstance(before, dict) or not isinstance(value, dict):
        return value
    return {**before, **{key: _merge_values(before.get(key), value[key]) for key in value}}
