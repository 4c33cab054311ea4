"""
The envelope around every JSON document, and what several documents hold.

A `Document` is one kind of document: it makes the text, and the JSON Schema that the text fits, from one description.
Moments are whole seconds since 1970 UTC. `result` is null where a run has nothing but errors.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from exportctl.errors import Finding
from exportctl.frozen import dataclass
from exportctl.model.indented_json import indented_json, object_parts
from exportctl.model.json_form import (
    Definition,
    Json,
    JsonObject,
    Member,
    choice,
    constant,
    counts,
    encoded_part,
    flag,
    listing,
    mapping,
    nullable,
    number,
    optional,
    part,
    text,
)
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import PLATFORMS, Action, Plan, PlanHeader
from exportctl.model.profile_note import ProfileNote
from exportctl.model.verdict import Compared, PlanVerdict, Remainder, RemainderKind, judge
from exportctl.output.text import apply
from exportctl.planfile.file import approval_digest
from exportctl.planfile.serialize import CONTENT, ERROR, address

if TYPE_CHECKING:
    from exportctl.workflows.rehearse import Rehearsal

FORMAT_VERSION = 2
_INDENT = 2
MOMENT = "seconds since 1970 UTC"
T = TypeVar("T")

PROJECT: Member[Any] = text("the config's project", lambda shown: shown.header.project)
FLOW_ID: Member[Any] = nullable(text("flow id; null: not applied"))
EXPORT_STATE: Member[Any] = text(
    "enabled, disabled, finished, expired, unknown, not applied, or another word of the service"
)
STORAGE: Member[Any] = text("what was read; begins with `runs only` where storage was not read")

VERDICT = Definition[PlanVerdict](
    "verdict",
    "what keeps the sandbox from being as the config asks",
    as_config=flag("everything was compared, and is as the config asks", lambda v: v.is_as_declared),
    complete=flag("nothing remains but what a person, the config or an option decided", lambda v: v.is_complete),
    compared=choice("what was compared", Compared, lambda v: v.scope),
    remaining=listing(
        "what remains; empty: everything is as the config asks",
        JsonObject[Remainder](
            "one thing that remains",
            kind=choice("what it is", RemainderKind),
            subject=text("an address, a step or a variable; empty: it is about the whole plan"),
            text=text("for people; empty: the plan shows it"),
        ),
    ),
)
PLAN = Definition[Plan](
    "plan",
    "a plan",
    project=PROJECT,
    digest=text("64 hex digits of what is approved; `apply --only-if` takes them", approval_digest),
    verdict=part(VERDICT, judge),
    **CONTENT,
)
OUTCOME = Definition[Outcome](
    "outcome",
    "the result of one step",
    step=text("the step's key", lambda o: o.step.key),
    address=address(lambda o: o.step.address),
    action=choice("what the request does", Action, lambda o: o.step.action),
    operation=nullable(text("operation of an `act`", lambda o: o.step.operation)),
    kind=text("the service's kind of object", lambda o: o.step.kind),
    id=nullable(text("id of the object", lambda o: o.id or o.step.id)),
    status=choice("how the step ended", OutcomeStatus),
    rule=nullable(text("stable id of what went wrong")),
    message=nullable(text("for people")),
    hint=nullable(text("what to do")),
)
REHEARSAL: JsonObject[Rehearsal] = JsonObject(
    "the result of this plan in the emulator; nothing reached the platform",
    passed=flag("all steps are done, and nothing remains in a second plan", lambda r: r.verdict.is_complete),
    reads=number("read requests after the plan was made"),
    writes=mapping("by method and collection: write requests, those that were refused too", number("how many")),
    counts=counts("steps by how they ended", OutcomeStatus, lambda r: apply.tally(r.outcomes)),
    outcomes=listing("every step of the plan", OUTCOME),
    refused=listing("what the emulator refused, with the line of the config; also in errors", ERROR),
    remaining_plan=nullable(part(PLAN, lambda r: None if r.verdict.is_complete else r.remaining_plan)),
)

PROFILE = JsonObject[ProfileNote](
    "the service profile that the plan expects",
    file=text("the file, from `exportctl probe`"),
    probed_on=text("the day of the probe, in UTC"),
    answered=number("open questions that it answers"),
    weaker=number("answers that make a promise weaker; `exportctl doctor` lists them"),
)
PLATFORM = JsonObject[PlanHeader](
    "which sandbox",
    kind=choice("service, or an emulator, from which nothing reaches Adobe", PLATFORMS, lambda h: h.platform),
    organization=text("IMS organization id"),
    sandbox=text("sandbox name"),
    environment=nullable(text("the config's environment")),
    snapshot_at=optional(
        number(f"when the snapshot behind this document was taken, {MOMENT}"), lambda h: h.snapshot_at is not None
    ),
    profile=optional(part(PROFILE), lambda h: h.profile is not None),
)


@dataclass(frozen=True)
class EnvironmentBody:
    """What the document of one environment alone would hold."""

    header: PlanHeader
    as_of: int
    result: Json
    errors: Sequence[Finding] = ()


class _Envelope(NamedTuple):
    header: PlanHeader | None
    as_of: int | None
    result: Json | None
    errors: Sequence[Finding]


@dataclass(frozen=True)
class Document(Generic[T]):
    """One kind of document. `result` describes what a T becomes; None: there is never a result."""

    kind: str
    result: JsonObject[T] | None

    def render(
        self,
        value: T | None,
        *,
        header: PlanHeader | None = None,
        as_of: int | None = None,
        errors: Sequence[Finding] = (),
    ) -> str:
        """Return the text of the document. `header` is None where no platform is involved."""
        return "".join(self.parts(value, header=header, as_of=as_of, errors=errors))

    def parts(
        self,
        value: T | None,
        *,
        header: PlanHeader | None = None,
        as_of: int | None = None,
        errors: Sequence[Finding] = (),
    ) -> Iterator[str]:
        """Yield the text of the document in parts: an item of a list in the result is made when it is its turn."""
        document = self._envelope().encode(_Envelope(header, as_of, None, errors))

        def member_parts(name: str) -> Iterable[str]:
            if name == "result" and value is not None and self.result is not None:
                return self.result.parts(value, _INDENT, 1)
            return (indented_json(document[name], _INDENT, 1),)

        members = ((json.dumps(name), member_parts(name)) for name in sorted(document))
        yield from object_parts(members, _INDENT, 0)
        yield "\n"

    def schema(self) -> Json:
        """Return the schema of the document, without the definitions that it uses."""
        return self._envelope().schema()

    def _envelope(self) -> JsonObject[_Envelope]:
        no_result: Member[Any] = Member(lambda: {"type": "null", "description": "there is no result"}, lambda _: None)
        return JsonObject[_Envelope](
            f"the machine output of kind {self.kind}",
            format_version=constant("version of this format", FORMAT_VERSION),
            kind=constant("kind of this document", self.kind),
            platform=nullable(part(PLATFORM, lambda e: e.header)),
            as_of=nullable(number(f"the moment that the result is about, {MOMENT}")),
            result=nullable(encoded_part(self.result, lambda e: e.result)) if self.result else no_result,
            errors=listing("all errors; empty when there are none", ERROR),
        )
