"""What a plan takes away with a flow, in words that text and Markdown share."""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.model.loss import Loss
from exportctl.model.plan import PlanItem, Verb
from exportctl.output import format_values
from exportctl.output.format_values import clean_text
from exportctl.resources.place import format_phrase


def loss_words(item: PlanItem) -> tuple[tuple[str, str], ...]:
    """
    Return what a deletion or a replacement takes away, each as label and words.

    The words hold foreign text, cleaned for one line. Before a replacement the labels say `former`.
    """
    if item.lost is None:
        return ()
    before = "former " if item.verb is Verb.REPLACE else ""
    return tuple((f"{before}{label}", words) for label, words in _labelled_words(item.lost))


def _labelled_words(lost: Loss) -> Iterator[tuple[str, str]]:
    if lost.datasets:
        named = (f"{format_values.quote_text(name)} ({clean_text(id)})" for id, name in lost.datasets)
        yield "datasets", ", ".join(named)
    if lost.place:
        yield "location", clean_text(lost.place) + "".join(f", {words}" for words in _file_words(lost))
    if lost.schedule:
        yield "schedule", clean_text(lost.schedule)
    if lost.datasets or lost.place:
        yield "last run", last_run_words(lost)
    if lost.reason:
        yield "reason", clean_text(lost.reason)


def _file_words(lost: Loss) -> Iterator[str]:
    if lost.folder:
        yield f"folder {format_values.quote_text(lost.folder)}"
    if lost.format:
        yield clean_text(format_phrase(lost.format))


def last_run_words(lost: Loss) -> str:
    """Return `2026-11-22 02:00 UTC, done`."""
    if lost.last_run is None:
        return "the flow shows none"
    return f"{format_values.moment(lost.last_run)}, {clean_text(lost.last_run_state or 'unknown')}"
