"""
Ask Git whether it tracks the file of a secret: then everyone who can read the repository has the secret.

Only the index is read, by `git ls-files`. Without Git, and outside a repository, it checks nothing and says nothing.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from exportctl.errors import Finding, Level
from exportctl.model.project import AuthValue, Project
from exportctl.model.references import Reference, parse_references
from exportctl.model.secret import Secrecy

RULE = "secret-file-tracked"
_TIMEOUT = 10  # seconds
_NO_REPOSITORY = "not a git repository"
# A folder of the checkout must not bring settings of its own: some of them name programs that Git runs.
_GIT = ("git", "--literal-pathspecs", "-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false")
_OF_ANOTHER_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")


def auth_values(project: Project) -> Iterator[AuthValue]:
    """Yield the values of a project that can hold credentials, as they are written."""
    yield from project.platform.credentials.values()
    for destination in project.destinations.values():
        yield from destination.account.auth.values()
        if destination.encryption:
            yield destination.encryption


def tracked_file_findings(projects: Iterable[Project], folder: Path) -> tuple[Finding, ...]:
    """Return an error for each secret in a file that Git tracks; a note where Git cannot say so."""
    found: dict[Finding, None] = {}
    answers: dict[str, bool | None] = {}
    for value in (value for project in projects for value in auth_values(project)):
        for path in _file_names(value):
            if path not in answers:
                answers[path] = _is_tracked(folder / path)
            if answers[path] is not False:
                found[_tracked_file_finding(value, path, is_known=answers[path] is not None)] = None
    return tuple(found)


def _file_names(value: AuthValue) -> list[str]:
    if value.secrecy is not Secrecy.SECRET:
        return []
    return [part.name for part in parse_references(value.text) if isinstance(part, Reference) and part.kind == "file"]


def _tracked_file_finding(value: AuthValue, path: str, *, is_known: bool) -> Finding:
    if not is_known:
        text = f"not checked: whether Git tracks the file of the secret ${{file:{path}}}, because `git ls-files` failed"
        return Finding(RULE, text, value.at, "run `git status` in this folder: it says why", Level.NOTE)
    text = f"Git tracks the file of the secret ${{file:{path}}}: everyone who can read the repository has it"
    hint = f"make a new secret, then: git rm --cached '{path}', add it to .gitignore, or use ${{env:NAME}}"
    return Finding(RULE, text, value.at, hint)


def _is_tracked(file: Path) -> bool | None:
    """Say whether Git tracks a file, or the file that a link leads to; None if Git cannot say so."""
    try:
        places = {file, file.resolve()}
    except (OSError, RuntimeError):  # a circle of links
        places = {file}
    answers = [_is_in_index(place) for place in places]
    return True if True in answers else None if None in answers else False


def _is_in_index(file: Path) -> bool | None:
    env = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER_REPOSITORY}
    command = [*_GIT, "ls-files", "-z", "--", file.name]
    try:
        said = subprocess.run(
            command, cwd=file.parent, env={**env, "LC_ALL": "C"}, capture_output=True, timeout=_TIMEOUT, check=False
        )
    except (FileNotFoundError, NotADirectoryError):  # no Git, or no such folder
        return False
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    if said.returncode != 0:
        return False if _NO_REPOSITORY in said.stderr.decode("utf-8", "replace").lower() else None
    return os.fsencode(file.name) in said.stdout.split(b"\0")
