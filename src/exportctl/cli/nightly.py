"""`nightly`: renew, drift, verify and status over all environments in one run, with one set of reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from exportctl.cli import exit_codes
from exportctl.cli.audit import AuditLog
from exportctl.cli.ci_reports import ci_run, publish_to_actions, show_warnings
from exportctl.cli.context import (
    JSON,
    JUNIT,
    MARKDOWN,
    TEXT,
    CommandContext,
    Interrupted,
    command_context,
    parsed_moment,
)
from exportctl.cli.environments import read_environments
from exportctl.cli.failures import failure_marker, report_failure
from exportctl.cli.files import make_folder, write_file
from exportctl.cli.monitoring import drift_exit_code
from exportctl.cli.options import AllEnvironments, Audit, parse_classes, reject_option
from exportctl.config.checkout import UnusableFile, read_regular_file
from exportctl.config.scalars import parse_duration
from exportctl.errors import Error, Finding, UsageError
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.references import BadValue
from exportctl.monitor import drift as drift_report
from exportctl.monitor.night import NightPart, NightReport
from exportctl.output.environments import merge_findings
from exportctl.output.night import Night, NightRow, row_findings
from exportctl.workflows.load_config import read_project, read_projects

if TYPE_CHECKING:
    from exportctl.model.plan import Step
    from exportctl.model.project import Project
    from exportctl.workflows.load_config import Setup
    from exportctl.workflows.nightly import NightRequest
    from exportctl.workflows.plan import PlanResult

NAMES = {JSON: "nightly.json", MARKDOWN: "nightly.md", JUNIT: "nightly.xml", "metrics": "nightly.prom"}
STDOUT = Path("-")
MAX_METRICS_BYTES = 2**24  # of the file of the night before: 10,000 exports have about a tenth


OutDir = Annotated[
    Path | None, Option("--out-dir", metavar="DIR", help=f"Write {', '.join(NAMES.values())} into this folder.")
]
JsonFile = Annotated[
    Path | None, Option("--json", metavar="FILE", help="Write the JSON document here. `-` is stdout, for these four.")
]
MarkdownFile = Annotated[
    Path | None, Option("--markdown", metavar="FILE", help="Write the Markdown for an issue or a message here.")
]
JunitFile = Annotated[Path | None, Option("--junit", metavar="FILE", help="Write the test results (JUnit XML) here.")]
MetricsFile = Annotated[
    Path | None, Option("--metrics", metavar="FILE", help="Write metrics for Prometheus here, as a text file.")
]
NoRenew = Annotated[bool, Option("--no-renew", help="Renew no ends: write nothing to the platform.")]
Since = Annotated[
    str | None, Option("--since", metavar="WHEN", help="How far back verify looks, as in `verify`. Default: 1 day.")
]
RunsOnly = Annotated[bool, Option("--runs-only", help="Do not read storage, as in `verify`.")]
FailOn = Annotated[
    str | None,
    Option("--fail-on", metavar="CLASSES", help="Groups of drift that make the exit code 3, as in `drift`."),
]


def run_nightly(
    ctx: typer.Context,
    every: AllEnvironments = False,
    out_dir: OutDir = None,
    json_file: JsonFile = None,
    markdown_file: MarkdownFile = None,
    junit_file: JunitFile = None,
    metrics_file: MetricsFile = None,
    no_renew: NoRenew = False,
    audit: Audit = None,
    since: Since = None,
    runs_only: RunsOnly = False,
    fail_on: FailOn = None,
) -> int:
    """
    Run renew, drift, verify and status for all environments.

    Only renew writes, and it comes first. An environment or a part that fails does not hide the others. The exit code
    is the first that applies to any part, in the order of all exit codes. If a file cannot be written, the run
    continues and ends with 10, unless another code counts. A run that fails as a whole, such as one with a config that
    is not valid, writes its reports too; only the metrics stay as they are.
    """
    call = command_context(ctx)
    call.require_format(TEXT, JSON, JUNIT, MARKDOWN)
    given = {JSON: json_file, MARKDOWN: markdown_file, JUNIT: junit_file, "metrics": metrics_file}
    printed = _printed_report(call, given)
    files = _named_files(call, out_dir, given)
    log = _RenewalLogs(call, audit)
    with report_failure(call, "nightly", every=every, also=_failure_writer(call, files, printed, every=every)):
        failing = parse_classes(fail_on, drift_report.FAIL_ON, drift_report.DEFAULT_FAILING, "--fail-on")
        if no_renew:
            reject_option("--audit", (audit,), "with --no-renew nothing is written, so there is nothing to record")
        try:
            night = _run_night(call, _request(since, runs_only, None if no_renew else log.open), failing, every=every)
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted; {log.summary()}", rule="interrupted") from None
    lost = _write_files(call, night, files)
    _show_night(call, night, printed)
    return exit_codes.pick_exit_code(night.exit_code, exit_codes.LOST_REPORT if lost else exit_codes.DONE)


def _printed_report(call: CommandContext, given: Mapping[str, Path | None]) -> str:
    """Return the report that goes to stdout. Raise a UsageError if two would: stdout is one document."""
    dashes = [name for name, file in given.items() if file == STDOUT]
    asked = [f"--{name} -" for name in dashes] + ([f"--format {call.format}"] if call.format != TEXT else [])
    if dashes and len(asked) > 1:
        hint = f"name a file for {asked[0].removesuffix(' -')}"
        raise UsageError(f"{' and '.join(asked)} write to stdout: choose one of them", rule="usage", hint=hint)
    return dashes[0] if dashes else call.format


def _named_files(call: CommandContext, folder: Path | None, given: Mapping[str, Path | None]) -> Mapping[str, Path]:
    """Return the file of each report that was asked for. The folder is made first: a run of an hour must not fail."""
    if folder is not None:
        make_folder(call.folder / folder)
    places = {name: folder / NAMES[name] for name in NAMES} if folder is not None else {}
    named = {name: file for name, file in given.items() if file and file != STDOUT}
    return {name: call.folder / file for name, file in {**places, **named}.items()}


def _request(since: str | None, runs_only: bool, open_log: Callable[[PlanResult], _RenewalLog] | None) -> NightRequest:
    """Return what to do, or raise a UsageError: --since is neither a duration nor a moment."""
    from exportctl.workflows.nightly import NightRequest

    if since is None:
        return NightRequest(open_log, runs_only=runs_only)
    try:
        return NightRequest(open_log, window=parse_duration(since), runs_only=runs_only)
    except BadValue:
        return NightRequest(open_log, since=parsed_moment(since, "--since"), runs_only=runs_only)


# -- renewals ---------------------------------------------------------------------------------------------------------


class _RenewalLog(AuditLog):
    """The audit of the renewals of one environment, which also counts what was written."""

    def __init__(self, call: CommandContext, file: Path | None, made: PlanResult, counts: list[int]):
        super().__init__(call, file, made)
        self._counts = counts

    def start_step(self, step: Step) -> None:
        self._counts[0] += 1
        super().start_step(step)

    def end_step(self, outcome: Outcome) -> None:
        self._counts[1] += outcome.status is OutcomeStatus.DONE
        super().end_step(outcome)


class _RenewalLogs:
    """The logs of all environments; `summary` says after an interrupt what may have been written."""

    def __init__(self, call: CommandContext, file: Path | None):
        self._call = call
        self._file = file
        self._counts = [0, 0]  # begun, done

    def open(self, made: PlanResult) -> _RenewalLog:
        return _RenewalLog(self._call, self._file, made, self._counts)

    def summary(self) -> str:
        begun, done = self._counts
        if not begun:
            return "nothing was being written"
        return f"{done} of {begun} renewals that were begun are done; run `exportctl renew` to finish"


# -- environments -----------------------------------------------------------------------------------------------------


def _run_night(call: CommandContext, request: NightRequest, failing: frozenset[str], *, every: bool) -> Night:
    """
    Run all parts in each environment.

    Raises:
        ConfigError: the config is not valid. It is said once, not per environment.
        UsageError: the config has no environments, or --env names one.
    """
    from exportctl.workflows.nightly import run_night

    setup = call.setup()
    projects, findings = _chosen_projects(call, setup, every=every)
    show_warnings(call, findings)

    def read(project: Project, notes: tuple[Finding, ...], own: Setup) -> NightReport:
        return run_night(project, notes, own, request)

    found = read_environments(setup, projects, findings, read)
    rows = [_row(call, projects[name], found[name], failing) for name in projects]
    code = exit_codes.pick_exit_code(*(row.exit_code for row in rows))
    name = next(iter(projects.values())).name
    return Night(name, rows, code, call.wall(), every, ci_run(call), failing)


def _chosen_projects(
    call: CommandContext, setup: Setup, *, every: bool
) -> tuple[Mapping[str, Project], tuple[Finding, ...]]:
    if not every:
        project, findings = read_project(setup, setup.now or call.wall())
        return {project.environment or "": project}, findings
    if call.environment:
        raise UsageError("--env: leave it out, --all-environments reads all of them", rule="usage")
    projects, findings = read_projects(setup, setup.now or call.wall())
    if not projects:
        raise UsageError("--all-environments: this config has no environments", rule="usage")
    return projects, findings


def _row(call: CommandContext, project: Project, found: NightReport | Error, failing: frozenset[str]) -> NightRow:
    environment, sandbox = project.environment, project.platform.sandbox
    if isinstance(found, Error):
        errors, code = call.guard.mask_echoes(found.findings()), exit_codes.error_exit_code(found)
        return NightRow(environment, project.name, sandbox, None, code, errors=errors)
    codes = _part_codes(found, failing)
    return NightRow(environment, project.name, sandbox, found, exit_codes.pick_exit_code(*codes.values()), codes)


def _part_codes(report: NightReport, failing: frozenset[str]) -> dict[NightPart, int]:
    """Return what each part alone would exit with."""
    codes = {
        NightPart.RENEW: exit_codes.RESULT_CODES[report.renewal.result] if report.renewal else exit_codes.DONE,
        NightPart.DRIFT: drift_exit_code(report.drift, failing),
        NightPart.STATUS: exit_codes.FAILED if report.status.errors else exit_codes.DONE,
    }
    if report.verify is not None:
        unverified = exit_codes.UNVERIFIED if report.verify.has_failed else exit_codes.DONE
        unread = exit_codes.FAILED if report.verify.errors() else exit_codes.DONE
        codes[NightPart.VERIFY] = exit_codes.pick_exit_code(unverified, unread)
    return {**codes, **{one.part: exit_codes.error_exit_code(one.error) for one in report.failed}}


# -- reports ----------------------------------------------------------------------------------------------------------


def _failure_writer(
    call: CommandContext, files: Mapping[str, Path], printed: str, *, every: bool
) -> Callable[[Sequence[Finding], int], None]:
    """Return what writes the reports of a run that failed as a whole: those of another night must not stay."""

    def write(found: Sequence[Finding], code: int) -> None:
        marker = failure_marker(call, "nightly", every=every)
        environment = None if every else marker.environment
        night = Night(marker.project, (), code, call.wall(), every, ci_run(call), (), environment, tuple(found))
        _write_files(call, night, files)
        if printed in (JSON, JUNIT) or (printed == MARKDOWN and call.format == TEXT):
            call.screen.write_document(_render(night, printed))

    return write


def _write_files(call: CommandContext, night: Night, files: Mapping[str, Path]) -> bool:
    """Write each report that was asked for. Return whether one could not be written, which is said."""
    lost = False
    for name, file in files.items():
        if name == "metrics" and night.errors:
            kept = "stays as it is" if file.exists() else "was not written"
            call.screen.say(f"{file} {kept}: no environment was read.")
            continue
        try:
            text = _render_metrics(night, file) if name == "metrics" else _render(night, name)
            write_file(file, text)
            call.screen.say(f"Wrote {file}.")
        except Error as error:
            lost = True
            call.screen.say(f"warning: {error.message}")
    return lost


def _render(night: Night, name: str) -> str:
    from exportctl.output import junit_night
    from exportctl.output.json.night import render_night as render_json
    from exportctl.output.markdown.night import render_night as render_markdown

    makers = {JSON: render_json, MARKDOWN: render_markdown, JUNIT: junit_night.render_night}
    return makers[name](night)


def _render_metrics(night: Night, file: Path) -> str:
    """Return the metrics. They take over from the file that they replace when an environment last succeeded."""
    from exportctl.output.prometheus import render_metrics

    try:
        before = read_regular_file(file, MAX_METRICS_BYTES).decode("utf-8", errors="replace")
    except (OSError, UnusableFile):
        before = ""
    return render_metrics(night, before)


def _show_night(call: CommandContext, night: Night, printed: str) -> None:
    from exportctl.output.text.night import render_night

    screen = call.screen
    if printed == TEXT:
        screen.show(render_night(night, color=screen.color))
    elif printed == MARKDOWN:
        screen.show_document(_render(night, MARKDOWN))
    elif printed == "metrics":
        screen.write_document(_render_metrics(night, STDOUT))
    else:
        screen.write_document(_render(night, printed))
    if screen.is_github_actions:
        publish_to_actions(call, _annotations(night.rows), _outputs(night), _render(night, "markdown"))


def _annotations(rows: Sequence[NightRow]) -> Sequence[Finding]:
    found = [(row.name, finding) for row in rows for finding in row_findings(row)]
    found += [(row.name, note) for row in rows if row.report for note in row.report.drift.notes]
    return merge_findings(found)


def _outputs(night: Night) -> dict[str, str]:
    """Return the outputs of the step: what a later step needs to decide, as text."""
    from exportctl.output.text.night import summary

    return {
        "exit_code": str(night.exit_code),
        "result": exit_codes.reading_result(night.exit_code).value,
        "needs_attention": "true" if night.needs_attention else "false",
        "summary": summary(night),
    }


COMMANDS = {
    "nightly": (
        run_nightly,
        "exportctl nightly --all-environments --out-dir reports\n"
        "exportctl nightly --env prod --no-renew --metrics /var/lib/node_exporter/exportctl.prom",
    )
}
