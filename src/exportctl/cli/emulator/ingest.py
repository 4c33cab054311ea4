"""`emulator ingest`: add rows to a dataset. The next runs of its exports send them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from exportctl.cli.context import command_context, parsed_duration
from exportctl.cli.emulator.connect import Url, connect_emulator, show_answer
from exportctl.output import format_values

if TYPE_CHECKING:
    from exportctl.model.project import Project

DAY = 86400  # seconds: the rows of event datasets lie within this time before now


def ingest(
    ctx: typer.Context,
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="An alias of the config, a name or an id.")],
    rows: Annotated[int, typer.Argument(metavar="ROWS", min=1, help="The number of rows.")],
    sandbox: Annotated[
        str | None, typer.Option("--sandbox", metavar="NAME", help="The sandbox. Default: that of the config.")
    ] = None,
    spread: Annotated[
        str | None,
        typer.Option(
            "--spread", metavar="DURATION", help="Spread the times of events over this time before now. Default: 1 day."
        ),
    ] = None,
    url: Url = None,
) -> int:
    """
    Add rows to a dataset of the emulator.

    The next runs of its exports send them.
    """
    call = command_context(ctx)
    seconds = parsed_duration(spread, "--spread") if spread else DAY
    with connect_emulator(call, url) as found:
        where = sandbox or (found.project.platform.sandbox if found.project else "prod")
        name = _resolve_dataset(found.project, dataset)
        answer = found.post("ingest", {"sandbox": where, "dataset": name, "rows": rows, "spread": seconds})
    return show_answer(call, answer, f"{format_values.clean_text(dataset)}: {rows} rows added.")


def _resolve_dataset(project: Project | None, name: str) -> str:
    """Return the id or name that an alias of the config stands for; a name or an id as it is."""
    declared = [d for e in project.exports.values() for d in e.datasets] if project else []
    return next((d.id or d.name or name for d in declared if d.alias == name), name)
