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

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from exportctl.config import loading
from exportctl.declared import Project
from exportctl.errors import ConfigError, Error, Level, UsageError
from exportctl.flags import Flags
from exportctl.importing import document as documents
from exportctl.importing.complaints import complaints
from exportctl.importing.document import Document, Scene
from exportctl.importing.expressible import Found, Terms, found
from exportctl.importing.report import Adopted, Imported, LeftOut, Reason, Selection
from exportctl.importing.surroundings import surroundings
from exportctl.model import EXPORTS, Address, Header, Item, Live, Plan, Verb
from exportctl.planning import planner
from exportctl.planning.expand import Values, desired
from exportctl.planning.ownership import Estate, Holding, survey
from exportctl.rules import checking
from exportctl.schedules import shown


@dataclass(frozen=True)
class Ground:
    """
    What an import is made from: the config's `files`, `file` as the new one will be called, the `values` and `unset`
    references of a plan, and one reading of the sandbox. `as_of` in seconds.
    """

    files: Mapping[str, bytes]
    file: str
    environment: str | None
    variables: Mapping[str, str]
    values: Values
    unset: tuple[str, ...]
    live: Live
    header: Header
    as_of: int

    def loaded(self, text: str = "") -> tuple[Project, tuple[Project, ...], loading.Parsed]:
        """
        The project with `text` as one more file, those of all environments, and the files parsed.

        Raises:
            ConfigError: the reader found an error.
        """
        parsed = loading.parse({**self.files, self.file: text.encode()} if text else self.files)
        made, findings = loading.project(parsed, self.environment, self.variables)
        others, more = loading.projects(parsed, self.variables)
        found = tuple(dict.fromkeys((*findings, *more)))
        if made is None or any(f.level is Level.ERROR for f in found):
            raise ConfigError(found)
        return made, tuple(others.values()), parsed

    def plan(self, project: Project, flags: Flags | None = None) -> Plan:
        wanted = desired(project, self.values, self.live.specs)
        return planner.plan(wanted, self.live, self.header, flags or Flags(), self.as_of, self.unset)


def imported(ground: Ground, selection: Selection) -> Imported:
    """
    The YAML for the flows asked for.

    Raises:
        ConfigError: the config has an error.
        UsageError: no flow has an id or name that was asked for.
        Error: the YAML made would do more than adopt; the message lists what.
    """
    project, _, parsed = ground.loaded()
    estate = survey(ground.live, project.name)
    wanted = desired(project, ground.values, ground.live.specs)
    around = surroundings(parsed, ground.environment, ground.variables, wanted, estate, ground.as_of)
    terms = _terms(project, estate, ground)
    read = [found(holding, terms) for holding in _selected(estate, selection)]
    flows = [one for one in read if isinstance(one, Found)]
    left = [one for one in read if isinstance(one, LeftOut)]
    scene = documents.scene(around, estate, ground.live.datasets or (), _head(ground))
    made, flows, refused = _allowed(flows, scene, ground)
    if flows:
        prove(made, ground, project)
    adopted = [Adopted(Address(EXPORTS, made.keys[flow.id]), flow.id, flow.title, flow.kept) for flow in flows]
    return Imported(
        header=ground.header,
        as_of=ground.as_of,
        text=made.text,
        exports=tuple(sorted(adopted, key=lambda a: a.address)),
        left=tuple(sorted((*left, *refused), key=lambda one: (one.name, one.id))),
        selection=selection,
    )


def _terms(project: Project, estate: Estate, ground: Ground) -> Terms:
    return Terms(
        estate=estate,
        specs=ground.live.specs,
        project=project.name,
        adopted={e.adopt: f"{EXPORTS}.{e.key}" for e in project.exports.values() if e.adopt},
        as_of=ground.as_of,
    )


def _head(ground: Ground) -> tuple[str, ...]:
    where = f"sandbox {ground.header.sandbox}, {shown(ground.as_of)}"
    return (
        f"Written by `exportctl import` from {where}: flows that were made elsewhere.",
        "`exportctl plan` shows their adoption; `apply` writes the owner's marker on them and nothing else.",
    )


# -- which flows ------------------------------------------------------------------------------------------------------


def _selected(estate: Estate, selection: Selection) -> list[Holding]:
    """
    The flows asked for, by id.

    Raises:
        UsageError: an id or glob fits none.
    """
    if selection.everything:
        return list(estate.holdings)
    known = {holding.flow.id: holding for holding in estate.holdings}
    for asked in selection.ids:
        if asked not in known:
            raise UsageError(f"--flow {asked}: no such flow in this sandbox", rule="usage", hint=_nearest(asked, known))
    for glob in selection.names:
        if not any(fnmatchcase(holding.flow.name, glob) for holding in estate.holdings):
            names = {holding.flow.name: holding for holding in estate.holdings}
            raise UsageError(f"--name {glob}: no flow is called so", rule="usage", hint=_nearest(glob, names))
    return [holding for holding in estate.holdings if _asked(holding, selection)]


def _asked(holding: Holding, selection: Selection) -> bool:
    return holding.flow.id in selection.ids or any(fnmatchcase(holding.flow.name, glob) for glob in selection.names)


def _nearest(asked: str, known: Mapping[str, Holding]) -> str:
    """The flow that was probably meant; a name may have been given for an id."""
    meant = next((h for h in known.values() if asked == h.flow.name), None)
    if meant is None:
        close = get_close_matches(asked, sorted(known), n=1, cutoff=0.6)
        meant = known[close[0]] if close else None
    return f'did you mean {meant.flow.id} "{meant.flow.name}"?' if meant else "list flows with `exportctl drift`"


# -- what the rules say -----------------------------------------------------------------------------------------------


def _allowed(flows: list[Found], scene: Scene, ground: Ground) -> tuple[Document, list[Found], list[LeftOut]]:
    """The document with every `allow` it needs, the flows in it, and those that no `allow` can help."""
    refused: list[LeftOut] = []
    while True:
        made = documents.document(flows, scene, {})
        if not flows:
            return made, flows, refused
        project, every, _ = _read_back(made, ground)
        users = {key: [made.keys[flow] for flow in ids] for key, ids in made.users.items()}
        said = complaints(project, every, tuple(made.keys.values()), users, ground.as_of)
        bad = {flow.id: said.refused[key] for flow in flows if (key := made.keys[flow.id]) in said.refused}
        if not bad:
            allowed = {flow.id: said.allowed.get(made.keys[flow.id], ()) for flow in flows}
            return documents.document(flows, scene, allowed), flows, refused
        refused += [LeftOut(f.id, f.title, Reason.RULE, bad[f.id]) for f in flows if f.id in bad]
        flows = [flow for flow in flows if flow.id not in bad]


# -- the proof --------------------------------------------------------------------------------------------------------


def _read_back(made: Document, ground: Ground) -> tuple[Project, tuple[Project, ...], loading.Parsed]:
    """
    Raises:
        Error: the text is no valid config.
    """
    try:
        return ground.loaded(made.text)
    except ConfigError as error:
        raise _fault(str(f) for f in error.all if f.level is Level.ERROR) from error


def prove(made: Document, ground: Ground, before: Project) -> None:
    """
    Raises:
        Error: the text breaks a rule, or plans anything else than adoptions.
    """
    project, every, parsed = _read_back(made, ground)
    wrong = [str(f) for f in checking.check(every, as_of=ground.as_of, tree=parsed.tree) if f.level is Level.ERROR]
    adopted = {Address(EXPORTS, key): flow for flow, key in made.keys.items()}
    wrong += _differences(ground.plan(before), ground.plan(project), adopted)
    if wrong:
        raise _fault(wrong)


def _fault(wrong: Iterable[str]) -> Error:
    hint = "this is a fault of exportctl, and nothing was written; --flow and --name import other flows without these"
    text = "\n".join(("the YAML made for these flows would do more than adopt them:", *wrong))
    return Error(text, rule="import-differs", hint=hint)


def _differences(before: Plan, after: Plan, adopted: Mapping[Address, str]) -> Iterator[str]:
    """Everything in `after` that is neither one of these adoptions nor in `before` too."""
    known = {item.address: _essence(item) for item in before.items}
    planned = {item.address: item for item in after.items}
    for address, flow in adopted.items():
        item = planned.pop(address, None)
        if item is None or item.verb is not Verb.ADOPT or item.id != flow:
            yield f"{address}: no adoption of {flow}"
        if item is not None:
            yield from (f"{address}: {refusal.text}" for refusal in item.refusals)
            yield from (f.message for f in item.findings if f.level is Level.ERROR)
    yield from (
        f"{address}: planned otherwise" for address, item in planned.items() if known.get(address) != _essence(item)
    )
    yield from (f"{address}: no longer planned" for address in known if address not in planned)


def _essence(item: Item) -> tuple[object, ...]:
    return item.verb, item.id, item.steps, item.refusals
