"""`diff-environments`: what two environments of one config declare differently, and which lines say so."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from exportctl import environments
from exportctl.cli import exits
from exportctl.cli.call import JSON, TEXT, Call, current
from exportctl.cli.options import reject
from exportctl.config.loading import Parsed
from exportctl.config.origins import layer
from exportctl.config.schema_findings import nearest
from exportctl.environments import Side
from exportctl.errors import UsageError
from exportctl.offline import parsed, project_of


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
    from exportctl.views import json_environments, text_environments

    call = current(ctx)
    call.formats(TEXT, JSON)
    reject("--env", (call.environment,), "the two environments are named")
    whole = parsed(call.setup())
    _check(whole, left, right)
    shown = environments.compared(_side(call, whole, left), _side(call, whole, right))
    if call.format == JSON:
        call.screen.document(json_environments.compared(shown))
    else:
        call.screen.show(text_environments.compared(shown, color=call.screen.color))
    return exits.DONE


def _check(whole: Parsed, left: str, right: str) -> None:
    """
    Raises:
        UsageError: one is not declared, or both are the same.
    """
    for name in (left, right):
        if name not in whole.environments:
            guess = nearest(name, whole.environments)
            listed = f"there is {', '.join(whole.environments)}" if whole.environments else "the config has none"
            hint = f"did you mean {guess}?" if guess else listed
            raise UsageError(f'there is no environment "{name}"', rule="unknown-environment", hint=hint)
    if left == right:
        raise UsageError(f"{left} is compared with itself: name two environments", rule="usage")


def _side(call: Call, whole: Parsed, name: str) -> Side:
    project, _ = project_of(replace(call.setup(), environment=name), call.today())
    return Side(name, project, layer(whole, name, call.env))


COMMANDS = {"diff-environments": (diff_environments, "exportctl diff-environments stage prod")}
