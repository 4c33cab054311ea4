"""`publish`: keep one comment of a pull request, or one issue, up to date with a document of exportctl."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from exportctl.cli import exit_codes
from exportctl.cli.context import TEXT, CommandContext, Commands, command_context, read_text
from exportctl.errors import Error, UsageError
from exportctl.output.format_values import clean_text
from exportctl.output.markdown.marker import ALL_ENVIRONMENTS, CommentMarker, parse_marker, render_marker

if TYPE_CHECKING:
    from exportctl.code_hosts.publish import Published

OPEN, CLOSED = "open", "closed"
STDIN = Path("-")


Document = Annotated[
    Path, Argument(metavar="FILE", help="Markdown that exportctl wrote, with its marker. `-` reads stdin.")
]
On = Annotated[
    str | None,
    Option("--on", metavar="HOST", help="github, gitlab or azure. Default: the one whose CI runs this."),
]


def comment(
    ctx: typer.Context,
    file: Document,
    on: On = None,
    number: Annotated[
        int | None,
        Option(
            "--number",
            metavar="N",
            min=1,
            help="The pull request. Default: the one of this job, or the one whose merge was pushed.",
        ),
    ] = None,
) -> int:
    """
    Create the comment of a pull request, or replace its text.

    There is one comment for each marker, which is the first line of the Markdown that exportctl writes: one for each
    project and environment. The address, the repository and the token come from the variables of the CI: GITHUB_TOKEN
    (or GH_TOKEN), GITLAB_TOKEN or SYSTEM_ACCESSTOKEN. After a merge, the comment goes to the pull request that was
    merged. A comment of another author with the same marker stays as it is.
    """
    from exportctl.code_hosts.publish import publish_comment
    from exportctl.workflows import publish as publish_workflow

    call = command_context(ctx)
    call.require_format(TEXT)
    text, marker = _read_document(call, file)
    job = publish_workflow.CiJob(call.env, call.guard, str(number) if number else None)
    with publish_workflow.open_comments(publish_workflow.choose_host(call.env, on), job) as host:
        _show_result(call, f"Comment on {host.name}", publish_comment(host, render_marker(marker), text, job.clock))
    return exit_codes.DONE


def issue(
    ctx: typer.Context,
    file: Document,
    title: Annotated[
        str | None, Option("--title", metavar="TEXT", help="The title. Default: it names project and environment.")
    ] = None,
    state: Annotated[
        str, Option("--state", metavar="STATE", help="`open` opens or updates the issue, `closed` closes it.")
    ] = OPEN,
    on: On = None,
) -> int:
    """
    Open one issue, replace its text, or close it.

    There is one issue for each marker, which is the first line of the Markdown that exportctl writes. A closed one is
    opened again. On Azure DevOps it is a work item of the type Task. `--state closed` adds a comment that says why, and
    does nothing if there is no open issue. An issue of another author with the same marker stays as it is.
    """
    from exportctl.code_hosts.publish import close_issue, publish_issue
    from exportctl.workflows import publish as publish_workflow

    call = command_context(ctx)
    call.require_format(TEXT)
    if state not in (OPEN, CLOSED):
        raise UsageError(f"--state {state}: choose {OPEN} or {CLOSED}", rule="usage")
    text, marker = _read_document(call, file)
    words = clean_text(title) if title else _default_title(marker)
    job = publish_workflow.CiJob(call.env, call.guard)
    with publish_workflow.open_issues(publish_workflow.choose_host(call.env, on), job) as host:
        what = f"{host.noun.capitalize()} on {host.name}"
        if state == OPEN:
            _show_result(call, what, publish_issue(host, render_marker(marker), words, text, job.clock))
        else:
            _show_result(call, what, close_issue(host, render_marker(marker), words, text, _reason(marker)))
    return exit_codes.DONE


def _default_title(marker: CommentMarker) -> str:
    environment = "all environments" if marker.environment == ALL_ENVIRONMENTS else marker.environment
    about = ", ".join(clean_text(name) for name in (marker.project, environment) if name)
    return f"exportctl {marker.kind}: {about}" if about else f"exportctl {marker.kind}"


def _reason(marker: CommentMarker) -> str:
    return f"Closed by exportctl: the last run of {marker.kind} found nothing that needs attention."


def _read_document(call: CommandContext, file: Path) -> tuple[str, CommentMarker]:
    """
    Read a document and its marker.

    Raises:
        Error: the file cannot be read, has no marker, or holds a secret of the environment.
    """
    text = call.screen.stdin.read() if file == STDIN else read_text(call.folder / file, "the document")
    marker = parse_marker(text)
    if marker is None:
        hint = "write it with exportctl: exportctl plan --format markdown > plan.md"
        raise Error(f"{file} does not begin with a marker of exportctl", rule="no-marker", hint=hint)
    if call.guard.holds_secret(text):
        raise Error(f"{file} holds a secret of this job and is not published", rule="secret-in-document")
    return text, marker


def _show_result(call: CommandContext, what: str, found: Published) -> None:
    address = f": {clean_text(found.address)}" if found.address else ""
    call.screen.show(f"{what}: {found.done.value}{address}\n")
    if found.is_cut:
        call.screen.say("warning: the text is longer than the host takes, and was cut; the rest is only in the file")
    if found.others:
        names = ", ".join(clean_text(name) for name in found.others)
        call.screen.say(f"warning: {names} wrote a text with the same marker; exportctl left it as it is")


COMMANDS: Commands = {
    "publish comment": (comment, "exportctl publish comment plan.md\nexportctl publish comment plan.md --number 12"),
    "publish issue": (issue, "exportctl publish issue nightly.md\nexportctl publish issue nightly.md --state closed"),
}
