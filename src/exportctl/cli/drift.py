"""`drift`: what somebody changed by hand, in one environment or in all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from exportctl import drift_report
from exportctl.cli import exits
from exportctl.cli.call import JSON, MARKDOWN, TEXT, Call, current
from exportctl.cli.options import AllEnvironments, Target, check_addresses, classes, reject
from exportctl.cli.reports import drift_for_actions, warnings
from exportctl.cli.side_by_side import Kind, side_by_side
from exportctl.drift_report import DriftReport
from exportctl.flags import Flags
from exportctl.offline import hidden
from exportctl.views import github, json, json_environments, markdown, text_drift

if TYPE_CHECKING:
    from exportctl.workflows import Planned


def drift(
    ctx: typer.Context,
    fail_on: Annotated[
        str | None,
        typer.Option(
            "--fail-on",
            metavar="CLASSES",
            help="What exits with 3, separated by commas: drift conflict differs stopped gone half-built twins "
            "marker-lost pending ending unmanaged foreign. Default: the first eight.",
        ),
    ] = None,
    every: AllEnvironments = False,
    patch: Annotated[
        bool, typer.Option("--patch", help="Instead: the smallest edit of the YAML that accepts it, as a patch.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="With --patch: edit the files in place.")] = False,
    target: Target = None,
) -> int:
    """
    Show what somebody changed in the sandbox by hand.

    With who, when and which client, where the service still says it. Writes nothing. Edits of the YAML that are not
    applied yet are counted as pending, not as drift.

    With --patch the YAML is changed to say what is live, and nothing else in it: comments, order and quotes stay. It
    is proven by a plan, and ends as drift would end after it.
    """
    call = current(ctx)
    call.formats(TEXT, JSON, MARKDOWN)
    failing = classes(fail_on, drift_report.FAIL_ON, drift_report.DEFAULT_FAILING, "--fail-on")
    asked = Flags(targets=tuple(target or ()))
    if not patch:
        reject("--write", (write,), "nothing is edited without --patch")
    if patch:
        reject("--all-environments", (every,), "one patch is for one sandbox: choose it with --env")
        return _accepted(call, asked, failing, write)
    if every:
        return side_by_side(call, asked, _kind(call, failing))
    report = reported(call, asked)
    show(call, report, failing)
    return ended(report, failing)


def _accepted(call: Call, asked: Flags, failing: frozenset[str], write: bool) -> int:
    from exportctl.cli import patching
    from exportctl.patching.wishes import MOVED, Asked

    order = patching.Order(Asked(MOVED, asked), failing, write, "exportctl drift --patch --write")
    _, code = patching.carry(call, order)
    return code


def reported(call: Call, asked: Flags) -> DriftReport:
    from exportctl import workflows

    setup = call.setup()
    with workflows.planned(setup, asked, wall=call.wall) as made:
        call.screen.hide(hidden(made.project, setup))
    check_addresses(asked, [made.project])
    if call.format == TEXT:
        warnings(call, made.findings)
    return _report(made)


def _report(made: Planned) -> DriftReport:
    return drift_report.drift(made.plan, end_warning=made.project.policy.end_warning)


def ended(report: DriftReport, failing: frozenset[str]) -> int:
    """The exit code; an error of the plan stands before whatever moved."""
    return exits.first(exits.FAILED if report.errors else exits.DONE, _found(report, failing))


def _found(report: DriftReport, failing: frozenset[str]) -> int:
    return exits.DRIFT if drift_report.failing(report, failing) else exits.DONE


def show(call: Call, report: DriftReport, failing: frozenset[str]) -> None:
    screen = call.screen
    if call.format == JSON:
        screen.document(json.drift(report, fail_on=failing))
    elif call.format == MARKDOWN:
        screen.show(markdown.drift(report, fail_on=failing))
    else:
        screen.show(text_drift.drift(report, fail_on=failing, color=screen.color, width=screen.width))
    drift_for_actions(call, report, failing)


def _kind(call: Call, failing: frozenset[str]) -> Kind[DriftReport]:
    screen = call.screen
    return Kind(
        command="drift",
        of=_report,
        code=lambda report: ended(report, failing),
        summary=lambda report: text_drift.summary(report).removeprefix("Drift: "),
        text=lambda report: text_drift.drift(report, fail_on=failing, color=screen.color, width=screen.width),
        markdown=lambda report, limit: markdown.drift(report, fail_on=failing, limit=limit),
        told=lambda report: json_environments.of_drift(report, failing),
        notes=lambda report: report.notes,
        outputs=lambda report: github.drift_outputs(report, failing=drift_report.failing(report, failing)),
    )


COMMANDS = {"drift": (drift, "exportctl drift --env prod --fail-on drift,stopped,ending")}
