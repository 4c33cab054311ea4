"""
Rules on two exports that write one place, in one environment or across them, and on two environments in one sandbox.

    where         datasets            folders           dataset id in a folder   finding
    one           same                equal or nested   any                      two-exports-one-place       error
    one           different           equal             no dataset macro         two-datasets-one-folder     warning
    one           different           nested            any                      none
    two           equal id            equal or nested   any                      environments-one-place      error
    two           same, id not equal  equal or nested   no                       environments-one-place      error
    two           same, id not equal  equal or nested   yes                      environments-near-place     warning
    two           different           equal             no dataset macro         two-datasets-one-folder     warning
    two           different           nested            any                      none
    any           any                 neither           any                      none

*Same* is an equal id, else an equal name or alias; across environments also the same export, whose datasets usually
have other ids there. Across environments an error becomes the warning where the storage is not certain (see
`rules_storage`), `embedded` is compared with nothing, and two environments that are one sandbox have their own finding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from exportctl.declared import Dataset, Export, Project
from exportctl.errors import Level
from exportctl.hosts import EMBEDDED
from exportctl.rules.folders import macros, names_dataset
from exportctl.rules.row import Across, Hit, Rule, export_address, spot, unresolved
from exportctl.rules.storage import ANY, TIME, Overlap, Storage, folder, overlap, storage

TWO_EXPORTS = "two-exports-one-place"
TWO_DATASETS = "two-datasets-one-folder"
ENVIRONMENTS = "environments-one-place"
NEAR = "environments-near-place"


@dataclass(frozen=True)
class Written:
    """One dataset of one export: where it lands. `number` is that of the project it is declared in."""

    number: int
    project: Project
    export: Export
    dataset: Dataset
    storage: Storage
    folder: tuple[str, ...]


def written(projects: Sequence[Project]) -> Iterator[Written]:
    for number, project in enumerate(projects):
        found = {d.key: storage(project, d) for d in project.destinations.values()}
        for export in project.exports.values():
            where = found.get(export.destination)
            for dataset in export.datasets if where else ():
                levels = folder(project, export, dataset)
                if where and levels is not None:
                    yield Written(number, project, export, dataset, where, levels)


def verdict(one: Written, other: Written) -> str | None:
    """The rule two writes on one storage break, by the table above."""
    relation = overlap(one.folder, other.folder)
    if relation is Overlap.NONE:
        return None
    here = one.number == other.number
    if _same(one, other, here):
        return TWO_EXPORTS if here else _across(one, other)
    plain = not names_dataset(one.export.folder) and not names_dataset(other.export.folder)
    return TWO_DATASETS if relation is Overlap.EQUAL and plain else None


def _same(one: Written, other: Written, here: bool) -> bool:
    a, b = one.dataset, other.dataset
    if a.id and b.id and (here or a.id == b.id):
        return a.id == b.id
    named = bool(a.name and a.name == b.name) or bool(a.alias and a.alias == b.alias)
    return named or (not here and one.export.key == other.export.key)


def _across(one: Written, other: Written) -> str:
    equal_id = one.dataset.id is not None and one.dataset.id == other.dataset.id
    apart = all("DATASET_ID" in macros(w.export.folder) for w in (one, other))
    certain = one.storage.certain and other.storage.certain
    return ENVIRONMENTS if certain and (equal_id or not apart) else NEAR


def _tags(entry: Written) -> Iterator[tuple[object, ...]]:
    """Groups outside of which no two writes can break a rule."""
    where, dataset = entry.storage.identity, entry.dataset
    for name, value in (("id", dataset.id), ("name", dataset.name), ("alias", dataset.alias)):
        if value is not None:
            yield (where, name, value)
    yield (where, "export", entry.export.key)


def _plain_tags(entry: Written, shapes: Iterable[frozenset[int]]) -> Iterator[tuple[object, ...]]:
    """
    Groups of folders without a dataset macro that may be equal: the levels that are text in both have to be.

    `shapes` are the ways in which such folders of this length have macros in their levels; there are few.
    """
    own = _shape(entry)
    for shape in shapes:
        both = own | shape
        texts = tuple(None if n in both else level for n, level in enumerate(entry.folder))
        yield (entry.storage.identity, "plain", texts)


def _shape(entry: Written) -> frozenset[int]:
    """The numbers of the levels that hold a macro."""
    return frozenset(n for n, level in enumerate(entry.folder) if _open(level))


def _open(level: str) -> bool:
    return ANY in level or TIME in level


def _groups(projects: Sequence[Project]) -> Iterable[list[Written]]:
    groups: dict[tuple[object, ...], list[Written]] = defaultdict(list)
    plain: list[Written] = []
    shapes: dict[int, dict[frozenset[int], None]] = defaultdict(dict)
    for entry in written(projects):
        for tag in _tags(entry):
            groups[tag].append(entry)
        if not names_dataset(entry.export.folder):
            plain.append(entry)
            shapes[len(entry.folder)][_shape(entry)] = None
    for entry in plain:
        for tag in dict.fromkeys(_plain_tags(entry, shapes[len(entry.folder)])):
            groups[tag].append(entry)
    return groups.values()


def pairs(projects: Sequence[Project]) -> Iterator[tuple[Written, Written]]:
    """Every two writes of different exports on one storage that may break a rule, each once, in the order declared."""
    seen: set[tuple[int, int]] = set()
    twins = _one_sandbox(projects)
    for group in _groups(projects):
        for one, other in _meeting(group):
            both = (id(one), id(other))
            if both not in seen and _comparable(one, other, twins):
                seen.add(both)
                yield one, other


def _meeting(group: Sequence[Written]) -> Iterator[tuple[Written, Written]]:
    """Every two of a group whose folders may overlap, in the order of the group: few of very many as a rule."""
    place = {id(entry): number for number, entry in enumerate(group)}
    found = [(place[id(one)], place[id(other)]) for part in _levelled(group, 0) for one, other in combinations(part, 2)]
    yield from ((group[one], group[other]) for one, other in sorted(found))


def _levelled(group: Sequence[Written], level: int) -> Iterator[Sequence[Written]]:
    """Parts of a group, each with other text in one level: between two of them no folders overlap."""
    parts: dict[str, list[Written]] = defaultdict(list)
    for entry in group:
        if len(group) == 1 or level >= len(entry.folder) or _open(entry.folder[level]):
            yield group
            return
        parts[entry.folder[level]].append(entry)
    for part in parts.values():
        yield from _levelled(part, level + 1)


def _comparable(one: Written, other: Written, twins: set[tuple[int, int]]) -> bool:
    if one.number == other.number:
        return one.export.key != other.export.key
    if EMBEDDED in (one.project.platform.url, other.project.platform.url):
        return False
    return (one.number, other.number) not in twins


def _one_sandbox(projects: Sequence[Project]) -> set[tuple[int, int]]:
    """Pairs of projects in one (url, organization, sandbox)."""
    found = set()
    for (i, one), (j, other) in combinations(enumerate(projects), 2):
        a, b = one.platform, other.platform
        place = (a.url, a.organization, a.sandbox)
        known = a.url != EMBEDDED and not any(unresolved(part) for part in place)
        if known and place == (b.url, b.organization, b.sandbox):
            found.add((i, j))
    return found


def _check(rule: str) -> Across:
    def check(projects: Sequence[Project], as_of: int) -> Iterable[Hit]:
        for one, other in pairs(projects):
            if verdict(one, other) == rule:
                yield _hit(one, other)

    return check


def _hit(one: Written, other: Written) -> Hit:
    """Said at the later of the two."""
    if (one.export.at, one.number) > (other.export.at, other.number):
        one, other = other, one
    first, second = export_address(one.export), export_address(other.export)
    here = one.number == other.number
    whom = "in several environments" if first == second else f"as {first} (at {one.export.at})"
    return Hit(
        f"writes the same place {whom}: {other.storage.words}, folder {_shown(other)}",
        spot(other.export, "folder", "destination"),
        (second,),
        subject=first,
        environments=(other.project.environment,) if here else (one.project.environment, other.project.environment),
        named=not here,
        also=(first,),
    )


def _shown(entry: Written) -> str:
    path = entry.project.destinations[entry.export.destination].place.get("path", "")
    return "/".join(part.strip("/") for part in (path, entry.export.subpath, entry.export.folder) if part.strip("/"))


def _project_twice(projects: Sequence[Project], as_of: int) -> Iterable[Hit]:
    for i, j in sorted(_one_sandbox(projects)):
        one, other = projects[i], projects[j]
        text = f"project {other.name} is already in sandbox {other.platform.sandbox}"
        yield Hit(text, other.platform.at, environments=(one.environment, other.environment), named=True)


RULES = (
    Rule(
        TWO_EXPORTS,
        Level.ERROR,
        "Two exports write one dataset to one place",
        "Their files have random names and cannot be told apart, so every row arrives twice or in two rhythms [XD-new]"
        " (ours). Folders overlap if they may be equal or one lies inside the other.",
        "Remove one of them, or give one another folder, subpath or destination.",
        "exports: {orders: {datasets: [Orders]}, copy: {datasets: [Orders]}}",
        "exports: {orders: {datasets: [Orders]}, copy: {datasets: [Orders], subpath: copy}}",
        across=_check(TWO_EXPORTS),
    ),
    Rule(
        TWO_DATASETS,
        Level.WARNING,
        "Two exports write different datasets to one folder",
        "File names do not tell the dataset [XD-new]; the user guide advises against one folder for several [UI].",
        "Add %DATASET_ID% or %DATASET_NAME% to the folders, or give each a subpath.",
        'exports: {orders: {datasets: [Orders], folder: "%EXPORT_TIME%"},'
        ' copy: {datasets: [Returns], folder: "%EXPORT_TIME%"}}',
        'exports: {orders: {datasets: [Orders], folder: "%EXPORT_TIME%"}, copy: {datasets: [Returns]}}',
        across=_check(TWO_DATASETS),
    ),
    Rule(
        ENVIRONMENTS,
        Level.ERROR,
        "Two environments write one place",
        "Data of two sandboxes would lie in one folder and nothing would tell them apart (ours). It is an error if the"
        " dataset has the same id in both, or if no folder level is the dataset's id; `embedded` is not compared.",
        "Put ${environment} or ${sandbox} into the bucket or path.",
        'destinations: {lake: {bucket: acme-lake}}\nexports: {orders: {folder: "%EXPORT_TIME%"}}\n'
        "environments: {dev: {platform: {sandbox: dev}}, prod: {platform: {sandbox: prod}}}",
        'destinations: {lake: {bucket: "acme-lake-${environment}"}}\nexports: {orders: {folder: "%EXPORT_TIME%"}}\n'
        "environments: {dev: {platform: {sandbox: dev}}, prod: {platform: {sandbox: prod}}}",
        across=_check(ENVIRONMENTS),
    ),
    Rule(
        NEAR,
        Level.WARNING,
        "Two environments write side by side",
        "The folders differ by the dataset's id only, which a reader of the storage cannot assign to a sandbox; or the"
        " storage is known by a reference or a title only, which may mean another account in each environment (ours).",
        "Put ${environment} or ${sandbox} into the bucket or path.",
        "destinations: {lake: {bucket: acme-lake}}\n"
        "environments: {dev: {platform: {sandbox: dev}}, prod: {platform: {sandbox: prod}}}",
        'destinations: {lake: {bucket: "acme-lake-${environment}"}}\n'
        "environments: {dev: {platform: {sandbox: dev}}, prod: {platform: {sandbox: prod}}}",
        across=_check(NEAR),
    ),
    Rule(
        "project-twice",
        Level.ERROR,
        "Two environments in one sandbox",
        "The owner name on our objects is the project's. With two environments in one (url, organization, sandbox) each"
        " would take the other's exports for its own and remove or change them (ours).",
        "Give each environment a sandbox of its own, or split the config into two projects.",
        "environments: {dev: {platform: {sandbox: dev}}, test: {platform: {sandbox: dev}}}",
        "environments: {dev: {platform: {sandbox: dev}}, test: {platform: {sandbox: test}}}",
        across=_project_twice,
        fixed=True,
    ),
)
