"""
The JSON document of `fleet`: a row for each sandbox, with the result that the command alone would have for it.

The rows are small and the results are not, so a result is the text of its JSON, made when its sandbox was read, and so
are the alerts from which SARIF is made. The document is written in pieces and is never in memory as a whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from exportctl import __version__
from exportctl.errors import Finding, Level, SourcePosition
from exportctl.frozen import dataclass
from exportctl.model.json_form import (
    Json,
    JsonObject,
    Member,
    choice,
    encoded_part,
    flag,
    listing,
    nullable,
    number,
    part,
    text,
)
from exportctl.output.fleet import FleetReport, FleetRow, summary
from exportctl.output.json.documents import RENEW
from exportctl.output.json.envelope import MOMENT, PLAN, PLATFORM, Document
from exportctl.output.json.monitoring import DRIFT_RESULT, STATUS_RESULT, VERIFY
from exportctl.output.sarif import SarifResult
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
_INDENT = " " * 8  # of a part inside the document
_MARK = "\x00part "  # begins the text that stands for a part; no text of a row holds a NUL
_PLACE = re.compile(rf'"{re.escape(json.dumps(_MARK)[1:-1])}(\d+)"')


ALERT = JsonObject[SarifResult](
    "one alert for code scanning",
    rule=text("stable id", lambda alert: alert.finding.rule),
    level=choice("how serious it is", Level, lambda alert: alert.finding.level),
    message=text("for people", lambda alert: alert.finding.message),
    hint=nullable(text("how to fix it", lambda alert: alert.finding.hint)),
    checkout_file=text(
        "the file, from the root of the Git checkout; ../ if it is outside", lambda alert: _position(alert).file
    ),
    line=number("from 1", lambda alert: _position(alert).line),
    column=number("from 1", lambda alert: _position(alert).column),
    identity=text("what it is about: the same text as long as it is the same alert"),
)


def _position(alert: SarifResult) -> SourcePosition:
    assert alert.finding.at is not None
    return alert.finding.at


@dataclass(frozen=True)
class StoredParts:
    """The numbers of the stored texts of a row: of its result and of its alerts; None where there are none."""

    result: int | None = None
    alerts: int | None = None


@dataclass(frozen=True)
class _FleetDocumentRow:
    """A row, and what is to be put into it."""

    row: FleetRow
    command: str
    stored: StoredParts

    def result(self, command: str) -> Any:
        return _mark(self.stored.result if command == self.command else None, None)

    def alerts(self) -> Any:
        return _mark(self.stored.alerts, [])


def _mark(number: int | None, default: Any) -> Any:
    return default if number is None else f"{_MARK}{number}"


def _result(command: str) -> Callable[[_FleetDocumentRow], Any]:
    return lambda shown: shown.result(command)


_ALERTS = Member[_FleetDocumentRow](
    listing("every alert of `fleet drift` for code scanning; empty for other commands", ALERT).schema,
    lambda found: found,
    _FleetDocumentRow.alerts,
)

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
    alerts=_ALERTS,
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
        exportctl=text("version of exportctl that wrote it", lambda _: __version__),
        shard=nullable(text("which part of the sandboxes, such as 2/4; null: all", lambda s: s.report.shard)),
        members_digest=nullable(
            text("sha256 of the names of all sandboxes, the same in each shard; null: all", lambda s: s.report.members)
        ),
        ended=number(f"when it ended, by the clock of its machine, {MOMENT}", lambda s: s.report.ended),
        exit_code=number("the exit code of the run", lambda s: s.report.exit_code),
        complete=flag("no interrupt ended it, and no part is missing", lambda s: s.report.is_complete),
        summary=text("one sentence for people", lambda s: summary(s.report)),
        sandboxes=listing("by folder, then by environment", _ROW, lambda s: s.rows),
    ),
)


def encode_stored(part: Json | list[Json]) -> str:
    """Return the text of one result, or of the alerts of one row, as it stands in the document."""
    return json.dumps(part, sort_keys=True, indent=2, ensure_ascii=True).replace("\n", f"\n{_INDENT}")


def encode_alerts(alerts: Sequence[SarifResult]) -> str:
    """Return the text of alerts, each of which has a position from the root of the checkout."""
    return encode_stored([ALERT.encode(alert) for alert in alerts])


def decode_alerts(text: str) -> Iterator[SarifResult]:
    """Yield what `encode_alerts` has encoded."""
    for one in json.loads(text):
        at = SourcePosition(one["checkout_file"], one["line"], one["column"])
        finding = Finding(one["rule"], one["message"], at, one["hint"], Level(one["level"]))
        yield SarifResult(finding, one["identity"])


def render_pieces(report: FleetReport, stored: Sequence[StoredParts], read: Callable[[int], str]) -> Iterator[str]:
    """
    Yield the document piece by piece.

    `stored` says which stored texts belong to each row; `read` returns such a text.
    """
    rows = [_FleetDocumentRow(row, report.command, parts) for row, parts in zip(report.rows, stored, strict=True)]
    errors = [*report.errors, *(error for row in report.rows for error in row.errors)]
    whole = FLEET.render(_FleetDocument(report, rows), errors=tuple(dict.fromkeys(errors)))
    for place, piece in enumerate(_PLACE.split(whole)):
        yield read(int(piece)) if place % 2 else piece
