"""Plans built by hand for the view tests: one item per verb and cause, with everything a view can show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from exportctl.errors import Finding, Level, SourcePosition
from exportctl.model.hold import Hold
from exportctl.model.loss import Loss
from exportctl.model.next_steps import NextStep
from exportctl.model.other_flow import OtherFlow
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import (
    Action,
    Actor,
    Address,
    Cause,
    Consequence,
    FieldChange,
    Marker,
    Plan,
    PlanHeader,
    PlanItem,
    Refusal,
    SensitiveValue,
    Step,
    Verb,
)
from exportctl.model.ref import Ref
from exportctl.model.volume import SentRuns, UnknownVolume, Volume

AS_OF = 1795312800  # 2026-11-22 02:00 UTC
DAY = 86400
HEADER = PlanHeader("0123456789ABCDEF01234567@AdobeOrg", "prod", "prod", "acme-exports", "service")
JANE = Actor("jane@acme.example", "exc_app", 1795338600)
HIDDEN = "arn:aws:iam::123456789012:role/planted-value"
EVIL = "evil\x1b]0;gone\x07\u202e\u2028\ud800\x85<img src=x>@acme/team `|` #12 ::error::x ##[group]"


def address(name: str) -> Address:
    return Address("exports", name)


def change(cause: Cause, path: str = "path", before: object = "/a", after: object = "/b") -> FieldChange:
    blamed = cause in (Cause.DRIFT, Cause.CONFLICT, Cause.PAUSED)
    who = JANE if blamed else None
    field = "location" if path in ("path", "bucket") else path
    return FieldChange(path, field, before, after, cause, who, SourcePosition("exports.yaml", 15, 5))


def step(name: str, action: Action = Action.UPDATE, kind: str = "flow", **rest: Any) -> Step:
    base = Step(f"exports.{name}/{kind}/{action}", action, kind, address(name), id=f"{kind}-{name}")
    return replace(base, **rest)


def updated_item(name: str = "web-to-lake") -> PlanItem:
    return PlanItem(
        address=address(name),
        verb=Verb.UPDATE,
        id="1a2b",
        fields=(change(Cause.DRIFT), change(Cause.PENDING, "schedule.every", "1 day", "3 hours")),
        steps=(
            step(name, kind="target_connection", fields={"location": {"path": "/b"}}, seen={"location": "3f2a"}),
            step(name, fields={"schedule.every": "3 hours"}, marker=Marker("acme-exports", "e", name)),
        ),
        consequences=(
            Consequence("later-files", "later files go to the new location"),
            Consequence("mode", "a change of the interval may trigger a full re-export", "cost"),
        ),
        ends=AS_OF + 180 * DAY,
        schedule="every 3 hours from 00:00 UTC",
        next_before=(AS_OF + DAY,),
        next_after=(AS_OF + 3600, AS_OF + 4 * 3600),
        at=SourcePosition("exports.yaml", 14, 3),
    )


def created_item(name: str = "orders") -> PlanItem:
    source = step(name, Action.CREATE, "source_connection", id=None, fields={"datasets": [["5ef", "Orders"]]})
    flow = step(name, Action.CREATE, id=None, refs={"sourceConnectionIds": Ref(source.key)}, needs=(source.key,))
    return PlanItem(
        address=address(name),
        verb=Verb.CREATE,
        fields=(
            change(Cause.CREATE, "title", None, "Orders"),
            change(Cause.CREATE, "datasets", None, ["5ef3e3259ad2a1191ab7dd7d"]),
            change(Cause.CREATE, "enabled", None, False),
            change(Cause.CREATE, "end", None, AS_OF + 180 * DAY),
        ),
        steps=(source, replace(flow, secrets=("${env:PARTNER_SSH_KEY}",))),
        consequences=(Consequence("first-run", "the first run sends each dataset in full", "cost"),),
        volume=Volume(
            (SentRuns("1a2b", "Former orders", 12, AS_OF - 30 * DAY, 1_234_567, 3_700_000_000, True, ("Orders",), 1),),
            (UnknownVolume("Web events", "no run of it was found"),),
        ),
        ends=AS_OF + 180 * DAY,
        schedule="every day at 02:00 UTC",
        next_after=(AS_OF + DAY,),
        at=SourcePosition("exports.yaml", 20, 3),
    )


def paused_item(name: str = "stopped") -> PlanItem:
    return PlanItem(
        address(name), Verb.PAUSED, "3c4d", fields=(change(Cause.PAUSED, "enabled", False, True),), ends=AS_OF + 9 * DAY
    )


def deleted_item(name: str = "old") -> PlanItem:
    gate = Refusal("deletion", "deleting it is not allowed yet", "--allow-deletes 1")
    lost = Loss(
        type="amazon-s3",
        datasets=(("5ef", "Orders"), ("6a0", "Web events")),
        place="s3://acme-lake/aep",
        location={"bucket": "acme-lake", "path": "aep"},
        format={"type": "parquet", "compression": "gzip", "manifest": False},
        folder="%DATASET_ID%/%EXPORT_TIME%",
        schedule="every 3 hours from 02:00 UTC",
        reason="the warehouse is closed",
        last_run=AS_OF - 3600,
        last_run_state="failed",
    )
    return PlanItem(address(name), Verb.DELETE, "5e6f", steps=(step(name, Action.DELETE),), refusals=(gate,), lost=lost)


def renewed_item(name: str = "rolling") -> PlanItem:
    moved = change(Cause.RENEWAL, "end", AS_OF + 20 * DAY, AS_OF + 180 * DAY)
    return PlanItem(
        address(name),
        Verb.RENEW,
        "7a8b",
        fields=(moved,),
        steps=(step(name, fields={"end": moved.after}),),
        ends=AS_OF + 180 * DAY,
    )


def account() -> PlanItem:
    fields = (
        FieldChange(
            "auth.role_arn",
            "auth",
            SensitiveValue(HIDDEN),
            SensitiveValue(HIDDEN + "2"),
            Cause.PENDING,
            note="the value to send changed (the YAML, or the variable ${env:LAKE_ROLE_ARN})",
        ),
        FieldChange("auth.secret_version", "auth.secret_version", "1", "2", Cause.PENDING),
    )
    lake = Address("destinations", "lake")
    sent = Step(
        "destinations.lake/base_connection/update",
        Action.UPDATE,
        "base_connection",
        lake,
        id="base-1",
        fields={"auth": {"role_arn": SensitiveValue(HIDDEN), "secret_access_key": "${env:KEY}"}},
        secrets=("${env:KEY}",),
    )
    return PlanItem(lake, Verb.UPDATE, "base-1", fields=fields, steps=(sent,), at=SourcePosition("exports.yaml", 3, 3))


def gone_item() -> PlanItem:
    found = Finding(
        "flow-gone", "exports.lost: its flow is gone", SourcePosition("exports.yaml", 30, 3), "remove it", Level.WARNING
    )
    gate = Refusal("re-creation", "its flow is gone", "--allow-recreate exports.lost")
    return PlanItem(address("lost"), Verb.CREATE, findings=(found,), refusals=(gate,))


def unclear_item() -> PlanItem:
    found = Finding("flow-state", 'exports.unclear: the flow 9c0d is in state "draft"', None, "look", Level.WARNING)
    return PlanItem(address("unclear"), Verb.UNCHANGED, "9c0d", findings=(found,), service_state="draft")


def full_plan() -> Plan:
    return Plan(
        header=HEADER,
        as_of=AS_OF,
        items=(
            account(),
            updated_item(),
            created_item(),
            deleted_item(),
            paused_item(),
            renewed_item(),
            gone_item(),
            unclear_item(),
            PlanItem(address("same"), Verb.UNCHANGED),
        ),
        findings=(Finding("near-limit", "97 of 100 destinations are in use", level=Level.WARNING),),
        other_flows=(
            OtherFlow("f-1", "Made in the UI", "amazon-s3", None, True, AS_OF + 3 * DAY, True, "enabled"),
            OtherFlow("f-2", "Of others", None, "other-project", None, None, False, "draft"),
        ),
        unset=("LAKE_ROLE_ARN",),
        options={"targets": ["exports.*"], "allow_deletes": 0},
        targeted_out=2,
        excluded=("exports.left-out", "destinations.left-out"),
        holds=(Hold("freeze", "fair", AS_OF + DAY, "freeze fair lasts until then: agreed", "--allow-freeze fair"),),
    )


def every_cause() -> Plan:
    """One address per cause; the path says which."""
    items = tuple(
        PlanItem(
            address(f"of-{cause}"), Verb.UPDATE, "id", fields=(change(cause, "title", "live side", "config side"),)
        )
        for cause in Cause
    )
    return Plan(HEADER, AS_OF, items)


def evil_plan() -> Plan:
    """Text by others in every place where a plan can hold it."""
    who = Actor(EVIL, EVIL, AS_OF, EVIL)
    at = SourcePosition(EVIL, 1, 1)
    item = PlanItem(
        Address("exports", EVIL),
        Verb.UPDATE,
        EVIL,
        fields=(
            FieldChange(EVIL, "title", EVIL, {EVIL: [EVIL]}, Cause.CONFLICT, who, at),
            FieldChange("title", "title", EVIL, EVIL, Cause.DRIFT, who, at),
        ),
        steps=(replace(step("x"), address=Address("exports", EVIL), secrets=(EVIL,), text=EVIL),),
        consequences=(Consequence(EVIL, EVIL, "warning", (EVIL,)),),
        refusals=(Refusal(EVIL, EVIL, EVIL),),
        findings=(Finding("rule", EVIL, at, EVIL, Level.WARNING), Finding("duplicates", EVIL, at, EVIL)),
        ends=AS_OF + DAY,
        schedule=EVIL,
        at=at,
        lost=Loss(EVIL, ((EVIL, EVIL),), EVIL, {EVIL: EVIL}, {"type": EVIL}, EVIL, EVIL, EVIL, AS_OF, EVIL),
        volume=Volume((SentRuns(EVIL, EVIL, 1, AS_OF, None, None, False, (EVIL,)),), (UnknownVolume(EVIL, EVIL),)),
    )
    header = PlanHeader(EVIL, EVIL, EVIL, EVIL, "embedded")
    flow = OtherFlow(EVIL, EVIL, EVIL, EVIL, None, AS_OF, False, EVIL)
    found, steps = (Finding("rule", EVIL, at, EVIL),), (NextStep(EVIL, EVIL),)
    holds = (Hold("freeze", EVIL, AS_OF, EVIL, EVIL),)
    return Plan(header, AS_OF, (item,), found, (flow,), steps, (EVIL,), excluded=(EVIL,), holds=holds)


def outcomes() -> tuple[Outcome, ...]:
    steps = full_plan().steps()
    return (
        Outcome(steps[0], OutcomeStatus.DONE),
        Outcome(
            steps[1],
            OutcomeStatus.FAILED,
            message="the service answered 412",
            hint="make a new plan",
            rule="precondition",
        ),
        Outcome(steps[2], OutcomeStatus.BLOCKED, message="needs what failed"),
        Outcome(replace(steps[3], action=Action.ACT, operation="disable"), OutcomeStatus.NOT_ATTEMPTED),
        Outcome(steps[4], OutcomeStatus.DEFERRED, id="new-id", message="still in use"),
    )
