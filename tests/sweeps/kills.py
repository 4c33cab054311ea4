"""
Kill an apply at every request of every scenario, the request having arrived or not. Then, in two ways:

* run again until nothing is left, and then apply the former config;
* apply the former config at once.

Each ends in the state that the config asks for, or a safety check says what to do. Nobody but exportctl touched the
sandbox, so no plan may say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from exportctl.model.plan import Cause, Plan
from exportctl.output.text import plan as text_plan
from tests.sweeps.judgement import (
    FaultKind,
    exported_state,
    finish,
    require,
    require_no_duplicates,
    try_apply,
)
from tests.sweeps.runner import Case
from tests.workflows.test_going_back import CHANGES, UNTRUE, Change, ready
from tests.workflows.test_interruptions import kill_apply_after, telling_deaths
from tests.workflows.test_laws import LISTED
from tests.workflows.world import World

OF_PEOPLE = {Cause.PAUSED, Cause.DRIFT, Cause.CONFLICT}


def cases(name: str, folder: Path) -> Iterator[Case]:
    """Yield every death in one scenario, with what is done after it."""
    for calls in telling_deaths(ready(folder, CHANGES[name]), CHANGES[name].flags):
        for arrives in (True, False):
            death = f"{name}, killed after {calls} requests, the next {'arrived' if arrives else 'did not arrive'}"
            yield Case(f"{death}, run again", partial(run_again, name, calls, arrives))
            yield Case(f"{death}, go back", partial(go_back_at_once, name, calls, arrives))


def killed(folder: Path, name: str, calls: int, arrives: bool) -> World:
    made = ready(folder, CHANGES[name])
    kill_apply_after(made, calls, arrives, CHANGES[name].flags)
    require_no_duplicates(made)
    return made


@cache
def wanted_state(name: str) -> list[Any]:
    """Return what an apply without a death leaves."""
    with TemporaryDirectory() as folder:
        made = ready(Path(folder), CHANGES[name])
        made.apply(CHANGES[name].flags)
        return exported_state(made)


@cache
def former_state(name: str) -> list[Any]:
    """Return what was there before the change."""
    with TemporaryDirectory() as folder:
        return exported_state(ready(Path(folder), CHANGES[name]), left_out(name))


def left_out(name: str) -> tuple[str, ...]:
    return ("startTime", "endTime") if CHANGES[name].flags.renew_only else ("startTime",)  # a renewal stays


def run_again(name: str, calls: int, arrives: bool, folder: Path) -> None:
    """Run again with the same flags; then apply the former config."""
    wanted = wanted_state(name)
    made = killed(folder, name, calls, arrives)
    made.emulator.advance(LISTED)
    require_nobody_blamed([made.plan()])
    finish(made, wanted, CHANGES[name].flags)
    require_former_state(made, name)


def go_back_at_once(name: str, calls: int, arrives: bool, folder: Path) -> None:
    require_former_state(killed(folder, name, calls, arrives), name)


def require_nobody_blamed(plans: Iterable[Plan]) -> None:
    for plan in plans:
        causes = {c.cause for i in plan.items for c in i.fields} & OF_PEOPLE
        said = [w for w in UNTRUE if w in text_plan.render_plan(plan)]
        require(not causes and not said, FaultKind.VERDICT, f"a plan says {causes or said}")


def require_former_state(made: World, name: str) -> None:
    """Apply the former config: what it asks for is there again, or a safety check of the scenario says what to do."""
    change = CHANGES[name]
    plans = go_back(made, change)
    require_no_duplicates(made)
    require_nobody_blamed(plans)
    checks = {r.safety_check for i in plans[-1].items for r in i.refusals}
    require(checks <= change.refused, FaultKind.UNFINISHED, f"blocked by {checks}")
    if not plans[-1].is_refused:
        require(not plans[-1].steps(), FaultKind.UNFINISHED, f"{[s.key for s in plans[-1].steps()]}")
        found, wanted = exported_state(made, left_out(name)), former_state(name)
        require(found == wanted, FaultKind.UNFINISHED, f"{found} is not {wanted}")


def go_back(made: World, change: Change) -> list[Plan]:
    """Apply the former config until nothing is left to do, and return the plans."""
    made.write(change.before)
    plans: list[Plan] = []
    for _ in range(3):
        made.emulator.advance(LISTED)
        plans.append(made.plan())
        if plans[-1].is_refused or plans[-1].errors() or not plans[-1].steps():
            break
        try_apply(made)
        made.emulator.advance(600)
    require(not plans[-1].errors(), FaultKind.UNFINISHED, f"{plans[-1].errors()}")
    return plans
