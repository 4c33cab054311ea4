"""
Convert a Plan to versioned JSON text and back. A saved plan approves values; the reader notices an edit.

    encode_plan(plan)               the content of the document
    dump_plan(plan)                 text of the file; equal plans give equal bytes
    load_plan(text)                 -> SavedPlan; refuses everything but the bytes that `dump_plan` wrote
    stale_values(saved, plan)       the approved values that changed
    saved_renewals(saved)           addresses with a renewal in the file
    reduce_to_approval(saved, plan) the new plan without renewals, markers and cleaning that are not in the file
    expired_since_plan(plan, now)   addresses that ended between the plan and now, and that the plan would revive
    approval_digest(plan)           16 hex digits over the approved values, for `--only-if`

apply never takes steps from a file: it plans again with the `as_of` and the options of the file, and compares. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from exportctl import __version__
from exportctl.errors import PlanFileError
from exportctl.model.json_form import Json, SealedContent, SealedFile, SealError
from exportctl.model.plan import WRITE_CAUSES, Cause, Plan, PlanHeader, PlanItem, Verb, canonical_json
from exportctl.planfile.serialize import SAVED_PLAN, encode_plan
from exportctl.planfile.staleness import StaleValue, approvals, compare_approvals
from exportctl.resources.kinds import END

KIND = "saved-plan"
FILE = SealedFile(
    "a plan that is saved for approval; exportctl refuses an edited one",
    kind=KIND,
    format_version=2,
    name="plan",
    content=SAVED_PLAN,
    indent=2,
)
_NEW = "make a new plan with `exportctl plan --out FILE`"
_UNAPPROVED_VERBS = (Verb.RENEW, Verb.MARK, Verb.CLEAN)  # an approval does not cover them
_PROBLEMS = {
    "json": ("the saved plan is not JSON", f"the file may be cut; {_NEW}"),
    "kind": ("the file is not a saved plan", "`exportctl plan --out FILE` writes one"),
    "version": (
        f"the saved plan has format version {{}}, but this exportctl reads {FILE.format_version}",
        f"apply it with the exportctl that wrote it, or {_NEW}",
    ),
    "edited": ("the saved plan was edited: its digest does not match its content", _NEW),
}


@dataclass(frozen=True)
class SavedPlan:
    """A plan from a file. `content` is the plan of the document, `entries` are its items by address."""

    header: PlanHeader
    as_of: int
    options: Mapping[str, Any]
    unset: tuple[str, ...]
    entries: Mapping[str, Json]
    content: Json
    digest: str
    version: str  # of the exportctl that wrote it; for showing only


def dump_plan(plan: Plan) -> str:
    """Return the text of a saved plan: sorted keys, ASCII, a line end at the end."""
    return FILE.dump(SealedContent(encode_plan(plan), __version__))


def saved_plan(plan: Plan) -> SavedPlan:
    """Return what `load_plan(dump_plan(plan))` returns."""
    return _saved_plan(SealedContent(encode_plan(plan), __version__))


def load_plan(text: str) -> SavedPlan:
    """
    Read a saved plan.

    Raises:
        PlanFileError: the text is not JSON, not a saved plan, has another format version, or was edited.
    """
    try:
        return _saved_plan(FILE.load(text))
    except SealError as error:
        message, hint = _PROBLEMS[error.problem]
        raise PlanFileError(message.format(error.found), rule=f"plan-file-{error.problem}", hint=hint) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise PlanFileError("a part of the saved plan is missing", rule="plan-file-edited", hint=_NEW) from error


def stale_values(saved: SavedPlan, plan: Plan) -> tuple[StaleValue, ...]:
    """
    Return the approved values that changed, by address and path; nothing while the approval is valid.

    An approval for one sandbox is not valid for another.
    """
    before, now = saved.content, encode_plan(plan)
    headers = ((f"header.{name}", value, now["header"][name]) for name, value in before["header"].items())
    return (
        *(StaleValue("", path, value, other) for path, value, other in headers if value != other),
        *compare_approvals(approvals(before["items"]), approvals(now["items"])),
    )


def reduce_to_approval(saved: SavedPlan, plan: Plan) -> Plan:
    """Return the new plan without the renewals, marker writes and cleaning that are not in the file."""

    def approved_item(item: PlanItem) -> PlanItem:
        entry = saved.entries.get(str(item.address))
        is_approved = item.verb not in _UNAPPROVED_VERBS or (entry is not None and entry["verb"] == item.verb)
        return item if is_approved else replace(item, verb=Verb.UNCHANGED, fields=(), steps=())

    def drop_needs(item: PlanItem) -> PlanItem:
        steps = (replace(s, needs=tuple(n for n in s.needs if n not in dropped_keys)) for s in item.steps)
        return replace(item, steps=tuple(steps))

    items = [approved_item(item) for item in plan.items]
    dropped_keys = {s.key for s in plan.steps()} - {s.key for item in items for s in item.steps}
    return replace(plan, items=tuple(drop_needs(item) for item in items)) if dropped_keys else plan


def expired_since_plan(plan: Plan, now: int) -> tuple[str, ...]:
    """
    Return addresses with a flow that ended between the plan and `now`, and that the plan would revive.

    The people who approved the plan did not read what the revived flow may send.
    """
    moved = [(item, change) for item in plan.items for change in item.fields if change.field == END]
    return tuple(
        str(item.address)
        for item, change in moved
        if change.cause in WRITE_CAUSES | {Cause.RENEWAL}
        and isinstance(change.before, int)
        and plan.as_of < change.before <= now < change.after
    )


def saved_renewals(saved: SavedPlan) -> frozenset[str]:
    """Return the addresses with a renewal in the file; only these are renewed (`PlanOptions.renewals`)."""
    return frozenset(address for address, entry in saved.entries.items() if entry["renewal_due"])


def approval_digest(plan: Plan) -> str:
    """Return 16 hex digits over header and approvals, without moment, options, renewals and display-only values."""
    content = encode_plan(plan)
    approval = {"header": content["header"], "items": approvals(content["items"])}
    return hashlib.sha256(canonical_json(approval).encode()).hexdigest()[:16]


def age_seconds(saved: SavedPlan, now: int) -> int:
    """Return the age of the approval; negative when another clock was ahead of this one."""
    return now - saved.as_of


def _saved_plan(file: SealedContent) -> SavedPlan:
    content = file.content
    return SavedPlan(
        header=PlanHeader(**content["header"]),
        as_of=content["as_of"],
        options=content["options"],
        unset=tuple(content["unset"]),
        entries={entry["address"]: entry for entry in content["items"]},
        content=content,
        digest=FILE.digest(file),
        version=file.version,
    )
