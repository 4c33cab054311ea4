"""
The parts that the Markdown documents share: head, lists that are cut at an entry, tables, findings, values of fields.

GitHub Markdown of at most LIMIT characters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from exportctl.errors import Finding
from exportctl.model.plan import Cause, FieldChange, PlanHeader
from exportctl.output import format_values, phrases
from exportctl.output.ci_run import CiRun
from exportctl.output.markdown.marker import CommentMarker, render_marker
from exportctl.output.markdown_escape import code, prose

LIMIT = 65_536  # characters GitHub takes in a comment or a step summary's section
SHARE = 8  # no section before the details takes more than an eighth of the room
_COMMIT = 12  # digits of a commit that people see
_RESERVE = 200  # for the line that says how much is shown


def head(title: str, header: PlanHeader, as_of: int, run: CiRun | None = None, *, kind: str | None = None) -> list[str]:
    """
    Return the comment marker and the title, with a warning where nothing reaches Adobe or a snapshot was read.

    `run` is the run of a CI system that made the document; `kind` is that of the marker, if the title is another one.
    """
    lines = [document_marker(kind or title, header), f"### exportctl {title}: {_where(header)}\n"]
    lines += [f"> **{words}**\n" for words in _cautions(header, as_of)]
    lines.append(f"{_origin(header, as_of, run)}.\n")
    profile = phrases.profile_note(header)
    return [*lines, *([f"{prose(profile)}\n"] if profile else [])]


def one_line_head(title: str, header: PlanHeader, as_of: int, words: str, run: CiRun | None = None) -> list[str]:
    """Return the comment marker, and all of a document that has nothing to show in one line."""
    cautions = "".join(f"**{one}** " for one in _cautions(header, as_of))
    profile = phrases.profile_note(header)
    more = f" {prose(profile)}." if profile else ""
    line = f"**exportctl {title}: {_where(header)}:** {cautions}{words} {_origin(header, as_of, run)}.{more}"
    return [document_marker(title, header), line]


def document_marker(title: str, header: PlanHeader) -> str:
    """Return the comment marker of a document about one environment of a project."""
    return render_marker(CommentMarker(title.replace(" ", "-"), header.project, header.environment))


def _where(header: PlanHeader) -> str:
    environment = f", environment {code(header.environment)}" if header.environment else ""
    return f"sandbox {code(header.sandbox)}{environment}"


def _cautions(header: PlanHeader, as_of: int) -> list[str]:
    emulated = [phrases.EMULATOR] if phrases.is_emulated(header) else []
    snapshot = phrases.snapshot_note(header, as_of)
    return [*emulated, *([snapshot] if snapshot else [])]


def _origin(header: PlanHeader, as_of: int, run: CiRun | None) -> str:
    """Return the organization, the moment, and the commit and the run that made the document."""
    words = [f"Organization {code(header.organization)}", f"as of {format_values.moment(as_of)}"]
    return ", ".join([*words, *run_words(run)])


def written_words(written: int, run: CiRun | None) -> str:
    """Return when a document was written, and by what; for one that names no moment at which a sandbox was read."""
    return ", ".join([f"written {format_values.moment(written)}", *run_words(run)])


def written_line(written: int, run: CiRun | None) -> str:
    """Return the same as a line of its own."""
    return f"W{written_words(written, run)[1:]}.\n"


def run_words(run: CiRun | None) -> list[str]:
    """Return the commit, and a link to the run of the CI system."""
    commit = [f"commit {code(run.commit[:_COMMIT])}"] if run and run.commit else []
    return [*commit, *([f"[run]({run.url})"] if run and run.url else [])]


def text_length(lines: Iterable[str]) -> int:
    """Return how many characters lines take, each with its end."""
    return sum(len(line) + 1 for line in lines)


class Room:
    """The room of a document, which its sections take one after the other."""

    def __init__(self, characters: int) -> None:
        self._left = characters

    def take(self, most: int, make: Callable[[int], list[str]]) -> list[str]:
        """Return the lines of a section that may take `most` characters, as far as the ones before it left some."""
        lines = make(max(0, min(most, self._left)))
        self._left -= text_length(lines)
        return lines


def join_within_limit(parts: Sequence[str], makers: Sequence[Callable[[], str]], limit: int) -> str:
    """Join the parts, as many collapsed ones as fit, and the number of those."""
    start = "\n".join(parts)
    room = limit - len(start) - _RESERVE
    kept: list[str] = []
    for make in makers:
        part = "\n" + make()
        if len(part) > room:
            break
        room -= len(part)
        kept.append(part)
    cut = f"\n_{len(kept)} of {len(makers)} resources shown; the text output has them all._\n"
    return start + "".join(kept) + (cut if len(kept) < len(makers) else "")


def section(title: str, lines: Sequence[str], share: int) -> list[str]:
    """Return a list under a title, cut at an entry."""
    if not lines:
        return []
    kept = fit_lines(lines, share)
    kept += [f"_{len(kept)} of {len(lines)} shown_"] if len(kept) < len(lines) else []
    return [f"**{title}**\n", *(f"- {line}" for line in kept), ""]


def fit_lines(lines: Sequence[str], room: int) -> list[str]:
    """Return as many whole lines as fit, each with room for its end and a sign before it."""
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 3
        if room < 0:
            break
        kept.append(line)
    return kept


def finding(shown: Finding) -> str:
    """Return one finding as a line."""
    return f"{shown.level.value}: {finding_words(shown)}"


def finding_words(shown: Finding) -> str:
    """Return one finding as a line without its level, for a list of one level."""
    where = f"{code(shown.at)}: " if shown.at else ""
    hint = f" ({prose(shown.hint)})" if shown.hint else ""
    return f"{where}{prose(shown.message)}{hint} {code(shown.rule)}"


def table(fields: Sequence[FieldChange]) -> list[str]:
    """Return both values of each field and why they differ."""
    if not fields:
        return []
    return [*table_lines(("field", "live", "config", "why"), map(_field_cells, fields)), ""]


def _field_cells(change: FieldChange) -> tuple[str, ...]:
    before = (
        ""
        if change.cause is Cause.CREATE and change.before is None
        else code(format_values.value(change.path, change.before))
    )
    why = prose(phrases.cause(change) or change.cause.value)
    where = f" {code(change.at)}" if change.at else ""
    return code(change.path), before, code(format_values.value(change.path, change.after)), why + where


def table_lines(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Return a table of cells that are Markdown already, with its titles in lower case."""
    head = [title.lower() for title in titles]
    return [_row(head), "|" + "---|" * len(head), *map(_row, rows)]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
