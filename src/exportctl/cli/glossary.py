"""
The terms of exportctl. `exportctl explain TERM` looks them up here, and docs/glossary.md is written from here. Pure.

Rules and safety checks come from their own tables in `rules`, exit codes from `exit_codes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from exportctl.cli import exit_codes
from exportctl.cli.glossary_terms import TERM_ALIASES, TERMS
from exportctl.errors import Level
from exportctl.frozen import dataclass
from exportctl.model.apply_report import ResourceState, ResultWord
from exportctl.model.outcome import CheckStatus, OutcomeStatus
from exportctl.model.plan import Action, Cause, Verb
from exportctl.monitor.backup.drills import DRILL_RESULTS
from exportctl.monitor.backup.list_report import LIST_FAULTS
from exportctl.monitor.backup.report import CHAIN_STATES
from exportctl.monitor.delivery.report import DeliveryResult, Evidence
from exportctl.monitor.drift import DriftGroup
from exportctl.monitor.status import FlowState, HealthResult
from exportctl.rules.engine import RULES
from exportctl.rules.safety_check_texts import SAFETY_CHECKS


@dataclass(frozen=True)
class Term:
    """A word that people see. `also` are other words for it that people type or see."""

    name: str
    text: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class GlossarySection:
    """Terms of one kind. `kind` stands before a term where it is explained: `cause drift`."""

    title: str
    kind: str
    intro: str
    terms: tuple[Term, ...]


CAUSES: Mapping[Cause, str] = {
    Cause.CREATE: "The object does not exist yet. Apply creates it.",
    Cause.PENDING: "A pending change. The YAML, or a variable in it, changed since the last apply, the sandbox did not."
    " Apply writes it. `drift` counts it and does not fail.",
    Cause.OLDER_CONFIG: "The YAML differs because it is of an older commit than the config that was last applied. Apply"
    " refuses to write it without --allow-older. `drift` counts it as a pending change.\n"
    "To go back on purpose, use `git revert`: it makes a new commit.",
    Cause.DRIFT: "A person or another tool changed the sandbox. The YAML is as it was last applied. Apply reverts the"
    " sandbox to the YAML, and `drift` exits with 3.\n"
    "To keep the live value: exportctl drift --patch. To ignore it until a date: add an `accept` entry.",
    Cause.CONFLICT: "The YAML and the sandbox both changed since the last apply, to different values. Apply writes the"
    " value of the YAML, and `drift` exits with 3.\n"
    "Decide which value is right before you apply.",
    Cause.UNKNOWN_ORIGIN: "The YAML and the sandbox differ, and the marker does not say what was last applied. Apply"
    " writes the value of the YAML, and `drift` exits with 3.",
    Cause.ALREADY_MATCHES: "The YAML and the sandbox are equal, but the marker holds another value. Apply writes only"
    " the marker.",
    Cause.NORMALISED: "The service keeps another spelling of the value that exportctl sent. Apply writes nothing, and"
    " it is no drift.",
    Cause.NOT_COMPARABLE: "The sandbox holds a schedule or an end in words that exportctl cannot read, such as another"
    " unit of time. Apply leaves it as it is, and the final check does not pass. `drift` exits with 3.\n"
    "To send the value of the YAML: exportctl apply --resume ADDRESS, or edit `schedule.every` or `end`. To keep the"
    " live one until a date: add an `accept` entry for `schedule` or `end`.",
    Cause.PAUSED: "A person or another tool disabled the flow, moved its end earlier, moved its start into the future,"
    " or took datasets out. exportctl leaves the flow paused.\n"
    "To resume it: exportctl apply --resume ADDRESS. To agree: write `enabled: false`, the end, the start or the"
    " datasets into the YAML (`exportctl drift --patch`).",
    Cause.RENEWAL: "A rolling end is due. `renew` or `apply` moves it on.",
    Cause.EXPIRED: "A rolling end is in the past, so the flow exports nothing. Apply moves the end on, as a change to"
    " review. `renew` does not: Adobe does not document what the flow sends first, and it may be a full re-export.",
    Cause.ACCEPTED: "An `accept` entry of the config covers the difference, until its date or for good. `drift` does"
    " not fail, and apply does not revert it.",
}
_CAUSE_ALIASES: Mapping[Cause, tuple[str, ...]] = {
    Cause.DRIFT: ("patch",),
    Cause.PENDING: ("pending change", "pending changes"),
    Cause.PAUSED: ("paused", "left paused", "paused by hand", "pause", "resume"),
    Cause.ACCEPTED: ("accept",),
}

VERBS: Mapping[Verb, str] = {
    Verb.CREATE: "Apply creates the object.",
    Verb.COMPLETE: "An interrupted run began to create it. Apply completes it.",
    Verb.UPDATE: "Apply changes the object. Its id stays.",
    Verb.REPLACE: "Apply creates a new flow and deletes the former one. This causes a full re-export, so it needs"
    " `allow_replace` or --allow-replace.",
    Verb.DELETE: "Apply deletes the object. exportctl cannot bring it back.",
    Verb.ADOPT: "Apply writes the ownership marker of this project on a flow that was made elsewhere, and changes"
    " nothing else.",
    Verb.MOVE: "Apply writes the ownership marker of this project on a flow of another project that `move_from` lists,"
    " and changes nothing else.",
    Verb.RELEASE: "Apply removes the ownership marker. The flow keeps running, and exportctl no longer manages it.",
    Verb.CLEAN: "Apply deletes orphans: connections of this project that no flow uses.",
    Verb.MARK: "Apply writes only the ownership marker.",
    Verb.RENEW: "Apply moves a rolling end, and changes nothing else.",
    Verb.PAUSED: "exportctl leaves the flow paused. Apply changes nothing.",
    Verb.BLOCKED: "The address has duplicates, or a flow that exportctl cannot compare. Apply changes nothing until you"
    " resolve this. The findings say how.",
    Verb.UNCHANGED: "No difference that apply would write.",
}
_VERB_ALIASES: Mapping[Verb, tuple[str, ...]] = {Verb.MARK: ("marker only",), Verb.UNCHANGED: ("no changes",)}

_OUTCOMES: Mapping[OutcomeStatus, str] = {
    OutcomeStatus.DONE: "The write succeeded.",
    OutcomeStatus.FAILED: "The service refused the write, or did not answer.",
    OutcomeStatus.BLOCKED: "Not written, because a write that it needs failed.",
    OutcomeStatus.DEFERRED: "Not possible yet, such as deleting a connection that the service still counts as used. The"
    " next apply does it.",
    OutcomeStatus.NOT_ATTEMPTED: "Not started, because the run was interrupted.",
}

_ACTIONS: Mapping[Action, str] = {
    Action.CREATE: "One POST that creates an object.",
    Action.UPDATE: "One PATCH that changes an object.",
    Action.ACT: "One request that enables or disables a flow.",
    Action.DELETE: "One DELETE that removes an object.",
}
_ACTION_ALIASES: Mapping[Action, tuple[str, ...]] = {Action.ACT: ("enable", "disable")}

_APPLY_RESULTS: Mapping[ResultWord, str] = {
    ResultWord.INTERRUPTED: "Ctrl-C or a signal stopped the run. What was under way has finished. Exit code 8.",
    ResultWord.FAILED: "An error ended the run, in most cases before its first write. Exit code 1, or 64 for wrong"
    " usage.",
    ResultWord.LEASE_HELD: "Another run holds the lease of the project, or took it. Exit code 7.",
    ResultWord.STALE: "The plan is not the approved one. Nothing was written. Exit code 6.",
    ResultWord.BLOCKED: "A safety check blocks the plan. Nothing was written. Exit code 5.",
    ResultWord.INCOMPLETE: "A change failed, or the final check finds that something remains. Exit code 4.",
    ResultWord.DONE: "All changes are made, and the final check passed; or there was nothing to do. Exit code 0.",
}

_RESOURCE_STATES: Mapping[ResourceState, str] = {
    ResourceState.FAILED: "A request to it failed. The report says why, and how to fix it.",
    ResourceState.LEFT: "A request to it was not sent, or the final check still finds something there.",
    ResourceState.DONE: "It is as the config asks.",
}

_DRIFT_GROUPS: Mapping[DriftGroup, str] = {
    DriftGroup.DRIFT: "The sandbox changed, the YAML did not. Fails by default.",
    DriftGroup.CONFLICT: "The YAML and the sandbox both changed. Fails by default.",
    DriftGroup.UNKNOWN_ORIGIN: "The value last applied is unknown, or the flow is not comparable. Fails by default.",
    DriftGroup.PAUSED: "A person or another tool disabled the flow, moved its end or start, or took datasets out."
    " Fails by default.",
    DriftGroup.GONE: "The flow was deleted, or this credential cannot see it. Fails by default.",
    DriftGroup.HALF_BUILT: "An interrupted run began a creation or a replacement. Apply finishes it. Fails by default.",
    DriftGroup.DUPLICATES: "Several flows have the address of one export. Fails by default.",
    DriftGroup.MARKER_LOST: "A person removed the ownership marker from the description of a flow or an account. Apply"
    " writes it again. Fails by default.",
    DriftGroup.EXPIRED: "The end of the flow is in the past. Fails with `--fail-on ending`.",
    DriftGroup.ENDING: "The end of the flow is within `policy.end_warning`. Fails with `--fail-on ending`.",
    DriftGroup.PENDING: "The YAML changed and is not applied yet. Fails with `--fail-on pending`.",
    DriftGroup.ACCEPTED: "An `accept` entry covers the difference. Never fails.",
    DriftGroup.UNMANAGED: "A flow without an ownership marker. Fails with `--fail-on unmanaged`.",
    DriftGroup.OTHER_PROJECT: f"A flow that another project owns. Fails with `--fail-on {DriftGroup.OTHER_PROJECT}`.",
}
_DRIFT_ALIASES: Mapping[DriftGroup, tuple[str, ...]] = {
    DriftGroup.GONE: ("flow gone",),
    DriftGroup.OTHER_PROJECT: ("owned by project", "owned by another project"),
}

_RESULTS: Mapping[DeliveryResult, str] = {
    DeliveryResult.COMPLETE: "The run succeeded, and all files that it wrote are in storage.",
    DeliveryResult.EMPTY: "The run succeeded and had nothing to write. Fails with `expect: {non_empty: true}`.",
    DeliveryResult.LATE: "No complete run within `expect.within`, or a complete run only after it. Fails.",
    DeliveryResult.FAILED: "The last run for this time failed. Fails.",
    DeliveryResult.MISSING: "A run was due and there is none. Fails.",
    DeliveryResult.FILES_MISSING: "The run succeeded, and files or the manifest that it wrote are not there. Fails.",
    DeliveryResult.MISMATCH: "Files are in storage, and they are not what the run wrote. Fails.",
    DeliveryResult.UNKNOWN: "`verify` cannot tell, and says why. Does not fail.",
}

_EVIDENCE: Mapping[Evidence, str] = {
    Evidence.NONE: "Nothing was found to judge by.",
    Evidence.RUNS: "The result rests on the runs that the service reports. Storage was not read.",
    Evidence.FILES: "The result rests on the number of files in the folder of the run.",
    Evidence.MANIFEST: "The result rests on the names and sizes in the service's manifest file.",
    Evidence.CONTENT: "The result rests on the rows counted in the files (`--deep`).",
}

_HEALTH: Mapping[HealthResult, str] = {
    HealthResult.FAILED: "The last run failed or had errors, or the flow is in state `failed`. See `exportctl runs"
    " EXPORT`.",
    HealthResult.OVERDUE: "A run was due and did not start in time. The last run is older than that.",
    HealthResult.NEVER_RAN: "A run was due and did not start in time. There was no run yet.",
    HealthResult.PAUSED: "A person or another tool paused the flow. To resume it: exportctl apply --resume ADDRESS.",
    HealthResult.EXPIRED: "The end is in the past. The flow exports nothing.",
    HealthResult.ENDING: "The end is within `policy.end_warning` (or --expiring). Run `exportctl renew` or apply a"
    " later end.",
    HealthResult.MOVED: "Another project took the flow over with `move_from`. Remove the export from this config.",
    HealthResult.NOT_APPLIED: "This sandbox has no flow for the export. Run `exportctl apply`.",
    HealthResult.UNKNOWN: "exportctl cannot read the schedule of the flow, or the flow is neither enabled nor"
    " disabled.",
    HealthResult.WAITING: "The flow has not run yet, and no run is overdue.",
    HealthResult.DISABLED: "The flow is off because the config says so, or accepts it.",
    HealthResult.FINISHED: "A one-time export. Its run succeeded.",
    HealthResult.OK: "The last run succeeded, or is under way.",
}

_STATES: Mapping[FlowState, str] = {
    FlowState.MOVED: "Another project took the flow over with `move_from`.",
    FlowState.NOT_APPLIED: "This sandbox has no flow for the export.",
    FlowState.PAUSED: "A person or another tool disabled the flow, moved its end or start, or took datasets out.",
    FlowState.EXPIRED: "The end is in the past.",
    FlowState.FINISHED: "A one-time export after its run.",
    FlowState.DISABLED: "The flow is off.",
    FlowState.UNKNOWN: "exportctl cannot read the schedule of the flow, or the flow is neither enabled nor disabled."
    " The text shows the word of the service.",
    FlowState.ENDING: "The end is near.",
    FlowState.ENABLED: "The flow is on.",
}

_CHECKS: Mapping[CheckStatus, str] = {
    CheckStatus.OK: "The check passed.",
    CheckStatus.WARNING: "It works, and something needs attention.",
    CheckStatus.FAILED: "It does not work. The line below says how to fix it.",
    CheckStatus.SKIPPED: "Not checked. The message says why.",
}

_LEVELS: Mapping[Level, str] = {
    Level.ERROR: "The config or the plan cannot be applied. Exit code 1.",
    Level.WARNING: "It can be applied. Something is probably wrong.",
    Level.NOTE: "Good to know.",
}


_Word = TypeVar("_Word", bound=str)


def _terms(texts: Mapping[_Word, str], also: Mapping[_Word, tuple[str, ...]] | None = None) -> tuple[Term, ...]:
    return tuple(Term(str(word), text, (also or {}).get(word, ())) for word, text in texts.items())


_EXIT_CODES = tuple(
    Term(str(code), exit_codes.TEXTS[code], (f"exit {code}", f"exit code {code}")) for code in sorted(exit_codes.TEXTS)
)
_SAFETY_CHECKS = tuple(
    Term(one.name, f"Blocks: {one.blocks}\nTo allow exactly this: {one.allow}") for one in SAFETY_CHECKS
)

SECTIONS: tuple[GlossarySection, ...] = (
    GlossarySection("Terms", "term", "", _terms(TERMS, TERM_ALIASES)),
    GlossarySection("Causes", "cause", "Why the YAML and the sandbox differ.", _terms(CAUSES, _CAUSE_ALIASES)),
    GlossarySection("Verbs of a plan", "verb", "What a plan does to one address.", _terms(VERBS, _VERB_ALIASES)),
    GlossarySection("Steps of an apply", "step", "One step is one request.", _terms(_ACTIONS, _ACTION_ALIASES)),
    GlossarySection("Outcomes of an apply", "outcome", "How each step ended.", _terms(_OUTCOMES)),
    GlossarySection(
        "Results of an apply",
        "run result",
        "How a run of `apply`, `renew` or `rotate` ended: the output `result` and `result` in JSON.",
        _terms(_APPLY_RESULTS),
    ),
    GlossarySection(
        "Resources after an apply",
        "resource",
        "What became of one export or destination. The outputs `done`, `failed` and `left` count them.",
        _terms(_RESOURCE_STATES),
    ),
    GlossarySection(
        "Groups of drift", "drift group", "How `drift` sorts what it finds.", _terms(_DRIFT_GROUPS, _DRIFT_ALIASES)
    ),
    GlossarySection("Results of verify", "result", "The column RESULT. `Fails` means exit code 9.", _terms(_RESULTS)),
    GlossarySection("Evidence of verify", "evidence", "What a result rests on, weakest first.", _terms(_EVIDENCE)),
    GlossarySection("States of a backup", "backup state", "The column STATE of `backup status`.", _terms(CHAIN_STATES)),
    GlossarySection(
        "Differences from a list",
        "list difference",
        "What `backup check --against` finds. Each means exit code 9.",
        _terms(LIST_FAULTS),
    ),
    GlossarySection("Results of a drill", "drill result", "How a dataset in a drill ended.", _terms(DRILL_RESULTS)),
    GlossarySection("Health of an export", "health", "The column HEALTH of `status`.", _terms(_HEALTH)),
    GlossarySection("States of a flow", "state", "The column STATE of `status`.", _terms(_STATES)),
    GlossarySection("Results of doctor", "doctor result", "How a check went.", _terms(_CHECKS)),
    GlossarySection("Levels", "level", "How serious a finding is.", _terms(_LEVELS)),
    GlossarySection("Exit codes", "exit code", "How a command ends.", _EXIT_CODES),
    GlossarySection("Safety checks", "safety check", "What blocks a dangerous change (exit code 5).", _SAFETY_CHECKS),
)


def glossary_markdown() -> str:
    """Return the text of docs/glossary.md, ending in one newline."""
    parts = [_HEAD]
    for section in SECTIONS:
        parts += [f"## {section.title}\n", *([f"{section.intro}\n"] if section.intro else [])]
        parts += ["| term | meaning |", "|---|---|", *map(_row, section.terms), ""]
    parts += [_RULES_HEAD, *(f"| `{rule.id}` | {rule.title} |" for rule in RULES)]
    return "\n".join(parts) + "\n"


def _row(term: Term) -> str:
    also = [f"`{word}`" for word in term.also if not term.name.isdigit()]
    name = f"**{term.name}**" + (f" (also {', '.join(also)})" if also else "")
    text = term.text.replace("\n", "<br>")
    return f"| {name} | {text} |"


_HEAD = """# Glossary

Every word that exportctl shows. `exportctl explain TERM` prints the same text. This page is generated from the code.
"""
_RULES_HEAD = """## Rules

[Rules](rules.md) has the reason and the fix for each rule. `exportctl explain RULE` prints them.

| rule | finds |
|---|---|"""
