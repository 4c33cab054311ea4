"""
All environments of a config in one call of `plan`, `drift` or `status`: read at the same time, told one after another.

    config ─▶ projects ─▶ hide the values of all ─▶ read, AT_ONCE at a time ─▶ sides in the order of names ─▶ one output

An environment that cannot be read is told of with its errors, and the others go on. What is printed does not depend on
which was read first. Nothing is printed before everything is read. The embedded emulator is read by one thread: it is
one file and needs no waiting, so nothing would be won.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from exportctl import clock as clocks
from exportctl.cli import exits
from exportctl.cli.call import JSON, MARKDOWN, TEXT, Call
from exportctl.cli.options import check_addresses
from exportctl.cli.reports import publish, warnings
from exportctl.declared import Project
from exportctl.errors import Error, Finding, UsageError
from exportctl.flags import Flags
from exportctl.offline import Setup, complete, hidden, projects_of
from exportctl.views import github, json_environments, markdown_environments, text, text_lists, wording
from exportctl.views.json_environments import Told
from exportctl.views.paint import paint
from exportctl.views.sides import UNREAD, Side, Table, named

if TYPE_CHECKING:
    from exportctl.workflows import Planned

T = TypeVar("T")
LISTEN = 0.2  # seconds between two looks for an interrupt
AT_ONCE = 4  # environments; each reads a few lists at a time, and no rate limit is published


@dataclass(frozen=True)
class Kind(Generic[T]):
    """
    How a command makes something of one environment and tells it; `command` is its name. `notes` and `outputs` are for
    CI systems: None where the command alone gives them nothing. `more` is a table over all environments.
    """

    command: str
    of: Callable[[Planned], T]
    code: Callable[[T], int]
    summary: Callable[[T], str]
    text: Callable[[T], str]
    markdown: Callable[[T, int], str]
    told: Callable[[T], Told]
    notes: Callable[[T], Sequence[Finding]] | None = None
    outputs: Callable[[T], Mapping[str, str]] | None = None
    more: Callable[[Sequence[Side[T]]], Table | None] = lambda sides: None


def side_by_side(call: Call, asked: Flags, kind: Kind[T]) -> int:
    """
    Read every environment, tell of it, and give the code that counts.

    Raises:
        ConfigError: the config is not valid, which is said once.
        UsageError: it has no environments, or one was chosen.
    """
    if call.environment:
        raise UsageError("--env: --all-environments reads every one of them", rule="usage")
    setup = call.setup()
    projects, findings = projects_of(setup, setup.now or call.wall())
    if not projects:
        raise UsageError("--all-environments: this config has no environments", rule="usage")
    check_addresses(asked, list(projects.values()))
    found = _read(call, setup, projects, findings, asked, kind.of)
    sides = [_side(name, found[name]) for name in projects]
    _show(call, kind, sides, findings)
    _for_actions(call, kind, sides, findings)
    codes = [exits.of_error(one) if isinstance(one, Error) else kind.code(one) for one in found.values()]
    return exits.first(*codes)


def _side(name: str, found: T | Error) -> Side[T]:
    return Side(name, None, found.findings()) if isinstance(found, Error) else Side(name, found)


# -- read -------------------------------------------------------------------------------------------------------------


def _read(
    call: Call,
    setup: Setup,
    projects: Mapping[str, Project],
    findings: tuple[Finding, ...],
    asked: Flags,
    of: Callable[[Planned], T],
) -> Mapping[str, T | Error]:
    """What was made of each environment, or the error that it met."""
    from exportctl import workflows

    found: dict[str, T | Error] = {}
    for name, project in projects.items():
        try:
            call.screen.hide(hidden(project, setup))
            complete(project)
        except Error as error:
            found[name] = error

    def one(project: Project, setup: Setup) -> T | Error:
        try:
            with workflows.planned_for(project, findings, setup, asked) as made:
                return of(made)
        except Error as error:
            return error

    ready = {name: project for name, project in projects.items() if name not in found}
    return {**found, **_at_once(ready, setup, one)}


def _at_once(
    projects: Mapping[str, Project], setup: Setup, one: Callable[[Project, Setup], T | Error]
) -> Mapping[str, T | Error]:
    """
    `one` for every project. An interrupt lets nothing new begin and waits for the requests that are under way, which
    end by themselves within seconds.
    """
    from exportctl import platforms

    stop = threading.Event()
    embedded = {n: p for n, p in projects.items() if platforms.kind_of(p) == platforms.EMBEDDED}
    distant = replace(setup, clock=clocks.stoppable(setup.clock or clocks.system(), stop))

    def inside() -> Mapping[str, T | Error]:
        platforms.prepare(embedded.values(), setup.folder)
        return {name: one(project, setup) for name, project in embedded.items() if not stop.is_set()}

    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        together = pool.submit(inside)
        others = {name: pool.submit(one, p, distant) for name, p in projects.items() if name not in embedded}
        under_way: list[Future[Any]] = [together, *others.values()]
        while wait(under_way, timeout=LISTEN).not_done:
            pass  # a wait without a limit may not hear of a signal that another thread was given
        return {**together.result(), **{name: future.result() for name, future in others.items()}}
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


# -- tell -------------------------------------------------------------------------------------------------------------


def _show(call: Call, kind: Kind[T], sides: Sequence[Side[T]], findings: Sequence[Finding]) -> None:
    screen = call.screen
    if call.format == TEXT:
        warnings(call, findings)
    for side in sides:
        if side.found is None:
            lines = text.findings(side.errors, paint(screen.err_color), "")
            screen.say("\n".join([f"environment {side.environment}:", *lines, ""]))
        elif call.format == TEXT:
            screen.show(f"{kind.text(side.found)}\n")
    if call.format == JSON:
        screen.document(json_environments.environments(kind.command, sides, kind.told))
    elif call.format == MARKDOWN:
        screen.show(_markdown(kind, sides))
    else:
        rows = [(s.environment, UNREAD if s.found is None else _line(kind, s.found)) for s in sides]
        lines = text_lists.table(("ENVIRONMENT", kind.command.upper()), rows, paint(screen.color))
        more = kind.more(sides)
        if more is not None:
            lines += [
                "",
                more.title,
                *(text_lists.table(more.heads, more.rows, paint(screen.color)) if more.rows else []),
            ]
        screen.show("\n".join([*lines, ""]))


def _line(kind: Kind[T], found: T) -> str:
    """The summary, and how many errors keep its plan from being applied."""
    errors = len(kind.told(found).errors)
    return kind.summary(found) + (f" {wording.number(errors, 'error')}." if errors else "")


def _markdown(kind: Kind[T], sides: Sequence[Side[T]]) -> str:
    return markdown_environments.environments(
        kind.command,
        sides,
        summary=lambda found: _line(kind, found),
        section=kind.markdown,
        more=kind.more(sides),
    )


def _for_actions(call: Call, kind: Kind[T], sides: Sequence[Side[T]], findings: Sequence[Finding]) -> None:
    """Annotations that name their environments; one set of outputs and one summary, if the command has any."""
    if not call.screen.in_actions:
        return
    found = [(s.environment, f) for s in sides for f in s.errors]
    if kind.notes is None or kind.outputs is None:
        call.screen.command(github.annotate(named(found)))
        return
    read = {s.environment: s.found for s in sides if s.found is not None}
    found += [(name, f) for name, one in read.items() for f in kind.notes(one)]
    outputs = github.several({name: kind.outputs(one) for name, one in read.items()}, len(sides) - len(read))
    publish(call, (*findings, *named(found)), outputs, _markdown(kind, sides))
