"""Read the config and the sandbox for `import` and `drift --patch`. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from exportctl.accept.accept import accept_differences
from exportctl.accept.changes import AcceptRequest, AcceptResult
from exportctl.apply import inputs
from exportctl.client import inventory
from exportctl.config import files as config_files
from exportctl.importing.importer import ConfigContext, import_flows
from exportctl.importing.result import ImportResult, Selection
from exportctl.model.project import Project
from exportctl.workflows.connect import EMBEDDED, open_platform, plan_header, platform_kind
from exportctl.workflows.load_config import Setup, read_project, require_references

STDOUT = "(stdout)"  # the name of YAML that goes into no file, which no file of a config can have


def import_from_sandbox(
    setup: Setup, selection: Selection, *, file: str = STDOUT, wall: Callable[[], int]
) -> ImportResult:
    """
    Return YAML for flows that were made elsewhere.

    A plan against the same reading checks the YAML. `file` is its name beside the files of the config, if it gets one.
    `wall` is this machine's clock, for rules that need the time before a platform is open.

    Raises:
        ConfigError, ServiceError, Error: as `open_plan`.
        UsageError: the selection names no flow.
        Error: the YAML would do more than adopt, or hold a secret.
    """
    _, ground = _read_inputs(setup, wall)
    return import_flows(replace(ground, new_file=file), selection)


def accept_from_sandbox(setup: Setup, asked: AcceptRequest, *, wall: Callable[[], int]) -> tuple[AcceptResult, Project]:
    """
    Return edits of the project's files that accept live values, and the project.

    The errors are those of `open_plan`.
    """
    project, ground = _read_inputs(setup, wall)
    own = config_files.project_file_names(setup.folder, setup.files)
    return accept_differences(ground, own, asked), project


def _read_inputs(setup: Setup, wall: Callable[[], int]) -> tuple[Project, ConfigContext]:
    project, _ = read_project(setup, setup.now or wall())
    require_references(project)
    known = inputs.read_values_for_plan(project, setup.env, setup.folder, invent=platform_kind(project) == EMBEDDED)
    with open_platform(project, setup) as platform:
        setup.guard.hide_in_errors(known.values.values())
        return project, ConfigContext(
            files=config_files.read_config_files(setup.folder, setup.files),
            new_file=STDOUT,
            environment=project.environment,
            variables=setup.env,
            values=known.values,
            unset=known.unset,
            live=inventory.read_inventory(platform.client),
            header=plan_header(project),
            as_of=platform.as_of(),
            repeats_secret=setup.guard.repeats_secret,
        )
