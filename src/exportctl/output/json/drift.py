"""The JSON document of `drift`, and the entry of it that `accept` lists too."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from exportctl.errors import Finding
from exportctl.model.json_form import Json, JsonObject, choice, counts, flag, listing, nullable, number, part, text
from exportctl.model.plan import Verb
from exportctl.monitor import drift
from exportctl.monitor.drift import DriftEntry, DriftGroup, DriftReport
from exportctl.output.json.envelope import MOMENT, Document
from exportctl.planfile.serialize import FIELD, FINDING, OTHER_FLOW, address

DRIFT_ENTRY = JsonObject[DriftEntry](
    "one result of the comparison",
    group=choice("what it is", DriftGroup),
    address=nullable(address()),
    id=nullable(text("id of the flow or of the account")),
    field=nullable(part(FIELD)),
    finding=nullable(part(FINDING)),
    verb=nullable(choice("what the next apply does to the whole address", Verb)),
    ends=nullable(number(MOMENT)),
    renewal_due=flag("the next apply moves the rolling end"),
    other_flow=nullable(part(OTHER_FLOW, lambda entry: entry.flow)),
)


class _Drift(NamedTuple):
    report: DriftReport
    fail_on: Collection[str]


DRIFT_RESULT = JsonObject[_Drift](
    "where the sandbox differs from what was last applied",
    project=text("the config's project", lambda d: d.report.header.project),
    failing=flag("the exit code is 3", lambda d: drift.has_failures(d.report, d.fail_on)),
    fail_on=listing("groups that make the exit code 3", text("group"), lambda d: sorted(d.fail_on)),
    counts=counts("entries by group", DriftGroup, lambda d: d.report.counts()),
    entries=listing("by group, then in plan order", DRIFT_ENTRY, lambda d: d.report.entries),
    findings=listing("other warnings and notes", FINDING, lambda d: d.report.notes),
)
DRIFT = Document("drift", DRIFT_RESULT)


def render_drift(
    report: DriftReport, *, fail_on: Collection[str] = drift.DEFAULT_FAILING, errors: Sequence[Finding] = ()
) -> str:
    """Return the document of a drift report."""
    every = (*errors, *report.errors)
    return DRIFT.render(_Drift(report, fail_on), header=report.header, as_of=report.as_of, errors=every)


def drift_result(report: DriftReport, fail_on: Collection[str]) -> Json:
    """Return the `result` of a drift report."""
    return DRIFT_RESULT.encode(_Drift(report, fail_on))
