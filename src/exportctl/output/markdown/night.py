"""
A nightly run as one comment or issue: the marker, a table of all environments, then what needs attention.

What needs attention stands outside every fold; a part in which nothing was found is folded. The whole has at most
`limit` characters: each section gets a fair share of the room and cuts itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from exportctl.monitor.night import NightPart
from exportctl.output import format_values
from exportctl.output.markdown import apply as markdown_apply
from exportctl.output.markdown import drift as markdown_drift
from exportctl.output.markdown import monitoring, parts
from exportctl.output.markdown.environments import fair_shares
from exportctl.output.markdown.failure import render_failure
from exportctl.output.markdown.marker import ALL_ENVIRONMENTS, CommentMarker, render_marker
from exportctl.output.markdown_escape import code, html_code, prose
from exportctl.output.night import Night, NightRow, attention_lines, part_sentences, row_findings
from exportctl.output.text import night as text_night

Maker = Callable[[int], str]  # makes a section of at most so many characters
_SHARE = 4  # the list of what needs attention takes no more than a quarter of the room
_RESERVE = 300  # for folds and for the line that says how much is shown
_FOLD = "\n<details><summary>{title}</summary>\n\n{body}\n</details>\n"


def render_night(night: Night, *, limit: int = parts.LIMIT) -> str:
    """Return the whole run, as far as it fits."""
    name = night.rows[0].environment if night.rows else night.environment
    marker = CommentMarker("nightly", night.project, ALL_ENVIRONMENTS if night.is_of_all else name)
    if night.errors:
        return render_failure(marker, night.errors, night.exit_code, night.ended, night.run)
    origin = ", ".join([f"Ended {format_values.moment(night.ended)}", *parts.run_words(night.run)])
    head = [
        render_marker(marker),
        f"## exportctl nightly: {code(night.project or '')}\n",
        f"**{prose(text_night.summary(night))}** {origin}.\n",
        *_table(night),
        "",
        *parts.section("Needs attention", [_attention(*one) for one in _attention_lines(night)], limit // _SHARE),
    ]
    text = "\n".join(head)
    loud, quiet = zip(*(_sections(row, night) for row in night.rows), strict=True)
    makers = [make for section in (*loud, *quiet) for make in section]
    room = limit - len(text) - _RESERVE
    whole = [make(room) for make in makers]
    shares = fair_shares([len(part) for part in whole], room)
    kept = [part for part in (_cut(*one) for one in zip(makers, whole, shares, strict=True)) if part]
    lost = len(makers) - len(kept)
    return text + "".join(kept) + (f"\n_{lost} sections do not fit; the JSON has them all._\n" if lost else "")


def _cut(make: Callable[[int], str], whole: str, share: int) -> str:
    """Return a section that fits into its share; empty if it cannot be cut to it."""
    part = whole if len(whole) <= share else make(share)
    return part if len(part) <= share else ""


def _table(night: Night) -> list[str]:
    rows = []
    for row in night.rows:
        sentences = part_sentences(row.report) if row.report else {}
        cells = [_cell(row, part, sentences.get(part, "not read")) for part in NightPart]
        rows.append((code(row.name), *cells))
    return parts.table_lines(("environment", *(part.value for part in NightPart)), rows)


def _attention_lines(night: Night) -> list[tuple[str, str]]:
    return [(row.name, line) for row in night.rows if row.report for line in attention_lines(row.report, night.fail_on)]


def _attention(environment: str, line: str) -> str:
    return f"{code(environment)} {prose(line)}"


def _cell(row: NightRow, part: NightPart, sentence: str) -> str:
    return f"**{prose(sentence)}**" if row.codes.get(part) or row.report is None else prose(sentence)


def _sections(row: NightRow, night: Night) -> tuple[list[Maker], list[Maker]]:
    """Return the makers of an environment's sections: those that need attention, and those to fold."""
    report = row.report
    if report is None:
        return [partial(_errors, row)], []
    makers: list[tuple[NightPart, Maker]] = [
        (NightPart.DRIFT, lambda n: markdown_drift.render_drift(report.drift, fail_on=night.fail_on, limit=n)),
        (NightPart.STATUS, lambda n: monitoring.render_status(report.status, limit=n)),
    ]
    if report.verify is not None:
        verify = report.verify
        makers.insert(1, (NightPart.VERIFY, lambda n: monitoring.render_verify_report(verify, limit=n)))
    if report.renewal is not None:
        renewal = report.renewal
        makers.insert(0, (NightPart.RENEW, lambda n: markdown_apply.render_apply_report(renewal, "renew", limit=n)))
    loud: list[Maker] = [partial(_errors, row)] if row_findings(row) else []
    loud += [partial(_open_section, make) for part, make in makers if row.codes.get(part)]
    return loud, [partial(_fold_section, row, part, make) for part, make in makers if not row.codes.get(part)]


def _open_section(make: Callable[[int], str], limit: int) -> str:
    return "\n" + _without_marker(make(limit - 1))


def _fold_section(row: NightRow, part: NightPart, make: Callable[[int], str], limit: int) -> str:
    title = f"{part.value}: {html_code(row.name)}"
    body = _without_marker(make(limit - len(_FOLD) - len(title)))
    return _FOLD.format(title=title, body=body)


def _without_marker(section: str) -> str:
    """Return a section without a marker of its own: there is one in this document, in its first line."""
    first, _, rest = section.partition("\n")
    return rest if first.startswith("<!-- exportctl ") else section


def _errors(row: NightRow, limit: int) -> str:
    head = f"\n### errors: {code(row.name)}\n\n"
    lines = [f"- {parts.finding(f)}" for f in row_findings(row)]
    kept = parts.fit_lines(lines, limit - len(head) - _RESERVE)
    cut = [] if len(kept) == len(lines) else [f"\n_{len(kept)} of {len(lines)} shown_"]
    return head + "\n".join([*kept, *cut, ""])
