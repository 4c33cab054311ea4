"""
Plan <-> versioned JSON text: a saved plan is an approval of values, and says so when it was edited.

    encode(plan)             the document's content
    dump(plan)               text of the file; equal plans give equal bytes
    load(text)               -> Saved; anything but the bytes that `dump` wrote is refused
    differences(saved, plan) what was approved and is so no longer
    renewals(saved)          addresses whose renewal the file holds
    approved(saved, plan)    the fresh plan without side work that the file does not hold
    outlived(plan, now)      addresses whose end came between the plan and now, and that it would move on
    digest(plan)             16 hex digits over what was approved, for `--only-if`

Steps are never built from a file: apply plans again with the file's `as_of` and flags and compares. Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exportctl import __version__
from exportctl.errors import PlanFileError
from exportctl.model.json_form import Json
from exportctl.model.plan import WRITE_CAUSES, Cause, Plan, PlanHeader, canonical_json
from exportctl.model.sealed_file import SealedContent, sealed_file
from exportctl.planfile.serialize import SAVED_PLAN, encode_plan
from exportctl.planfile.staleness import StaleValue, approvals, approved_plan, compare_approvals
from exportctl.resources.kinds import END

__all__ = [
    "FILE",
    "FORMAT_VERSION",
    "KIND",
    "SavedPlan",
    "StaleValue",
    "age_seconds",
    "approval_digest",
    "as_saved",
    "dump_plan",
    "encode_plan",
    "expired_since_plan",
    "load_plan",
    "reduce_to_approval",
    "saved_renewals",
    "stale_values",
]

FORMAT_VERSION = 1
KIND = "saved-plan"
FILE = sealed_file(
    "a plan that is saved for approval; exportctl refuses an edited one",
    kind=KIND,
    format_version=FORMAT_VERSION,
    name="plan",
    content=SAVED_PLAN,
)
_NEW = "make a new plan with `exportctl plan --out FILE`"


@dataclass(frozen=True)
class SavedPlan:
    """A plan read from a file. `content` is the whole document's plan, `entries` its items by address."""

    header: PlanHeader
    as_of: int
    options: Mapping[str, Any]
    unset: tuple[str, ...]
    entries: Mapping[str, Json]
    content: Json
    digest: str
    version: str  # of the exportctl that wrote it; for showing only


def dump_plan(plan: Plan) -> str:
    """The text of a saved plan: sorted keys, ASCII, a line end at the end."""
    return _text(_document(encode_plan(plan), __version__))


def as_saved(plan: Plan) -> SavedPlan:
    """What `load(dump(plan))` gives."""
    return _saved_plan(encode_plan(plan), __version__)


def load_plan(text: str) -> SavedPlan:
    """
    Read a saved plan.

    Raises:
        PlanFileError: not JSON, not a saved plan, of another version, or not byte for byte what was written.
    """
    document = _parse_document(text)
    if document.get("kind") != KIND:
        raise PlanFileError(
            "this is not a saved plan", rule="plan-file-kind", hint="`exportctl plan --out FILE` writes one"
        )
    if document.get("format_version") != FORMAT_VERSION:
        raise PlanFileError(
            f"the saved plan has format version {json.dumps(document.get('format_version'))}, "
            f"this exportctl reads {FORMAT_VERSION}",
            rule="plan-file-version",
            hint=f"apply it with the exportctl that wrote it, or {_NEW}",
        )
    content, version = document.get("plan"), document.get("exportctl")
    # The digest catches an edit by hand; the comparison of bytes also one that JSON does not tell apart.
    genuine = isinstance(content, dict) and isinstance(version, str) and _text(_document(content, version)) == text
    if not genuine:
        raise PlanFileError(
            "the saved plan was edited: its content does not match its digest", rule="plan-file-edited", hint=_NEW
        )
    assert isinstance(content, dict) and isinstance(version, str)
    try:
        return _saved_plan(content, version)
    except (KeyError, TypeError, AttributeError) as error:
        raise PlanFileError("the saved plan lacks parts", rule="plan-file-edited", hint=_NEW) from error


def stale_values(saved: SavedPlan, plan: Plan) -> tuple[StaleValue, ...]:
    """What moved since the plan was saved, by address and path; empty when the approval still holds."""
    return (
        *_header_differences(saved, plan),
        *compare_approvals(approvals(saved.content["items"]), approvals(encode_plan(plan)["items"])),
    )


def reduce_to_approval(saved: SavedPlan, plan: Plan) -> Plan:
    """The fresh plan, less addresses with nothing but a renewal, marker or cleaning that was not in the file."""
    return approved_plan(saved.entries, plan)


def expired_since_plan(plan: Plan, now: int) -> tuple[str, ...]:
    """
    Addresses whose flow still ran when the plan was made, has ended by `now`, and would be revived by it: nobody who
    approved the plan read what that may send.
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
    """Addresses whose renewal was in the file; a plan made to be compared renews no others (`Flags.renewals`)."""
    return frozenset(address for address, entry in saved.entries.items() if entry["renewal_due"])


def approval_digest(plan: Plan) -> str:
    """16 hex digits over header and approvals; the moment, flags, renewals and whatever is only shown are left out."""
    content = encode_plan(plan)
    approval = {"header": content["header"], "items": approvals(content["items"])}
    return hashlib.sha256(canonical_json(approval).encode()).hexdigest()[:16]


def age_seconds(saved: SavedPlan, now: int) -> int:
    """How old the approval is; negative when it was made with a later clock."""
    return now - saved.as_of


def _header_differences(saved: SavedPlan, plan: Plan) -> tuple[StaleValue, ...]:
    """An approval for one sandbox is none for another."""
    now = encode_plan(plan)["header"]
    return tuple(
        StaleValue("", f"header.{name}", before, now[name])
        for name, before in saved.content["header"].items()
        if before != now[name]
    )


def _parse_document(text: str) -> Json:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PlanFileError(
            "the saved plan is not JSON", rule="plan-file-json", hint=f"was it cut short? {_NEW}"
        ) from error
    if not isinstance(document, dict):
        raise PlanFileError("this is not a saved plan", rule="plan-file-kind", hint=_NEW)
    return document


def _document(content: Json, version: str) -> Json:
    return FILE.encode(SealedContent(content, version))


def _text(document: Json) -> str:
    return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=True) + "\n"


def _saved_plan(content: Json, version: str) -> SavedPlan:
    return SavedPlan(
        header=PlanHeader(**content["header"]),
        as_of=content["as_of"],
        options=content["flags"],
        unset=tuple(content["unset"]),
        entries={entry["address"]: entry for entry in content["items"]},
        content=content,
        digest=_document(content, version)["content_digest"],
        version=version,
    )
