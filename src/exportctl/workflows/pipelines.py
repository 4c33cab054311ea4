"""Read what the pipelines of `init --ci` need: the config without any variable, and where this exportctl comes from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from exportctl import __version__
from exportctl.config import load as config
from exportctl.config.checkout import checkout_root
from exportctl.errors import ConfigError, Error
from exportctl.frozen import dataclass
from exportctl.pipelines.pipeline import Pipeline, build_pipeline
from exportctl.workflows.commit_time import run_git
from exportctl.workflows.load_config import Setup, read_config

_PACKAGE = "exportctl"
_PLAIN = re.compile(r"[A-Za-z0-9._/-]+")  # nothing that YAML in quotes, Groovy, a shell or a pattern of branches reads
_EXTRAS = "[storage]"  # the nightly run reads what was delivered


def read_pipeline(setup: Setup, branch: str = "main") -> Pipeline:
    """
    Return the pipeline of the config in the working folder. Its jobs apply what is on `branch`.

    Raises:
        ConfigError: the config has an error. Rules are not run: they do not change what a pipeline needs.
        Error: the folder or the branch has characters that a shell or a CI system reads in another way, or an
            environment has a name that the jobs need.
    """
    if not _PLAIN.fullmatch(branch):
        hint = "choose another branch with --branch: letters, digits, dots, dashes, underscores and slashes"
        raise Error(f"no job can name the branch {branch} as it is", rule="usage", hint=hint)
    folder = repository_folder(setup.folder)
    whole = read_config(replace(setup, environment=None))
    projects, findings = config.load_projects(whole, {})
    if not projects:
        raise ConfigError(findings)
    return build_pipeline(projects, find_requirement(), folder, branch)


@dataclass(frozen=True)
class FoundBranch:
    """A branch, and whether a remote says that it is the default branch."""

    name: str
    is_default: bool


def find_branch(folder: Path, env: Mapping[str, str]) -> FoundBranch:
    """Return the default branch of the remote `origin`, else the branch that is checked out, else `main`."""
    if checkout_root(folder) is None:
        return FoundBranch("main", is_default=False)
    own = {name: value for name, value in env.items() if not name.startswith("GIT_")}
    default = run_git(folder, own, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
    if default:
        return FoundBranch(default.strip().removeprefix("refs/remotes/origin/"), is_default=True)
    current = run_git(folder, own, "symbolic-ref", "--quiet", "HEAD")  # of a commit alone there is none
    return FoundBranch(current.strip().removeprefix("refs/heads/") if current else "main", is_default=False)


def repository_folder(folder: Path) -> str:
    """Return the path of a folder from the root of its repository; empty at the root, and without a repository."""
    root = checkout_root(folder)
    below = folder.resolve().relative_to(root).as_posix() if root else "."
    if not _PLAIN.fullmatch(below):
        hint = "use letters, digits, dots, dashes and underscores in the names of its folders"
        raise Error(f"no job can name the folder {below} as it is", rule="usage", hint=hint)
    return "" if below == "." else below


def find_requirement() -> str:
    """
    Return what pip must install to get this exportctl: its commit if pip installed it from Git, else its version.

    pip notes the repository and the commit beside the package (PEP 610). A checkout of this machine is no address that
    a runner can reach.
    """
    try:
        noted = distribution(_PACKAGE).read_text("direct_url.json")
    except PackageNotFoundError:
        noted = None
    address = git_address(json.loads(noted)) if noted else None
    return f"{_PACKAGE}{_EXTRAS} @ {address}" if address else f"{_PACKAGE}{_EXTRAS}=={__version__}"


def git_address(noted: Mapping[str, Any]) -> str | None:
    """Return the address of the commit that pip noted, None if a runner cannot reach it."""
    source, url = noted.get("vcs_info"), noted.get("url", "")
    if not isinstance(source, Mapping) or source.get("vcs") != "git" or not url.startswith(("https://", "ssh://")):
        return None
    return f"git+{url}@{source['commit_id']}"
