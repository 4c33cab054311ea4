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


def hold_finding(hold: Hold) -> Finding:
    """Return an error for what keeps an apply from writing, with the option that allows exactly this."""
    return Finding(hold.safety_check, hold.text, None, f"to allow exactly this: {hold.allow}")
