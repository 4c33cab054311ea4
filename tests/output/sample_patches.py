"""A patch as the views get it: accepted, accepted by an edit above, left; with texts by others in it."""

from __future__ import annotations

from exportctl.accept.changes import AcceptedChanges, AcceptResult, EditedFile, UnacceptedChanges
from exportctl.accept.patch_file import FileDiff, Patch, diff_file
from exportctl.errors import Finding, Level
from exportctl.model.plan import Address, Cause, FieldChange, Plan, PlanHeader, SensitiveValue
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor.drift import DriftEntry, DriftGroup

HEADER = PlanHeader("0123456789ABCDEF01234567@AdobeOrg", "demo", None, "acme", "service")
EDITED = EditedFile("exports.yaml", "a: x # c\nb: y\n", "a: z # c\nb: y\n")
HIDDEN = FileDiff("exports/partner.yaml", None, 0)


def patch_result() -> AcceptResult:
    title = FieldChange("title", "title", "evil\x1b[31m\n[eu]", "orders", Cause.DRIFT)
    user = FieldChange(
        "auth.username", "auth", SensitiveValue("canary-user"), SensitiveValue("canary-other"), Cause.DRIFT
    )
    interval = FieldChange("schedule.every", "schedule.every", "2 days", "1 day", Cause.CONFLICT)
    return AcceptResult(
        Plan(HEADER, 1_800_000_000, ()),
        Plan(HEADER, 1_800_000_000, (), options=PlanOptions(targets=("exports.orders",)).to_json_values()),
        (EDITED,),
        (
            AcceptedChanges(Address("exports", "orders"), (title,), ("exports.yaml",), ("json-uncompressed",)),
            AcceptedChanges(Address("exports", "more"), (title,)),
        ),
        (
            UnacceptedChanges(Address("destinations", "partner"), (user,), "is sensitive"),
            UnacceptedChanges(
                Address("exports", "orders"), (interval,), "is every 2 days\x07, which no export can have"
            ),
        ),
    )


def shown_patch() -> Patch:
    return Patch((diff_file(EDITED), HIDDEN), ".")


def failed_entries() -> tuple[DriftEntry, ...]:
    """One that an edit was asked for and left, and one that no edit fixes."""
    (left,) = patch_result().unaccepted[1].changes
    address = Address("exports", "orders")
    gone = Finding("flow-gone", "exports.orders: its flow is gone", None, "remove the export", Level.WARNING)
    return (
        DriftEntry(DriftGroup.CONFLICT, address, "f-1", field=left),
        DriftEntry(DriftGroup.GONE, address, "f-1", finding=gone),
    )
