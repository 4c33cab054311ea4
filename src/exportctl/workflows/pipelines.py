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
from exportctl.pipelines.pipeline import Pipeline, build_pipeline
from exportctl.workflows.load_config import Setup, read_config

_PACKAGE = "exportctl"
_EXTRAS = "[storage]"  # the nightly run reads what was delivered


def read_pipeline(setup: Setup) -> Pipeline:
    """
    Return the pipeline of the config in the working folder.

    Raises:
        ConfigError: the config has an error. Rules are not run: they do not change what a pipeline needs.
        Error: the name of the folder has characters that a shell or a CI system reads in another way.
    """
    folder = repository_folder(setup.folder)
    whole = read_config(replace(setup, environment=None))
    projects, findings = config.load_projects(whole, {})
    if not projects:
        raise ConfigError(findings)
    return build_pipeline(projects, find_requirement(), folder)


def repository_folder(folder: Path) -> str:
    """Return the path of a folder from the root of its repository; empty at the root, and without a repository."""
    root = checkout_root(folder)
    below = folder.resolve().relative_to(root).as_posix() if root else "."
    if not re.fullmatch(r"[A-Za-z0-9._/-]+", below):
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
