"""How the `emulator` commands reach an emulator and show its answers, and the options that they share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from exportctl.cli import exit_codes
from exportctl.cli.context import JSON, TEXT, Interrupted, command_context

if TYPE_CHECKING:
    from exportctl.workflows.emulator import EmulatorAdmin

Url = Annotated[
    str | None, Option("--url", metavar="URL", help="Use a served emulator, such as http://127.0.0.1:8025.")
]
Flow = Annotated[str, Argument(metavar="FLOW", help="An export's address, a flow id, or a unique flow name.")]
Person = Annotated[str | None, Option("--as", metavar="PERSON", help="Who makes the edit, such as jane@acme.example.")]


@contextmanager
def connect_emulator(ctx: typer.Context, url: str | None) -> Iterator[EmulatorAdmin]:
    """Yield the emulator. An interrupt says that it may have done a part: its clock moves before its runs execute."""
    from exportctl.workflows import emulator

    call = command_context(ctx)
    call.require_format(TEXT, JSON)
    try:
        with emulator.open_admin(call.setup(), url, call.as_of()) as found:
            yield found
    except KeyboardInterrupt:
        hint = "look at it before you repeat the command, for example with `exportctl emulator clock get`"
        message = "interrupted; the emulator may have done a part of it, or all"
        raise Interrupted(message, rule="interrupted", hint=hint) from None


def ask_emulator(
    ctx: typer.Context, url: str | None, method: str, operation: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Send one request, and return the answer."""
    with connect_emulator(ctx, url) as found:
        return found.send(method, operation, body)


def show_answer(ctx: typer.Context, answer: dict[str, Any], text: str) -> int:
    """Show an answer: as JSON for machines, as text for people."""
    call = command_context(ctx)
    if call.format == JSON:
        call.screen.write_document(json.dumps(answer, sort_keys=True, indent=2) + "\n")
    else:
        call.screen.show(f"{text}\n")
    return exit_codes.DONE
