"""
Machine output: exactly one JSON document per run, in one envelope, errors included. schemas/ describes each kind.

    {format_version, kind, platform, as_of, result, errors}

Goes in: the values the text views show. Comes out: text of one document; moments are whole seconds since 1970 UTC.
`result` is null when there is nothing but errors.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from exportctl.errors import Finding, Level, SourcePosition
from exportctl.model.check import Check, CheckStatus
from exportctl.model.plan import Cause, ListedDataset, Outcome, Plan, PlanHeader
from exportctl.monitor import drift
from exportctl.monitor.drift import DriftEntry, DriftReport
from exportctl.output import phrases
from exportctl.output.text import apply
from exportctl.planfile import file as planfile
from exportctl.planfile import serialize as plan_document
from exportctl.planfile.file import SavedPlan

FORMAT_VERSION = 1
Json = dict[str, Any]


def envelope(
    kind: str, result: Json | None, *, header: PlanHeader | None, as_of: int | None, errors: Sequence[Finding] = ()
) -> str:
    """The document around every result. `header` is None where no platform is involved."""
    document = {
        "format_version": FORMAT_VERSION,
        "kind": kind,
        "platform": platform(header),
        "as_of": as_of,
        "result": result,
        "errors": [error(e) for e in errors],
    }
    return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=True) + "\n"


def platform(header: PlanHeader | None) -> Json | None:
    if header is None:
        return None
    snapshot = {} if header.snapshot_at is None else {"snapshot_at": header.snapshot_at}
    return {
        "kind": header.platform,
        "organization": header.organization,
        "sandbox": header.sandbox,
        "environment": header.environment,
        **snapshot,
    }


def error(finding: Finding) -> Json:
    return {name: shown for name, shown in plan_document.finding(finding).items() if name != "level"}


def render_errors(found: Sequence[Finding], *, header: PlanHeader | None = None, as_of: int | None = None) -> str:
    """The document of a run that ended before it had a result."""
    return envelope("error", None, header=header, as_of=as_of, errors=_error_findings(found))


def _error_findings(found: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(f for f in found if f.level is Level.ERROR)


def render_plan(shown: Plan, *, more: Mapping[str, Json | None] | None = None, errors: Sequence[Finding] = ()) -> str:
    """
    Everything a plan says, and `more` beside it; its findings of level error, and its items', stand in `errors` too.
    """
    every = tuple(dict.fromkeys((*errors, *shown.errors())))
    return envelope(
        "plan", {**plan_result(shown), **(more or {})}, header=shown.header, as_of=shown.as_of, errors=every
    )


def plan_result(shown: Plan) -> Json:
    content = plan_document.encode_plan(shown)
    rest = {name: part for name, part in content.items() if name not in ("header", "as_of")}
    return {"project": shown.header.project, "digest": planfile.approval_digest(shown), **rest}


def render_saved_plan(shown: SavedPlan, *, now: int) -> str:
    """A saved plan, with its age."""
    plan = plan_document.decode_plan(shown.content)
    rest = {name: part for name, part in shown.content.items() if name not in ("header", "as_of")}
    result = {
        "exportctl": shown.version,
        "content_digest": shown.digest,
        "age": planfile.age_seconds(shown, now),
        "plan": {"project": shown.header.project, "digest": planfile.approval_digest(plan), **rest},
    }
    return envelope("show", result, header=shown.header, as_of=shown.as_of)


def render_drift(
    report: DriftReport,
    *,
    fail_on: Collection[str] = drift.DEFAULT_FAILING,
    errors: Sequence[Finding] = (),
) -> str:
    every = (*errors, *report.errors)
    return envelope("drift", drift_result(report, fail_on), header=report.header, as_of=report.as_of, errors=every)


def drift_result(report: DriftReport, fail_on: Collection[str]) -> Json:
    return {
        "project": report.header.project,
        "failing": drift.has_failures(report, fail_on),
        "fail_on": sorted(fail_on),
        "counts": dict(report.counts()),
        "entries": [drift_entry(one) for one in report.entries],
        "findings": [plan_document.finding(f) for f in report.notes],
    }


def drift_entry(one: DriftEntry) -> Json:
    return {
        "group": one.group.value,
        "address": str(one.address) if one.address else None,
        "id": one.id,
        "field": plan_document.field(one.field) if one.field else None,
        "finding": plan_document.finding(one.finding) if one.finding else None,
        "verb": one.verb.value if one.verb else None,
        "ends": one.ends,
        "renewal_due": one.renewal_due,
        "unmanaged": plan_document.other_flow(one.flow) if one.flow else None,
    }


def render_apply_report(
    shown: Plan,
    outcomes: Sequence[Outcome],
    *,
    remaining: Plan | None,
    proved: bool | None = None,
    normalised: Sequence[str] = (),
    interrupted: bool = False,
    errors: Sequence[Finding] = (),
) -> str:
    """
    The plan's digest, what became of each step, and what the read-back leaves. `residue`, `proved`, `normalised` as in
    the text view.
    """
    result = {
        "project": shown.header.project,
        "digest": planfile.approval_digest(shown),
        "interrupted": interrupted,
        "converged": apply.has_passed_final_check(remaining, proved),
        "normalised": list(normalised),
        "counts": apply.tally(outcomes),
        "outcomes": [outcome(o) for o in outcomes],
        "residue": plan_result(remaining) if remaining else None,
    }
    return envelope("apply", result, header=shown.header, as_of=shown.as_of, errors=errors)


def outcome(shown: Outcome) -> Json:
    return {
        "step": shown.step.key,
        "address": str(shown.step.address),
        "action": shown.step.action.value,
        "operation": shown.step.operation,
        "kind": shown.step.kind,
        "id": shown.id or shown.step.id,
        "status": shown.status.value,
        "rule": shown.rule,
        "message": shown.message,
        "hint": shown.hint,
    }


def render_renewals(shown: Plan, outcomes: Sequence[Outcome] = (), *, errors: Sequence[Finding] = ()) -> str:
    """
    The ends that are due, what became of moving them, and the stops; no outcomes when nothing was tried. `lapsed` are
    the rolling ends that are over, `passed_over` those that it cannot look after; it leaves both alone.
    """
    fields = [(item, f) for item in shown.items for f in item.fields]
    due = [
        {"address": str(item.address), "id": item.id, "before": f.before, "after": f.after}
        for item, f in fields
        if f.cause is Cause.RENEWAL
    ]
    stopped = [
        {"address": str(item.address), "id": item.id, "field": plan_document.field(f)}
        for item, f in fields
        if f.cause is Cause.PAUSED
    ]
    result = {
        "project": shown.header.project,
        "renewals": due,
        "lapsed": [
            {"address": str(item.address), "id": item.id, "ended": f.before}
            for item, f in fields
            if f.cause is Cause.EXPIRED
        ],
        "passed_over": [plan_document.finding(f) for f in phrases.not_renewed_findings(shown)],
        "held": stopped,
        "counts": apply.tally(outcomes),
        "outcomes": [outcome(o) for o in outcomes],
    }
    return envelope("renew", result, header=shown.header, as_of=shown.as_of, errors=errors)


def render_validation(
    findings: Sequence[Finding], *, exports: int, destinations: int, environments: int, header: PlanHeader | None = None
) -> str:
    """All findings in file order in `result`; those of level error in `errors` too."""
    found = _error_findings(findings)
    result = {
        "valid": not found,
        "exports": exports,
        "destinations": destinations,
        "environments": environments,
        "findings": [plan_document.finding(f) for f in findings],
    }
    return envelope("validate", result, header=header, as_of=None, errors=found)


def render_datasets(
    shown: Sequence[ListedDataset], used_by: Mapping[str, Sequence[str]], *, header: PlanHeader, as_of: int
) -> str:
    listed = [
        {"id": d.id, "name": d.name, "exported_by": list(used_by.get(d.id, ()))}
        for d in sorted(shown, key=lambda d: (d.name, d.id))
    ]
    return envelope("datasets", {"datasets": listed}, header=header, as_of=as_of)


def render_checks(checks: Sequence[Check], *, header: PlanHeader | None = None, as_of: int | None = None) -> str:
    listed = [{"name": c.name, "state": c.status.value, "message": c.message, "remedy": c.fix} for c in checks]
    healthy = not any(c.status is CheckStatus.FAILED for c in checks)
    return envelope("doctor", {"healthy": healthy, "checks": listed}, header=header, as_of=as_of)


def render_explanation(
    topic: str,
    words: str,
    entries: Sequence[tuple[str, Any, SourcePosition | None]] = (),
    *,
    header: PlanHeader | None = None,
    as_of: int | None = None,
) -> str:
    """A rule or the places that set a value; `entries` as in the text view."""
    listed = [
        {"path": path, "value": plan_document.value(shown), "at": plan_document.source_position(at)}
        for path, shown, at in entries
    ]
    return envelope("explain", {"topic": topic, "text": words, "entries": listed}, header=header, as_of=as_of)


def render_stale_plan(
    shown: SavedPlan, differences: Sequence[planfile.StaleValue], *, errors: Sequence[Finding] = ()
) -> str:
    """An apply that wrote nothing, because the approval no longer holds: one error a difference, after others."""
    moved = tuple(_stale_finding(d) for d in differences)
    return envelope("error", None, header=shown.header, as_of=shown.as_of, errors=(*errors, *moved))


def _stale_finding(shown: planfile.StaleValue) -> Finding:
    return Finding("stale-plan", str(shown), hint="make and review a new plan")
