"""
Read the references of a project when their values are needed: `${env:NAME}` and `${file:PATH}` -> values.

This is the only module that reads a secret. It reads only what the caller asks for. An unset reference is data, not an
error, because a plan works without it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from exportctl.config.checkout import UnusableFile, checkout_root, outside_target, read_regular_file, system_reason
from exportctl.errors import Error
from exportctl.frozen import dataclass
from exportctl.model.address import DESTINATIONS
from exportctl.model.private_key import normalise_private_key
from exportctl.model.project import AuthValue, Project, UnsetReference
from exportctl.model.references import PLAN_KEY, Reference, parse_references
from exportctl.model.secret import Secrecy, Secret, check_secret_length, check_single_line
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.destinations.type import DestinationType

MAX_BYTES = 256 * 1024  # of a file that holds one value
_SYSTEM_FOLDERS = ("/proc", "/sys")  # /proc/self/environ would be all variables in one value
ReferenceKey = tuple[str, str]  # ("destinations.lake", "role_arn"), ("platform", "client_secret")
_ALL_CLASSES = frozenset(Secrecy)


@dataclass(frozen=True)
class ReferenceValues:
    """The values by address and field (plain values as text, all others as `Secret`), and the unset references."""

    values: Mapping[ReferenceKey, str | Secret]
    unset: Mapping[ReferenceKey, UnsetReference]


def resolve_text(text: str, variables: Mapping[str, str], read_file: Callable[[str], str | None]) -> str | None:
    """
    Return the value of a text with references, None if one of them is unset; an empty variable counts as unset.

    Raises:
        BadValue: the text has a malformed reference.
    """
    pieces: list[str] = []
    for part in parse_references(text):
        piece = part if isinstance(part, str) else _part_value(part, variables, read_file)
        if piece is None:
            return None
        pieces.append(piece)
    return "".join(pieces)


def read_references(
    project: Project,
    env: Mapping[str, str],
    folder: Path,
    classes: Collection[Secrecy] = _ALL_CLASSES,
    addresses: Collection[str] | None = None,
) -> ReferenceValues:
    """
    Read the references of destinations and platform that have one of `classes`; with `addresses`, only those.

    Paths are relative to `folder`. Values that are not plain are checked: the length of a secret, no line ending or
    control character, the form where one is published, and the form of a private key, which is then normalised.

    Raises:
        Error: a file cannot be read as text, a secret is too short, a value has a line ending or another form than the
            published one, or a private key cannot be used. The message names the reference.
    """
    values: dict[ReferenceKey, str | Secret] = {}
    unset: dict[ReferenceKey, UnsetReference] = {}
    for key, written in _all_values(project):
        if written.secrecy not in classes or (addresses is not None and key[0] not in addresses):
            continue
        found = resolve_text(written.text, env, lambda path: read_file(folder, path))
        if found is None:
            unset[key] = UnsetReference(_first_unset_name(written.text, env, folder), written.at)
        else:
            values[key] = _check_value(written, found, _destination_type(project, key), key[1])
    return ReferenceValues(values, unset)


def read_file(folder: Path, path: str) -> str | None:
    """
    Read one value from a file, without the line ending at its end; None if the file does not exist or is empty.

    A relative path stays inside the checkout. An absolute path names a mount of this machine, such as /run/secrets.

    Raises:
        Error: the file cannot be read, lies outside, is not a regular file, is too large, or is not UTF-8 text.
    """
    _check_place(folder, path)
    try:
        if not (folder / path).exists():
            return None
        data = read_regular_file(folder / path, MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except (UnusableFile, OSError) as error:
        why = error if isinstance(error, UnusableFile) else f"cannot be read: {system_reason(error)}"
        hint = "write the value to a regular file that this user can read"
        raise Error(f"${{file:{path}}} {why}", rule="file-unreadable", hint=hint) from error
    if len(data) > MAX_BYTES:
        raise Error(f"${{file:{path}}} is larger than {MAX_BYTES // 1024} KiB", rule="file-too-large")
    try:
        return data.decode("utf-8-sig").rstrip("\r\n") or None
    except UnicodeDecodeError as error:
        hint = "save it as UTF-8; the > of Windows PowerShell writes UTF-16"
        raise Error(f"${{file:{path}}} is not UTF-8 text", rule="file-not-utf8", hint=hint) from error


def _check_place(folder: Path, path: str) -> None:
    """Check that a relative path stays inside the checkout, and that no path leads to files of the system itself."""
    root = checkout_root(folder) or folder
    target = None if Path(path).is_absolute() else outside_target(folder / path, root)
    if target is not None:
        hint = f"move the file below {root}, or write an absolute path such as ${{file:/run/secrets/NAME}}"
        raise Error(f"${{file:{path}}} is {target}, outside the checkout", rule="file-outside", hint=hint)
    real = Path(os.path.realpath(folder / path))
    if any(real.is_relative_to(system) for system in _SYSTEM_FOLDERS):
        hint = "write the value to a file of its own"
        raise Error(f"${{file:{path}}} is {real}, a file of the system itself", rule="file-outside", hint=hint)


def _all_values(project: Project) -> Iterator[tuple[ReferenceKey, AuthValue]]:
    for name, written in project.platform.credentials.items():
        yield ("platform", name), written
    for one in project.destinations.values():
        for name, written in one.account.auth.items():
            yield (one.address, name), written
        if one.encryption:
            yield (one.address, "encryption.public_key"), one.encryption


def _part_value(part: Reference, variables: Mapping[str, str], read: Callable[[str], str | None]) -> str | None:
    if part.kind == "env" and part.name == PLAN_KEY:
        hint = "keep this key for plan files; a secret of a destination needs a variable of its own"
        raise Error(f"a config cannot use ${{env:{PLAN_KEY}}}", rule="reference-not-allowed", hint=hint)
    if part.kind == "env":
        return variables.get(part.name) or part.default
    return read(part.name) if part.kind == "file" else None


def _first_unset_name(text: str, env: Mapping[str, str], folder: Path) -> str:
    """Return the first variable, or `file:PATH`, that has no value; the caller knows that one exists."""
    found = (part for part in parse_references(text) if isinstance(part, Reference))
    first = next(p for p in found if _part_value(p, env, lambda path: read_file(folder, path)) is None)
    return first.name if first.kind == "env" else f"file:{first.name}"


def _destination_type(project: Project, key: ReferenceKey) -> DestinationType | None:
    root, _, name = key[0].partition(".")
    return TYPES[project.destinations[name].type] if root == DESTINATIONS else None


def _check_value(written: AuthValue, found: str, kind: DestinationType | None, name: str) -> str | Secret:
    if written.secrecy is Secrecy.PLAIN:
        return found
    secret = Secret(found)
    if written.secrecy is Secrecy.SECRET:
        check_secret_length(secret, written.text, written.at)
    field = kind.auth_fields.get(name) if kind else None
    if field is not None and field.is_private_key:
        return normalise_private_key(found, written.text, written.at)
    check_single_line(secret, written.text, written.at)
    problem = field.check(found) if field and field.check and not field.lenient else None
    if problem:
        hint = "look for a blank, a quote, a missing character or the value of another field; nothing was written"
        raise Error(f"the value of {_reference_text(written)} {problem}", rule="auth-form", hint=hint, at=written.at)
    return secret


def _reference_text(written: AuthValue) -> str:
    """Return the reference of a value; a literal is not repeated."""
    return written.text if any(isinstance(part, Reference) for part in parse_references(written.text)) else "this key"
