"""What keeps an apply from writing at the moment of a plan, in words that every output shares."""

from __future__ import annotations

from exportctl.errors import Finding
from exportctl.model.hold import Hold
from exportctl.model.plan import Plan
from exportctl.output.format_values import clean_text


def hold_words(hold: Hold) -> str:
    """Return why an apply writes nothing now, in one line."""
    return clean_text(hold.text)


def hold_lines(plan: Plan) -> list[str]:
    """Return what keeps an apply from writing at the moment of the plan, each with the option that allows it."""
    return [f"Apply is blocked: {hold_words(one)}. To allow it: {clean_text(one.allow)}" for one in plan.holds]


def hold_findings(plan: Plan) -> tuple[Finding, ...]:
    """Return an error for each, at the freeze or the address, with the option that allows exactly this."""
    places = {str(item.address): item.at for item in plan.items}
    return tuple(
        Finding(one.safety_check, one.text, one.at or places.get(one.subject), f"to allow exactly this: {one.allow}")
        for one in plan.holds
    )
