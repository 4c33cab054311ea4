"""A patch as the views get it: accepted, accepted by an edit above, left; with texts by others in it."""

from __future__ import annotations

from exportctl.drift_report import Entry, Group
from exportctl.errors import Finding, Level
from exportctl.model import Address, Cause, FieldChange, Header, Plan, Sensitive
from exportctl.patching.report import Accepted, Edited, NotAccepted, Patched
from exportctl.patching.unified import Diff, Patch, diff

HEADER = Header("0123456789ABCDEF01234567@AdobeOrg", "demo", None, "acme", "service")
EDITED = Edited("exports.yaml", "a: x # c\nb: y\n", "a: z # c\nb: y\n")
HIDDEN = Diff("exports/partner.yaml", None, 0)


def patched() -> Patched:
    title = FieldChange("title", "title", "evil\x1b[31m\n[eu]", "orders", Cause.DRIFT)
    user = FieldChange("auth.username", "auth", Sensitive("canary-user"), Sensitive("canary-other"), Cause.DRIFT)
    rhythm = FieldChange("cadence", "cadence", "2 days", "1 day", Cause.CONFLICT)
    return Patched(
        Plan(HEADER, 1_800_000_000, ()),
        Plan(HEADER, 1_800_000_000, ()),
        (EDITED,),
        (
            Accepted(Address("exports", "orders"), (title,), ("exports.yaml",), ("json-uncompressed",)),
            Accepted(Address("exports", "more"), (title,)),
        ),
        (
            NotAccepted(Address("destinations", "partner"), (user,), "is sensitive"),
            NotAccepted(Address("exports", "orders"), (rhythm,), "is every 2 days\x07, which no export can be"),
        ),
    )


def shown() -> Patch:
    return Patch((diff(EDITED), HIDDEN), ".")


def failed() -> tuple[Entry, ...]:
    """One that an edit was asked for and left, and one that no edit mends."""
    (left,) = patched().left[1].changes
    address = Address("exports", "orders")
    gone = Finding("flow-gone", "exports.orders: its flow is gone", None, "remove the export", Level.WARNING)
    return (
        Entry(Group.CONFLICT, address, "f-1", field=left),
        Entry(Group.GONE, address, "f-1", finding=gone),
    )
