"""The CI systems that `init --ci` knows, and what to do after it wrote their files."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from exportctl.frozen import dataclass
from exportctl.pipelines.azure import render_azure
from exportctl.pipelines.github import render_github
from exportctl.pipelines.gitlab import render_gitlab
from exportctl.pipelines.jenkins import render_jenkins
from exportctl.pipelines.pipeline import Pipeline


@dataclass(frozen=True)
class System:
    """One CI system: `render` returns its files by path, `next_step` says how to switch them on."""

    name: str
    render: Callable[[Pipeline], Mapping[str, str]]
    next_step: str
    names_branch: bool = True  # in its files; a system that tells its jobs the default branch needs no name


SYSTEMS: Mapping[str, System] = {
    "github": System(
        "GitHub Actions", render_github, "set the secrets and create the environments that each file names"
    ),
    "gitlab": System(
        "GitLab CI",
        render_gitlab,
        "set the variables that the file names, and include it from .gitlab-ci.yml",
        names_branch=False,
    ),
    "azure": System(
        "Azure DevOps", render_azure, "create the variable groups and environments, then a pipeline from each file"
    ),
    "jenkins": System("Jenkins", render_jenkins, "create the credentials, then a pipeline from each file"),
}
