"""
The state in the JSON of an object: whether the service runs it, and the word as it is. Pure.

`service_values` has the table of words. Only `enabled` and `disabled` say whether a flow runs; all else is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exportctl.resources.service_values import StateMeaning, state_meaning

_ENABLED = {StateMeaning.ENABLED: True, StateMeaning.DISABLED: False}


def is_enabled(raw: Mapping[str, Any]) -> bool | None:
    """Say whether the service runs an object; None for any state but enabled and disabled."""
    return _ENABLED.get(state_meaning(raw.get("state")))


def is_in_transition(raw: Mapping[str, Any]) -> bool:
    """Say whether the service still finishes a write of this object."""
    return state_meaning(raw.get("state")) is StateMeaning.TRANSITION


def state_word(raw: Mapping[str, Any]) -> str:
    """Return the state as the service shows it; empty if it shows none."""
    word = raw.get("state")
    return word if isinstance(word, str) else "" if word is None else str(word)


def state_phrase(word: str) -> str:
    """Say in which state an object is: `in state "failed"`, or `without a state`."""
    return f'in state "{word}"' if word else "without a state"
