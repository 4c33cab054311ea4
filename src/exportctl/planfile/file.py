"""
Convert a Plan to versioned JSON text and back. A saved plan approves values; the reader notices an edit.

    encode_plan(plan)               the content of the document
    dump_plan(plan)                 text of the file; equal plans give equal bytes
    load_plan(text)                 -> SavedPlan; refuses everything but the bytes that `dump_plan` wrote
    stale_values(saved, plan)       the approved values that changed
    saved_renewals(saved)           addresses with a renewal in the file
    reduce_to_approval(saved, plan) the new plan without renewals, markers and cleaning that are not in the file
    expired_since_plan(plan, now)   addresses that ended between the plan and now, and that the plan would revive
    approval_digest(plan)           64 hex digits over the approved values, for `--only-if`

apply never takes steps from a file: it plans again with the `as_of` and the options of the file, and compares. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from exportctl import __version__
from exportctl.errors import PlanFileError
from exportctl.frozen import dataclass
from exportctl.model.digests import digest_parts, full_digest
from exportctl.model.json_check import find_problem
from exportctl.model.json_form import Json, SealedContent, SealedFile, SealError
from exportctl.model.plan import (
    MAX_TIMESTAMP,
    WRITE_CAUSES,
    Cause,
    Plan,
    PlanHeader,
    PlanItem,
    Verb,
    canonical_json,
)
from exportctl.model.plan_options import PlanOptions
from exportctl.model.secret import Secret
from exportctl.planfile.deserialize import decode_plan
from exportctl.planfile.serialize import (
    ACTOR,
    FIELD,
    FINDING,
    ITEM,
    MARKER,
    OTHER_FLOW,
    POSITION,
    SAVED_PLAN,
    STEP,
    encode_approved_items,
    encode_plan,
)
from exportctl.planfile.signature import sign
from exportctl.planfile.staleness import StaleValue, approval_parts, approvals, compare_approvals, protect_change
from exportctl.resources.kinds import END

KIND = "saved-plan"
CONFIG_VERSION = 1  # of the config language that this exportctl reads: the key `version`
FILE = SealedFile(
    "a plan that is saved for approval; exportctl refuses an edited one",
    kind=KIND,
    format_version=2,
    name="plan",
    content=SAVED_PLAN,
    indent=2,
    is_signed=True,
)
_NEW = "make a new plan with `exportctl plan --out FILE`"
_UNAPPROVED_VERBS = (Verb.RENEW, Verb.MARK, Verb.CLEAN)  # apply FILE leaves them out if the file lacks them
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
    version: str  # of the exportctl that wrote it
    signature: str | None = None


def dump_plan(plan: Plan, key: Secret | None = None) -> str:
    """Return the text of a saved plan: sorted keys, ASCII, a line end at the end; signed if there is a key."""
    file = SealedContent(encode_plan(plan), __version__)
    return FILE.dump(file if key is None else replace(file, signature=sign(key, FILE.digest(file))))


def saved_plan(plan: Plan) -> SavedPlan:
    """Return what `load_plan(dump_plan(plan))` returns."""
    return _saved_plan(SealedContent(encode_plan(plan), __version__))


@cache
def plan_schemas() -> tuple[Json, Mapping[str, Json]]:
    """Return the schema of a saved plan, and those of the definitions that it uses."""
    used = (ACTOR, FIELD, FINDING, ITEM, MARKER, OTHER_FLOW, POSITION, STEP)
    return SAVED_PLAN.schema(), {one.name: one.schema() for one in used}


def load_plan(text: str) -> SavedPlan:
    """
    Read a saved plan. The text is data from outside: whoever wrote it may have computed its digest.

    Raises:
        PlanFileError: the text is not JSON, not a saved plan, has another format version, was edited, or has a part
            that no plan of exportctl has.
    """
    try:
        file = FILE.load(text)
    except SealError as error:
        message, hint = _PROBLEMS[error.problem]
        raise PlanFileError(message.format(error.found), rule=f"plan-file-{error.problem}", hint=hint) from error
    problem = find_problem(*plan_schemas(), file.content) or _inconsistency(file.content)
    if problem:
        raise wrong_part_error(problem)
    return _saved_plan(file)


def saved_options(saved: SavedPlan) -> PlanOptions:
    """
    Return the options that the plan was made with.

    Raises:
        PlanFileError: this exportctl does not know an option, or its value.
    """
    try:
        given = PlanOptions.from_json_values(dict(saved.options))
    except TypeError as error:
        raise wrong_part_error(str(error)) from error
    return replace(given, renewals=saved_renewals(saved))


def wrong_part_error(problem: str) -> PlanFileError:
    """Return the error about a part of a file that no plan of exportctl has."""
    shown = problem.encode("ascii", "backslashreplace").decode()[:200]
    return PlanFileError(f"the saved plan has a wrong part: {shown}", rule="plan-file-edited", hint=_NEW)


def _inconsistency(content: Json) -> str | None:
    """Return what no plan of exportctl contains, although each part has the right form."""
    plan = decode_plan(content)
    moments = [plan.as_of, *(m for item in plan.items for m in (item.ends, *item.next_before, *item.next_after))]
    if any(m is not None and not 0 <= m <= MAX_TIMESTAMP for m in moments):
        return "a moment is beyond the year 9892 or before 1970"
    if len({item.address for item in plan.items}) != len(plan.items):
        return "an address is there twice"
    found = {**plan.counts(), "writes": len(plan.steps())}
    wrong = [name for name, number in content["counts"].items() if name != "unchanged" and number != found[name]]
    flags = content["empty"], content["refused"]
    return "the counts do not match the items" if wrong or flags != (plan.is_empty, plan.is_refused) else None


def stale_values(saved: SavedPlan, plan: Plan) -> tuple[StaleValue, ...]:
    """
    Return the approved values that changed, by address and path; nothing while the approval is valid.

    An approval for one sandbox is not valid for another.
    """
    before, now = _approval(saved.content, saved.version), _approval(encode_plan(plan), __version__)
    whole = [
        (f"{part}.{name}", before[part].get(name), now[part].get(name))
        for part in ("header", "options", "versions")
        for name in sorted({*before[part], *now[part]})
    ]
    return (
        *(StaleValue("", path, a, b) for path, a, b in whole if canonical_json(a) != canonical_json(b)),
        *compare_approvals(before["items"], now["items"]),
    )


def _approval(content: Json, version: str) -> Json:
    """Return all that an approval covers, as JSON; another commit with the same values is the same approval."""
    return {
        "header": content["header"],
        "options": {name: value for name, value in content["options"].items() if name != "committed_at"},
        "versions": {"exportctl": version, "saved plan": FILE.format_version, "config": CONFIG_VERSION},
        "items": approvals(content["items"]),
    }


def reduce_to_approval(saved: SavedPlan, plan: Plan) -> Plan:
    """
    Return the new plan without the renewals, marker writes and cleaning that are not in the file.

    Another `protect`, and cleaning where the file changes or cleans something, stay: `stale_values` compares them.
    """
    kept = _addresses_to_compare(saved, plan)

    def approved_item(item: PlanItem) -> PlanItem:
        entry = saved.entries.get(str(item.address))
        is_side_work = item.verb in _UNAPPROVED_VERBS and str(item.address) not in kept
        is_approved = not is_side_work or (entry is not None and entry["verb"] == item.verb)
        return item if is_approved else replace(item, verb=Verb.UNCHANGED, fields=(), steps=())

    def drop_needs(item: PlanItem) -> PlanItem:
        steps = (replace(s, needs=tuple(n for n in s.needs if n not in dropped_keys)) for s in item.steps)
        return replace(item, steps=tuple(steps))

    items = [approved_item(item) for item in plan.items]
    dropped_keys = {s.key for s in plan.steps()} - {s.key for item in items for s in item.steps}
    dropped = tuple(str(a.address) for a, b in zip(plan.items, items, strict=True) if a is not b)
    return replace(plan, items=tuple(drop_needs(item) for item in items), unapproved=dropped) if dropped else plan


def _addresses_to_compare(saved: SavedPlan, plan: Plan) -> set[str]:
    items = encode_plan(plan)["items"]
    decided = {item["address"] for item in items if protect_change(item)}
    return decided | (approvals(items).keys() & approvals(saved.content["items"]).keys())


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
    """Return 64 hex digits over all that an approval covers: not the moment, renewals and display-only values."""
    head = _approval(encode_plan(replace(plan, items=())), __version__)
    return digest_parts(_approval_parts(head, encode_approved_items(plan)))


def _approval_parts(head: Json, items: Iterable[Json]) -> Iterator[str]:
    """Yield the canonical JSON of an approval in parts: `head` is the approval of a plan without items."""
    before = "{"
    for name in sorted(head):
        yield f"{before}{canonical_json(name)}:"
        yield from approval_parts(items) if name == "items" else (canonical_json(head[name]),)
        before = ","
    yield "}"


def saved_digest(saved: SavedPlan) -> str:
    """Return the `approval_digest` of the plan in a file."""
    return full_digest(_approval(saved.content, saved.version))


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
        signature=file.signature,
    )
