"""
A Plan as JSON-able values and back: the one form behind the saved file, its digest and the machine output.

`encode`: a Plan in; dicts, lists, text, numbers out. Values of sensitive fields say `(sensitive)`, those nobody can
compare say why; no secret is in a Plan to begin with. Unchanged addresses with nothing to say are only counted.
`decode` gives a Plan to look at, never to apply: masked values stay masked, references are plain data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exportctl.errors import Finding, Level, SourcePosition
from exportctl.model.plan import (
    EXPORTS,
    Action,
    Actor,
    Address,
    Cause,
    Consequence,
    FieldChange,
    Marker,
    OtherFlow,
    Plan,
    PlanHeader,
    PlanItem,
    Ref,
    Refusal,
    SensitiveValue,
    Step,
    Verb,
)

Json = dict[str, Any]


def encode_plan(plan: Plan) -> Json:
    """Everything a plan says, in plan order."""
    return {
        "header": header(plan.header),
        "as_of": plan.as_of,
        "flags": value(plan.options),
        "unset": sorted(plan.unset),
        "targeted_out": plan.targeted_out,
        "counts": {**plan.counts(), "writes": len(plan.steps())},
        "empty": plan.is_empty,
        "refused": plan.is_refused,
        "items": [item(i) for i in plan.items if has_content(i)],
        "findings": [finding(f) for f in plan.findings],
        "unmanaged": [other_flow(u) for u in plan.other_flows],
    }


def has_content(shown: PlanItem) -> bool:
    return shown.verb is not Verb.UNCHANGED or bool(shown.fields or shown.steps or shown.refusals or shown.findings)


def header(shown: PlanHeader) -> Json:
    snapshot = {} if shown.snapshot_at is None else {"snapshot_at": shown.snapshot_at}
    return {
        "organization": shown.organization,
        "sandbox": shown.sandbox,
        "environment": shown.environment,
        "project": shown.project,
        "platform": shown.platform,
        **snapshot,
    }


def item(shown: PlanItem) -> Json:
    return {
        "address": str(shown.address),
        "verb": shown.verb.value,
        "id": shown.id,
        "paused": shown.is_paused,
        "renewal_due": shown.has_renewal,
        "fields": [field(f) for f in shown.fields],
        "steps": [step(s) for s in shown.steps],
        "consequences": [{"rule": c.rule, "text": c.text, "level": c.level} for c in shown.consequences],
        "refusals": [{"safety_check": r.safety_check, "text": r.text, "allow": r.allow} for r in shown.refusals],
        "findings": [finding(f) for f in shown.findings],
        "schedule": shown.schedule,
        "ends": shown.ends,
        "next_before": list(shown.next_before),
        "next_after": list(shown.next_after),
        "at": source_position(shown.at),
    }


def field(shown: FieldChange) -> Json:
    return {
        "path": shown.path,
        "field": shown.field,
        "before": value(shown.before),
        "after": value(shown.after),
        "cause": shown.cause.value,
        "actor": actor(shown.actor),
        "at": source_position(shown.at),
    }


def step(shown: Step) -> Json:
    """What one write would send and was based on: `operation`, `type`, `title` and `text` are part of what is sent."""
    return {
        "key": shown.key,
        "action": shown.action.value,
        "kind": shown.kind,
        "address": str(shown.address),
        "id": shown.id,
        "fields": value(shown.fields),
        "refs": value(shown.refs),
        "marker": marker(shown.marker),
        "remove_marker": shown.remove_marker,
        "operation": shown.operation,
        "needs": sorted(shown.needs),
        "seen": value(shown.seen),
        "secrets": sorted(shown.secrets),
        "type": shown.type,
        "title": shown.title,
        "text": shown.text,
        "detects_hidden_flow": shown.detects_hidden_flow,
    }


def marker(shown: Marker | None) -> Json | None:
    if shown is None:
        return None
    return {
        "project": shown.project,
        "address": str(shown.address),
        "generation": shown.generation,
        "protected": shown.protected,
        "being_replaced": shown.being_replaced,
        "last_seen_enabled": shown.last_seen_enabled,
        "applied": {name: list(digests) for name, digests in sorted(shown.applied.items())},
    }


def actor(shown: Actor | None) -> Json | None:
    if shown is None:
        return None
    return {"by": shown.by, "client": shown.client, "at": shown.at, "note": shown.note}


def source_position(shown: SourcePosition | None) -> Json | None:
    return {"file": shown.file, "line": shown.line, "column": shown.column} if shown else None


def finding(shown: Finding) -> Json:
    """The form of every error and warning in machine output."""
    return {
        "rule": shown.rule,
        "level": shown.level.value,
        "message": shown.message,
        "file": shown.at.file if shown.at else None,
        "line": shown.at.line if shown.at else None,
        "column": shown.at.column if shown.at else None,
        "hint": shown.hint,
    }


def other_flow(shown: OtherFlow) -> Json:
    return {
        "id": shown.id,
        "name": shown.name,
        "type": shown.type,
        "owner": shown.owner,
        "enabled": shown.enabled,
        "ends": shown.ends,
        "assumed_end": shown.assumed_end,
    }


def value(shown: Any) -> Any:
    """
    A field's value for a document. A `Ref` becomes `{"ref": step}`.

    Raises:
        TypeError: for anything unforeseen, rather than to guess whether it may be shown.
    """
    if isinstance(shown, SensitiveValue):
        return str(shown)
    if isinstance(shown, Ref):
        return {"ref": shown.step}
    if shown is None or isinstance(shown, bool | int):
        return shown
    if isinstance(shown, str):
        return str(shown)
    if isinstance(shown, Mapping):
        return {str(k): value(v) for k, v in sorted(shown.items(), key=lambda pair: str(pair[0]))}
    if isinstance(shown, frozenset | set):
        return sorted((value(v) for v in shown), key=str)
    if isinstance(shown, Sequence):
        return [value(v) for v in shown]
    raise TypeError(f"a plan holds no {type(shown).__name__}")


def decode_plan(content: Json) -> Plan:
    """
    A Plan for the views, from a document. Unchanged addresses are not in a document, so take its `counts` for numbers.

    Raises:
        KeyError, TypeError, ValueError: the document lacks parts.
    """
    return Plan(
        header=PlanHeader(**content["header"]),
        as_of=content["as_of"],
        items=tuple(_item(i) for i in content["items"]),
        findings=tuple(_finding(f) for f in content["findings"]),
        other_flows=tuple(OtherFlow(**u) for u in content["unmanaged"]),
        unset=tuple(content["unset"]),
        options=content["flags"],
        targeted_out=content["targeted_out"],
    )


def _item(document: Json) -> PlanItem:
    return PlanItem(
        address=_address(document["address"]),
        verb=Verb(document["verb"]),
        id=document["id"],
        fields=tuple(_field(f) for f in document["fields"]),
        steps=tuple(_step(s) for s in document["steps"]),
        consequences=tuple(Consequence(**c) for c in document["consequences"]),
        refusals=tuple(Refusal(**r) for r in document["refusals"]),
        findings=tuple(_finding(f) for f in document["findings"]),
        ends=document["ends"],
        schedule=document["schedule"],
        next_before=tuple(document["next_before"]),
        next_after=tuple(document["next_after"]),
        at=_source_position(document["at"]),
    )


def _address(text: str) -> Address:
    root, _, name = text.partition(".")
    return Address(root, name)


def _field(document: Json) -> FieldChange:
    who = document["actor"]
    changed = {
        "cause": Cause(document["cause"]),
        "actor": Actor(**who) if who else None,
        "at": _source_position(document["at"]),
    }
    return FieldChange(**{**document, **changed})


def _step(document: Json) -> Step:
    changed = {
        "action": Action(document["action"]),
        "address": _address(document["address"]),
        "marker": _marker(document["marker"]),
        "needs": tuple(document["needs"]),
        "secrets": tuple(document["secrets"]),
    }
    return Step(**{**document, **changed})


def _marker(document: Json | None) -> Marker | None:
    if document is None:
        return None
    address = _address(document["address"])
    rest = {name: shown for name, shown in document.items() if name not in ("address", "applied")}
    applied = {name: tuple(digests) for name, digests in document["applied"].items()}
    return Marker(kind="e" if address.root == EXPORTS else "d", name=address.name, applied=applied, **rest)


def _source_position(document: Json | None) -> SourcePosition | None:
    return SourcePosition(**document) if document else None


def _finding(document: Json) -> Finding:
    at = {"file": document["file"], "line": document["line"], "column": document["column"]}
    position = SourcePosition(**at) if document["file"] is not None else None
    return Finding(document["rule"], document["message"], position, document["hint"], Level(document["level"]))
