"""
`emulator seed` and `emulator ingest`: the datasets of the emulator, and their rows.

The emulator itself says which kinds and changes it knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from exportctl.cli.context import Commands, command_context, parsed_duration
from exportctl.cli.emulator.connect import Url, connect_emulator, show_answer
from exportctl.errors import UsageError
from exportctl.model import schedule
from exportctl.output.format_values import clean_text

if TYPE_CHECKING:
    from exportctl.model.project import Project

Sandbox = Annotated[str | None, Option("--sandbox", metavar="NAME", help="The sandbox. Default: that of the config.")]
Change = Annotated[
    str | None,
    Option(
        "--change",
        metavar="CHANGE",
        help="Change the columns from now on: added, nested (a column inside another), long, double or text.",
    ),
]


def seed(
    ctx: typer.Context,
    from_config: Annotated[
        bool, Option("--from-config", help="Add all sandboxes and datasets that the config names.")
    ] = False,
    sandbox: Sandbox = None,
    dataset: Annotated[
        list[str] | None, Option("--dataset", metavar="NAME", help="Add this dataset. Repeatable.")
    ] = None,
    rows: Annotated[int, Option("--rows", metavar="N", min=0, help="Rows in each new dataset.")] = 0,
    kind: Annotated[
        str,
        Option(
            "--kind",
            metavar="KIND",
            help="event, record or snapshot. Of a snapshot dataset, each run exports the whole table.",
        ),
    ] = "record",
    change: Change = None,
    url: Url = None,
) -> int:
    """
    Add sandboxes and datasets to the emulator.

    What exists stays as it is.
    """
    from exportctl.workflows import emulator as emulator_workflow

    call = command_context(ctx)
    if not (from_config or sandbox or dataset):
        raise UsageError("choose what to add: --from-config, --sandbox NAME or --dataset NAME", rule="usage")
    if from_config and (url or sandbox or dataset or rows or change):
        raise UsageError("--from-config seeds the embedded emulator: leave out all other options", rule="usage")
    with connect_emulator(ctx, url) as found:
        if from_config:
            answer = emulator_workflow.seed_from_config(call.setup(), found)
            return show_answer(ctx, answer, f"Seeded from the config: sandboxes {', '.join(answer['sandboxes'])}.")
        where = sandbox or _default_sandbox(found.project)
        shape = {"rows": rows, "kind": kind, **_change_member(change)}
        added = [{"name": name, **shape} for name in dataset or ()]
        answer = found.post("seed", {"sandboxes": [where], "datasets": {where: added}})
    count = schedule.format_count(len(dataset or ()), "dataset")
    return show_answer(ctx, answer, f"Seeded sandbox {clean_text(where)}: {count} added.")


def ingest(
    ctx: typer.Context,
    dataset: Annotated[str, Argument(metavar="DATASET", help="An alias of the config, a name or an id.")],
    rows: Annotated[int, Argument(metavar="ROWS", min=0, help="The number of new rows.")],
    sandbox: Sandbox = None,
    update: Annotated[
        int, Option("--update", metavar="N", min=0, help="Let N rows of a record or snapshot dataset change.")
    ] = 0,
    remove: Annotated[int, Option("--remove", metavar="N", min=0, help="Let N rows of such a dataset go away.")] = 0,
    change: Change = None,
    spread: Annotated[
        str | None,
        Option(
            "--spread", metavar="DURATION", help="Spread the times of events over this time before now. Default: 1 day."
        ),
    ] = None,
    url: Url = None,
) -> int:
    """
    Add rows to a dataset of the emulator.

    The next runs of its exports send them. With --change, the columns of the dataset change from now on.
    """
    seconds = parsed_duration(spread, "--spread") if spread else schedule.DAY
    with connect_emulator(ctx, url) as found:
        where = sandbox or _default_sandbox(found.project)
        name = _resolve_dataset(found.project, dataset)
        arrived = {"rows": rows, "spread": seconds, "update": update, "remove": remove}
        answer = found.post("ingest", {"sandbox": where, "dataset": name, **arrived, **_change_member(change)})
    more = "".join(f", {count} {word}" for count, word in ((update, "changed"), (remove, "removed")) if count)
    return show_answer(ctx, answer, f"{clean_text(dataset)}: {rows} rows added{more}.")


def _change_member(change: str | None) -> dict[str, str]:
    return {} if change is None else {"change": change}


def _default_sandbox(project: Project | None) -> str:
    return project.platform.sandbox if project else "prod"


def _resolve_dataset(project: Project | None, name: str) -> str:
    """Return the id or name that an alias of the config stands for; a name or an id as it is."""
    declared = [d for e in project.exports.values() for d in e.datasets] if project else []
    return next((d.id or d.name or name for d in declared if d.alias == name), name)


COMMANDS: Commands = {
    "emulator seed": (seed, "exportctl emulator seed --from-config"),
    "emulator ingest": (ingest, "exportctl emulator ingest web 500"),
}
