"""How the `emulator` commands reach an emulator and tell what it answered; their common options and arguments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exportctl.cli import exits
from exportctl.cli.call import JSON, TEXT, Call

if TYPE_CHECKING:
    from exportctl.control import Control

Url = Annotated[str | None, typer.Option("--url", metavar="URL", help="A served emulator, as http://127.0.0.1:8025.")]
Flow = Annotated[str, typer.Argument(metavar="FLOW", help="An export's address, a flow id, or a unique flow name.")]
Person = Annotated[str | None, typer.Option("--as", metavar="PERSON", help="Who does it, as jane@acme.example.")]


@contextmanager
def reached(call: Call, url: str | None) -> Iterator[Control]:
    from exportctl import control

    call.formats(TEXT, JSON)
    with control.opened(call.setup(), url, call.today()) as found:
        yield found


def tell(call: Call, answer: dict[str, Any], words: str) -> int:
    """The answer for machines, a line for people."""
    if call.format == JSON:
        call.screen.document(json.dumps(answer, sort_keys=True, indent=2) + "\n")
    else:
        call.screen.show(f"{words}\n")
    return exits.DONE
