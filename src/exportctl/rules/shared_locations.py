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

from exportctl.errors import Level
from exportctl.model.project import Dataset, Export, Project
from exportctl.model.urls import EMBEDDED
from exportctl.resources.destinations.table import folder_of
from exportctl.rules.folder_templates import has_dataset_macro, macros
from exportctl.rules.rule import Hit, ProjectsCheck, Rule, export_address, is_unresolved, key_position
from exportctl.rules.storage_identity import (
    ANY,
    TIME,
    Overlap,
    StorageIdentity,
    folder_levels,
    overlap,
    storage_identity,
)

TWO_EXPORTS = "two-exports-one-place"
TWO_DATASETS = "two-datasets-one-folder"
ENVIRONMENTS = "environments-one-place"
ENVIRONMENTS_NEAR = "environments-near-place"


@dataclass(frozen=True)
class DatasetWrite:
    """One dataset of one export: where it lands. `number` is that of the project it is declared in."""

    number: int
    project: Project
    export: Export
    dataset: Dataset
    storage: StorageIdentity
    folder: tuple[str, ...]


def dataset_writes(projects: Sequence[Project]) -> Iterator[DatasetWrite]:
    for number, project in enumerate(projects):
        found = {d.key: storage_identity(project, d) for d in project.destinations.values()}
        for export in project.exports.values():
            where = found.get(export.destination)
            for dataset in export.datasets if where else ():
                levels = folder_levels(project, export, dataset)
                if where and levels is not None:
                    yield DatasetWrite(number, project, export, dataset, where, levels)


def broken_rule(one: DatasetWrite, other: DatasetWrite) -> str | None:
    """The rule two writes on one storage break, by the table above."""
    relation = overlap(one.folder, other.folder)
    if relation is Overlap.NONE:
        return None
    here = one.number == other.number
    if _is_same_dataset(one, other, here):
        return TWO_EXPORTS if here else _rule_across_environments(one, other)
    plain = not has_dataset_macro(one.export.folder) and not has_dataset_macro(other.export.folder)
    return TWO_DATASETS if relation is Overlap.EQUAL and plain else None


def _is_same_dataset(one: DatasetWrite, other: DatasetWrite, here: bool) -> bool:
    a, b = one.dataset, other.dataset
    if a.id and b.id and (here or a.id == b.id):
        return a.id == b.id
    named = bool(a.name and a.name == b.name) or bool(a.alias and a.alias == b.alias)
    return named or (not here and one.export.key == other.export.key)


def _rule_across_environments(one: DatasetWrite, other: DatasetWrite) -> str:
    equal_id = one.dataset.id is not None and one.dataset.id == other.dataset.id
    apart = all("DATASET_ID" in macros(w.export.folder) for w in (one, other))
    certain = one.storage.is_certain and other.storage.is_certain
    return ENVIRONMENTS if certain and (equal_id or not apart) else ENVIRONMENTS_NEAR


def _tags(entry: DatasetWrite) -> Iterator[tuple[object, ...]]:
    """Groups outside of which no two writes can break a rule."""
    where, dataset = entry.storage.identity, entry.dataset
    for name, value in (("id", dataset.id), ("name", dataset.name), ("alias", dataset.alias)):
        if value is not None:
            yield (where, name, value)
    yield (where, "export", entry.export.key)


def _plain_tags(entry: DatasetWrite, shapes: Iterable[frozenset[int]]) -> Iterator[tuple[object, ...]]:
    """
    Groups of folders without a dataset macro that may be equal: the levels that are text in both have to be.

    `shapes` are the ways in which such folders of this length have macros in their levels; there are few.
    """
    own = _shape(entry)
    for shape in shapes:
        both = own | shape
        texts = tuple(None if n in both else level for n, level in enumerate(entry.folder))
        yield (entry.storage.identity, "plain", texts)


def _shape(entry: DatasetWrite) -> frozenset[int]:
    """The numbers of the levels that hold a macro."""
    return frozenset(n for n, level in enumerate(entry.folder) if _has_macro(level))


def _has_macro(level: str) -> bool:
    return ANY in level or TIME in level


def _groups(projects: Sequence[Project]) -> Iterable[list[DatasetWrite]]:
    groups: dict[tuple[object, ...], list[DatasetWrite]] = defaultdict(list)
    plain: list[DatasetWrite] = []
    shapes: dict[int, dict[frozenset[int], None]] = defaultdict(dict)
    for entry in dataset_writes(projects):
        for tag in _tags(entry):
            groups[tag].append(entry)
        if not has_dataset_macro(entry.export.folder):
            plain.append(entry)
            shapes[len(entry.folder)][_shape(entry)] = None
    for entry in plain:
        for tag in dict.fromkeys(_plain_tags(entry, shapes[len(entry.folder)])):
            groups[tag].append(entry)
    return groups.values()


def pairs(projects: Sequence[Project]) -> Iterator[tuple[DatasetWrite, DatasetWrite]]:
    """Every two writes of different exports on one storage that may break a rule, each once, in the order declared."""
    seen: set[tuple[int, int]] = set()
    duplicates = _pairs_in_one_sandbox(projects)
    for group in _groups(projects):
        for one, other in _overlapping_pairs(group):
            both = (id(one), id(other))
            if both not in seen and _is_comparable(one, other, duplicates):
                seen.add(both)
                yield one, other


def _overlapping_pairs(group: Sequence[DatasetWrite]) -> Iterator[tuple[DatasetWrite, DatasetWrite]]:
    """Every two of a group whose folders may overlap, in the order of the group: few of very many as a rule."""
    place = {id(entry): number for number, entry in enumerate(group)}
    found = [
        (place[id(one)], place[id(other)]) for part in _split_by_level(group, 0) for one, other in combinations(part, 2)
    ]
    yield from ((group[one], group[other]) for one, other in sorted(found))


def _split_by_level(group: Sequence[DatasetWrite], level: int) -> Iterator[Sequence[DatasetWrite]]:
    """Parts of a group, each with other text in one level: between two of them no folders overlap."""
    parts: dict[str, list[DatasetWrite]] = defaultdict(list)
    for entry in group:
        if len(group) == 1 or level >= len(entry.folder) or _has_macro(entry.folder[level]):
            yield group
            return
        parts[entry.folder[level]].append(entry)
    for part in parts.values():
        yield from _split_by_level(part, level + 1)


def _is_comparable(one: DatasetWrite, other: DatasetWrite, duplicates: set[tuple[int, int]]) -> bool:
    if one.number == other.number:
        return one.export.key != other.export.key
    if EMBEDDED in (one.project.platform.url, other.project.platform.url):
        return False
    return (one.number, other.number) not in duplicates


def _pairs_in_one_sandbox(projects: Sequence[Project]) -> set[tuple[int, int]]:
    """Pairs of projects in one (url, organization, sandbox)."""
    found = set()
    for (i, one), (j, other) in combinations(enumerate(projects), 2):
        a, b = one.platform, other.platform
        place = (a.url, a.organization, a.sandbox)
        known = a.url != EMBEDDED and not any(is_unresolved(part) for part in place)
        if known and place == (b.url, b.organization, b.sandbox):
            found.add((i, j))
    return found


def _overlap_check(rule: str) -> ProjectsCheck:
    def check(projects: Sequence[Project], as_of: int) -> Iterable[Hit]:
        for one, other in pairs(projects):
            if broken_rule(one, other) == rule:
                yield _hit(one, other)

    return check


def _hit(one: DatasetWrite, other: DatasetWrite) -> Hit:
    """Said at the later of the two."""
    if (one.export.at, one.number) > (other.export.at, other.number):
        one, other = other, one
    first, second = export_address(one.export), export_address(other.export)
    here = one.number == other.number
    whom = "in several environments" if first == second else f"as {first} (at {one.export.at})"
    return Hit(
        f"writes the same place {whom}: {other.storage.label}, folder {_written_path(other)}",
        key_position(other.export, "folder", "destination"),
        (second,),
        subject=first,
        environments=(other.project.environment,) if here else (one.project.environment, other.project.environment),
        show_environments=not here,
        related_addresses=(first,),
    )


def _written_path(entry: DatasetWrite) -> str:
    destination = entry.project.destinations[entry.export.destination]
    path = folder_of(destination.type, destination.location)
    return "/".join(part.strip("/") for part in (path, entry.export.subpath, entry.export.folder) if part.strip("/"))


def _check_project_twice(projects: Sequence[Project], as_of: int) -> Iterable[Hit]:
    for i, j in sorted(_pairs_in_one_sandbox(projects)):
        one, other = projects[i], projects[j]
        text = f"project {other.name} is already in sandbox {other.platform.sandbox}"
        yield Hit(text, other.platform.at, environments=(one.environment, other.environment), show_environments=True)


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
        check_projects=_overlap_check(TWO_EXPORTS),
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
        check_projects=_overlap_check(TWO_DATASETS),
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
        check_projects=_overlap_check(ENVIRONMENTS),
    ),
    Rule(
        ENVIRONMENTS_NEAR,
        Level.WARNING,
        "Two environments write side by side",
        "The folders differ by the dataset's id only, which a reader of the storage cannot assign to a sandbox; or the"
        " storage is known by a reference or a title only, which may mean another account in each environment (ours).",
        "Put ${environment} or ${sandbox} into the bucket or path.",
        "destinations: {lake: {bucket: acme-lake}}\n"
        "environments: {dev: {platform: {sandbox: dev}}, prod: {platform: {sandbox: prod}}}",
        'destinations: {lake: {bucket: "acme-lake-${environment}"}}\n'
        "environments: {dev: {platform: {sandbox: dev}}, prod: {platform: {sandbox: prod}}}",
        check_projects=_overlap_check(ENVIRONMENTS_NEAR),
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
        check_projects=_check_project_twice,
        fixed=True,
    ),
)
