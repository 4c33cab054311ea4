"""
The outcome of an apply, a renewal or a rotation for pull requests: what failed and what is left first, ids folded.

GitHub Markdown of at most LIMIT characters. A run that an error ended has a document too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from exportctl.model.apply_report import ApplyReport, EndedRun, ResourceResult, ResourceState
from exportctl.model.plan import Cause, Plan
from exportctl.output import apply_outcome, format_values, phrases
from exportctl.output.ci_run import CiRun
from exportctl.output.markdown.marker import CommentMarker, environment_words, render_marker
from exportctl.output.markdown.parts import (
    LIMIT,
    SHARE,
    finding,
    head,
    join_within_limit,
    section,
    table,
    written_line,
)
from exportctl.output.markdown_escape import block, code, html_code, prose
from exportctl.output.text import apply


def render_apply_report(
    report: ApplyReport, command: str = "apply", *, limit: int = LIMIT, run: CiRun | None = None
) -> str:
    """Return the whole outcome, as far as it fits."""
    share = limit // SHARE
    failed, left, done = (
        report.of_state(state) for state in (ResourceState.FAILED, ResourceState.LEFT, ResourceState.DONE)
    )
    parts = [
        *head(
            f"{command}: {apply_outcome.sentence(report)}",
            report.plan.header,
            report.plan.as_of,
            run,
            kind=command,
        ),
        *_verdict_lines(report),
        *section("Errors", [finding(f) for f in report.errors], share),
        *section("Failed", [_line(one, report) for one in failed], share),
        *section("Blocked by safety checks", list(_refusals(report)), share),
        *section("Left", [_line(one, report) for one in left], share),
        *_next_lines(report.next_commands),
        *section("Left paused", list(_paused_lines(report.remaining_plan or report.plan)), share),
        *section("Done", [_done_line(one) for one in done], share),
        *section("The service keeps another spelling", [code(name) for name in report.normalised], share),
    ]
    return join_within_limit(parts, [partial(_requests, one) for one in report.resources if one.outcomes], limit)


def render_errors(ended: EndedRun, marker: CommentMarker, written: int, run: CiRun | None = None) -> str:
    """Return the document of a run that ended before its first write."""
    parts = [
        render_marker(marker),
        f"### exportctl {ended.command}: {ended.result.value}{environment_words(marker)}\n",
        written_line(written, run),
        *section("Errors", [finding(f) for f in ended.errors], LIMIT // 2),
        *_next_lines(ended.next_commands),
    ]
    return "\n".join(parts) + "\n"


def _verdict_lines(report: ApplyReport) -> list[str]:
    if not report.was_started:
        return [f"**{prose(apply_outcome.unstarted_words(report))}**\n"]
    stopped = ["Interrupted: no new request was sent; the requests in progress have finished.\n"]
    checked = phrases.final_check(report.verdict)
    return [*(stopped if report.interrupted else []), f"**{prose(checked)}** {prose(apply.summary(report.outcomes))}\n"]


def _line(one: ResourceResult, report: ApplyReport) -> str:
    where = f" ({code(one.at)})" if one.at else ""
    fix = apply_outcome.fix(one)
    texts = "; ".join(apply_outcome.reasons(one, report.verdict))
    return f"{code(one.address)}{where}: {prose(texts)}{f'. To fix it: {prose(fix)}' if fix else ''}"


def _refusals(report: ApplyReport) -> Iterator[str]:
    if report.was_started:
        return
    for item in report.plan.items:
        for refusal in item.refusals:
            yield f"{code(item.address)}: {prose(refusal.text)}; to allow exactly this: {prose(refusal.allow)}"


def _done_line(one: ResourceResult) -> str:
    assert one.item is not None
    moved = [
        f": {code(format_values.arrow(change.path, change.before, change.after))}"
        for change in one.item.fields
        if change.cause is Cause.RENEWAL
    ]
    return f"{code(one.address)} {prose(phrases.verb(one.item.verb, one.item.address))}{''.join(moved)}"


def _next_lines(commands: Sequence[str]) -> list[str]:
    return [f"**Next**\n\n{block(chr(10).join(commands))}\n"] if commands else []


def _paused_lines(shown: Plan) -> Iterator[str]:
    for item in shown.items:
        for change in item.fields:
            if change.cause is Cause.PAUSED:
                yield f"{code(item.address)}: {prose(phrases.cause(change))}"


def _requests(one: ResourceResult) -> str:
    """Return the requests of one resource with their ids, collapsed."""
    lines = [f"<details><summary>{html_code(one.address)} {one.state.value}</summary>\n"]
    lines += [f"- {prose(apply.step(o.step, o.id))}: {o.status.value}" for o in one.outcomes]
    changes = table(one.item.fields) if one.item else []
    return "\n".join([*lines, "", *changes, "</details>", ""])
