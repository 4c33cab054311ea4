"""`diff-environments`: what two environments of one config declare differently, and which lines say so."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from exportctl.cli import exit_codes
from exportctl.cli.context import JSON, TEXT, CommandContext, command_context
from exportctl.cli.options import reject_option
from exportctl.config import environment_diff
from exportctl.config.environment_diff import ResolvedEnvironment
from exportctl.config.load import ParsedConfig
from exportctl.config.provenance import environment_tree
from exportctl.config.schema_check import closest_match
from exportctl.errors import UsageError
from exportctl.workflows.load_config import read_config, read_project


def diff_environments(
    ctx: typer.Context,
    left: Annotated[str, typer.Argument(metavar="A", help="An environment of the config.")],
    right: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
) -> int:
    """
    Compare what two environments declare, and name the lines behind each difference.

    What an overlay or an `environments` list says is on purpose. A difference that no overlay names, because one line
    of the base holds ${environment} or ${sandbox}, is marked `?`. Reads the config and no network.
    """
    from exportctl.output.json import environments as json_environments
    from exportctl.output.text import environments as text_environments

    call = command_context(ctx)
    call.require_format(TEXT, JSON)
    reject_option("--env", (call.environment,), "the two environments are named")
    whole = read_config(call.setup())
    _check_names(whole, left, right)
    shown = environment_diff.compare_environments(
        _load_environment(call, whole, left), _load_environment(call, whole, right)
    )
    if call.format == JSON:
        call.screen.write_document(json_environments.render_comparison(shown))
    else:
        call.screen.show(text_environments.render_comparison(shown, color=call.screen.color))
    return exit_codes.DONE


def _check_names(whole: ParsedConfig, left: str, right: str) -> None:
    """
    Raises:
        UsageError: one is not declared, or both are the same.
    """
    for name in (left, right):
        if name not in whole.environments:
            guess = closest_match(name, whole.environments)
            listed = f"there is {', '.join(whole.environments)}" if whole.environments else "the config has none"
            hint = f"did you mean {guess}?" if guess else listed
            raise UsageError(f'there is no environment "{name}"', rule="unknown-environment", hint=hint)
    if left == right:
        raise UsageError(f"{left} is compared with itself: name two environments", rule="usage")


def _load_environment(call: CommandContext, whole: ParsedConfig, name: str) -> ResolvedEnvironment:
    project, _ = read_project(replace(call.setup(), environment=name), call.as_of())
    return ResolvedEnvironment(name, project, environment_tree(whole, name, call.env))


COMMANDS = {"diff-environments": (diff_environments, "exportctl diff-environments stage prod")}
