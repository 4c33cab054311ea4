"""The steps after new secrets were sent: the flows that must run well first, and the commands that check it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from exportctl.model.plan import PlanHeader
from exportctl.output import format_values
from exportctl.output.color import paint
from exportctl.output.text import plan

if TYPE_CHECKING:
    from exportctl.plan.rotation import AccountFlow


def render_next_steps(shown: Sequence[AccountFlow], header: PlanHeader, since: int, *, color: bool = False) -> str:
    """
    Return the steps that follow.

    `since`: when the new secrets were in place, in seconds since 1970 UTC. Earlier runs prove nothing.
    """
    if not shown:
        return "No flow uses this account, so nothing uses the old secrets.\n"
    ink = paint(color)
    head = "Keep the old secrets valid until each of these flows has written files with the new secrets:"
    lines = [ink("warning", head), *(plan.INDENT + _flow(one) for one in shown)]
    lines += [
        "Check after they have run:",
        *(plan.INDENT + call for call in follow_up_commands(shown, header, since)),
    ]
    return "\n".join(lines) + "\n"


def _flow(one: AccountFlow) -> str:
    name = str(one.address) if one.address else f'"{format_values.clean_text(one.name)}", not in this config'
    return f"{name}: " + (
        f"next run {format_values.moment(one.next_run)}" if one.next_run is not None else "next run unknown"
    )


def follow_up_commands(shown: Sequence[AccountFlow], header: PlanHeader, since: int) -> list[str]:
    """Return one `verify` for all declared flows, and one `runs` for each other flow."""
    moment = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    where = f" --env {header.environment}" if header.environment else ""
    targets = "".join(f" --target {one.address}" for one in shown if one.address)
    found = [f"exportctl verify{where}{targets} --since {moment}"] if targets else []
    return found + [f"exportctl runs {one.flow}{where} --since {moment}" for one in shown if not one.address]
