"""`emulator ui`: edits as people make them in the AEP UI, to see what plan and drift say about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer import Argument

from exportctl.cli.context import Commands, parsed_moment
from exportctl.cli.emulator.connect import Flow, Person, Url, connect_emulator, show_answer
from exportctl.output.format_values import clean_text


def _edit_flow(ctx: typer.Context, url: str | None, verb: str, flow: str, person: str | None, **members: Any) -> int:
    with connect_emulator(ctx, url) as found:
        answer = found.edit(verb, flow, person, **members)
    return show_answer(ctx, answer, f"{verb}: {clean_text(flow)} was edited by hand in the emulator ({answer['id']}).")


def _edit_command(verb: str, summary: str) -> Callable[..., int]:
    def edit(ctx: typer.Context, flow: Flow, person: Person = None, url: Url = None) -> int:
        return _edit_flow(ctx, url, verb, flow, person)

    edit.__doc__ = summary
    return edit


def end(
    ctx: typer.Context,
    flow: Flow,
    moment: Annotated[str, Argument(metavar="MOMENT", help="A date or RFC 3339 moment.")],
    person: Person = None,
    url: Url = None,
) -> int:
    """Move the end of a flow."""
    return _edit_flow(ctx, url, "end", flow, person, moment=parsed_moment(moment, "MOMENT"))


def start(
    ctx: typer.Context,
    flow: Flow,
    moment: Annotated[str, Argument(metavar="MOMENT", help="A date or RFC 3339 moment.")],
    person: Person = None,
    url: Url = None,
) -> int:
    """Move the start of a flow."""
    return _edit_flow(ctx, url, "start", flow, person, moment=parsed_moment(moment, "MOMENT"))


def state(
    ctx: typer.Context,
    flow: Flow,
    word: Annotated[str, Argument(metavar="WORD", help="Any word: failed, draft, updating, ENABLED …")],
    person: Person = None,
    url: Url = None,
) -> int:
    """
    Let the service show another state of a flow.

    No client can set such a state: this shows what exportctl says about it.
    """
    return _edit_flow(ctx, url, "state", flow, person, word=word)


def path(
    ctx: typer.Context,
    flow: Flow,
    path: Annotated[str, Argument(metavar="PATH", help="The new path in the storage.")],
    person: Person = None,
    url: Url = None,
) -> int:
    """Change the path that a flow writes to."""
    return _edit_flow(ctx, url, "path", flow, person, path=path)


def datasets(
    ctx: typer.Context,
    flow: Flow,
    datasets: Annotated[list[str], Argument(metavar="DATASET...", help="Ids or exact names.")],
    person: Person = None,
    url: Url = None,
) -> int:
    """Change the datasets of a flow."""
    return _edit_flow(ctx, url, "datasets", flow, person, datasets=datasets)


def rename(
    ctx: typer.Context,
    flow: Flow,
    name: Annotated[str, Argument(metavar="NAME", help="The new name.")],
    person: Person = None,
    url: Url = None,
) -> int:
    """Rename a flow."""
    return _edit_flow(ctx, url, "rename", flow, person, name=name)


def describe(
    ctx: typer.Context,
    flow: Flow,
    text: Annotated[str, Argument(metavar="TEXT", help="The new description.")],
    person: Person = None,
    url: Url = None,
) -> int:
    """
    Replace the description of a flow.

    This removes the ownership marker too.
    """
    return _edit_flow(ctx, url, "describe", flow, person, text=text)


delete = _edit_command("delete", "Delete a flow. Its connections stay.")
_UI = "exportctl emulator ui"
COMMANDS: Commands = {
    "emulator ui enable": (_edit_command("enable", "Enable a flow."), f"{_UI} enable web-to-lake"),
    "emulator ui disable": (_edit_command("disable", "Disable a flow."), f"{_UI} disable exports.web-to-lake"),
    "emulator ui end": (end, f"{_UI} end web-to-lake 2027-01-31"),
    "emulator ui start": (start, f"{_UI} start web-to-lake 2027-06-01"),
    "emulator ui state": (state, f"{_UI} state web-to-lake failed"),
    "emulator ui path": (path, f"{_UI} path web-to-lake somewhere/else --as jane@acme.example"),
    "emulator ui datasets": (datasets, f"{_UI} datasets web-to-lake Orders Returns"),
    "emulator ui rename": (rename, f"{_UI} rename web-to-lake 'Web, do not touch'"),
    "emulator ui describe": (describe, f"{_UI} describe web-to-lake 'for the web team'"),
    "emulator ui delete": (
        delete,
        f"{_UI} delete web-to-lake",
    ),
}
