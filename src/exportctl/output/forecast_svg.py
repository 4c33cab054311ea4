"""
The picture of a forecast as one SVG file, without scripts and without fonts or images from elsewhere.

A row per flow and a grid of days in UTC. Every sign has a form of its own, so colors only repeat what forms say:

    dot          a run                      ring          it starts together with others on its account
    square       the first full run         bar           the flow ends
    two bars     paused by hand

Below it are the runs that start at the same time. A screen reader reads the same facts, in the words of the text
output.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from exportctl.monitor.forecast import PAUSED
from exportctl.output import format_values, phrases
from exportctl.output.format_values import clean_text
from exportctl.output.text import forecast

if TYPE_CHECKING:
    from exportctl.monitor.forecast import FlowForecast, Forecast

_CHAR = 7.3  # pixels a letter of the 12 pixel monospace face takes, rounded up
_CHART = 960  # pixels for the whole window
_ROW, _TOP, _EDGE = 24, 92, 16
_DATE = 48  # pixels between two dates at least
_SIGN = 7  # pixels of a dot, and half of a ring
_FULL = 9  # pixels of half a square
_PAUSE = 12  # pixels for the sign of a pause, between the label and the chart
_LONGEST = 140  # letters of a line below the chart
_INK, _PALE, _LINE, _DOT, _STOP, _TOGETHER = "#1f2430", "#5c6473", "#d5d9e2", "#1463b8", "#b3261e", "#8a5a00"
_LEGEND = (
    "A line is midnight UTC, a dot is a run, a ring a simultaneous run, a square the first full run, a bar an end, "
    "two bars a pause."
)


def render_forecast(report: Forecast) -> str:
    """Return the whole document."""
    labels = [forecast.label(report, lane) for lane in report.flows]
    left = _EDGE * 2 + _PAUSE + int(max((len(label) for label in labels), default=0) * _CHAR)
    notes = _notes(report)
    bottom = _TOP + _ROW * len(report.flows)
    width = max(left + _CHART + _EDGE, *(_EDGE * 2 + int(len(line) * _CHAR) for line in (*notes, *_head(report))))
    height = bottom + _EDGE + 18 * len(notes) + _EDGE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'role="img" aria-labelledby="title desc" font-family="monospace" font-size="12">',
        f'<title id="title">{_text(_title(report))}</title>',
        f'<desc id="desc">{_text(" ".join(_description(report)))}</desc>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *(_words(_EDGE, 24 + 18 * place, line) for place, line in enumerate(_head(report))),
        *_grid(report, left, bottom),
        *(
            part
            for place, (label, lane) in enumerate(zip(labels, report.flows, strict=True))
            for part in _lane(report, lane, label, left, _TOP + _ROW * place + _ROW // 2)
        ),
        *(_words(_EDGE, bottom + _EDGE + 14 + 18 * place, line, _PALE) for place, line in enumerate(notes)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _title(report: Forecast) -> str:
    return f"Runs of dataset exports in {phrases.sandbox_label(report.header)}"


def _head(report: Forecast) -> list[str]:
    emulated = [phrases.EMULATOR] if phrases.is_emulated(report.header) else []
    return [
        _title(report),
        "; ".join([f"As of {format_values.moment(report.as_of)}", forecast.basis(report), *emulated]),
    ]


def _description(report: Forecast) -> list[str]:
    """Return what the picture shows, for people who cannot see it."""
    rows = [f"{_lane_description(report, lane)}." for lane in report.flows]
    return [f"{forecast.basis(report)}.", *rows, *_notes(report)]


def _lane_description(report: Forecast, lane: FlowForecast) -> str:
    name, schedule, runs, first, last, note = forecast.cells(report, lane)
    span = f" from {first} to {last}" if last else f" at {first}" if first else ""
    full = "the first one exports everything" if lane.first_full_run is not None else ""
    paused = PAUSED if lane.is_paused and PAUSED not in note else ""
    said = (f"{name}: {schedule}" if schedule else name, f"runs {runs}{span}", full, paused, note)
    return "; ".join(filter(None, said))


def _notes(report: Forecast) -> list[str]:
    lines = []
    for one in report.simultaneous_runs:
        members = ", ".join(clean_text(member) for member in one.members)
        lines.append(f"Simultaneous runs: {forecast.start_times(one)}, on {clean_text(one.account)}: {members}.")
        lines += [f"{forecast.connections(one)}."] if forecast.connections(one) else []
    return [*(part for line in lines for part in textwrap.wrap(line, _LONGEST)), forecast.summary(report)]


def _x(report: Forecast, left: int, moment: int) -> str:
    """Return the horizontal position of a moment, in pixels with one decimal."""
    return f"{left + _CHART * (moment - report.as_of) / (report.until - report.as_of):.1f}"


def _grid(report: Forecast, left: int, bottom: int) -> Iterator[str]:
    """Yield a line and a date for midnights, as many as there is room for and the last one always, and a frame."""
    for moment in _marked_midnights(report):
        x = _x(report, left, moment)
        # The last date can be too near to the edge to begin at its line: it then ends there.
        anchor = ' text-anchor="end"' if float(x) + _DATE > left + _CHART else ""
        yield f'<text x="{x}" y="{_TOP - 8}" fill="{_PALE}"{anchor}>{format_values.moment(moment)[5:10]}</text>'
        yield f'<path d="M{x} {_TOP}V{bottom}" stroke="{_LINE}"/>'
    yield _words(left, _TOP - 26, _LEGEND, _PALE)
    yield f'<rect x="{left}" y="{_TOP}" width="{_CHART}" height="{bottom - _TOP}" fill="none" stroke="{_LINE}"/>'


def _marked_midnights(report: Forecast) -> list[int]:
    """Return midnights with room for two dates before the last one, which may stand left of its line."""
    midnights = range(report.as_of + -report.as_of % format_values.DAY, report.until, format_values.DAY)
    room = _DATE * (report.until - report.as_of) // _CHART  # seconds that a date takes
    each = max(1, -(-room // format_values.DAY))
    *others, last = midnights[::each] if (len(midnights) - 1) % each == 0 else (*midnights[::each], midnights[-1])
    return [*(one for one in others if last - one >= 2 * room), last]


def _lane(report: Forecast, lane: FlowForecast, label: str, left: int, y: int) -> Iterator[str]:
    """Yield one row. Its dots are one path with round ends, and so are its rings: a thousand runs stay one element."""
    yield f"<g><title>{_text(_lane_description(report, lane))}</title>"
    yield _words(_EDGE, y + 4, label)
    dots = "".join(f"M{_x(report, left, run)} {y}h.01" for run in lane.runs)
    if dots:
        yield f'<path d="{dots}" stroke="{_DOT}" stroke-width="{_SIGN}" stroke-linecap="round" fill="none"/>'
    together = _simultaneous_moments(report, lane)
    rings = "".join(_ring(_x(report, left, run), y) for run in lane.runs if run in together)
    if rings:
        yield f'<path d="{rings}" stroke="{_TOGETHER}" stroke-width="1.5" fill="none"/>'
    if lane.first_full_run is not None:
        middle = float(_x(report, left, lane.first_full_run))
        frame = f'x="{middle - _FULL:.1f}" y="{y - _FULL}" width="{2 * _FULL}" height="{2 * _FULL}"'
        yield f'<rect {frame} fill="none" stroke="{_INK}" stroke-width="1.5"/>'
    if lane.is_paused:
        yield f'<path d="M{left - 12} {y - 5}v10M{left - 7} {y - 5}v10" stroke="{_STOP}" stroke-width="2.5"/>'
    if lane.ends is not None:
        x = _x(report, left, lane.ends)
        yield f'<path d="M{x} {y - 9}V{y + 9}" stroke="{_STOP}" stroke-width="3"/>'
    if not lane.runs:
        yield _words(left + 8, y + 4, forecast.note(lane), _PALE)
    yield "</g>"


def _simultaneous_moments(report: Forecast, lane: FlowForecast) -> frozenset[int]:
    """Return the moments at which a flow starts together with others, or with many datasets."""
    own = str(lane.address)
    return frozenset(moment for one in report.simultaneous_runs if own in one.members for moment in one.moments)


def _ring(x: str, y: int) -> str:
    """Return a circle around a dot, as two arcs of a path."""
    return f"M{float(x) - _SIGN:.1f} {y}a{_SIGN} {_SIGN} 0 1 0 {2 * _SIGN} 0a{_SIGN} {_SIGN} 0 1 0 {-2 * _SIGN} 0"


def _words(x: int, y: int, words: str, ink: str = _INK) -> str:
    return f'<text x="{x}" y="{y}" fill="{ink}">{_text(words)}</text>'


def _text(words: str) -> str:
    """Return foreign text for XML; control characters, which XML cannot hold, are spelled out."""
    return escape(clean_text(words))
