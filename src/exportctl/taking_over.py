"""
`import`: reads the config and the sandbox, and gives both to `importing`. An edge; it writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from exportctl.applying import references
from exportctl.config import files as config_files
from exportctl.importing.adoption import Ground, imported
from exportctl.importing.report import Imported, Selection
from exportctl.offline import Setup, complete, hidden, project_of
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
    project, _ = project_of(setup, setup.now or wall())
    complete(project)
    known = references.for_plan(project, setup.env, setup.folder, invent=kind_of(project) == EMBEDDED)
    with opened(project, setup.env, setup.folder, setup.transport, setup.clock) as platform:
        platform.client.guard(v for v in known.values.values() if len(v) >= SHORTEST)
        ground = Ground(
            files=config_files.read(setup.folder, setup.files),
            file=file,
            environment=project.environment,
            variables=setup.env,
            values=known.values,
            unset=known.unset,
            live=live.read(platform.client),
            header=header(project, platform),
            as_of=setup.now if setup.now is not None else platform.as_of(),
        )
    return imported(ground, selection), hidden(project, setup)
