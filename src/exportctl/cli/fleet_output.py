"""
Show the report of `fleet` in the chosen format, from rows in memory and texts in a file.

The results and the alerts of all sandboxes are too much for memory. Their JSON waits in a file without a name, in which
the document and SARIF find it.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING

from exportctl.cli.ci_reports import publish_to_actions
from exportctl.cli.context import JSON, JUNIT, MARKDOWN, SARIF, CommandContext
from exportctl.frozen import dataclass
from exportctl.output.fleet import FleetReport, summary

if TYPE_CHECKING:
    from exportctl.output.json.fleet import StoredParts
    from exportctl.output.sarif import SarifResult


RawFile = io.RawIOBase | io.BytesIO


def _open_file() -> RawFile:
    """Open a file without a name; where no folder takes one, the texts stay in memory."""
    try:
        return tempfile.TemporaryFile(buffering=0)  # a buffer would try again and again to write what fails
    except OSError:
        return io.BytesIO()


@dataclass
class StoredTexts:
    """Texts of ASCII, one after another in a file without a name. What a full disk does not take stays in memory."""

    file: RawFile = field(default_factory=_open_file)
    texts: list[tuple[int, int] | str] = field(default_factory=list)  # position and size in the file, or the text
    end: int = 0  # of what the file holds for sure

    def add(self, text: str) -> int:
        """Add a text, and return its number."""
        data = text.encode("ascii")
        try:
            self.file.seek(self.end)
            rest = memoryview(data)
            while rest:
                rest = rest[self.file.write(rest) :]
        except OSError:
            self.texts.append(text)
        else:
            self.texts.append((self.end, len(data)))
            self.end += len(data)
        return len(self.texts) - 1

    def close(self) -> None:
        self.file.close()

    def read(self, number: int) -> str:
        found = self.texts[number]
        if isinstance(found, str):
            return found
        start, size = found
        self.file.seek(start)
        return str(self.file.read(size), "ascii")


def show_fleet(call: CommandContext, report: FleetReport, stored: Sequence[StoredParts], texts: StoredTexts) -> None:
    """Show a report in the chosen format, and publish it to GitHub Actions. `stored` are the texts of each row."""
    from exportctl.output import junit_fleet
    from exportctl.output.markdown.fleet import render_fleet as render_markdown
    from exportctl.output.text.fleet import render_fleet as render_text

    screen = call.screen
    if call.format == JSON:
        from exportctl.output.json.fleet import render_pieces

        screen.write_document_pieces(render_pieces(report, stored, texts.read))
    elif call.format == JUNIT:
        screen.write_document(junit_fleet.render_fleet(report))
    elif call.format == SARIF:
        screen.write_document(_render_sarif(report, stored, texts))
    elif call.format == MARKDOWN:
        screen.show_document(render_markdown(report))
    else:
        screen.show(render_text(report, folder=call.folder.as_posix(), color=screen.color, width=screen.width))
    if screen.is_github_actions:
        publish_to_actions(call, report.errors, _outputs(report), render_markdown(report))


def _outputs(report: FleetReport) -> dict[str, str]:
    """Return the outputs of the step, as text."""
    return {
        "exit_code": str(report.exit_code),
        "needs_attention": "true" if report.exit_code else "false",
        "sandboxes": str(len(report.rows)),
        "unread": str(sum(not row.is_read for row in report.rows)),
        "summary": summary(report),
    }


def _render_sarif(report: FleetReport, stored: Sequence[StoredParts], texts: StoredTexts) -> str:
    """Return the document: the alerts of all rows, and a notification for each sandbox that was not read."""
    from exportctl.cli.sarif_output import command_rules, inside_checkout
    from exportctl.output.sarif import SarifRun, render_run

    command = f"fleet {report.command}"
    alerts, left_out = _keep_most_serious(_stored_alerts(stored, texts))
    unread = [
        replace(error, message=f"{row.name}: {error.message}")
        for row in report.rows
        if not row.is_read
        for error in row.errors
    ]
    failures = [*report.errors, *unread]
    made = SarifRun(command, command_rules(command), alerts, failures, locate=inside_checkout, left_out=left_out)
    return render_run(made)


def _stored_alerts(stored: Sequence[StoredParts], texts: StoredTexts) -> Iterator[SarifResult]:
    from exportctl.output.json.fleet import decode_alerts

    for parts in stored:
        if parts.alerts is not None:
            yield from decode_alerts(texts.read(parts.alerts))


def _keep_most_serious(alerts: Iterator[SarifResult]) -> tuple[list[SarifResult], int]:
    """
    Return alerts, of each level no more than a code host takes of all, and how many are left out.

    The mistakes of a config that no environment can be read from are those of each environment: they are one alert.
    """
    from exportctl.errors import Level
    from exportctl.output.sarif import MAX_RESULTS

    kept: dict[Level, dict[SarifResult, None]] = {level: {} for level in Level}
    left_out = 0
    for alert in alerts:
        same = kept[alert.finding.level]
        if len(same) < MAX_RESULTS:
            same[alert] = None
        else:
            left_out += alert not in same
    return [alert for same in kept.values() for alert in same], left_out
