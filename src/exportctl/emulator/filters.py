"""
The `property` filters and `orderby` of lists: parsed from text, then applied to documents as GET shows them.

Pure. Every refusal carries the FLOW code of flow-service.md 11.3. Source: [SF] [FE], flow-service.md 3.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from exportctl.emulator.wire import Json, flow_error
from exportctl.frozen import dataclass
from exportctl.patterns import compile_on_use

STAMPS = {"createdAt", "updatedAt", "createdBy", "updatedBy", "createdClient", "updatedClient"}
SANDBOX_FIELDS = {"sandboxId", "sandboxName", "imsOrgId"}
COMMON_FIELDS = STAMPS | SANDBOX_FIELDS | {"id", "name", "description", "state", "version", "etag", "labels"}
CONNECTION_FIELDS = COMMON_FIELDS | {"connectionSpec", "baseConnectionId", "params", "inheritedAttributes"}
FLOW_FIELDS = {"flowSpec", "sourceConnectionIds", "targetConnectionIds", "scheduleParams", "transformations", "policy"}
SPEC_FIELDS = {"id", "name", "providerId", "version", "attributes"}
FIELDS = {
    "connections": COMMON_FIELDS | {"connectionSpec", "auth", "encryptionSpecs"},
    "sourceConnections": CONNECTION_FIELDS | {"data"},
    "targetConnections": CONNECTION_FIELDS,
    "flows": COMMON_FIELDS | FLOW_FIELDS | {"inheritedAttributes", "lastOperation", "lastRunDetails"},
    "runs": COMMON_FIELDS | {"flowId", "flowSpec", "metrics", "activities", "providerRefId"},
    "connectionSpecs": SPEC_FIELDS,
    "flowSpecs": SPEC_FIELDS | {"sourceConnectionSpecIds", "targetConnectionSpecIds"},
}
FLOW_ARRAYS = {"sourceConnectionIds", "targetConnectionIds", "sourceConnections", "targetConnections"}
RUN_ARRAYS = {"activities", "sourceSummaries", "targetSummaries", "entitySummaries", "errors"}
SPEC_ARRAYS = {"sourceConnectionSpecIds", "targetConnectionSpecIds", "_workflow"}
ARRAYS = FLOW_ARRAYS | RUN_ARRAYS | SPEC_ARRAYS | {"datasets", "labels", "transformations"}
NUMBERS = {"createdAt", "updatedAt", "startTime", "endTime", "startedAtUTC", "completedAtUTC", "started", "updated"}
BOOLEANS = {"isDestinationFlow", "isSourceFlow", "includeFileManifest", "isDestination"}
COMPARISONS = (">", "<", ">=", "<=")
EXPRESSION = compile_on_use(r"([A-Za-z0-9_.\[\]]+)([^A-Za-z0-9_.\[\]\s]+)(.*)", re.DOTALL)
OPERATOR = compile_on_use(r"[=<>!~]+")


@dataclass(frozen=True)
class Filter:
    """One filter: the values along `path` (array segments marked) stand in `operator` to one of `values`."""

    path: tuple[tuple[str, bool], ...]
    operator: str
    values: tuple[str, ...]

    @property
    def is_one_value(self) -> bool:
        """Only documents with this very value pass."""
        return self.operator == "==" and len(self.values) == 1

    def accepts(self, doc: Json) -> bool:
        return any(self._is_match(found) for found in _values_along(doc, self.path))

    def _is_match(self, found: object) -> bool:
        if self.operator == "==":
            return _text(found) in self.values
        if not isinstance(found, int | float):
            return False
        bound = int(self.values[0])
        return {">": found > bound, "<": found < bound, ">=": found >= bound, "<=": found <= bound}[self.operator]


@dataclass(frozen=True)
class SortField:
    """One sort field."""

    path: tuple[str, ...]
    descending: bool


def parse_filter(collection: str, text: str) -> Filter:
    """Parse a `property` value; refused with 1440, 1443, 1448, 1449, 1450, 1452, 1453."""
    match = EXPRESSION.fullmatch(text)
    # rule: filter-syntax
    if match is None:
        raise flow_error(1450, 400, f"No operator in the filter [{text}]")
    field, operator, value = match.groups()
    taken = OPERATOR.match(operator)
    sign = taken.group() if taken else operator
    value = operator[len(sign) :] + value
    _check_operator(sign)
    path = _filter_path(collection, field)
    if not value or any(not part for part in value.split(",")):
        raise flow_error(1453, 400, f"The filter on [{field}] has an empty value")
    values = tuple(value.split(","))
    _check_values(field, path[-1][0], sign, values)
    return Filter(path, sign, values)


def _check_operator(sign: str) -> None:
    # rule: filter-operators
    if sign == "~":
        raise flow_error(1440, 400, "Operator [~] is not implemented")
    if sign != "==" and sign not in COMPARISONS:
        raise flow_error(1450, 400, f"Operator [{sign}] is not valid")


def _filter_path(collection: str, field: str) -> tuple[tuple[str, bool], ...]:
    # rule: filter-fields
    parts = field.split(".")
    names = [part.removesuffix("[]") for part in parts]
    marked = [part.endswith("[]") for part in parts]
    if names[0] not in FIELDS[collection] or not all(re.fullmatch(r"\w+", name) for name in names):
        raise flow_error(1449, 400, f"[{field}] is not a field to filter on")
    # rule: filter-array-segments
    if any((name in ARRAYS) is not mark for name, mark in zip(names, marked, strict=True)):
        raise flow_error(1449, 400, f"[{field}]: every array segment, and no other, takes []")
    return tuple(zip(names, marked, strict=True))


def _check_values(field: str, last: str, sign: str, values: tuple[str, ...]) -> None:
    # rule: filter-values
    if sign != "==" and len(values) > 1:
        raise flow_error(1443, 400, f"Operator [{sign}] takes one value")
    if sign != "==" and last not in NUMBERS:
        raise flow_error(1448, 400, f"Operator [{sign}] is not allowed for [{field}]")
    if last in NUMBERS and not all(re.fullmatch(r"-?[0-9]{1,18}", value) for value in values):
        raise flow_error(1452, 400, f"[{field}] takes a number")
    if last in BOOLEANS and not all(value in ("true", "false") for value in values):
        raise flow_error(1452, 400, f"[{field}] takes true or false")


def parse_sort_field(collection: str, text: str) -> SortField:
    """Parse one field of an `orderby` value: it is ascending unless a minus stands before it."""
    # rule: orderby
    name = text[1:] if text[:1] in ("+", "-") else text
    if not name[:1].isalpha():
        raise flow_error(1432, 400, f"Bad sort prefix in [{text}]")
    if name.split(".")[0] not in FIELDS[collection] or not re.fullmatch(r"[\w.]+", name):
        raise flow_error(1433, 400, f"[{name}] is not a field to sort by")
    return SortField(tuple(name.split(".")), text.startswith("-"))


def sort_key(doc: Json, order: SortField) -> tuple[int, float | str]:
    """Where a document stands for one sort field: absent values first, numbers before text."""
    found = next(_values_along(doc, tuple((name, False) for name in order.path)), None)
    if isinstance(found, int | float):
        return (1, found)
    return (0, "") if found is None else (2, _text(found))


def _values_along(value: Any, path: tuple[tuple[str, bool], ...]) -> Iterator[Any]:
    if not path:
        yield value
        return
    (name, array), rest = path[0], path[1:]
    if not isinstance(value, dict) or name not in value:
        return
    inner = value[name]
    for item in inner if array and isinstance(inner, list) else [inner]:
        yield from _values_along(item, rest)


def _text(found: object) -> str:
    return {True: "true", False: "false"}[found] if isinstance(found, bool) else str(found)
