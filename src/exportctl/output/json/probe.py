"""The JSON document of a probe."""

from __future__ import annotations

from typing import Any

from exportctl.model.json_form import JsonObject, Member, choice, flag, listing, mapping, nullable, number, text
from exportctl.output.json.envelope import Document
from exportctl.profile.answers import Need, ProbeReport, ProbeRow

_SETTING: Member[Any] = Member(
    lambda: {
        "type": ["string", "integer", "boolean", "null"],
        "description": "what the service does; null: no answer",
    },
    lambda found: found,
)
_QUESTION: JsonObject[ProbeRow] = JsonObject(
    "one question",
    name=text("name of the emulator's switch, or of a fact"),
    need=choice("what it takes to ask it", Need),
    text=text("what it asks"),
    how=text("what the probe does"),
    setting=_SETTING,
    reason=text("why there is no answer; else empty"),
    meaning=text("what the answer means for the promises"),
)
_RESULT: JsonObject[ProbeReport] = JsonObject(
    "how the service answered open questions",
    questions=listing("every question", _QUESTION, lambda report: report.rows),
    remaining=mapping("by collection: objects of probes that still exist; exit code 4", number("how many")),
    interrupted=flag("a signal ended the probe"),
    file=nullable(text("the profile that was written")),
)
PROBE = Document("probe", _RESULT)


def render_report(report: ProbeReport) -> str:
    """Return the document of a probe."""
    return PROBE.render(report, header=report.header, as_of=report.as_of)
