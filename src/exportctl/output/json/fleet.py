"""
The JSON document of `fleet`: a row for each sandbox, with the result that the command alone would have for it.

The rows are small and the results are not, so a result is the text of its JSON, made when its sandbox was read. The
document is written in pieces and is never in memory as a whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from exportctl.frozen import dataclass
from exportctl.model.json_form import Json, JsonObject, encoded_part, flag, listing, nullable, number, part, text
from exportctl.output.fleet import FleetReport, FleetRow, summary
from exportctl.output.json.documents import RENEW
from exportctl.output.json.envelope import MOMENT, PLAN, PLATFORM, Document
from exportctl.output.json.monitoring import DRIFT_RESULT, STATUS_RESULT, VERIFY
from exportctl.planfile.serialize import ERROR

assert RENEW.result is not None
assert VERIFY.result is not None
RESULTS: dict[str, JsonObject[Any]] = {
    "plan": PLAN,
    "drift": DRIFT_RESULT,
    "renew": RENEW.result,
    "verify": VERIFY.result,
    "status": STATUS_RESULT,
}
_INDENT = " " * 8  # of a result inside the document
_MARK = "\x00result "  # begins the text that stands for a result; no text of a row holds a NUL
_PLACE = re.compile(rf'"{re.escape(json.dumps(_MARK)[1:-1])}(\d+)"')


@dataclass(frozen=True)
class _FleetDocumentRow:
    """A row, and its number if it has a result to put in."""

    row: FleetRow
    command: str
    number: int | None

    def result(self, command: str) -> Any:
        return None if command != self.command or self.number is None else f"{_MARK}{self.number}"


def _result(command: str) -> Callable[[_FleetDocumentRow], Any]:
    return lambda shown: shown.result(command)


_ROW = JsonObject[_FleetDocumentRow](
    "one project in one environment",
    folder=text("the folder of the config, from the working folder", lambda r: r.row.folder),
    files=listing(
        "its files, where they are named; empty: exports.yaml and exports/", text("file"), lambda r: r.row.files
    ),
    environment=nullable(text("null: the config has none, or could not be read", lambda r: r.row.environment)),
    project=nullable(text("null: the config could not be read", lambda r: r.row.project)),
    platform=nullable(part(PLATFORM, lambda r: r.row.header)),
    as_of=nullable(number(MOMENT, lambda r: r.row.as_of)),
    exit_code=number("what the command alone would exit with", lambda r: r.row.exit_code),
    read=flag("the sandbox was read", lambda r: r.row.is_read),
    summary=text("one sentence for people", lambda r: r.row.summary),
    attention=listing("what needs attention, one line each; at most 20", text("line"), lambda r: r.row.attention),
    attention_count=number("how many lines there are", lambda r: r.row.found),
    **{name: nullable(encoded_part(form, _result(name))) for name, form in RESULTS.items()},
    errors=listing("why it was not read, or what the plan cannot do; at most 20", ERROR, lambda r: r.row.errors),
)


@dataclass(frozen=True)
class _FleetDocument:
    report: FleetReport
    rows: Sequence[_FleetDocumentRow]


FLEET = Document(
    "fleet",
    JsonObject[_FleetDocument](
        "one command over many sandboxes",
        command=text("plan, drift, renew, verify or status", lambda s: s.report.command),
        shard=nullable(text("which part of the sandboxes, such as 2/4; null: all", lambda s: s.report.shard)),
        ended=number(f"when it ended, by the clock of its machine, {MOMENT}", lambda s: s.report.ended),
        exit_code=number("the exit code of the run", lambda s: s.report.exit_code),
        complete=flag("no interrupt ended it, and no part is missing", lambda s: s.report.is_complete),
        summary=text("one sentence for people", lambda s: summary(s.report)),
        sandboxes=listing("by folder, then by environment", _ROW, lambda s: s.rows),
    ),
)


def encode_result(result: Json) -> str:
    """Return the text of one result as it stands in the document."""
    return json.dumps(result, sort_keys=True, indent=2, ensure_ascii=True).replace("\n", f"\n{_INDENT}")


def render_pieces(report: FleetReport, numbers: Sequence[int | None], read: Callable[[int], str]) -> Iterator[str]:
    """
    Yield the document piece by piece.

    `numbers` are those of the results of the rows, None for a row without one; `read` returns the text of a result.
    """
    rows = [_FleetDocumentRow(row, report.command, number) for row, number in zip(report.rows, numbers, strict=True)]
    errors = [*report.errors, *(error for row in report.rows for error in row.errors)]
    whole = FLEET.render(_FleetDocument(report, rows), errors=tuple(dict.fromkeys(errors)))
    for place, piece in enumerate(_PLACE.split(whole)):
        yield read(int(piece)) if place % 2 else piece
