"""docs/service-values.md: the table of the service's values, as people read it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from exportctl.resources.destinations.table import TYPES
from exportctl.resources.service_values import (
    COMPRESSIONS,
    FILE_TYPES,
    INTERVALS,
    MODES,
    READ,
    STATES,
    ServiceValue,
)

_HEAD = f"""# Values of the service

These are the values that exportctl knows, as of {READ}. Adobe adds values several times a year, so no list is closed:

- exportctl shows and keeps a value that is not listed. It never undoes a value only because this page is older.
- The YAML may have such a value. `validate` warns of it (rule [`unlisted-value`](rules.md#unlisted-value)).
- `plan` compares file types, compressions, ways to authenticate and encryption with the connection spec of the sandbox.
  What the spec lists, this page need not list. What it does not list, `plan` refuses before any write.
- Adobe publishes no form in which a spec lists intervals, modes or states. So exportctl sends an interval as the YAML
  has it, and the service decides when the flow is written. [`exportctl probe`](probe.md) finds out which intervals a
  sandbox takes.
- `import` writes such a value with an `allow` for the rule. `drift --patch` writes the value alone: add the `allow` if
  the warning should go.

The tags of the sources: [D] `destinations.yaml`, [F] `flow-service.yaml`, [XD-new] the tutorial of dataset exports,
[AS] the tutorial of batch destinations, [UI] the user guide, [GR] the guardrails page, [S3P] the page of Amazon S3,
[FE] the list of error codes, [DR] the tutorial of drafts, [EX] the notice on end dates. `assumed`: no source states it.
"""


def service_values_markdown() -> str:
    """Return the page."""
    parts = (
        _HEAD,
        _section("Intervals", "`every` of a schedule.", _value_rows(INTERVALS)),
        _section("Modes", "exportctl chooses the mode by `every`.", _value_rows(MODES)),
        _section("File types", "`format.type`.", _value_rows(FILE_TYPES)),
        _section("Compressions", "`format.compression`.", _value_rows(COMPRESSIONS)),
        _section("States", "Of flows and connections, in any case of letters.", _state_rows(), "meaning"),
        _section("Ways to authenticate", "By destination type.", _method_rows(), "destination type"),
    )
    return "\n".join(parts)


def _section(title: str, text: str, rows: Iterable[Sequence[str]], last: str = "note") -> str:
    head = ("value", "on the wire", "source", "read", last)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join((f"## {title}", "", text, "", *(f"| {' | '.join(line)} |" for line in lines), ""))


def _value_rows(values: Mapping[str, ServiceValue]) -> Iterator[Sequence[str]]:
    for one in values.values():
        yield _code(one.name), _code(one.wire), one.source, one.read, "sources differ" if one.is_disputed else one.note


def _state_rows() -> Iterator[Sequence[str]]:
    for one in STATES.values():
        yield _code(one.name), _code(one.wire), one.source, one.read, str(one.meaning)


def _method_rows() -> Iterator[Sequence[str]]:
    for kind in TYPES.values():
        for method in kind.methods:
            yield _code(method.name), _code(method.spec_name), method.source, READ, _code(kind.name)


def _code(text: str) -> str:
    return f"`{text}`"
