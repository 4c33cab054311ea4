"""
The document of a command that fails before it has a result: Markdown on stdout, and the summary of GitHub Actions.

An error of the config or of the network ends a plan on a pull request. Its document has the marker of the result, so it
takes the place of the comment of the run before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from exportctl.cli import exit_codes
from exportctl.cli.ci_reports import ci_run, write_summary
from exportctl.cli.context import MARKDOWN, CommandContext, Interrupted
from exportctl.errors import Error, Finding
from exportctl.output.markdown.failure import render_failure
from exportctl.output.markdown.marker import ALL_ENVIRONMENTS, CommentMarker
from exportctl.workflows.load_config import find_project_name


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
        _write_failure(call, command, found, code, every)
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


def _write_failure(call: CommandContext, command: str, found: Sequence[Finding], code: int, every: bool) -> None:
    if call.format != MARKDOWN and not call.screen.is_github_actions:
        return
    document = render_failure(failure_marker(call, command, every=every), found, code, call.wall(), ci_run(call))
    if call.format == MARKDOWN:
        call.screen.show_document(document)
    if call.screen.is_github_actions:
        write_summary(call, document)


def failure_marker(call: CommandContext, command: str, *, every: bool = False) -> CommentMarker:
    """Return the marker that the result would have, as far as the config can be read."""
    project = None
    with suppress(Error):
        project = find_project_name(call.setup())
    chosen = call.environment or call.env.get("EXPORTCTL_ENV") or None
    return CommentMarker(command, project, ALL_ENVIRONMENTS if every else chosen)
