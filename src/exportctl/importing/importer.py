"""
A sandbox and a config -> the YAML that adopts what was made elsewhere, proven before anybody sees it. Pure.

    flows asked for ─expressible─▶ found ─document─▶ text ─config─▶ project ─rules─▶ complaints ─┐
                          │                 ▲                                                    │
                          ▼                 └───────────── allow, or leave out ◀─────────────────┘
                       left out                       text ─config, planner─▶ adoptions and nothing else, or an error

The text is read by the same reader as any config and planned against the very reading it was made from. Whatever that
plan holds beside adoptions, and beside what the config plans without them, is a fault of this package: nothing is given
out then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from exportctl.config import load as loading
from exportctl.errors import ConfigError, Error, Level, UsageError
from exportctl.importing import document as documents
from exportctl.importing.convert import ConversionContext, ImportableFlow, convert_flow
from exportctl.importing.document import ConfigDocument, DocumentContext
from exportctl.importing.existing_config import existing_config
from exportctl.importing.result import AdoptedFlow, ImportResult, LeftOutFlow, LeftOutReason, Selection
from exportctl.model.plan import DESTINATIONS, EXPORTS, Address, Inventory, Plan, PlanHeader, PlanItem, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import Project
from exportctl.model.schedule import format_moment
from exportctl.plan import planner
from exportctl.plan.desired import Values, build_desired_state
from exportctl.plan.ownership import LiveFlow, Ownership, build_ownership
from exportctl.rules import engine
from exportctl.rules.rule import Hit, Rule, allow_entries, effective_setting


@dataclass(frozen=True)
class ConfigContext:
    """
    What an import is made from: the config's `files`, `file` as the new one will be called, the `values` and `unset`
    references of a plan, and one reading of the sandbox. `as_of` in seconds.
    """

    files: Mapping[str, bytes]
    new_file: str
    environment: str | None
    variables: Mapping[str, str]
    values: Values
    unset: tuple[str, ...]
    live: Inventory
    header: PlanHeader
    as_of: int

    def load(self, text: str = "") -> tuple[Project, tuple[Project, ...], loading.ParsedConfig]:
        """
        The project with `text` as one more file, those of all environments, and the files parsed.

        Raises:
            ConfigError: the reader found an error.
        """
        parsed = loading.parse_config({**self.files, self.new_file: text.encode()} if text else self.files)
        made, findings = loading.load_project(parsed, self.environment, self.variables)
        others, more = loading.load_projects(parsed, self.variables)
        found = tuple(dict.fromkeys((*findings, *more)))
        if made is None or any(f.level is Level.ERROR for f in found):
            raise ConfigError(found)
        return made, tuple(others.values()), parsed

    def plan(self, project: Project, flags: PlanOptions | None = None) -> Plan:
        wanted = build_desired_state(project, self.values, self.live.specs)
        return planner.build_plan(wanted, self.live, self.header, flags or PlanOptions(), self.as_of, self.unset)


def import_flows(ground: ConfigContext, selection: Selection) -> ImportResult:
    """
    The YAML for the flows asked for.

    Raises:
        ConfigError: the config has an error.
        UsageError: no flow has an id or name that was asked for.
        Error: the YAML made would do more than adopt; the message lists what.
    """
    project, _, parsed = ground.load()
    ownership = build_ownership(ground.live, project.name)
    wanted = build_desired_state(project, ground.values, ground.live.specs)
    around = existing_config(parsed, ground.environment, ground.variables, wanted, ownership, ground.as_of)
    terms = _conversion_context(project, ownership, ground)
    read = [convert_flow(live_flow, terms) for live_flow in _selected_flows(ownership, selection)]
    flows = [one for one in read if isinstance(one, ImportableFlow)]
    left = [one for one in read if isinstance(one, LeftOutFlow)]
    scene = documents.document_context(around, ownership, ground.live.datasets or (), _head_comments(ground))
    made, flows, refused = _document_with_allows(flows, scene, ground)
    if flows:
        check_only_adopts(made, ground, project)
    adopted = [AdoptedFlow(Address(EXPORTS, made.keys[flow.id]), flow.id, flow.title, flow.kept) for flow in flows]
    return ImportResult(
        header=ground.header,
        as_of=ground.as_of,
        text=made.text,
        exports=tuple(sorted(adopted, key=lambda a: a.address)),
        left_out=tuple(sorted((*left, *refused), key=lambda one: (one.name, one.id))),
        selection=selection,
    )


def _conversion_context(project: Project, ownership: Ownership, ground: ConfigContext) -> ConversionContext:
    return ConversionContext(
        ownership=ownership,
        specs=ground.live.specs,
        project=project.name,
        adopted={e.adopt: f"{EXPORTS}.{e.key}" for e in project.exports.values() if e.adopt},
        as_of=ground.as_of,
    )


def _head_comments(ground: ConfigContext) -> tuple[str, ...]:
    where = f"sandbox {ground.header.sandbox}, {format_moment(ground.as_of)}"
    return (
        f"Written by `exportctl import` from {where}: flows that were made elsewhere.",
        "`exportctl plan` shows their adoption; `apply` writes the owner's marker on them and nothing else.",
    )


# -- which flows ------------------------------------------------------------------------------------------------------


def _selected_flows(ownership: Ownership, selection: Selection) -> list[LiveFlow]:
    """
    The flows asked for, by id.

    Raises:
        UsageError: an id or glob fits none.
    """
    if selection.is_unfiltered:
        return list(ownership.flows)
    known = {live_flow.flow.id: live_flow for live_flow in ownership.flows}
    for asked in selection.ids:
        if asked not in known:
            raise UsageError(
                f"--flow {asked}: no such flow in this sandbox", rule="usage", hint=_suggestion(asked, known)
            )
    for glob in selection.names:
        if not any(fnmatchcase(live_flow.flow.name, glob) for live_flow in ownership.flows):
            names = {live_flow.flow.name: live_flow for live_flow in ownership.flows}
            raise UsageError(f"--name {glob}: no flow is called so", rule="usage", hint=_suggestion(glob, names))
    return [live_flow for live_flow in ownership.flows if _is_selected(live_flow, selection)]


def _is_selected(live_flow: LiveFlow, selection: Selection) -> bool:
    return live_flow.flow.id in selection.ids or any(fnmatchcase(live_flow.flow.name, glob) for glob in selection.names)


def _suggestion(asked: str, known: Mapping[str, LiveFlow]) -> str:
    """The flow that was probably meant; a name may have been given for an id."""
    meant = next((h for h in known.values() if asked == h.flow.name), None)
    if meant is None:
        close = get_close_matches(asked, sorted(known), n=1, cutoff=0.6)
        meant = known[close[0]] if close else None
    return f'did you mean {meant.flow.id} "{meant.flow.name}"?' if meant else "list flows with `exportctl drift`"


# -- what the rules say -----------------------------------------------------------------------------------------------


def _document_with_allows(
    flows: list[ImportableFlow], scene: DocumentContext, ground: ConfigContext
) -> tuple[ConfigDocument, list[ImportableFlow], list[LeftOutFlow]]:
    """The document with every `allow` it needs, the flows in it, and those that no `allow` can help."""
    refused: list[LeftOutFlow] = []
    while True:
        made = documents.build_document(flows, scene, {})
        if not flows:
            return made, flows, refused
        project, every, _ = _load_document(made, ground)
        users = {key: [made.keys[flow] for flow in ids] for key, ids in made.users.items()}
        said = rule_exceptions(project, every, tuple(made.keys.values()), users, ground.as_of)
        bad = {flow.id: said.refused[key] for flow in flows if (key := made.keys[flow.id]) in said.refused}
        if not bad:
            allowed = {flow.id: said.allowed.get(made.keys[flow.id], ()) for flow in flows}
            return documents.build_document(flows, scene, allowed), flows, refused
        refused += [LeftOutFlow(f.id, f.title, LeftOutReason.RULE, bad[f.id]) for f in flows if f.id in bad]
        flows = [flow for flow in flows if flow.id not in bad]


@dataclass(frozen=True)
class RuleExceptions:
    """`allowed`: key of an export -> rules to allow; `refused`: key of an export -> what no `allow` can permit."""

    allowed: Mapping[str, tuple[str, ...]]
    refused: Mapping[str, str]


def rule_exceptions(
    project: Project,
    projects: Sequence[Project],
    exports: Sequence[str],
    users: Mapping[str, Sequence[str]],
    as_of: int,
) -> RuleExceptions:
    """
    `projects` are all environments, `project` the one imported into; `exports` the keys of the new exports, `users` the
    keys on each new destination. None of them has an `allow` yet.
    """
    allowed: dict[str, set[str]] = defaultdict(set)
    refused: dict[str, str] = {}
    mine = {f"{EXPORTS}.{key}": key for key in exports}
    on = {f"{DESTINATIONS}.{key}": keys for key, keys in users.items()}
    for rule, hit, level in _hits(project, projects, as_of):
        names = (*hit.addresses, *hit.related_addresses)
        key = next((mine[name] for name in names if name in mine), None)
        words = f"{hit.text} [{rule.id}]"
        if key is not None and not rule.fixed:
            allowed[key].add(rule.id)
        elif level == Level.ERROR:
            concerned = [key] if key is not None else [k for name in names for k in on.get(name, ())]
            refused |= {one: words for one in concerned if one not in refused}
    return RuleExceptions({key: tuple(sorted(rules)) for key, rules in allowed.items()}, refused)


def _hits(project: Project, projects: Sequence[Project], as_of: int) -> Iterator[tuple[Rule, Hit, str]]:
    """Warnings and errors that no setting and no `allow` of the config silences."""
    for rule in engine.RULES:
        hits = [
            *(rule.check_project(project, as_of) if rule.check_project else ()),
            *(rule.check_projects(projects, as_of) if rule.check_projects else ()),
        ]
        for hit in hits:
            names = (*hit.addresses, *hit.related_addresses)
            setting = effective_setting(rule, project, names)
            level = setting.level if setting and setting.level else rule.level
            if level in (Level.WARNING, Level.ERROR) and not allow_entries(rule, project, names):
                yield rule, hit, level


# -- the proof --------------------------------------------------------------------------------------------------------


def _load_document(
    made: ConfigDocument, ground: ConfigContext
) -> tuple[Project, tuple[Project, ...], loading.ParsedConfig]:
    """
    Raises:
        Error: the text is no valid config.
    """
    try:
        return ground.load(made.text)
    except ConfigError as error:
        raise _import_error(str(f) for f in error.all if f.level is Level.ERROR) from error


def check_only_adopts(made: ConfigDocument, ground: ConfigContext, before: Project) -> None:
    """
    Raises:
        Error: the text breaks a rule, or plans anything else than adoptions.
    """
    project, every, parsed = _load_document(made, ground)
    wrong = [str(f) for f in engine.run_rules(every, as_of=ground.as_of, tree=parsed.tree) if f.level is Level.ERROR]
    adopted = {Address(EXPORTS, key): flow for flow, key in made.keys.items()}
    wrong += _differences(ground.plan(before), ground.plan(project), adopted)
    if wrong:
        raise _import_error(wrong)


def _import_error(wrong: Iterable[str]) -> Error:
    hint = "this is a fault of exportctl, and nothing was written; --flow and --name import other flows without these"
    text = "\n".join(("the YAML made for these flows would do more than adopt them:", *wrong))
    return Error(text, rule="import-differs", hint=hint)


def _differences(before: Plan, after: Plan, adopted: Mapping[Address, str]) -> Iterator[str]:
    """Everything in `after` that is neither one of these adoptions nor in `before` too."""
    known = {item.address: _item_key(item) for item in before.items}
    planned = {item.address: item for item in after.items}
    for address, flow in adopted.items():
        item = planned.pop(address, None)
        if item is None or item.verb is not Verb.ADOPT or item.id != flow:
            yield f"{address}: no adoption of {flow}"
        if item is not None:
            yield from (f"{address}: {refusal.text}" for refusal in item.refusals)
            yield from (f.message for f in item.findings if f.level is Level.ERROR)
    yield from (
        f"{address}: planned otherwise" for address, item in planned.items() if known.get(address) != _item_key(item)
    )
    yield from (f"{address}: no longer planned" for address in known if address not in planned)


def _item_key(item: PlanItem) -> tuple[object, ...]:
    return item.verb, item.id, item.steps, item.refusals
