"""
Find the commit that the config was read from, for links to its lines; None if nothing says it.

Git says it, else the variable of the CI system: GitHub Actions, GitLab CI, Azure Pipelines, Bitbucket Pipelines,
Jenkins. The checkout is then where exportctl runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from exportctl.config.checkout import checkout_root
from exportctl.model.source_commit import SourceCommit
from exportctl.workflows.commit_time import run_git

VARIABLES = ("GITHUB_SHA", "CI_COMMIT_SHA", "BUILD_SOURCEVERSION", "BITBUCKET_COMMIT", "GIT_COMMIT")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def read_source_commit(folder: Path, files: Sequence[str], env: Mapping[str, str]) -> SourceCommit | None:
    """Return the commit of the checkout around `folder`. `files` are those of the config, from the folder."""
    root = checkout_root(folder)
    if root is None:
        return None  # where the files are in the repository is not known
    inner = PurePosixPath(folder.resolve().relative_to(root).as_posix())
    place = "" if inner == PurePosixPath() else str(inner)
    own = {name: value for name, value in env.items() if not name.startswith("GIT_")} | {"GIT_OPTIONAL_LOCKS": "0"}
    said = (run_git(folder, own, "rev-parse", "HEAD") or "").strip()
    if not _COMMIT.fullmatch(said):
        given = next((env[name] for name in VARIABLES if _COMMIT.fullmatch(env.get(name, ""))), None)
        return SourceCommit(given, place) if given else None
    changes = run_git(folder, own, "status", "--porcelain", "--", *files) if files else ""
    return SourceCommit(said, place, is_edited=changes != "")
