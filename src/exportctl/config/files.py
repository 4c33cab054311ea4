"""
Read the config's files from disk: find them and return their bytes. This module parses only `extends`.

In: the working folder and the paths of `-f`. Out: an ordered mapping of name (relative to the working folder, with
`/`) to bytes, extended files last. It reads at most one byte more than the limit of a file, so that a wrong path to a
huge file costs nothing; `yaml_nodes` then reports that the file is too large.

An export that is not read is an export to delete. So whatever could be a config file is read, is an error, or is named
in a warning. Links are followed, but all files stay inside the checkout: the Git working tree, without Git the working
folder, and for a file of `-f` outside it the folder of that file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import field
from os.path import relpath
from pathlib import Path

from exportctl.config.checkout import (
    UnusableFile,
    check_regular,
    checkout_root,
    outside_target,
    read_regular_file,
    system_reason,
)
from exportctl.config.merge import extended_files
from exportctl.config.yaml_nodes import MAX_BYTES
from exportctl.errors import ConfigError, Finding, Level, SourcePosition
from exportctl.frozen import dataclass

MAIN_FILE = "exports.yaml"
PARTS_FOLDER = "exports"
_SUFFIX = ".yaml"
_LOCK_PREFIX = ".#"  # an editor's lock: a link to no file, beside a file that is being edited


def read_config_files(folder: Path, paths: Sequence[str] = ()) -> dict[str, bytes]:
    """
    Read the files of `-f`, or `exports.yaml` and every `*.yaml` under `exports/`, and all files that they extend.

    Raises:
        ConfigError: no file exists, a file cannot be read or lies outside the checkout, a file would be overlooked, or
            `-f` names a folder. It holds all these findings at once.
    """
    search = _search(folder, paths)
    files: dict[str, bytes] = {}
    for name in search.names:
        data = _read_bytes(folder, name, search.errors)
        if data is not None:
            files[name] = data
    if not search.errors:
        _add_extended_files(folder, files, search.errors)
    if search.errors:
        raise ConfigError(search.errors)
    return files


def project_file_names(folder: Path, paths: Sequence[str] = ()) -> frozenset[str]:
    """List the project's own files, without the files that they only extend."""
    return frozenset(_search(folder, paths).names)


def ignored_file_findings(folder: Path, paths: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Warn of files under `exports/` that look like config files and are not read."""
    search = _search(folder, paths)
    read = {os.path.realpath(folder / name) for name in search.names}
    hint = "rename it to NAME.yaml to use it, or move it out of exports/"
    return tuple(
        Finding("file-ignored", f"{name} is not read: {why}", None, hint, Level.WARNING)
        for name, why in search.ignored
        if os.path.realpath(folder / name) not in read
    )


@dataclass
class _FileSearch:
    """What a search found: config files, errors, and (name, reason) of ignored files that look like config files."""

    folder: Path
    names: list[str] = field(default_factory=list)
    errors: list[Finding] = field(default_factory=list)
    ignored: list[tuple[str, str]] = field(default_factory=list)

    def fail(self, rule: str, message: str, hint: str) -> None:
        self.errors.append(Finding(rule, message, None, hint))

    def name_of(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()


def _search(folder: Path, paths: Sequence[str]) -> _FileSearch:
    search = _FileSearch(folder)
    for path in paths:
        if (folder / path).is_dir():
            search.errors.append(_folder_given_finding(folder, path, "-f takes files"))
        else:
            search.names.append(Path(relpath(folder / path, folder)).as_posix())
    if not paths:
        _find_default_files(search)
    return search


def _find_default_files(search: _FileSearch) -> None:
    main = search.folder / MAIN_FILE
    if main.is_dir():
        search.errors.append(_folder_given_finding(search.folder, MAIN_FILE, "the config must be a file"))
        return
    if not os.path.lexists(main):
        search.errors.append(_no_config_finding(search.folder))
        return
    search.names.append(MAIN_FILE)
    _find_misnamed(search)
    parts = search.folder / PARTS_FOLDER
    if parts.is_dir():
        _search_folder(search, parts, _root(search.folder, parts), ())
    elif os.path.lexists(parts):
        what = "is a link to nothing" if parts.is_symlink() else "is not a folder"
        search.fail("file-unreadable", f"{PARTS_FOLDER} {what}; exportctl reads config files there", "remove it")


def _find_misnamed(search: _FileSearch) -> None:
    """Report other spellings of the two names beside the config: exportctl would read nothing of them."""
    for path in _entries(search, search.folder):
        wanted = {"exports.yml": MAIN_FILE, MAIN_FILE: MAIN_FILE, PARTS_FOLDER: PARTS_FOLDER}.get(path.name.lower())
        if wanted is None or path.name == wanted or _is_same(path, search.folder / wanted):
            continue
        if wanted == PARTS_FOLDER and not any(_yaml_files(path)):
            continue
        hint = f"move what it declares into {MAIN_FILE} or a file exports/NAME.yaml, and remove it"
        search.fail("file-name", f"{path.name} is ignored: exportctl reads {MAIN_FILE} and {PARTS_FOLDER}/", hint)


def _is_same(one: Path, other: Path) -> bool:
    return other.exists() and one.exists() and one.samefile(other)


def _search_folder(search: _FileSearch, folder: Path, root: Path, above: tuple[str, ...]) -> None:
    """Add the files under a folder, links followed; `above` are the folders around it, without links."""
    here = os.path.realpath(folder)
    if here in above:
        hint = "remove the link"
        search.fail("file-unreadable", f"{search.name_of(folder)} leads back to a folder around it", hint)
        return
    if _is_outside(search, folder, root):
        return
    for path in _entries(search, folder):
        try:
            _search_entry(search, path, root, (*above, here))
        except UnusableFile as error:
            hint = "replace it by a regular file, or move it out of exports/"
            search.fail("file-unreadable", f"{search.name_of(path)} {error}", hint)
        except (OSError, ValueError) as error:
            text = f"{search.name_of(path)} cannot be read: {system_reason(error)}"
            search.fail("file-unreadable", text, "check the link and the permissions")


def _entries(search: _FileSearch, folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        text = f"the folder {search.name_of(folder)} cannot be read: {system_reason(error)}"
        search.fail("file-unreadable", text, "check its permissions")
        return []


def _search_entry(search: _FileSearch, path: Path, root: Path, above: tuple[str, ...]) -> None:
    name = search.name_of(path)
    if path.name.startswith("."):
        if not path.name.startswith(_LOCK_PREFIX):
            _note_hidden(search, path)
        return
    if stat.S_ISDIR(_mode(path)):
        _search_folder(search, path, root, above)
        return
    check_regular(path)
    suffix = path.suffix.lower()
    if suffix in (_SUFFIX, ".yml") and path.suffix != _SUFFIX:
        hint = f"rename it: {name.removesuffix(path.suffix)}{_SUFFIX}"
        search.fail("file-name", f"{name} is ignored: config files end in .yaml", hint)
    elif suffix == _SUFFIX:
        if not _is_outside(search, path, root):
            search.names.append(name)
    elif _looks_like_config(path.name):
        search.ignored.append((name, "config files end in .yaml"))


def _mode(path: Path) -> int:
    """Return the mode of what a path leads to; 0 for a link to nothing."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return 0


def _note_hidden(search: _FileSearch, path: Path) -> None:
    why = "its name begins with a dot"
    found = _yaml_files(path) if path.is_dir() else [path] if _looks_like_config(path.name) else []
    search.ignored += ((search.name_of(one), why) for one in found)


def _yaml_files(folder: Path) -> Iterator[Path]:
    for at, _, names in sorted(os.walk(folder)):
        yield from (Path(at, name) for name in sorted(names) if _looks_like_config(name))


def _looks_like_config(name: str) -> bool:
    return any(suffix in name.lower() for suffix in (_SUFFIX, ".yml")) or name.lower().endswith(".json")


def _is_outside(search: _FileSearch, path: Path, root: Path) -> bool:
    target = outside_target(path, root)
    if target is not None:
        search.errors.append(_outside_finding(search.name_of(path), target, root, None))
    return target is not None


def _outside_finding(name: str, target: str, root: Path, at: SourcePosition | None) -> Finding:
    hint = f"move the file below {root}: config files stay where a pull request shows each change"
    if not (root / ".git").exists():
        hint += "; without Git this is the working folder, so -C a folder that holds all files, with -f, helps too"
    return Finding("file-outside", f"{name} is {target}, outside the checkout", at, hint)


def _root(folder: Path, path: Path) -> Path:
    """Return the folder that a config file at this path must not leave."""
    beside = path.parent
    is_below = not relpath(beside, folder).startswith("..")
    return checkout_root(beside) or (folder if is_below else beside)


def _no_config_finding(folder: Path) -> Finding:
    hint = "create one with `exportctl init`, or name its place with -C DIR or -f FILE"
    names = [p.name for p in folder.iterdir()] if folder.is_dir() else []
    other = next((n for n in sorted(names) if n.lower() in ("exports.yml", MAIN_FILE)), None)
    if other:
        hint = f"rename {other} to exports.yaml"
    return Finding("no-config", f"there is no {MAIN_FILE} in this folder", None, hint)


def _folder_given_finding(folder: Path, path: str, wanted: str) -> Finding:
    shown = path.rstrip("/")
    inside = sorted(p.name for p in (folder / path).glob("*.yaml"))
    hint = " ".join(f"-f {shown}/{n}" for n in inside[:5])
    hint = f"name its files: {hint}" if inside else f"exportctl -C {shown} reads the config of that folder"
    position = SourcePosition(Path(relpath(folder / path, folder)).as_posix())
    return Finding("folder-given", f"{path} is a folder; {wanted}", position, hint)


def _read_bytes(folder: Path, name: str, findings: list[Finding], at: SourcePosition | None = None) -> bytes | None:
    """Read one file; None with a finding if it cannot be read. `at` is the line that names it."""
    root = _root(folder, folder / name) if at is None else _root(folder, folder / at.file)
    target = outside_target(folder / name, root)
    if target is not None:
        findings.append(_outside_finding(name, target, root, at))
        return None
    hint = "check the path and its permissions"
    try:
        return read_regular_file(folder / name, MAX_BYTES + 1)
    except FileNotFoundError:
        if at is None:
            findings.append(Finding("file-unreadable", f"{name} does not exist", None, hint))
        return None
    except UnusableFile as error:
        findings.append(Finding("file-unreadable", f"{name} {error}", at, hint))
        return None


def _add_extended_files(folder: Path, files: dict[str, bytes], findings: list[Finding]) -> None:
    """Add the files that these files extend; `merge` reports a file that does not exist at the line that names it."""
    waiting = list(files)
    while waiting:
        name = waiting.pop(0)
        for target, at in extended_files(name, files[name]):
            if target not in files:
                data = _read_bytes(folder, target, findings, at)
                if data is not None:
                    files[target] = data
                    waiting.append(target)
