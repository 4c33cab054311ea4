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
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exportctl import __version__
from exportctl.errors import PlanFileError
from exportctl.model.json_form import Json, SealedContent, sealed_file
from exportctl.model.plan import WRITE_CAUSES, Cause, Plan, PlanHeader, canonical_json
from exportctl.planfile.serialize import SAVED_PLAN, encode_plan
from exportctl.planfile.staleness import StaleValue, approvals, approved_plan, compare_approvals
from exportctl.resources.kinds import END

FORMAT_VERSION = 2
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
    return _text(_document(encode_plan(plan), __version__))


def saved_plan(plan: Plan) -> SavedPlan:
    """Return what `load_plan(dump_plan(plan))` returns."""
    return _saved_plan(encode_plan(plan), __version__)


def load_plan(text: str) -> SavedPlan:
    """
    Read a saved plan.

    Raises:
        PlanFileError: the text is not JSON, not a saved plan, has another format version, or was edited.
    """
    document = _parse_document(text)
    if document.get("kind") != KIND:
        raise PlanFileError(
            "the file is not a saved plan", rule="plan-file-kind", hint="`exportctl plan --out FILE` writes one"
        )
    if document.get("format_version") != FORMAT_VERSION:
        raise PlanFileError(
            f"the saved plan has format version {json.dumps(document.get('format_version'))}, "
            f"but this exportctl reads {FORMAT_VERSION}",
            rule="plan-file-version",
            hint=f"apply it with the exportctl that wrote it, or {_NEW}",
        )
    content, version = document.get("plan"), document.get("exportctl")
    # The digest notices an edit by hand; the comparison of bytes also notices an edit that leaves the same JSON values.
    genuine = isinstance(content, dict) and isinstance(version, str) and _text(_document(content, version)) == text
    if not genuine:
        raise PlanFileError(
            "the saved plan was edited: its digest does not match its content", rule="plan-file-edited", hint=_NEW
        )
    assert isinstance(content, dict) and isinstance(version, str)
    try:
        return _saved_plan(content, version)
    except (KeyError, TypeError, AttributeError) as error:
        raise PlanFileError("a part of the saved plan is missing", rule="plan-file-edited", hint=_NEW) from error


def stale_values(saved: SavedPlan, plan: Plan) -> tuple[StaleValue, ...]:
    """Return the approved values that changed, by address and path; nothing while the approval is valid."""
    return (
        *_header_differences(saved, plan),
        *compare_approvals(approvals(saved.content["items"]), approvals(encode_plan(plan)["items"])),
    )


def reduce_to_approval(saved: SavedPlan, plan: Plan) -> Plan:
    """Return the new plan without the renewals, marker writes and cleaning that are not in the file."""
    return approved_plan(saved.entries, plan)


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


def _header_differences(saved: SavedPlan, plan: Plan) -> tuple[StaleValue, ...]:
    """Compare the headers: an approval for one sandbox is not valid for another."""
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
            "the saved plan is not JSON", rule="plan-file-json", hint=f"the file may be cut; {_NEW}"
        ) from error
    if not isinstance(document, dict):
        raise PlanFileError("the file is not a saved plan", rule="plan-file-kind", hint=_NEW)
    return document


def _document(content: Json, version: str) -> Json:
    return FILE.encode(SealedContent(content, version))


def _text(document: Json) -> str:
    return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=True) + "\n"


def _saved_plan(content: Json, version: str) -> SavedPlan:
    return SavedPlan(
        header=PlanHeader(**content["header"]),
        as_of=content["as_of"],
        options=content["options"],
        unset=tuple(content["unset"]),
        entries={entry["address"]: entry for entry in content["items"]},
        content=content,
        digest=_document(content, version)["content_digest"],
        version=version,
    )
