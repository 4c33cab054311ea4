"""
The storage and the folders that an export writes to, compared without a request to the storage. Pure.

The identity rule of the type (resources/destinations) says which names distinguish two storages: a bucket's name is
unique in the world, a container's name within its account, and a sandbox has one landing zone.

For an existing account, exportctl knows only the title or the id. An identity from a reference or a title is not
*certain*: in another environment the same text may mean another account. Folders are compared level by level, with
macros as patterns: "is there a text that both match".
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from exportctl.frozen import dataclass
from exportctl.model.project import Account, Dataset, Destination, Export, Project
from exportctl.resources.destinations.table import TYPES, folder_of
from exportctl.resources.destinations.type import DestinationType, Scope
from exportctl.rules.folder_templates import MACRO
from exportctl.rules.rule import is_unresolved

ANY = "\0"  # any text
TIME = "\1"  # digits and the marks between them
_TIME_TEXT = frozenset("0123456789-_:.T" + TIME)


@dataclass(frozen=True)
class StorageIdentity:
    """What is compared and what is shown; `is_certain`: equal identities are one storage in any environment."""

    identity: tuple[str, ...]
    label: str
    is_certain: bool = True


class Overlap(StrEnum):
    NONE = "none"
    NESTED = "nested"
    EQUAL = "equal"


def account_owner(project: Project, destination: Destination) -> Destination | None:
    """Return the destination with the account that this one uses; `config` checks that `account.of` names an owner."""
    name = destination.account.of
    return destination if name is None else project.destinations.get(name)


def storage_identity(project: Project, destination: Destination) -> StorageIdentity | None:
    """Return the storage that a destination writes to; None if a reference has no value or the account is unknown."""
    whose = account_owner(project, destination)
    if whose is None:
        return None
    found = _identify_storage(project, destination, whose.account)
    if found is None:
        return None
    needs_values = found.identity if found.is_certain else found.identity[1:]  # a secret's reference needs none
    return None if any(is_unresolved(part) for part in needs_values) else found


def _identify_storage(project: Project, destination: Destination, account: Account) -> StorageIdentity | None:
    kind, location = TYPES[destination.type], destination.location
    rule = kind.identity
    names = {name: location.get(name, "") for name in rule.location}
    if rule.scope is Scope.WORLD:
        return StorageIdentity((kind.name, *names.values()), rule.label.format(**names))
    if rule.scope is Scope.SANDBOX:
        return StorageIdentity((kind.name, project.platform.organization, project.platform.sandbox), rule.label)
    owner = _account_identity(kind, account)
    if owner is None or not names:
        return owner
    return StorageIdentity((*owner.identity, *names.values()), rule.label.format(**names), owner.is_certain)


def _account_identity(kind: DestinationType, account: Account) -> StorageIdentity | None:
    """Return the identity that the account gives; the uncertain part is first."""
    if account.id or account.existing:
        title = account.id or account.existing or ""
        return StorageIdentity((title, kind.name), f"the account {title}", is_certain=account.id is not None)
    rule = kind.identity
    written = {name: value.text for name, value in account.auth.items()}
    defaults = {key.name: key.default for key in kind.account_keys}
    values = {name: written.get(name) or defaults.get(name) for name in rule.account}
    account_values = {name: value.rstrip("/").lower() for name, value in values.items() if value}
    if len(account_values) < len(rule.account) or not account.auth:
        return None
    label = "" if rule.location else rule.label.format(**account_values)
    if rule.login is None:
        return StorageIdentity((kind.name, *account_values.values()), label)
    login = written.get(rule.login) or written.get(rule.other_login or "", "")
    return StorageIdentity((login, kind.name, *account_values.values()), label, is_certain=not is_unresolved(login))


def written_folder(project: Project, export: Export) -> str:
    """Return the folder of an export as the YAML has it: path, subpath and folder template."""
    destination = project.destinations[export.destination]
    parts = (folder_of(destination.type, destination.location), export.subpath, export.folder)
    return "/".join(part.strip("/") for part in parts if part.strip("/"))


def folder_levels(project: Project, export: Export, dataset: Dataset) -> tuple[str, ...] | None:
    """Return the folder levels of one dataset of an export, with macros filled in or as patterns."""
    whole = written_folder(project, export)
    if is_unresolved(whole):
        return None
    values = _macro_values(project, export, dataset)
    whole = MACRO.sub(lambda found: values.get(found["name"], ANY), whole)
    return tuple(level for level in whole.split("/") if level)


def _macro_values(project: Project, export: Export, dataset: Dataset) -> dict[str, str]:
    """Return the value of each macro; «…» is an unknown value that differs if the text inside differs."""
    return {
        "DATASET_ID": dataset.id or f"«id of {dataset.name}»",
        "DATASET_NAME": (dataset.name or f"«name of {dataset.id}»").replace("/", "_"),
        "DESTINATION_INSTANCE_ID": f"«flow {project.environment} {export.key}»",
        "DESTINATION_INSTANCE_NAME": export.title.replace("/", "_"),
        "SANDBOX_NAME": project.platform.sandbox,
        "ORGANIZATION_NAME": f"«{project.platform.organization}»",
        "EXPORT_TIME": f"exportTime={TIME}",
        "DATETIME": TIME,
    }


def overlap(one: tuple[str, ...], other: tuple[str, ...]) -> Overlap:
    """Return whether both can be one folder, or one can be inside the other."""
    if not all(can_be_equal(a, b) for a, b in zip(one, other, strict=False)):
        return Overlap.NONE
    return Overlap.EQUAL if len(one) == len(other) else Overlap.NESTED


@lru_cache(maxsize=65536)
def can_be_equal(one: str, other: str) -> bool:
    """Return whether some text matches both levels."""
    if one == other:
        return True
    if not any(wild in text for text in (one, other) for wild in (ANY, TIME)):
        return False
    reached = {(0, 0)}
    todo = [(0, 0)]
    while todo:
        i, j = todo.pop()
        if (i, j) == (len(one), len(other)):
            return True
        for step in _steps(one, other, i, j) - reached:
            reached.add(step)
            todo.append(step)
    return False


def _steps(one: str, other: str, i: int, j: int) -> set[tuple[int, int]]:
    """
    Return the positions of both patterns after one more character, or after one of them leaves a macro.

    A macro matches any character of the other side; TIME matches only the characters of a time.
    """
    a, b = one[i : i + 1], other[j : j + 1]
    steps = set()
    if a in (ANY, TIME) and a:
        steps.add((i + 1, j))
        if b and (a == ANY or b == ANY or b in _TIME_TEXT):
            steps.add((i, j + 1))
    if b in (ANY, TIME) and b:
        steps.add((i, j + 1))
        if a and (b == ANY or a == ANY or a in _TIME_TEXT):
            steps.add((i + 1, j))
    if a and a == b:
        steps.add((i + 1, j + 1))
    return steps
