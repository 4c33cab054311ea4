"""What is known of the volume of a full export, in words that every output shares."""

from __future__ import annotations

from collections.abc import Iterable

from exportctl.model.plan import PlanItem
from exportctl.model.schedule import format_count
from exportctl.model.volume import SentRuns
from exportctl.output import format_values
from exportctl.output.format_values import clean_text, quote_text


def volume_lines(item: PlanItem) -> list[str]:
    """Return what the runs so far sent, a line for each flow, then what is not known; nothing without a full export."""
    return [*sent_lines(item), *unknown_lines([item])]


def sent_lines(item: PlanItem) -> list[str]:
    """Return what the runs so far sent, a line for each flow."""
    return [_sent_words(one) for one in item.volume.sent] if item.volume else []


def unknown_lines(items: Iterable[PlanItem]) -> list[str]:
    """Return of which datasets the volume is not known, a line for each reason."""
    unknown = [one for item in items if item.volume for one in item.volume.unknown]
    names: dict[str, dict[str, None]] = {}
    for one in unknown:
        names.setdefault(one.reason, {})[quote_text(one.dataset)] = None
    return [f"not known of {', '.join(each)}: {clean_text(why)}" for why, each in names.items()]


def _sent_words(one: SentRuns) -> str:
    """Return `the 12 runs of the flow f-1 "Orders" that the service shows, since …, sent 1,200,000 rows, 3.4 GiB`."""
    flow = f"the flow {clean_text(one.flow)} {quote_text(one.name)}"
    which = "that the service shows" if one.is_whole else "among the newest that the service shows"
    rows = f"{one.rows:,} rows" if one.rows is not None else "an unknown number of rows"
    files = f", {format_values.size(one.size)}" if one.size is not None else ""
    others = f", with {format_count(one.others, 'other dataset')}" if one.others else ""
    names = ", ".join(map(quote_text, one.datasets))
    runs = f"the {format_count(one.runs, 'run')} of {flow} {which}, since {format_values.moment(one.since)},"
    return f"{runs} sent {rows}{files} of {names}{others}"
