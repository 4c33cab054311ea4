"""All commands in one tree."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

import typer

from exportctl import __version__
from exportctl.cli import (
    apply,
    datasets_doctor,
    diff_environments,
    drift,
    forecast,
    import_,
    offline,
    plan,
    rotate,
    runs,
    snapshot,
    status,
    verify,
)
from exportctl.cli.context import add_commands, command_context, group
from exportctl.cli.emulator import commands

app = group(
    "Adobe Experience Platform dataset exports as code: declare them in YAML, see what would change, apply it, and see "
    "what somebody changed by hand.\n\nStart: exportctl init, then exportctl plan. Every command explains itself with "
    "--help."
)
for family in (
    offline,
    plan,
    apply,
    rotate,
    drift,
    status,
    runs,
    forecast,
    verify,
    snapshot,
    import_,
    diff_environments,
    datasets_doctor,
):
    add_commands(app, family.COMMANDS)
app.add_typer(commands.app, name="emulator")


@app.callback(invoke_without_command=True)
def show_version_or_help(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and end.")] = False,
) -> None:
    if version:
        command_context(ctx).screen.show(f"exportctl {__version__}\n")
        raise typer.Exit(0)
    if ctx.invoked_subcommand is None:
        command_context(ctx).screen.show(ctx.get_help() + "\n")
        raise typer.Exit(0)


@cache
def build_command() -> Any:
    """The tree as Typer runs it, built once."""
    return typer.main.get_command(app)
