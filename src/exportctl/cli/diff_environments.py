"""`diff-environments`: what two environments of one config declare differently, and in which lines."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from exportctl.cli import exit_codes
from exportctl.cli.context import JSON, TEXT, CommandContext, command_context
from exportctl.cli.options import reject_option
from exportctl.config import environment_diff
from exportctl.config.environment_diff import ResolvedEnvironment, environment_tree
from exportctl.config.load import ParsedConfig
from exportctl.config.schema_check import closest_match
from exportctl.errors import UsageError
from exportctl.workflows.load_config import read_config, read_project


def diff_environments(
    ctx: typer.Context,
    left: Annotated[str, typer.Argument(metavar="A", help="An environment of the config.")],
    right: Annotated[str, typer.Argument(metavar="B", help="Another environment.")],
) -> int:
    """
    Compare what two environments declare. Reads no network.

    The resolved configs are compared. Each difference names the lines that cause it. A difference from an overlay or
    from an `environments` list is intended. A difference that no overlay names, because a line of the base holds
    ${environment} or ${sandbox}, has the mark `?`.
    """
    from exportctl.output.json import environments as json_environments
    from exportctl.output.text import environments as text_environments

    call = command_context(ctx)
    call.require_format(TEXT, JSON)
    reject_option("--env", (call.environment,), "name the two environments as arguments")
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
    Check that two different environments are named.

    Raises:
        UsageError: one is not declared, or both are the same.
    """
    for name in (left, right):
        if name not in whole.environments:
            guess = closest_match(name, whole.environments)
            listed = f"choose one of {', '.join(whole.environments)}" if whole.environments else "the config has none"
            hint = f"did you mean {guess}?" if guess else listed
            raise UsageError(f'the config has no environment "{name}"', rule="unknown-environment", hint=hint)
    if left == right:
        raise UsageError(f"{left} and {right} are the same: name two environments", rule="usage")


def _load_environment(call: CommandContext, whole: ParsedConfig, name: str) -> ResolvedEnvironment:
    project, _ = read_project(replace(call.setup(), environment=name), call.as_of())
    return ResolvedEnvironment(name, project, environment_tree(whole, name, call.env))


COMMANDS = {"diff-environments": (diff_environments, "exportctl diff-environments stage prod")}
