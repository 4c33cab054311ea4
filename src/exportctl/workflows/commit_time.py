"""
Find the commit time of the config, in seconds since 1970 UTC; None if nothing says it.

The first of these counts:

    EXPORTCTL_COMMIT_TIME   seconds, or a moment with an offset; empty: the commit time counts as unknown
    Git                     the commit that is checked out, if it has the first config file; uncommitted edits of the
                            file do not count: they were made on top of that commit
    CI_COMMIT_TIMESTAMP     GitLab CI, for images without Git
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from exportctl.config.checkout import checkout_root
from exportctl.errors import Error
from exportctl.model.plan import MAX_TIMESTAMP

VARIABLE = "EXPORTCTL_COMMIT_TIME"
GITLAB_VARIABLE = "CI_COMMIT_TIMESTAMP"
_GIT = ("git", "--literal-pathspecs", "-c", "core.fsmonitor=false")
_TIMEOUT = 10  # seconds


def read_commit_time(file: Path | None, env: Mapping[str, str]) -> int | None:
    """
    Return the commit time of a config. `file` is its first file.

    Raises:
        Error: the variable EXPORTCTL_COMMIT_TIME has no time.
    """
    given = env.get(VARIABLE)
    if given is None:
        found = _read_from_git(file, env) if file else None
        return _parse_moment(env.get(GITLAB_VARIABLE, "")) if found is None else found
    moment = _parse_moment(given)
    if moment is None and given:
        hint = f'write seconds since 1970 (`git log -1 --format=%ct`), 2026-12-01T10:00:00Z, or nothing: {VARIABLE}=""'
        raise Error(f'{VARIABLE} is "{given}", which is no commit time', rule="commit-time", hint=hint)
    return moment


def _parse_moment(text: str) -> int | None:
    """Read seconds, or a moment with an offset; None for anything else."""
    if re.fullmatch(r"[0-9]{1,12}", text):
        moment = int(text)
    else:
        try:
            read = datetime.fromisoformat(text)
            moment = int(read.timestamp()) if read.tzinfo else -1
        except (ValueError, OverflowError):
            return None
    return moment if 0 <= moment <= MAX_TIMESTAMP else None


def _read_from_git(file: Path, env: Mapping[str, str]) -> int | None:
    """Return the commit time of HEAD if Git tracks the file; no process starts outside a checkout."""
    real = file.resolve()
    if checkout_root(real.parent) is None:
        return None
    # Variables such as GIT_DIR, which a hook sets, could name another repository.
    own = {name: value for name, value in env.items() if not name.startswith("GIT_")} | {"GIT_OPTIONAL_LOCKS": "0"}
    if run_git(real.parent, own, "ls-files", "--error-unmatch", "--", real.name) is None:
        return None
    line = run_git(real.parent, own, "rev-list", "-1", "--timestamp", "HEAD")
    return _parse_moment((line or "").partition(" ")[0])


def run_git(folder: Path, env: Mapping[str, str], *command: str) -> str | None:
    """Return what Git prints; None if it fails or is not installed."""
    try:
        ran = subprocess.run(
            [*_GIT, *command], cwd=folder, env=dict(env), capture_output=True, timeout=_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ran.stdout.decode(errors="replace") if ran.returncode == 0 else None
