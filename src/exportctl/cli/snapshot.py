"""`snapshot`: save the sandbox to a file, for plans without credentials."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from exportctl.cli import exit_codes
from exportctl.cli.context import TEXT, command_context
from exportctl.cli.files import OWNER_ONLY, write_file
from exportctl.errors import Error

_HINT = "take the value out of the name, path or description in the sandbox that holds it"


def snapshot(
    ctx: typer.Context,
    out: Annotated[Path, Option("--out", metavar="FILE", help="Write this file. Only its owner can read it.")],
) -> int:
    """
    Save what a plan reads from the sandbox to a file.

    `plan --refresh-from FILE` then needs no credentials. The file holds the objects of all exports, managed or not,
    with the ids of the people and clients that wrote them. Of the auth values it holds only plain ones, such as a host.
    snapshot writes nothing to the platform.
    """
    call = command_context(ctx)
    call.require_format(TEXT)
    from exportctl.snapshot import file as document
    from exportctl.workflows import plan as plan_workflow

    taken = plan_workflow.take_snapshot(call.setup(), wall=call.wall)
    text = document.dump_snapshot(taken)
    if call.guard.holds_secret(text):
        raise Error(
            f"{out} is not written: an object in the sandbox holds a secret value",
            rule="secret-in-snapshot",
            hint=_HINT,
        )
    write_file(call.folder / out, text, mode=OWNER_ONLY)
    known = f"{taken.count} objects, {len(taken.datasets)} datasets"
    call.screen.say(f"Saved to {out}: {known}. To plan against it: exportctl plan --refresh-from {out}")
    return exit_codes.DONE


COMMANDS = {"snapshot": (snapshot, "exportctl snapshot --env prod --out prod.snapshot.json")}
