"""
What differs from an approval, as a reviewer reads it: resource, field of the YAML, approved value, value now.

    exports.orders `path`: approved "/incoming", now "/z" (changed by jane at 2026-11-22 09:10 UTC)
    destinations.lake: created since the approval

A field line says most of what moved, and the steps that follow from it are not said again. What no field line explains
has a line of its own (stale_steps.py): no value that the approval covers can differ without one.

In: a saved plan, the plan now, the values that differ (planfile/staleness.py). Out: findings. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exportctl.errors import Finding, SourcePosition
from exportctl.frozen import dataclass
from exportctl.model.plan import Cause, FieldChange, Plan, PlanItem, Verb
from exportctl.output import format_values
from exportctl.output.format_values import clean_text
from exportctl.output.stale_steps import other_lines, short_value, verb_words, whole_plan_line
from exportctl.planfile.deserialize import decode_plan
from exportctl.planfile.file import SavedPlan
from exportctl.planfile.serialize import encode_plan
from exportctl.planfile.staleness import NO_APPROVAL, StaleValue

MAX_LINES = 5  # of one resource in a text; JSON has them all
RULE = "stale-plan"
_CREATIONS = frozenset({Verb.CREATE, Verb.COMPLETE})
_COMPARED = frozenset({Verb.UPDATE, Verb.REPLACE})  # verbs with the fields that differ


@dataclass(frozen=True)
class StaleResource:
    """What differs at one address; the address is empty for the plan as a whole."""

    address: str
    lines: tuple[tuple[str, SourcePosition | None], ...]
    has_fields: bool = False


def stale_resources(saved: SavedPlan, plan: Plan, moved: Sequence[StaleValue]) -> tuple[StaleResource, ...]:
    """Return what differs by address: first those with a value that differs, then those with another verb only."""
    before = {str(item.address): item for item in decode_plan(saved.content).items}
    listed = decode_plan(encode_plan(plan)).items  # with the values of both sides in one form
    now = {str(item.address): item for item in (*plan.items, *listed)}
    by_address: dict[str, list[StaleValue]] = {}
    for one in moved:
        by_address.setdefault(one.address, []).append(one)
    found = [_Comparison(a, before.get(a), now.get(a), v).resource() for a, v in by_address.items()]
    return tuple(sorted(found, key=lambda resource: (bool(resource.address), not resource.has_fields)))


def stale_findings(found: Sequence[StaleResource], hint: str) -> tuple[Finding, ...]:
    """Return one error per line, at the line of the YAML; `hint` is the next step."""
    return tuple(Finding(RULE, _with_address(one.address, text), at, hint) for one in found for text, at in one.lines)


def text_lines(found: Sequence[StaleResource]) -> list[str]:
    """Return the lines for people, at most MAX_LINES per resource and the number of the others."""
    lines = []
    for one in found:
        left = len(one.lines) - MAX_LINES
        shown = one.lines if left <= 1 else one.lines[:MAX_LINES]
        lines += [_with_address(one.address, text) for text, _ in shown]
        lines += [_with_address(one.address, f": and {left} more values")] if left > 1 else []
    return lines


def _with_address(address: str, text: str) -> str:
    name = clean_text(address)
    return f"{name}{text}" if name else text.removeprefix(": ")


@dataclass(frozen=True)
class _Comparison:
    """One address in the saved plan and in the plan now; None where a plan does not have it."""

    address: str
    before: PlanItem | None
    now: PlanItem | None
    moved: Sequence[StaleValue]

    def resource(self) -> StaleResource:
        """Return all lines. There is always one: `moved` is not empty."""
        if not self.address:
            return StaleResource("", tuple((f": {whole_plan_line(one)}", None) for one in self.moved))
        fields = self._field_lines()
        verb = self._verb_line()
        said = {change.field for change in self._differing_fields()}
        at = self.now.at if self.now else None
        lines = [] if verb is None else [(f": {verb}", at)]
        lines += list(fields.values())
        lines += [(f": {text}", at) for text in other_lines(self.moved, said, is_explained=bool(lines))]
        return StaleResource(self.address, tuple(dict.fromkeys(lines)), bool(fields))

    @property
    def _verbs(self) -> tuple[str, str]:
        """The verb of both sides; equal if it does not differ."""
        found = next(((one.saved, one.now) for one in self.moved if one.names == ("verb",)), None)
        own = self.now.verb.value if self.now else NO_APPROVAL
        return found or (own, own)

    def _verb_line(self) -> str | None:
        saved, now = self._verbs
        if saved == now:
            return None
        is_there = self.now is not None and self.now.id is not None and now not in _CREATIONS
        if saved in _CREATIONS and is_there:
            return "created since the approval"
        if saved == NO_APPROVAL:
            has_fields = now in _COMPARED and self._differing_fields()
            return None if has_fields else f"not in the approval; {self._unapproved_words()}"
        return f"approved: {verb_words(saved)}; now {self._words_now(now)}"

    def _unapproved_words(self) -> str:
        refusal = next(iter(self.now.refusals), None) if self.now else None
        blocked = refusal and f"now the safety check {clean_text(refusal.safety_check)} blocks it"
        return blocked or f"now apply would {verb_words(self._verbs[1])}"

    def _words_now(self, now: str) -> str:
        if now == NO_APPROVAL:
            return "nothing to change"
        if now in _CREATIONS and self.before is not None and self.before.id is not None:
            return f"its {format_values.object_label(self.before.address)} is gone"
        if now == Verb.COMPLETE:
            return "its connections are there and its flow is not: a run was interrupted, or the flow was deleted"
        return f"apply would {verb_words(now)}"

    def _differing_fields(self) -> list[FieldChange]:
        """Return the fields of the plan now, or of the approval, that the other side does not have equally."""
        before, now = _changes(self.before), _changes(self.now)
        saved_verb, verb = self._verbs
        if saved_verb == verb:
            names = {one.names[1] for one in self.moved if one.names[0] == "fields"}
            both = {**before, **now}
            return [change for path, change in both.items() if any(_is_of_path(name, path) for name in names)]
        if verb not in _COMPARED:
            return []
        return [change for path, change in now.items() if _both_sides(before.get(path)) != _both_sides(change)]

    def _field_lines(self) -> Mapping[str, tuple[str, SourcePosition | None]]:
        before, now = _changes(self.before), _changes(self.now)
        return {
            change.path: (
                f" `{clean_text(change.path)}`: {_field_words(before.get(change.path), now.get(change.path))}",
                change.at or (self.now.at if self.now else None),
            )
            for change in self._differing_fields()
        }


def _is_of_path(name: str, path: str) -> bool:
    """Check a name of an approval, which has a number if a path is there twice."""
    return name == path or name.rpartition("#")[0] == path


def _both_sides(change: FieldChange | None) -> object:
    return (change.before, change.after, change.cause) if change else None


def _changes(item: PlanItem | None) -> dict[str, FieldChange]:
    return {f.path: f for f in item.fields if f.cause is not Cause.RENEWAL} if item else {}


def _field_words(before: FieldChange | None, now: FieldChange | None) -> str:
    """Return `approved "/a" -> "/b", now "/z" -> "/b" (changed by jane …)`."""
    saved_side, now_side = _sides(before), _sides(now)
    who = _origin(before, now)
    if saved_side == now_side and before and now:
        causes = f"approved as {before.cause.value}, now {now.cause.value}"
        return f"the same values for another reason: {causes}{who}"
    if before and now and before.cause is Cause.CREATE and before.after == now.after:
        now_side = short_value(now.path, now.before)  # the wanted value is the approved one: only the live one moved
    return f"approved {saved_side}, now {now_side}{who}"


def _sides(change: FieldChange | None) -> str:
    if change is None:
        return "no change"
    after = short_value(change.path, change.after)
    if change.cause is Cause.CREATE:
        return after
    return f"{short_value(change.path, change.before)} -> {after}"


def _origin(before: FieldChange | None, now: FieldChange | None) -> str:
    """Return who changed the sandbox, or where the YAML sets another value; empty if neither is known."""
    if now is None:
        return ""
    if now.actor and now.cause is not Cause.PENDING:
        return f" ({format_values.actor(now.actor)})"
    if now.at and before and before.after != now.after:
        return f" (the config: {clean_text(str(now.at))})"
    return ""
