"""
One environment of a config, all of them in one call of `plan`, `drift`, `status` or `backup`, or two compared.

    config ─▶ projects ─▶ mask the values of all ─▶ read, MAX_PARALLEL at a time ─▶ results in order of names ─▶ output

If an environment cannot be read, its errors are shown and the others continue. The output does not depend on which
was read first, and starts after all are read. One thread reads the embedded emulator: it is one file without waiting.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

import typer
from typer import Argument

from exportctl.cli import exit_codes
from exportctl.cli.ci_reports import ci_run, publish_reading, show_warnings, write_annotations
from exportctl.cli.context import JSON, JUNIT, MARKDOWN, SARIF, TEXT, CommandContext, command_context
from exportctl.cli.failures import report_failure
from exportctl.cli.options import check_addresses, reject_option
from exportctl.cli.screen import Screen
from exportctl.client.concurrency import ConcurrencyLimit
from exportctl.config import environment_diff
from exportctl.config.environment_diff import ResolvedEnvironment, environment_tree
from exportctl.config.load import ParsedConfig
from exportctl.config.schema_check import closest_match
from exportctl.errors import Error, Finding, UsageError
from exportctl.frozen import dataclass
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import Project
from exportctl.model.schedule import format_count
from exportctl.model.similar_names import did_you_mean_address
from exportctl.output import github_actions
from exportctl.output.color import paint
from exportctl.output.environments import UNREAD, EnvironmentResult, Table, merge_findings
from exportctl.output.markdown import environments as markdown_environments
from exportctl.output.markdown.parts import LIMIT
from exportctl.output.text import plan as text
from exportctl.output.text.columns import TableColumn, lay_out_table
from exportctl.workflows.load_config import (
    Setup,
    read_config,
    read_project,
    read_projects,
    require_references,
    stop_at_interrupt,
)

if TYPE_CHECKING:
    from exportctl.client.inventory import ReadSet
    from exportctl.output.json.envelope import EnvironmentBody
    from exportctl.workflows.plan import ConnectedPlan

T = TypeVar("T")
ResultReader = Callable[[Project, tuple[Finding, ...], Setup], T]  # of one environment
INTERRUPT_POLL = 0.2  # seconds between two checks for an interrupt
MAX_PARALLEL = 10  # environments
MAX_READERS = 64  # lists of all of them: six of each. One answer 429, 500 or 503 halves this number for all


@dataclass(frozen=True)
class EnvironmentCommand(Generic[T]):
    """
    How a command reads and shows its result for one environment.

    `notes` and `outputs` are for CI systems, `junit` for test reports, `sarif` for code scanning: None if there are
    none. `extra_table` joins all environments. `check_projects` raises an Error before anything is read if the config
    has nothing for the command.
    """

    command: str
    read_result: ResultReader[T]
    exit_code: Callable[[T], int]
    summary: Callable[[T], str]
    text: Callable[[T], str]
    markdown: Callable[[T, int], str]
    json_body: Callable[[T], EnvironmentBody]
    notes: Callable[[T], Sequence[Finding]] | None = None
    outputs: Callable[[T], Mapping[str, str]] | None = None
    junit: Callable[[Sequence[EnvironmentResult[T]]], str] | None = None
    sarif: Callable[[Sequence[EnvironmentResult[T]]], str] | None = None
    extra_table: Callable[[Sequence[EnvironmentResult[T]]], Table | None] = lambda sides: None
    check_projects: Callable[[Sequence[Project]], None] = lambda projects: None


def plan_reader(
    asked: PlanOptions, build_result: Callable[[ConnectedPlan], T], lists: ReadSet | None = None
) -> ResultReader[T]:
    """Return what reads the result of a command that builds it from a plan; `lists` as for `open_project_plan`."""

    def read(project: Project, findings: tuple[Finding, ...], setup: Setup) -> T:
        from exportctl.workflows import plan as plan_workflow

        with plan_workflow.open_project_plan(project, findings, setup, asked, lists=lists) as made:
            return build_result(made)

    return read


def run_environments(
    call: CommandContext, asked: PlanOptions, kind: EnvironmentCommand[T], document: Callable[[T], str], *, every: bool
) -> int:
    """Show the result of the chosen environment, for programs as `document` says, or the results of every one."""
    with report_failure(call, kind.command, every=every):
        if every:
            return run_all_environments(call, asked, kind)
        setup = call.setup()
        project, findings = read_project(setup, setup.now or call.wall())
        check_addresses(asked, [project])
        kind.check_projects([project])
        found = kind.read_result(project, findings, setup)
    show_warnings(call, findings)
    if call.format in (JSON, JUNIT, SARIF):
        call.screen.write_document(document(found))
    elif call.format == MARKDOWN:
        call.screen.show_document(kind.markdown(found, LIMIT))
    else:
        call.screen.show(kind.text(found))
    if call.screen.is_github_actions and kind.notes and kind.outputs:
        markdown = kind.markdown(found, LIMIT)
        publish_reading(call, kind.notes(found), kind.outputs(found), markdown, kind.exit_code(found))
    return kind.exit_code(found)


def run_all_environments(call: CommandContext, asked: PlanOptions, kind: EnvironmentCommand[T]) -> int:
    """
    Read every environment, show the results, and return the exit code that counts.

    Raises:
        ConfigError: the config is not valid. It is said once, not per environment.
        UsageError: the config has no environments, or --env names one.
    """
    read = read_all_environments(call, asked, kind.read_result, kind.check_projects)
    _show_results(call, kind, read.sides, read.findings, read.project)
    code = read.exit_code(kind.exit_code)
    _publish_results(call, kind, read.sides, read.findings, read.project, code)
    return code


@dataclass(frozen=True)
class EnvironmentsRead(Generic[T]):
    """What was read of every environment, in order of names, and the findings of the config."""

    found: Mapping[str, T | Error]
    sides: Sequence[EnvironmentResult[T]]
    findings: tuple[Finding, ...]
    project: str  # the name that all of them have

    def exit_code(self, code_of: Callable[[T], int]) -> int:
        """Return the exit code that counts."""
        return exit_codes.pick_exit_code(
            *(exit_codes.error_exit_code(o) if isinstance(o, Error) else code_of(o) for o in self.found.values())
        )


def read_all_environments(
    call: CommandContext,
    asked: PlanOptions,
    read: ResultReader[T],
    check_projects: Callable[[Sequence[Project]], None] = lambda projects: None,
) -> EnvironmentsRead[T]:
    """Read every environment; the errors are those of `run_all_environments`."""
    if call.environment:
        raise UsageError("--env: leave it out, --all-environments reads all of them", rule="usage")
    setup = call.setup()
    projects, findings = read_projects(setup, setup.now or call.wall())
    if not projects:
        raise UsageError("--all-environments: this config has no environments", rule="usage")
    check_addresses(asked, list(projects.values()))
    check_projects(list(projects.values()))
    found = read_environments(setup, projects, findings, read)
    sides = [
        EnvironmentResult(name, None, call.guard.mask_echoes(one.findings()))
        if isinstance(one := found[name], Error)
        else EnvironmentResult(name, one)
        for name in projects
    ]
    return EnvironmentsRead(found, sides, findings, next(iter(projects.values())).name)


# -- read -------------------------------------------------------------------------------------------------------------


def read_environments(
    setup: Setup,
    projects: Mapping[str, Project],
    findings: tuple[Finding, ...],
    read: ResultReader[T],
) -> Mapping[str, T | Error]:
    """Return the result of each environment, or its error."""
    found: dict[str, T | Error] = {}
    for name, project in projects.items():
        try:
            require_references(project)
        except Error as error:
            found[name] = error

    def one(project: Project, setup: Setup) -> T | Error:
        try:
            return read(project, findings, setup)
        except Error as error:
            return error

    ready = {name: project for name, project in projects.items() if name not in found}
    return {**found, **_run_parallel(ready, setup, one)}


def _run_parallel(
    projects: Mapping[str, Project], setup: Setup, one: Callable[[Project, Setup], T | Error]
) -> Mapping[str, T | Error]:
    """Call `one` for every project. After an interrupt nothing new starts; requests under way end within seconds."""
    from exportctl.workflows import connect

    stop = threading.Event()
    embedded = {n: p for n, p in projects.items() if connect.platform_kind(p) == connect.EMBEDDED}
    readers = ConcurrencyLimit(MAX_READERS)

    def run_embedded() -> Mapping[str, T | Error]:
        connect.prepare_emulators(embedded.values(), setup.folder, setup.say)
        return {name: one(project, setup) for name, project in embedded.items() if not stop.is_set()}

    pool = ThreadPoolExecutor(MAX_PARALLEL)
    try:
        emulated = pool.submit(run_embedded)
        others = {
            name: pool.submit(one, project, stop_at_interrupt(replace(setup, readers=readers), stop))
            for name, project in projects.items()
            if name not in embedded
        }
        under_way: list[Future[Any]] = [emulated, *others.values()]
        while wait(under_way, timeout=INTERRUPT_POLL).not_done:
            pass  # a wait without a limit can miss a signal that another thread received
        return {**emulated.result(), **{name: future.result() for name, future in others.items()}}
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


# -- show -------------------------------------------------------------------------------------------------------------


def _show_results(
    call: CommandContext,
    kind: EnvironmentCommand[T],
    sides: Sequence[EnvironmentResult[T]],
    findings: Sequence[Finding],
    project: str,
) -> None:
    screen = call.screen
    show_warnings(call, findings)
    for side in sides:
        if side.result is None:
            lines = text.findings(side.errors, paint(screen.err_color), "")
            screen.tell("\n".join([f"environment {side.environment}:", *lines, ""]))
        elif call.format == TEXT:
            screen.show(f"{kind.text(side.result)}\n")
    if call.format == JSON:
        from exportctl.output.json import environments as json_environments

        screen.write_document(json_environments.render_environments(kind.command, sides, kind.json_body))
    elif call.format == JUNIT and kind.junit is not None:
        screen.write_document(kind.junit(sides))
    elif call.format == SARIF and kind.sarif is not None:
        screen.write_document(kind.sarif(sides))
    elif call.format == MARKDOWN:
        screen.show_document(_markdown(call, kind, sides, project))
    else:
        rows = [(s.environment, UNREAD if s.result is None else _summary_line(kind, s.result)) for s in sides]
        lines = _table_lines(("ENVIRONMENT", kind.command.upper()), rows, screen)
        more = kind.extra_table(sides)
        if more is not None:
            lines += ["", more.title, *(_table_lines(more.heads, more.rows, screen) if more.rows else [])]
        screen.show("\n".join([*lines, ""]))


def _table_lines(heads: Sequence[str], rows: Sequence[tuple[str, ...]], screen: Screen) -> list[str]:
    """Return a table in which the last column wraps first."""
    columns = [TableColumn(head, wraps=len(heads) - n) for n, head in enumerate(heads)]
    return lay_out_table(columns, rows, screen.width, paint(screen.color)).all_lines()


def _summary_line(kind: EnvironmentCommand[T], found: T) -> str:
    """Return the summary and the number of errors that keep the plan from being applied."""
    errors = len(kind.json_body(found).errors)
    return kind.summary(found) + (f" {format_count(errors, 'error')}." if errors else "")


def _markdown(
    call: CommandContext, kind: EnvironmentCommand[T], sides: Sequence[EnvironmentResult[T]], project: str
) -> str:
    return markdown_environments.render_environments(
        kind.command,
        sides,
        project=project,
        run=ci_run(call),
        written=call.wall(),
        summary=lambda found: _summary_line(kind, found),
        section=kind.markdown,
        more=kind.extra_table(sides),
    )


def _publish_results(
    call: CommandContext,
    kind: EnvironmentCommand[T],
    sides: Sequence[EnvironmentResult[T]],
    findings: Sequence[Finding],
    project: str,
    code: int,
) -> None:
    """Publish annotations that name their environments, one set of outputs and one summary, if there are any."""
    if not call.screen.is_github_actions:
        return
    found = [(s.environment, f) for s in sides for f in s.errors]
    if kind.notes is None or kind.outputs is None:
        write_annotations(call, merge_findings(found))
        return
    read = {s.environment: s.result for s in sides if s.result is not None}
    found += [(name, f) for name, one in read.items() for f in kind.notes(one)]
    outputs = github_actions.merge_outputs(
        {name: kind.outputs(one) for name, one in read.items()}, len(sides) - len(read)
    )
    markdown = _markdown(call, kind, sides, project)
    publish_reading(call, (*findings, *merge_findings(found)), outputs, markdown, code)


# -- compare ----------------------------------------------------------------------------------------------------------


def diff_environments(
    ctx: typer.Context,
    left: Annotated[str, Argument(metavar="A", help="An environment of the config.")],
    right: Annotated[str, Argument(metavar="B", help="Another environment.")],
) -> int:
    """
    Compare what two environments declare. Reads no network.

    The resolved configs are compared. Each difference names the lines that cause it. A difference from an overlay or
    from an `environments` list is intended. A difference that no overlay names, because a line of the base holds
    ${environment} or ${sandbox}, has the mark `?`.
    """
    from exportctl.output.json import environments as json_environments
    from exportctl.output.text import environments as text_environments

    call = command_context(ctx)
    call.require_format(TEXT, JSON)
    reject_option("--env", (call.environment,), "name the two environments as arguments")
    whole = read_config(call.setup())
    _check_names(whole, left, right)
    shown = environment_diff.compare_environments(
        _load_environment(call, whole, left), _load_environment(call, whole, right)
    )
    if call.format == JSON:
        call.screen.write_document(json_environments.render_comparison(shown))
    else:
        call.screen.show(text_environments.render_comparison(shown, color=call.screen.color))
    return exit_codes.DONE


def _check_names(whole: ParsedConfig, left: str, right: str) -> None:
    """Raise a UsageError for an environment that is not declared, or for one that is compared with itself."""
    for name in (left, right):
        if name not in whole.environments:
            guess = closest_match(name, whole.environments)
            listed = f"choose one of {', '.join(whole.environments)}" if whole.environments else "the config has none"
            hint = did_you_mean_address(name, guess) if guess else listed
            raise UsageError(f'the config has no environment "{name}"', rule="unknown-environment", hint=hint)
    if left == right:
        raise UsageError(f"{left} and {right} are the same: name two environments", rule="usage")


def _load_environment(call: CommandContext, whole: ParsedConfig, name: str) -> ResolvedEnvironment:
    project, _ = read_project(replace(call.setup(), environment=name), call.as_of())
    return ResolvedEnvironment(name, project, environment_tree(whole, name, call.env))


COMMANDS = {"diff-environments": (diff_environments, "exportctl diff-environments stage prod")}
