"""`drift`: what somebody changed by hand, in one environment or side by side in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated

import typer

from exportctl import drift_report
from exportctl.cli import exits
from exportctl.cli.call import JSON, MARKDOWN, TEXT, Call, current
from exportctl.cli.options import Target, check_addresses, classes, reject
from exportctl.cli.reports import drift_for_actions, warnings
from exportctl.config import loading as config
from exportctl.drift_report import DriftReport
from exportctl.errors import Error, Finding, UsageError
from exportctl.flags import Flags
from exportctl.offline import hidden, parsed
from exportctl.views import json, markdown, text_drift, text_lists
from exportctl.views.paint import paint


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
    every: Annotated[bool, typer.Option("--all-environments", help="All environments, one after the other.")] = False,
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
        return side_by_side(call, asked, failing)
    report, code = reported(call, call.environment, asked, own_addresses=True)
    show(call, report, failing)
    return exits.first(code, found(report, failing))


def _accepted(call: Call, asked: Flags, failing: frozenset[str], write: bool) -> int:
    from exportctl.cli import patching
    from exportctl.patching.wishes import MOVED, Asked

    order = patching.Order(Asked(MOVED, asked), failing, write, "exportctl drift --patch --write")
    _, code = patching.carry(call, order)
    return code


def reported(
    call: Call, environment: str | None, asked: Flags, *, own_addresses: bool = False
) -> tuple[DriftReport, int]:
    """One environment's report, and 1 if its config cannot be planned; with `own_addresses` it must hold targets."""
    from exportctl import workflows

    setup = call.setup()
    setup = replace(setup, environment=environment or setup.environment)
    with workflows.planned(setup, asked, wall=call.wall) as made:
        call.screen.hide(hidden(made.project, setup))
    if own_addresses:
        check_addresses(asked, [made.project])
    if call.format == TEXT:
        warnings(call, made.findings)
    report = drift_report.drift(made.plan, end_warning=made.project.policy.end_warning)
    return report, exits.FAILED if made.plan.errors() else exits.DONE


def found(report: DriftReport, failing: frozenset[str]) -> int:
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


def side_by_side(call: Call, asked: Flags, failing: frozenset[str]) -> int:
    """Every environment; one that cannot be read is reported, and the others go on."""
    whole = parsed(call.setup())
    names = whole.environments
    if not names:
        raise UsageError("--all-environments: this config has no environments", rule="usage")
    projects, _ = config.projects(whole, call.env)
    if len(projects) == len(names):
        check_addresses(asked, list(projects.values()))
    codes: list[int] = []
    seen: dict[str, DriftReport | tuple[Finding, ...]] = {}
    for name in names:
        try:
            report, code = reported(call, name, asked)
        except Error as error:
            call.screen.say(f"environment {name}:\n{text_lists.error(error, color=call.screen.err_color)}")
            seen[name] = error.findings()
            codes.append(exits.of_error(error))
            continue
        seen[name] = report
        codes += [code, found(report, failing)]
    if call.format == JSON:
        call.screen.document(json.drift_environments(seen, fail_on=failing))
    else:
        _one_after_the_other(call, seen, failing)
    return exits.first(*codes)


def _one_after_the_other(
    call: Call, seen: Mapping[str, DriftReport | tuple[Finding, ...]], failing: frozenset[str]
) -> None:
    rows: list[tuple[str, str]] = []
    for name, report in seen.items():
        if isinstance(report, DriftReport):
            show(call, report, failing)
            call.screen.show("\n")
            rows.append((name, text_drift.summary(report).removeprefix("Drift: ")))
        else:
            rows.append((name, "not read: see the error"))
    _summary(call, rows)


def _summary(call: Call, rows: Sequence[tuple[str, str]]) -> None:
    lines = text_lists.table(("ENVIRONMENT", "DRIFT"), rows, paint(call.screen.color and call.format == TEXT))
    fence = "```\n" if call.format == MARKDOWN else ""
    call.screen.show(fence + "\n".join(lines) + "\n" + fence)


COMMANDS = {"drift": (drift, "exportctl drift --env prod --fail-on drift,stopped,ending")}
