"""Find what another client changed since the plan was made, or since this run wrote. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from exportctl.errors import StalePlan
from exportctl.frozen import dataclass
from exportctl.model.plan import LiveObject, Step
from exportctl.resources import wire
from exportctl.resources.kinds import TITLE


@dataclass(frozen=True)
class OwnText:
    """A title, or the text of a person in a description: `before` and `after` a write of this run."""

    before: str
    after: str

    def is_of_another(self, shown: str) -> bool:
        """Say whether a text is neither of the two; a service may trim what it stores."""
        return shown.strip() not in {self.before.strip(), self.after.strip()}


def changed_values(step: Step, live: LiveObject, ours: Collection[str]) -> list[str]:
    """Return the values of the plan that changed, except `ours`: those that this run wrote."""
    now = wire.object_digests(live)
    return sorted(n for n, d in step.seen.items() if now.get(n) != d and n not in ours)


def changed_texts(live: LiveObject, title: OwnText | None, text: OwnText | None) -> list[str]:
    """Return which of the texts that this run wrote or read another client changed since."""
    known = {TITLE: (title, live.name), "description": (text, live.text)}
    return [name for name, (own, shown) in known.items() if own and own.is_of_another(shown)]


def check_unchanged(moved: Iterable[str]) -> None:
    """
    Check that nothing moved.

    Raises:
        StalePlan: it names what did.
    """
    if names := ", ".join(moved):
        hint = "make a new plan: a person or another tool wrote in between"
        raise StalePlan(f"{names} changed after the plan was made", rule="stale", hint=hint)
