"""
The document of a command that fails before it has a result: Markdown on stdout, summary and outputs of GitHub Actions.

An error of the config or of the network ends a plan on a pull request. Its document has the marker of the result, so it
takes the place of the comment of the run before. A wrong usage has one too: its project, environment and folder are
those of the arguments, as far as they can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from exportctl.cli import exit_codes
from exportctl.cli.ci_reports import ci_run, write_report_files
from exportctl.cli.context import MARKDOWN, CommandContext, Interrupted
from exportctl.errors import Error, Finding

if TYPE_CHECKING:
    from exportctl.output.markdown.marker import CommentMarker

_WRITING_COMMANDS = frozenset({"apply", "renew", "rotate"})  # with outputs of their own
_FLEET = "fleet "  # its documents are of several projects
REPORTS: Mapping[str, str] = {  # command -> the word for it in its Markdown
    **{name: name for name in ("apply", "renew", "rotate", "plan", "drift", "status", "runs", "verify", "import")},
    **{name: name for name in ("fleet plan", "fleet drift", "fleet renew", "fleet verify", "fleet status")},
    **{"nightly": "nightly", "backup status": "backup", "backup check": "backup", "backup drill": "backup drill"},
}


@contextmanager
def report_failure(
    call: CommandContext,
    command: str,
    *,
    every: bool = False,
    also: Callable[[Sequence[Finding], int], None] = lambda found, code: None,
) -> Iterator[None]:
    """
    Write the document of a failure inside; `every` says that the command reads all environments.

    `also` gets why it failed, and the exit code, to write reports of its own.
    """

    def report(found: Sequence[Finding], code: int) -> None:
        write_failure(call, command, found, code, every=every)
        also(found, code)

    try:
        yield
    except Error as error:
        code = exit_codes.INTERRUPTED if isinstance(error, Interrupted) else exit_codes.error_exit_code(error)
        report(call.guard.mask_echoes(error.findings()), code)
        raise
    except KeyboardInterrupt:
        found = (Finding("interrupted", "interrupted; nothing was being written"),)
        report(found, exit_codes.INTERRUPTED)
        raise
    except Exception as error:
        report((unexpected_finding(call, error),), exit_codes.FAILED)
        raise


def unexpected_finding(call: CommandContext, error: Exception) -> Finding:
    """Return the finding of an error that is no `Error`, without secrets."""
    text = call.guard.mask(f"{type(error).__name__}: {error}")
    return Finding("unexpected", text, hint="this is a bug in exportctl")


def write_failure(
    call: CommandContext, command: str, found: Sequence[Finding], code: int, *, every: bool = False
) -> None:
    """Write the document of a failure, and what later steps of a workflow read; once in a run."""
    asks_for_markdown = call.format == MARKDOWN and not call.screen.has_document
    if call.has_reported_failure:
        return
    call.has_reported_failure = True
    if not (asks_for_markdown or call.screen.is_github_actions):
        return
    document = _render_document(call, command, found, code, every)
    if asks_for_markdown:
        call.screen.show_document(document)
    if call.screen.is_github_actions:
        write_report_files(call, _outputs(command, found, code), document)


def _render_document(call: CommandContext, command: str, found: Sequence[Finding], code: int, every: bool) -> str:
    kind = command.replace(" ", "-")
    from exportctl.output.markdown.failure import render_failure
    from exportctl.output.markdown.marker import CommentMarker

    marker = CommentMarker(kind) if command.startswith(_FLEET) else failure_marker(call, kind, every=every)
    if command in _WRITING_COMMANDS:
        from exportctl.model.apply_report import EndedRun
        from exportctl.output.markdown import apply as markdown_apply

        ended = EndedRun(command, exit_codes.run_result(code), found)
        return markdown_apply.render_errors(ended, marker, call.wall(), ci_run(call))
    return render_failure(marker, found, code, call.wall(), ci_run(call))


def _outputs(command: str, found: Sequence[Finding], code: int) -> Mapping[str, str]:
    from exportctl.output import apply_outcome

    result, message = exit_codes.run_result(code), next((f.message for f in found), "")
    if command in _WRITING_COMMANDS:
        return apply_outcome.outputs_of_error(result, None, command, message)
    is_watched = command == "nightly" or command.startswith(_FLEET)
    more = {"exit_code": str(code), "needs_attention": "true"} if is_watched else {}
    return {**apply_outcome.failure_outputs(result, command, message), **more}


def failure_marker(call: CommandContext, command: str, *, every: bool = False) -> CommentMarker:
    """Return the marker that the result would have, as far as the config can be read."""
    from exportctl.output.markdown.marker import ALL_ENVIRONMENTS, CommentMarker
    from exportctl.workflows.load_config import find_project_name

    project = None
    with suppress(Error):
        project = find_project_name(call.setup())
    chosen = call.environment or call.env.get("EXPORTCTL_ENV") or None
    return CommentMarker(command, project, ALL_ENVIRONMENTS if every else chosen)
