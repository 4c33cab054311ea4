"""All commands in one tree."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

import typer
from typer import Option

from exportctl import __version__
from exportctl.cli import apply, datasets_doctor, environments, import_, monitoring, offline, plan, snapshot, verify
from exportctl.cli.context import add_commands, command_context, group
from exportctl.cli.emulator import commands

app = group(
    "Manage Adobe Experience Platform dataset exports as code.\n\nDeclare exports in YAML, plan, apply, and see what "
    "was changed by hand.\n\nStart with: exportctl init, then exportctl plan. Every command has --help."
)
for family in (offline, plan, apply, monitoring, verify, snapshot, import_, environments, datasets_doctor):
    add_commands(app, family.COMMANDS)
app.add_typer(commands.app, name="emulator")


@app.callback(invoke_without_command=True)
def show_version_or_help(
    ctx: typer.Context, version: Annotated[bool, Option("--version", help="Show the version and exit.")] = False
) -> None:
    if version:
        command_context(ctx).screen.show(f"exportctl {__version__}\n")
        raise typer.Exit(0)
    if ctx.invoked_subcommand is None:
        command_context(ctx).screen.show(ctx.get_help() + "\n")
        raise typer.Exit(0)


@cache
def build_command() -> Any:
    """Build the tree of commands once."""
    return typer.main.get_command(app)
