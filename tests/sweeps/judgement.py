"""
What counts as a fault in every sweep, judged from the store of the emulator and not from what exportctl says of it.

    duplicate        two flows at one address, or two accounts of one destination
    lost edit        what a person wrote is gone, and the plan that removed it did not show it
    lost pause       a flow that a person paused sends data again
    untrue verdict   "everything is as the config asks", and it is not; or a person is named who did nothing
    unfinished       applies that meet no more trouble do not reach what the config asks
    traceback        any exception that is not an error for people
    hang             a case that does not end
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any

from exportctl.apply.final_check import FinalCheck
from exportctl.errors import Error
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan_options import PlanOptions
from tests.workflows.test_laws import LISTED
from tests.workflows.world import SANDBOX, World

NO_FLAGS = PlanOptions()
LINKS = {"sourceConnections": "sourceConnectionIds", "targetConnections": "targetConnectionIds"}


class FaultKind(StrEnum):
    """The kinds of faults, in the order of the last line."""

    DUPLICATE = "duplicates"
    EDIT = "lost edits"
    PAUSE = "lost pauses"
    VERDICT = "untrue verdicts"
    UNFINISHED = "unfinished"
    TRACEBACK = "tracebacks"
    HANG = "hangs"


class BrokenPromise(AssertionError):
    """A promise that does not hold in one case of a sweep."""

    def __init__(self, kind: FaultKind, text: str):
        super().__init__(f"{kind}: {text}")
        self.kind = kind


def require(holds: object, kind: FaultKind, text: str) -> None:
    if not holds:
        raise BrokenPromise(kind, text)


def exported_state(made: World, left_out: Collection[str] = ("startTime",)) -> list[Any]:
    """
    Return what every flow exports, without ids, etags, markers and the members of a schedule that are left out.

    Equal states send equal data. Connections that no flow uses stand at the end.
    """
    seen = made.emulator.snapshot(SANDBOX)
    by_id = {kind: {c["id"]: c for c in seen[kind]} for kind in (*LINKS, "connections")}
    flows = [
        (
            f["name"],
            f["state"],
            f["description"].rpartition("[exportctl/")[0].strip(),
            {k: v for k, v in f["scheduleParams"].items() if k not in left_out},
            [sorted(d["dataSetId"] for d in by_id["sourceConnections"][i]["params"]["datasets"]) for i in
             f["sourceConnectionIds"]],
            [(t["params"], _account_name(by_id["connections"][t["baseConnectionId"]])) for i in f["targetConnectionIds"]
             for t in [by_id["targetConnections"][i]]],
        )
        for f in seen["flows"]
    ]  # fmt: skip
    used = {i for f in seen["flows"] for link in LINKS.values() for i in f[link]}
    return [*sorted(flows, key=str), *sorted(kind for kind in LINKS for i in by_id[kind] if i not in used)]


def _account_name(account: Mapping[str, Any]) -> str:
    """Return the name of an account without its generation: a new one of the same destination has the next."""
    return re.sub(r" \d+$", "", str(account["name"]))


def require_no_duplicates(made: World) -> None:
    """Find two flows of one address and generation, as in a replacement there are two, and two accounts of one name."""
    seen = made.emulator.snapshot(SANDBOX)
    markers = (f["description"].rpartition("[exportctl/")[2].split() for f in seen["flows"])
    found = Counter((*words[1:4], words[4][:1]) for words in markers if len(words) > 4)
    found.update(("account", c["name"]) for c in seen["connections"])
    require(not found or max(found.values()) == 1, FaultKind.DUPLICATE, f"{[k for k, n in found.items() if n > 1]}")


def require_true_verdict(made: World, check: FinalCheck, wanted: list[Any]) -> None:
    """Compare a verdict that everything is done with the store; `wanted` is what an undisturbed apply leaves."""
    found = exported_state(made)
    require(not check.passed or found == wanted, FaultKind.VERDICT, f"passed, but {found} is not {wanted}")


def try_apply(made: World, flags: PlanOptions = NO_FLAGS, **more: Any) -> FinalCheck | None:
    """Apply; return the final check, None if an error for people ended it. A failed step says why."""
    try:
        outcomes, check = made.apply(flags, **more)
    except Error as error:
        require(error.message and "Traceback" not in error.message, FaultKind.TRACEBACK, repr(error.message))
        return None
    require_reasons(outcomes, check)
    return check


def require_reasons(outcomes: tuple[Outcome, ...], check: FinalCheck) -> None:
    failed = [o for o in outcomes if o.status is OutcomeStatus.FAILED]
    require(all(o.message and o.rule for o in failed), FaultKind.VERDICT, f"a failure without a reason: {failed}")
    require(not (check.passed and failed), FaultKind.VERDICT, f"passed, although {failed}")


def finish(made: World, wanted: list[Any], flags: PlanOptions = NO_FLAGS) -> None:
    """Apply without trouble, a minute later each time, until nothing is left to do; that must be what is `wanted`."""
    made.emulator.clear_faults()
    for _ in range(3):
        made.emulator.advance(LISTED)
        check = try_apply(made, flags)
        require(check, FaultKind.UNFINISHED, "an apply without trouble ended in an error")
        if check is not None and check.verdict.is_as_declared:
            break
        made.emulator.advance(600)
    require_no_duplicates(made)
    left = made.plan().steps()
    require(not left, FaultKind.UNFINISHED, f"{[s.key for s in left]}")
    require(exported_state(made) == wanted, FaultKind.UNFINISHED, f"{exported_state(made)} is not {wanted}")
