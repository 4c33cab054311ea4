"""The JSON documents of plans, applies and checks, each with its schema: one description makes both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from exportctl.errors import Finding, Level, SourcePosition
from exportctl.model.apply_report import ApplyReport, ResourceResult, ResourceState, ResultWord
from exportctl.model.json_form import (
    Json,
    JsonObject,
    Member,
    choice,
    counts,
    encoded_part,
    flag,
    listing,
    members_of,
    nullable,
    number,
    optional,
    part,
    text,
)
from exportctl.model.outcome import Check, CheckStatus, OutcomeStatus
from exportctl.model.plan import Cause, FieldChange, ListedDataset, Plan, PlanHeader, PlanItem, Verb
from exportctl.model.verdict import PlanVerdict, judge
from exportctl.output import apply_outcome, phrases
from exportctl.output.json.envelope import MOMENT, OUTCOME, PLAN, REHEARSAL, VERDICT, Document, EnvironmentBody
from exportctl.output.text import apply
from exportctl.planfile import file as planfile
from exportctl.planfile.deserialize import decode_plan
from exportctl.planfile.file import SavedPlan
from exportctl.planfile.serialize import CONTENT, FIELD, FINDING, POSITION, address, field_value
from exportctl.planfile.signature import SignatureState


class _PlanWithRehearsal(NamedTuple):
    plan: Plan
    more: Mapping[str, Json | None]


PLAN_DOCUMENT = Document(
    "plan",
    JsonObject[_PlanWithRehearsal](
        PLAN.description,
        **members_of(PLAN, lambda shown: shown.plan),
        rehearsal=optional(
            nullable(encoded_part(REHEARSAL, lambda shown: shown.more["rehearsal"])),
            lambda shown: "rehearsal" in shown.more,
        ),
    ),
)


def plan_parts(
    shown: Plan, *, more: Mapping[str, Json | None] | None = None, errors: Sequence[Finding] = ()
) -> Iterator[str]:
    """
    Yield the document of a plan in parts. `errors` are those that the plan itself does not hold.

    `more` holds `rehearsal` where a user asks for one; it is null where a safety check blocks the plan.
    """
    every = tuple(dict.fromkeys((*errors, *shown.errors())))
    value = _PlanWithRehearsal(shown, more or {})
    return PLAN_DOCUMENT.parts(value, header=shown.header, as_of=shown.as_of, errors=every)


def render_plan(shown: Plan, *, more: Mapping[str, Json | None] | None = None, errors: Sequence[Finding] = ()) -> str:
    """Return the document of a plan: the parts of `plan_parts` as one text."""
    return "".join(plan_parts(shown, more=more, errors=errors))


class _ShownFile(NamedTuple):
    saved: SavedPlan
    signature: SignatureState
    now: int

    @property
    def plan(self) -> Json:
        """The file's own content, and the members that only the document of a plan has."""
        named = {
            "project": self.saved.header.project,
            "digest": planfile.saved_digest(self.saved),
            "verdict": VERDICT.encode(judge(decode_plan(self.saved.content))),
        }
        return {**named, **{name: self.saved.content[name] for name in CONTENT}}


SHOW = Document(
    "show",
    JsonObject[_ShownFile](
        "a saved plan",
        exportctl=text("version of exportctl that wrote the file", lambda f: f.saved.version),
        content_digest=text("sha256 of the file's content", lambda f: f.saved.digest),
        signature=choice("what is known of the signature of the file", SignatureState),
        age=number(
            "seconds since the plan was made; negative: it was made with a later clock",
            lambda f: planfile.age_seconds(f.saved, f.now),
        ),
        plan=encoded_part(PLAN),
    ),
)


def render_saved_plan(shown: SavedPlan, signature: SignatureState, *, now: int) -> str:
    """Return the document of a saved plan, with its age."""
    return SHOW.render(_ShownFile(shown, signature, now), header=shown.header, as_of=shown.as_of)


ERRORS: Document[Any] = Document("error", None)


def render_errors(found: Sequence[Finding]) -> str:
    """Return the document of a run that ended before it had a result."""
    return ERRORS.render(None, errors=_error_findings(found))


def _error_findings(found: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(f for f in found if f.level is Level.ERROR)


def render_stale_plan(shown: SavedPlan, errors: Sequence[Finding]) -> str:
    """Return the document of an apply that writes nothing because the saved plan is stale: an error per difference."""
    return ERRORS.render(None, header=shown.header, as_of=shown.as_of, errors=errors)


class _ItemField(NamedTuple):
    item: PlanItem
    field: FieldChange


def _fields(report: ApplyReport, cause: Cause) -> list[_ItemField]:
    """Return the field changes with this cause."""
    return [_ItemField(item, f) for item in report.plan.items for f in item.fields if f.cause is cause]


class _Resource(NamedTuple):
    one: ResourceResult
    verdict: PlanVerdict | None


def _resource_reasons(shown: _Resource) -> list[str]:
    is_done = shown.one.state is ResourceState.DONE
    return [] if is_done else apply_outcome.reasons(shown.one, shown.verdict)


_APPLY_PROJECT: Member[ApplyReport] = text("the config's project", lambda a: a.plan.header.project)
_COUNTS: Member[ApplyReport] = counts("steps by how they ended", OutcomeStatus, lambda a: apply.tally(a.outcomes))
_OUTCOMES: Member[ApplyReport] = listing("every step of the plan", OUTCOME)
_PASSED: Member[ApplyReport] = nullable(
    flag(
        "nothing remains but what was decided, see `verdict`; null: there was no final check",
        lambda a: None if a.verdict is None else a.verdict.is_complete,
    )
)
_VERDICT: Member[ApplyReport] = nullable(part(VERDICT, lambda a: a.verdict))
_RESULT: Member[ApplyReport] = choice("how the run ended", ResultWord)
_STATES: Member[ApplyReport] = counts("resources by what became of them", ResourceState, lambda a: a.counts())
_RESOURCES: Member[ApplyReport] = listing(
    "every resource that the run was to change, and those at which something remains",
    JsonObject[_Resource](
        "one export or destination",
        address=text("exports.NAME or destinations.NAME", lambda r: r.one.address),
        state=choice("what became of it", ResourceState, lambda r: r.one.state),
        verb=nullable(choice("what the plan does", Verb, lambda r: r.one.item.verb if r.one.item else None)),
        reasons=listing("why it is not done; for people", text("one reason"), _resource_reasons),
        fix=nullable(text("what to do", lambda r: apply_outcome.fix(r.one))),
        at=nullable(part(POSITION, lambda r: r.one.at)),
    ),
    lambda a: [_Resource(one, a.verdict) for one in a.resources],
)
_NEXT: Member[ApplyReport] = listing("commands that come next", text("a command line"), lambda a: a.next_commands)

APPLY = Document(
    "apply",
    JsonObject[ApplyReport](
        "the result of an apply",
        project=_APPLY_PROJECT,
        digest=text("digest of the plan that was applied", lambda a: planfile.approval_digest(a.plan)),
        result=_RESULT,
        states=_STATES,
        resources=_RESOURCES,
        next_commands=_NEXT,
        interrupted=flag("a signal stopped the apply"),
        final_check_passed=_PASSED,
        verdict=_VERDICT,
        normalised=listing("values that the service keeps in another spelling", text("for people")),
        counts=_COUNTS,
        outcomes=_OUTCOMES,
        remaining_plan=nullable(part(PLAN, lambda a: a.remaining_plan)),
    ),
)


def render_apply_report(report: ApplyReport) -> str:
    """Return the document of an apply."""
    return APPLY.render(report, header=report.plan.header, as_of=report.plan.as_of, errors=report.errors)


_FLOW_ID: Member[_ItemField] = nullable(text("flow id", lambda f: f.item.id))
_ITEM_ADDRESS: Member[_ItemField] = address(lambda f: f.item.address)

RENEW = Document(
    "renew",
    JsonObject[ApplyReport](
        "rolling ends that are due",
        project=_APPLY_PROJECT,
        renewals=listing(
            "ends that the run moves",
            JsonObject[_ItemField](
                "one renewal",
                address=_ITEM_ADDRESS,
                id=_FLOW_ID,
                before=nullable(number(MOMENT, lambda f: f.field.before)),
                after=nullable(number(MOMENT, lambda f: f.field.after)),
            ),
            lambda a: _fields(a, Cause.RENEWAL),
        ),
        expired=listing(
            "rolling ends in the past: exit code 4; an apply moves them",
            JsonObject[_ItemField](
                "one expired flow", address=_ITEM_ADDRESS, id=_FLOW_ID, ended=number(MOMENT, lambda f: f.field.before)
            ),
            lambda a: _fields(a, Cause.EXPIRED),
        ),
        not_renewed=listing(
            "rolling ends that it cannot renew: exit code 4", FINDING, lambda a: phrases.not_renewed_findings(a.plan)
        ),
        paused=listing(
            "flows that were paused by hand; they stay paused",
            JsonObject[_ItemField]("one paused flow", address=_ITEM_ADDRESS, id=_FLOW_ID, field=part(FIELD)),
            lambda a: _fields(a, Cause.PAUSED),
        ),
        result=_RESULT,
        states=_STATES,
        resources=_RESOURCES,
        next_commands=_NEXT,
        final_check_passed=_PASSED,
        verdict=_VERDICT,
        counts=_COUNTS,
        outcomes=_OUTCOMES,
    ),
)


def renewal_body(report: ApplyReport) -> EnvironmentBody:
    """Return what the document of one renew run holds."""
    assert RENEW.result is not None
    errors = (*report.errors, *report.plan.errors())
    return EnvironmentBody(report.plan.header, report.plan.as_of, RENEW.result.encode(report), errors)


def render_renewals(report: ApplyReport) -> str:
    """Return the document of a renew run. It has no outcomes if the run changed nothing."""
    return RENEW.render(report, header=report.plan.header, as_of=report.plan.as_of, errors=report.errors)


class _Validation(NamedTuple):
    findings: Sequence[Finding]
    exports: int
    destinations: int
    environments: int


VALIDATE = Document(
    "validate",
    JsonObject[_Validation](
        "the result of the offline checks",
        valid=flag("there is no finding of level error", lambda v: not _error_findings(v.findings)),
        exports=number("exports in all environments"),
        destinations=number("destinations in all environments"),
        environments=number("environments; 0: the config declares none"),
        findings=listing("in file order", FINDING),
    ),
)


def render_validation(findings: Sequence[Finding], *, exports: int, destinations: int, environments: int) -> str:
    """Return the document of the offline checks. Findings of level error are in `errors` too."""
    result = _Validation(findings, exports, destinations, environments)
    return VALIDATE.render(result, errors=_error_findings(findings))


class _Datasets(NamedTuple):
    listed: Sequence[ListedDataset]
    used_by: Mapping[str, Sequence[str]]

    @property
    def datasets(self) -> list[tuple[ListedDataset, Sequence[str]]]:
        """Each dataset with the addresses of its exports, by name."""
        return [(d, self.used_by.get(d.id, ())) for d in sorted(self.listed, key=lambda d: (d.name, d.id))]


DATASETS = Document(
    "datasets",
    JsonObject[_Datasets](
        "datasets that can be exported",
        datasets=listing(
            "by name",
            JsonObject[tuple[ListedDataset, Sequence[str]]](
                "one dataset",
                id=text("dataset id", lambda pair: pair[0].id),
                name=text("dataset name", lambda pair: pair[0].name),
                exported_by=listing("exports of this config", address(), lambda pair: pair[1]),
            ),
        ),
    ),
)


def render_datasets(
    shown: Sequence[ListedDataset], used_by: Mapping[str, Sequence[str]], *, header: PlanHeader, as_of: int
) -> str:
    """Return the document of the datasets that can be exported."""
    return DATASETS.render(_Datasets(shown, used_by), header=header, as_of=as_of)


DOCTOR = Document(
    "doctor",
    JsonObject[Sequence[Check]](
        "the checks of credentials, permissions and config",
        healthy=flag("no check failed", lambda checks: not any(c.status is CheckStatus.FAILED for c in checks)),
        checks=listing(
            "in the order in which they ran",
            JsonObject[Check](
                "one check",
                name=text("stable name"),
                status=choice("the result", CheckStatus),
                message=text("for people"),
                fix=nullable(text("what to do")),
            ),
            lambda checks: checks,
        ),
    ),
)


def render_checks(checks: Sequence[Check], *, header: PlanHeader | None = None, as_of: int | None = None) -> str:
    """Return the document of `doctor`."""
    return DOCTOR.render(checks, header=header, as_of=as_of)


class _Explanation(NamedTuple):
    topic: str
    words: str
    entries: Sequence[tuple[str, Any, SourcePosition | None]]


EXPLAIN = Document(
    "explain",
    JsonObject[_Explanation](
        "a rule, a term, or the lines that set values",
        topic=text("what is explained"),
        text=text("for people", lambda e: e.words),
        entries=listing(
            "values, where there are any",
            JsonObject[tuple[str, Any, SourcePosition | None]](
                "one value",
                path=text("path of the value", lambda entry: entry[0]),
                value=field_value(lambda entry: entry[1]),
                at=nullable(part(POSITION, lambda entry: entry[2])),
            ),
        ),
    ),
)


def render_explanation(topic: str, words: str, entries: Sequence[tuple[str, Any, SourcePosition | None]] = ()) -> str:
    """Return the document of an explained rule or term, or of the lines that set a value."""
    return EXPLAIN.render(_Explanation(topic, words, entries))
