"""A command that failed, for a pull request: it replaces the comment of an earlier run, which others would believe."""

from __future__ import annotations

from collections.abc import Sequence

from exportctl.errors import Finding, Level
from exportctl.output.ci_run import CiRun
from exportctl.output.markdown.marker import CommentMarker, environment_words, render_marker
from exportctl.output.markdown.parts import LIMIT, finding_words, section, written_words

_SECTIONS = {Level.ERROR: "Errors", Level.WARNING: "Warnings"}  # notes are no reason for a failure


def render_failure(
    marker: CommentMarker, found: Sequence[Finding], exit_code: int, written: int, run: CiRun | None = None
) -> str:
    """Return the document of a command that ended without a result, with every error and its place in the config."""
    made_by = f"{written_words(written, run)}, exit code {exit_code}"
    lines = [
        render_marker(marker),
        f"### exportctl {marker.kind} failed{environment_words(marker)}\n",
        f"**`{marker.kind}` ended without a result.** What an earlier run found is not about this one ({made_by}).\n",
    ]
    for level, title in _SECTIONS.items():
        lines += section(title, [finding_words(f) for f in found if f.level is level], LIMIT // 3)
    return "\n".join(lines)
