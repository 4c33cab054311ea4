"""
Read the config's files from disk: find them and return their bytes. This module parses only `extends`.

In: the working folder and the paths of `-f`. Out: an ordered mapping of name (relative to the working folder, with
`/`) to bytes, extended files last. It reads at most one byte more than the limit of a file, so that a wrong path to a
huge file costs nothing; `yaml_nodes` then reports that the file is too large.
"""

from __future__ import annotations

from collections.abc import Sequence
from os.path import relpath
from pathlib import Path

from exportctl.config.merge import extended_files
from exportctl.config.yaml_nodes import MAX_BYTES
from exportctl.errors import ConfigError, Finding, SourcePosition

MAIN_FILE = "exports.yaml"
PARTS_FOLDER = "exports"


def read_config_files(folder: Path, paths: Sequence[str] = ()) -> dict[str, bytes]:
    """
    Read the files of `-f`, or `exports.yaml` and every `*.yaml` under `exports/`, and all files that they extend.

    Raises:
        ConfigError: no file exists, a file cannot be read, or `-f` names a folder. It holds all these findings at once.
    """
    findings: list[Finding] = []
    files: dict[str, bytes] = {}
    for name in _file_names(folder, paths, findings):
        data = _read_bytes(folder, name, findings)
        if data is not None:
            files[name] = data
    if findings:
        raise ConfigError(findings)
    _add_extended_files(folder, files)
    return files


def project_file_names(folder: Path, paths: Sequence[str] = ()) -> frozenset[str]:
    """List the project's own files, without the files that they only extend."""
    return frozenset(_file_names(folder, paths, []))


def _file_names(folder: Path, paths: Sequence[str], findings: list[Finding]) -> list[str]:
    names = []
    for path in paths:
        if (folder / path).is_dir():
            findings.append(_folder_given_finding(folder, path, "-f takes files"))
        else:
            names.append(Path(relpath(folder / path, folder)).as_posix())
    return names if paths else _default_file_names(folder, findings)


def _default_file_names(folder: Path, findings: list[Finding]) -> list[str]:
    if (folder / MAIN_FILE).is_dir():
        findings.append(_folder_given_finding(folder, MAIN_FILE, "the config must be a file"))
        return []
    if not (folder / MAIN_FILE).is_file():
        findings.append(_no_config_finding(folder))
        return []
    found = [MAIN_FILE]
    for path in sorted((folder / PARTS_FOLDER).rglob("*")):
        name = path.relative_to(folder).as_posix()
        if any(part.startswith(".") for part in path.relative_to(folder).parts) or not path.is_file():
            continue
        if path.suffix == ".yaml":
            found.append(name)
        elif path.suffix == ".yml":
            hint = f"rename it: {name.removesuffix('.yml')}.yaml"
            findings.append(Finding("file-name", f"{name} is ignored: config files end in .yaml", None, hint))
    return found


def _no_config_finding(folder: Path) -> Finding:
    hint = "create one with `exportctl init`, or name its place with -C DIR or -f FILE"
    if (folder / "exports.yml").is_file():
        hint = "rename exports.yml to exports.yaml"
    return Finding("no-config", f"there is no {MAIN_FILE} in this folder", None, hint)


def _folder_given_finding(folder: Path, path: str, wanted: str) -> Finding:
    shown = path.rstrip("/")
    inside = sorted(p.name for p in (folder / path).glob("*.yaml"))
    hint = " ".join(f"-f {shown}/{n}" for n in inside[:5])
    hint = f"name its files: {hint}" if inside else f"exportctl -C {shown} reads the config of that folder"
    position = SourcePosition(Path(relpath(folder / path, folder)).as_posix())
    return Finding("folder-given", f"{path} is a folder; {wanted}", position, hint)


def _read_bytes(folder: Path, name: str, findings: list[Finding]) -> bytes | None:
    try:
        with (folder / name).open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"{name} cannot be read: {(error.strerror or str(error)).lower()}"
        findings.append(Finding("file-unreadable", message, None, "check the path and its permissions"))
        return None


def _add_extended_files(folder: Path, files: dict[str, bytes]) -> None:
    """Add the files that these files extend; `merge` reports an unreadable file at the line that names it."""
    waiting = list(files)
    while waiting:
        name = waiting.pop(0)
        for target in extended_files(name, files[name]):
            if target not in files:
                data = _read_bytes(folder, target, [])
                if data is not None:
                    files[target] = data
                    waiting.append(target)
