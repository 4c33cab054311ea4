"""
`import` and `drift --patch`: read the config and the sandbox, and give both to `importing` or `patching`. An edge; it
writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from exportctl.applying import references
from exportctl.config import files as config_files
from exportctl.declared import Project
from exportctl.importing.adoption import Ground, imported
from exportctl.importing.report import Imported, Selection
from exportctl.offline import Setup, complete, hidden, project_of
from exportctl.patching.patch import patched
from exportctl.patching.report import Patched
from exportctl.patching.wishes import Asked
from exportctl.platforms import EMBEDDED, kind_of, opened
from exportctl.secret import SHORTEST
from exportctl.service import live
from exportctl.workflows import header

STDOUT = "(stdout)"  # the name of YAML that goes into no file, which no file of a config can have


def taken_over(
    setup: Setup, selection: Selection, *, file: str = STDOUT, wall: Callable[[], int]
) -> tuple[Imported, tuple[str, ...]]:
    """
    The YAML for flows that were made elsewhere, planned against the reading it was made from; and the values that no
    output may hold.

    `file` is its name beside the config's files, if it gets one. `wall` is this machine's clock, for rules that need
    today before a platform is open.

    Raises:
        ConfigError, ServiceError, UsageError, Error: as their makers say.
    """
    project, ground = _read(setup, wall)
    return imported(replace(ground, file=file), selection), hidden(project, setup)


def accepted(setup: Setup, asked: Asked, *, wall: Callable[[], int]) -> tuple[Patched, Project, tuple[str, ...]]:
    """
    The edits of the project's own files that accept what is live, where it differs as asked; the project before them;
    and the values that no output may hold.

    Raises:
        ConfigError, ServiceError, Error: as their makers say.
    """
    project, ground = _read(setup, wall)
    own = config_files.own(setup.folder, setup.files)
    return patched(ground, own, asked), project, hidden(project, setup)


def _read(setup: Setup, wall: Callable[[], int]) -> tuple[Project, Ground]:
    project, _ = project_of(setup, setup.now or wall())
    complete(project)
    known = references.for_plan(project, setup.env, setup.folder, invent=kind_of(project) == EMBEDDED)
    with opened(project, setup.env, setup.folder, setup.transport, setup.clock) as platform:
        platform.client.guard(v for v in known.values.values() if len(v) >= SHORTEST)
        return project, Ground(
            files=config_files.read(setup.folder, setup.files),
            file=STDOUT,
            environment=project.environment,
            variables=setup.env,
            values=known.values,
            unset=known.unset,
            live=live.read(platform.client),
            header=header(project, platform),
            as_of=setup.now if setup.now is not None else platform.as_of(),
        )
