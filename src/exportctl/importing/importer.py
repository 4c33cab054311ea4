"""
A sandbox and a config -> the YAML that adopts unmanaged flows, verified before the user gets it. Pure.

    requested flows ─convert─▶ flows ─document─▶ text ─config─▶ project ─rules─▶ hits ─┐
                        │                 ▲                                            │
                        ▼                 └────────── allow, or leave out ◀────────────┘
                     left out                     text ─config, planner─▶ adoptions and nothing else, or an error

The same reader as for any config reads the text, and the planner plans it against the same inventory. If that plan has
more than adoptions and the config's former plan, this package has a bug, and the user gets an error instead of YAML.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from exportctl.config import load as loading
from exportctl.errors import ConfigError, Error, Level, UsageError
from exportctl.frozen import dataclass
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
from exportctl.rules.rule import Hit, Rule, SharedHits, allow_entries, effective_setting

_SECRET = "take the value out of the flow's name, description or folder, or import the others with --flow"


@dataclass(frozen=True)
class ConfigContext:
    """
    The inputs of an import: the config's files, the name of the new file, and one inventory of the sandbox.

    `values` and `unset` are the references of a plan. `as_of` is in seconds since 1970 UTC.
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
    repeats_secret: Callable[[str], bool] = lambda _text: False

    def load(self, text: str = "") -> tuple[Project, tuple[Project, ...], loading.ParsedConfig]:
        """
        Load the config with `text` as an additional file: the project, those of all environments, the parsed files.

        Raises:
            ConfigError: the config has an error.
        """
        parsed = loading.parse_config({**self.files, self.new_file: text.encode()} if text else self.files)
        made, findings = loading.load_project(parsed, self.environment, self.variables)
        others, more = loading.load_projects(parsed, self.variables)
        found = tuple(dict.fromkeys((*findings, *more)))
        if made is None or any(f.level is Level.ERROR for f in found):
            raise ConfigError(found)
        return made, tuple(others.values()), parsed

    def plan(self, project: Project, flags: PlanOptions | None = None) -> Plan:
        desired = build_desired_state(project, self.values, self.live.specs)
        return planner.build_plan(desired, self.live, self.header, flags or PlanOptions(), self.as_of, self.unset)


def import_flows(config: ConfigContext, selection: Selection) -> ImportResult:
    """
    Write the YAML for the requested flows.

    Raises:
        ConfigError: the config has an error.
        UsageError: no flow has a requested id or name.
        Error: the YAML would do more than adopt the flows; the message lists what. Or it would hold a secret.
    """
    project, _, parsed = config.load()
    ownership = build_ownership(config.live, project.name)
    desired = build_desired_state(project, config.values, config.live.specs)
    existing = existing_config(parsed, config.environment, config.variables, desired, ownership, config.as_of)
    adopted_by = {e.adopt: f"{EXPORTS}.{e.key}" for e in project.exports.values() if e.adopt}
    conversion = ConversionContext(ownership, config.live.specs, project.name, adopted_by, config.as_of)
    read = [convert_flow(live_flow, conversion) for live_flow in _selected_flows(ownership, selection)]
    flows = [one for one in read if isinstance(one, ImportableFlow)]
    left = [one for one in read if isinstance(one, LeftOutFlow)]
    head = _head_comments(config)
    document_inputs = documents.document_context(existing, ownership, config.live.datasets or (), head)
    made, flows, refused = _document_with_allows(flows, document_inputs, config)
    plan = check_only_adopts(made, config, project) if flows else config.plan(project)
    adopted = [AdoptedFlow(Address(EXPORTS, made.keys[flow.id]), flow.id, flow.title, flow.kept) for flow in flows]
    return ImportResult(
        header=config.header,
        as_of=config.as_of,
        text=made.text,
        exports=tuple(sorted(adopted, key=lambda a: a.address)),
        left_out=tuple(sorted((*left, *refused), key=lambda one: (one.name, one.id))),
        selection=selection,
        plan=plan,
    )


def _head_comments(config: ConfigContext) -> tuple[str, ...]:
    where = f"sandbox {config.header.sandbox}, {format_moment(config.as_of)}"
    return (
        f"Written by `exportctl import` from {where}: flows that exportctl does not manage yet.",
        "`exportctl plan` shows their adoption; `apply` writes the ownership marker on them and nothing else.",
    )


# -- which flows ------------------------------------------------------------------------------------------------------


def _selected_flows(ownership: Ownership, selection: Selection) -> list[LiveFlow]:
    """
    Return the requested flows.

    Raises:
        UsageError: no flow has one of the ids or matches one of the globs.
    """
    if selection.is_unfiltered:
        return list(ownership.flows)
    by_id, by_name = {h.flow.id: h for h in ownership.flows}, {h.flow.name: h for h in ownership.flows}
    for wanted_id in selection.ids:
        if wanted_id not in by_id:
            message = f"--flow {wanted_id}: no such flow in this sandbox"
            raise UsageError(message, rule="usage", hint=_suggestion(wanted_id, by_id))
    for glob in selection.names:
        if not any(fnmatchcase(name, glob) for name in by_name):
            message = f"--name {glob}: no flow has a matching name"
            raise UsageError(message, rule="usage", hint=_suggestion(glob, by_name))
    named = {name for name in by_name for glob in selection.names if fnmatchcase(name, glob)}
    ids = frozenset(selection.ids)
    return [h for h in ownership.flows if h.flow.id in ids or h.flow.name in named]


def _suggestion(wanted_id: str, known: Mapping[str, LiveFlow]) -> str:
    """Return a hint with the closest flow; the user may have written a name instead of an id."""
    close = get_close_matches(wanted_id, sorted(known), n=1, cutoff=0.6)
    meant = next((h for h in known.values() if wanted_id == h.flow.name), known[close[0]] if close else None)
    return f'did you mean {meant.flow.id} "{meant.flow.name}"?' if meant else "list flows with `exportctl drift`"


# -- the hits of the rules --------------------------------------------------------------------------------------------


def _document_with_allows(
    flows: list[ImportableFlow], document_inputs: DocumentContext, config: ConfigContext
) -> tuple[ConfigDocument, list[ImportableFlow], list[LeftOutFlow]]:
    """
    Build the document with every `allow` it needs; also return its flows, and those that no `allow` can permit.

    Raises:
        Error: the document would hold a secret.
    """
    refused: list[LeftOutFlow] = []
    while True:
        made = documents.build_document(flows, document_inputs, {})
        if config.repeats_secret(made.text):  # before any message names a key, which is made of the name of a flow
            raise Error("the YAML holds a secret value; nothing was written", rule="secret-in-import", hint=_SECRET)
        if not flows:
            return made, flows, refused
        project, every, _ = _load_document(made, config)
        allowed, excluded = _rule_exceptions(project, every, made, config.as_of)
        bad = {flow.id: excluded[key] for flow in flows if (key := made.keys[flow.id]) in excluded}
        if not bad:
            by_flow = {flow.id: sorted(allowed[made.keys[flow.id]]) for flow in flows}
            return documents.build_document(flows, document_inputs, by_flow), flows, refused
        refused += [LeftOutFlow(f.id, f.title, LeftOutReason.RULE, bad[f.id]) for f in flows if f.id in bad]
        flows = [flow for flow in flows if flow.id not in bad]


def _rule_exceptions(
    project: Project, projects: Sequence[Project], made: ConfigDocument, as_of: int
) -> tuple[Mapping[str, set[str]], Mapping[str, str]]:
    """
    Return, by key of a new export, the rules that `allow` permits, and the hit that excludes the export.

    `projects` are all environments, `project` is the one of the import. No new export has an `allow` yet.

        hit of the rules                        on                  result
        a warning or an error, rule not fixed   a new export        `allow` on the export
        an error, rule fixed                    a new export        the export is left out
        an error                                a new destination   all exports on it are left out
        a note, or a hit that the config hides  any                 none
    """
    allowed: dict[str, set[str]] = defaultdict(set)
    excluded: dict[str, str] = {}
    exports = {f"{EXPORTS}.{key}": key for key in made.keys.values()}
    users = {f"{DESTINATIONS}.{key}": [made.keys[flow] for flow in flows] for key, flows in made.users.items()}
    for rule, hit, level in _hits(project, projects, as_of):
        names = (*hit.addresses, *hit.related_addresses)
        key = next((exports[name] for name in names if name in exports), None)
        if key is not None and not rule.fixed:
            allowed[key].add(rule.id)
        elif level == Level.ERROR:
            for one in [key] if key is not None else [k for name in names for k in users.get(name, ())]:
                excluded.setdefault(one, f"{hit.text} [{rule.id}]")
    return allowed, excluded


def _hits(project: Project, projects: Sequence[Project], as_of: int) -> Iterator[tuple[Rule, Hit, str]]:
    """Yield warnings and errors that no setting and no `allow` of the config hides."""
    shared = SharedHits(projects)
    for rule in engine.RULES:
        hits = [
            *(rule.check_project(project, as_of) if rule.check_project else ()),
            *(rule.check_projects(projects, as_of) if rule.check_projects else ()),
            *shared.of_rule(rule),
        ]
        for hit in hits:
            names = (*hit.addresses, *hit.related_addresses)
            setting = effective_setting(rule, project, names)
            level = setting.level if setting and setting.level else rule.level
            if level in (Level.WARNING, Level.ERROR) and not allow_entries(rule, project, names):
                yield rule, hit, level


# -- the verification -------------------------------------------------------------------------------------------------


def _load_document(
    made: ConfigDocument, config: ConfigContext
) -> tuple[Project, tuple[Project, ...], loading.ParsedConfig]:
    """
    Load the config with the new document.

    Raises:
        Error: the text is not a valid config.
    """
    try:
        return config.load(made.text)
    except ConfigError as error:
        raise _import_error(str(f) for f in error.all if f.level is Level.ERROR) from error


def check_only_adopts(made: ConfigDocument, config: ConfigContext, before: Project) -> Plan:
    """
    Return the plan with the document, which has its adoptions and nothing else that the config did not plan before.

    Raises:
        Error: the text breaks a rule, or plans more than adoptions.
    """
    project, every, parsed = _load_document(made, config)
    wrong = [str(f) for f in engine.run_rules(every, as_of=config.as_of, tree=parsed.tree) if f.level is Level.ERROR]
    adopted = {Address(EXPORTS, key): flow for flow, key in made.keys.items()}
    plan = config.plan(project)
    wrong += _differences(config.plan(before), plan, adopted)
    if wrong:
        raise _import_error(wrong)
    return plan


def _import_error(wrong: Iterable[str]) -> Error:
    hint = "this is a bug of exportctl; nothing was written. Use --flow and --name to import the other flows"
    text = "\n".join(("the YAML for these flows would do more than adopt them:", *wrong))
    return Error(text, rule="import-differs", hint=hint)


def _differences(before: Plan, after: Plan, adopted: Mapping[Address, str]) -> Iterator[str]:
    """Yield everything in `after` that is neither one of these adoptions nor in `before`."""
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
        f"{address}: its plan changes" for address, item in planned.items() if known.get(address) != _item_key(item)
    )
    yield from (f"{address}: no longer planned" for address in known if address not in planned)


def _item_key(item: PlanItem) -> tuple[object, ...]:
    return item.verb, item.id, item.steps, item.refusals
