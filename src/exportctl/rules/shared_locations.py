"""
Rules on two exports that write to one location, in one environment or in two, and on two environments in one sandbox.

    where         datasets            folders           dataset id in a folder   finding
    one           same                equal or nested   any                      two-exports-one-location       error
    one           different           equal             no dataset macro         two-datasets-one-folder     warning
    one           different           nested            any                      none
    two           equal id            equal or nested   any                      environments-one-location      error
    two           same, id not equal  equal or nested   no                       environments-one-location      error
    two           same, id not equal  equal or nested   yes                      environments-near-location     warning
    two           different           equal             no dataset macro         two-datasets-one-folder     warning
    two           different           nested            any                      none
    any           any                 neither           any                      none

*Same* means an equal id, else an equal name or alias. In two environments it also means the same export, because its
datasets usually have other ids there. Between environments, the error becomes a warning if the storage is not certain
(see `storage_identity`). `embedded` is never compared. Two environments in one sandbox have their own finding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from exportctl.errors import Level
from exportctl.frozen import dataclass
from exportctl.model.project import Dataset, Export, Project
from exportctl.model.urls import EMBEDDED
from exportctl.rules import storage_identity as storages
from exportctl.rules.folder_templates import has_dataset_macro, macros
from exportctl.rules.rule import Hit, Rule, is_unresolved, key_position
from exportctl.rules.storage_identity import Overlap, StorageIdentity

TWO_EXPORTS = "two-exports-one-location"
TWO_DATASETS = "two-datasets-one-folder"
ENVIRONMENTS = "environments-one-location"
ENVIRONMENTS_NEAR = "environments-near-location"


@dataclass(frozen=True)
class DatasetWrite:
    """The storage and folder of one dataset of one export; `number` is the number of its project."""

    number: int
    project: Project
    export: Export
    dataset: Dataset
    storage: StorageIdentity
    folder: tuple[str, ...]


def dataset_writes(projects: Sequence[Project]) -> Iterator[DatasetWrite]:
    for number, project in enumerate(projects):
        found = {d.key: storages.storage_identity(project, d) for d in project.destinations.values()}
        for export in project.exports.values():
            where = found.get(export.destination)
            for dataset in export.datasets if where else ():
                levels = storages.folder_levels(project, export, dataset)
                if where and levels is not None:
                    yield DatasetWrite(number, project, export, dataset, where, levels)


def broken_rule(one: DatasetWrite, other: DatasetWrite) -> str | None:
    """Return the rule that two writes to one storage break, by the table above."""
    relation = storages.overlap(one.folder, other.folder)
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
    """Yield the groups of a write; two writes without a common group break no rule."""
    where, dataset = entry.storage.identity, entry.dataset
    for name, value in (("id", dataset.id), ("name", dataset.name), ("alias", dataset.alias)):
        if value is not None:
            yield (where, name, value)
    yield (where, "export", entry.export.key)


def _plain_tags(entry: DatasetWrite, shapes: Iterable[frozenset[int]]) -> Iterator[tuple[object, ...]]:
    """
    Yield the groups of a folder without dataset macro; two folders can be equal if they share a group.

    `shapes` are the sets of levels with macros in folders of this length; there are few.
    """
    own = _shape(entry)
    for shape in shapes:
        both = own | shape
        texts = tuple(None if n in both else level for n, level in enumerate(entry.folder))
        yield (entry.storage.identity, "plain", texts)


def _shape(entry: DatasetWrite) -> frozenset[int]:
    """Return the numbers of the levels with a macro."""
    return frozenset(n for n, level in enumerate(entry.folder) if _has_macro(level))


def _has_macro(level: str) -> bool:
    return storages.ANY in level or storages.TIME in level


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
    """Yield every two writes of different exports to one storage that may break a rule, once, in declaration order."""
    seen: set[tuple[int, int]] = set()
    duplicates = _pairs_in_one_sandbox(projects)
    for group in _groups(projects):
        for one, other in _overlapping_pairs(group):
            both = (id(one), id(other))
            if both not in seen and _is_comparable(one, other, duplicates):
                seen.add(both)
                yield one, other


def _overlapping_pairs(group: Sequence[DatasetWrite]) -> Iterator[tuple[DatasetWrite, DatasetWrite]]:
    """Yield every two of a group with folders that may overlap, in the order of the group."""
    number = {id(entry): n for n, entry in enumerate(group)}
    pairs_by_part = (combinations(part, 2) for part in _split_by_level(group, 0))
    found = [(number[id(one)], number[id(other)]) for part in pairs_by_part for one, other in part]
    yield from ((group[one], group[other]) for one, other in sorted(found))


def _split_by_level(group: Sequence[DatasetWrite], level: int) -> Iterator[Sequence[DatasetWrite]]:
    """Split a group by the text of one level: folders of different parts do not overlap."""
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
    """Return the pairs of projects in one (url, organization, sandbox)."""
    found = set()
    for (i, one), (j, other) in combinations(enumerate(projects), 2):
        a, b = one.platform, other.platform
        place = (a.url, a.organization, a.sandbox)
        known = a.url != EMBEDDED and not any(is_unresolved(part) for part in place)
        if known and place == (b.url, b.organization, b.sandbox):
            found.add((i, j))
    return found


def _check_overlaps(projects: Sequence[Project]) -> Iterable[tuple[str, Hit]]:
    for one, other in pairs(projects):
        if rule := broken_rule(one, other):
            yield rule, _hit(one, other)


def _hit(one: DatasetWrite, other: DatasetWrite) -> Hit:
    """Report two writes at the later declaration."""
    if (one.export.at, one.number) > (other.export.at, other.number):
        one, other = other, one
    first, second = one.export.address, other.export.address
    here = one.number == other.number
    folder = storages.written_folder(other.project, other.export)
    whom = "in several environments" if first == second else f"as {first} (at {one.export.at})"
    return Hit(
        f"writes to the same location {whom}: {other.storage.label}, folder {folder}",
        key_position(other.export, "folder", "destination"),
        (second,),
        subject=first,
        environments=(other.project.environment,) if here else (one.project.environment, other.project.environment),
        show_environments=not here,
        related_addresses=(first,),
    )


def _check_project_twice(projects: Sequence[Project], as_of: int) -> Iterable[Hit]:
    for i, j in sorted(_pairs_in_one_sandbox(projects)):
        one, other = projects[i], projects[j]
        text = f"project {other.name} is already in sandbox {other.platform.sandbox}"
        yield Hit(text, other.platform.at, environments=(one.environment, other.environment), show_environments=True)


RULES = (
    Rule(
        TWO_EXPORTS,
        Level.ERROR,
        "Two exports write one dataset to one location",
        "Their files have random names, so a reader cannot distinguish them and gets every row twice or on two"
        " schedules [XD-new] (ours). Folders overlap if they may be equal, or if one is inside the other.",
        "Remove one of them, or change its folder, subpath or destination.",
        "exports: {orders: {datasets: [Orders]}, copy: {datasets: [Orders]}}",
        "exports: {orders: {datasets: [Orders]}, copy: {datasets: [Orders], subpath: copy}}",
        shared_check=_check_overlaps,
    ),
    Rule(
        TWO_DATASETS,
        Level.WARNING,
        "Two exports write different datasets to one folder",
        "File names do not name the dataset [XD-new]; the user guide advises against one folder for several [UI].",
        "Add %DATASET_ID% or %DATASET_NAME% to the folders, or write a subpath for each.",
        'exports: {orders: {datasets: [Orders], folder: "%EXPORT_TIME%"},'
        ' copy: {datasets: [Returns], folder: "%EXPORT_TIME%"}}',
        'exports: {orders: {datasets: [Orders], folder: "%EXPORT_TIME%"}, copy: {datasets: [Returns]}}',
        shared_check=_check_overlaps,
    ),
    Rule(
        ENVIRONMENTS,
        Level.ERROR,
        "Two environments write to one location",
        "Data of two sandboxes would be in one folder, and a reader could not distinguish them (ours). It is an error"
        " if the dataset has the same id in both, or if no folder level is the dataset's id. `embedded` is never"
        " compared.",
        "Put ${environment} or ${sandbox} into the bucket or path.",
        'destinations: {lake: {bucket: acme-lake}}\nexports: {orders: {folder: "%EXPORT_TIME%"}}\n'
        "environments: {dev: {platform: {sandbox: dev}}, prod: {platform: {sandbox: prod}}}",
        'destinations: {lake: {bucket: "acme-lake-${environment}"}}\nexports: {orders: {folder: "%EXPORT_TIME%"}}\n'
        "environments: {dev: {platform: {sandbox: dev}}, prod: {platform: {sandbox: prod}}}",
        shared_check=_check_overlaps,
    ),
    Rule(
        ENVIRONMENTS_NEAR,
        Level.WARNING,
        "Two environments write side by side",
        "The folders differ only by the dataset's id, which a reader of the storage cannot assign to a sandbox; or only"
        " a reference or a title names the storage, which may be another account in each environment (ours).",
        "Put ${environment} or ${sandbox} into the bucket or path.",
        "destinations: {lake: {bucket: acme-lake}}\n"
        "environments: {dev: {platform: {sandbox: dev}}, prod: {platform: {sandbox: prod}}}",
        'destinations: {lake: {bucket: "acme-lake-${environment}"}}\n'
        "environments: {dev: {platform: {sandbox: dev}}, prod: {platform: {sandbox: prod}}}",
        shared_check=_check_overlaps,
    ),
    Rule(
        "project-twice",
        Level.ERROR,
        "Two environments in one sandbox",
        "The ownership marker has the project's name. With two environments in one (url, organization, sandbox), each"
        " would read the other's exports as its own and remove or change them (ours).",
        "Use one sandbox for each environment, or split the config into two projects.",
        "environments: {dev: {platform: {sandbox: dev}}, test: {platform: {sandbox: dev}}}",
        "environments: {dev: {platform: {sandbox: dev}}, test: {platform: {sandbox: test}}}",
        check_projects=_check_project_twice,
        fixed=True,
    ),
)
