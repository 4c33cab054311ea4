"""The JSON document of `nightly`: each environment with the results of `renew`, `drift`, `verify` and `status`."""

from __future__ import annotations

from typing import Any

from exportctl.model.json_form import (
    Json,
    JsonObject,
    Member,
    encoded_part,
    flag,
    listing,
    nullable,
    number,
    part,
    text,
)
from exportctl.monitor.night import NightPart
from exportctl.output.json.documents import RENEW
from exportctl.output.json.envelope import MOMENT, PLATFORM, Document
from exportctl.output.json.monitoring import DRIFT_RESULT, STATUS_RESULT, VERIFY, drift_result
from exportctl.output.night import Night, NightRow, part_sentences, row_findings
from exportctl.output.text.night import summary
from exportctl.planfile.serialize import ERROR

assert RENEW.result is not None
assert VERIFY.result is not None
_RENEW: JsonObject[Any] = RENEW.result
_VERIFY: JsonObject[Any] = VERIFY.result


class _ShownRow:
    """One environment, with the groups of drift that count."""

    def __init__(self, row: NightRow, night: Night):
        self.row = row
        self.night = night

    def renew(self) -> Json | None:
        found = self.row.report.renewal if self.row.report else None
        return _RENEW.encode(found) if found else None

    def drift(self) -> Json | None:
        return drift_result(self.row.report.drift, self.night.fail_on) if self.row.report else None

    def verify(self) -> Json | None:
        found = self.row.report.verify if self.row.report else None
        return _VERIFY.encode(found) if found else None

    def status(self) -> Json | None:
        return STATUS_RESULT.encode(self.row.report.status) if self.row.report else None


_PART = JsonObject[tuple[NightPart, str, int]](
    "one part",
    part=text("renew, drift, verify or status", lambda p: p[0].value),
    summary=text("one sentence for people", lambda p: p[1]),
    exit_code=number("what this part alone would exit with", lambda p: p[2]),
)


def _parts(one: _ShownRow) -> list[tuple[NightPart, str, int]]:
    found = part_sentences(one.row.report) if one.row.report else {}
    return [(part, sentence, one.row.codes.get(part, 0)) for part, sentence in found.items()]


_ROW = JsonObject[_ShownRow](
    "one environment",
    environment=nullable(text("its name; null: the config has none", lambda r: r.row.environment)),
    platform=nullable(part(PLATFORM, lambda r: r.row.report.header if r.row.report else None)),
    as_of=nullable(number(MOMENT, lambda r: r.row.report.as_of if r.row.report else None)),
    exit_code=number("what this environment alone would exit with", lambda r: r.row.exit_code),
    parts=listing("in the order in which they were done; empty: the environment was not read", _PART, _parts),
    renew=nullable(encoded_part(_RENEW, lambda r: r.renew())),
    drift=nullable(encoded_part(DRIFT_RESULT, lambda r: r.drift())),
    verify=nullable(encoded_part(_VERIFY, lambda r: r.verify())),
    status=nullable(encoded_part(STATUS_RESULT, lambda r: r.status())),
    errors=listing("why it was not read, or why a part failed", ERROR, lambda r: row_findings(r.row)),
)
_ROWS: Member[Night] = listing(
    "by name; empty: no environment was read", _ROW, lambda night: [_ShownRow(row, night) for row in night.rows]
)
NIGHTLY = Document(
    "nightly",
    JsonObject[Night](
        "one nightly run",
        project=nullable(text("the config's project; null: the config could not be read")),
        ended=number(f"when the run ended, by the clock of its machine, {MOMENT}"),
        exit_code=number("the exit code of the run"),
        needs_attention=flag("the exit code is not 0"),
        summary=text("one sentence for people", summary),
        environments=_ROWS,
    ),
)


def render_night(night: Night) -> str:
    """Return the document of a nightly run."""
    errors = night.errors or tuple(dict.fromkeys(f for row in night.rows for f in row_findings(row)))
    return NIGHTLY.render(night, errors=errors)
