"""Progress of an apply on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from exportctl.cli.screen import Screen
from exportctl.model.outcome import Outcome
from exportctl.output.text import apply

ReportOutcome = Callable[[Outcome], None]


@contextmanager
def show_progress(screen: Screen, total: int) -> Iterator[ReportOutcome]:
    """Yield the function that reports each outcome."""
    if screen.is_interactive:
        with _progress_bar(screen, total) as report:
            yield report
        return
    yield _line_reporter(screen, total)


def _line_reporter(screen: Screen, total: int) -> ReportOutcome:
    number = itertools.count(1)
    return lambda outcome: screen.say(apply.outcome(outcome, next(number), total, color=screen.err_color))


@contextmanager
def _progress_bar(screen: Screen, total: int) -> Iterator[ReportOutcome]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.text import Text

    console = Console(file=screen.err, no_color=not screen.err_color, highlight=False, markup=False)
    columns = (TextColumn("applying"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as drawn:
        task = drawn.add_task("apply", total=total)
        number = itertools.count(1)

        def draw(outcome: Outcome) -> None:
            line = screen.mask_text(apply.outcome(outcome, next(number), total, color=screen.err_color))
            drawn.console.print(Text.from_ansi(line.rstrip("\n")))
            drawn.advance(task)

        yield draw
