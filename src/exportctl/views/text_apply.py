"""
What became of an apply: one line per outcome as it comes, and the report at the end.

Goes in: Outcomes, and the plan made from the read-back. Comes out: text; every step of the plan is accounted for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exportctl.kinds import KINDS
from exportctl.model import CHANGES, Action, Outcome, Plan, Status, Step
from exportctl.views import text, values, wording
from exportctl.views.paint import paint

_STYLES: Mapping[Status, str] = {
    Status.DONE: "good",
    Status.FAILED: "error",
    Status.BLOCKED: "error",
    Status.LEFT: "warning",
    Status.NOT_ATTEMPTED: "warning",
}


_PROOFS: Mapping[bool | None, str] = {
    None: "Not read back: make a new plan to see what the sandbox holds now.",
    True: "Read back: the sandbox holds what the config asks for.",
    False: "Read back: the sandbox does not hold what the config asks for. Left:",
}


_RENEWED = "Read back: the ends that were due are moved on."


def outcome(shown: Outcome, number: int, total: int, *, color: bool = False) -> str:
    """`[3/7] done: update target connection tc-1 of exports.web-to-lake`; message and hint below."""
    ink = paint(color)
    width = len(str(total))
    head = f"[{number:>{width}}/{total}] {ink(_STYLES[shown.status], shown.status.value)}: {step(shown.step, shown.id)}"
    lines = [head]
    lines += [text.INDENT + values.clean(line) for line in _words(shown)]
    return "\n".join(lines) + "\n"


def step(shown: Step, made: str | None = None) -> str:
    """`create flow f-1 of exports.web-to-lake`; an ACT is called by its operation."""
    verb = shown.act if shown.action is Action.ACT and shown.act else shown.action.value
    kind = KINDS[shown.kind].label
    ident = made or shown.id
    return f"{verb} {kind}{' ' + values.clean(ident) if ident else ''} of {values.address(shown.address)}"


def _words(shown: Outcome) -> list[str]:
    words = [line for part in (shown.message, shown.hint) if part for line in part.split("\n")]
    if shown.rule and words:
        words[0] += f"  [{shown.rule}]"
    return words


def report(
    outcomes: Sequence[Outcome],
    *,
    residue: Plan | None,
    proved: bool | None = None,
    normalised: Sequence[str] = (),
    interrupted: bool = False,
    color: bool = False,
    width: int = 120,
) -> str:
    """
    The end of an apply: numbers, what was not done, and the proof.

    `residue` is the plan made from the read-back, None when nothing was read back; `proved` overrules whether it counts
    as empty; `normalised` says which values the service keeps in another spelling.
    """
    ink = paint(color)
    lines = []
    for shown in outcomes:
        if shown.status is not Status.DONE:
            lines.append(f"{ink(_STYLES[shown.status], shown.status.value)}: {step(shown.step, shown.id)}")
            lines += [text.INDENT + values.clean(line) for line in _words(shown)]
    lines += [""] if lines else []
    if interrupted:
        lines.append(ink("warning", "Interrupted: nothing new was started, what was in flight has finished."))
    lines.append(ink("bold", summary(outcomes)))
    lines += [f"The service keeps another spelling: {values.clean(name)}" for name in normalised]
    proof = converged(residue, proved)
    left = _left(residue) if residue else []
    lines.append(" ".join([_RENEWED, *left]) if proof and left else _PROOFS[proof])
    if residue is not None:
        lines += text.stops(residue, ink, width)
    if residue is not None and not proof:
        for item in residue.items:
            if item.steps or item.refusals or item.verb in CHANGES:
                lines += ["", *text.block(item, residue.as_of, ink, width)]
        lines += text.findings(residue.errors(), ink)
    return "\n".join(lines) + "\n"


def _left(residue: Plan) -> list[str]:
    """Rolling ends that a renewal leaves: a sentence for each kind of them."""
    over = [item for item in residue.items if item.lapsed and not item.steps]
    unsure = [item for item in residue.items if wording.passed_over_of(item)]
    each = (("Ended, and left to an apply", over), ("Not looked after", unsure))
    return [f"{what}: {', '.join(values.address(i.address) for i in items)}." for what, items in each if items]


def summary(outcomes: Sequence[Outcome]) -> str:
    """`Apply: 6 done, 1 failed, 2 blocked.`; what did not happen to anything is left out, `done` is always there."""
    counted = tally(outcomes)
    words = [f"{number} {status}" for status, number in counted.items() if number or status == Status.DONE]
    unfinished = sum(counted.values()) != counted[Status.DONE.value]
    return f"Apply: {', '.join(words)}." + (" Nothing was rolled back." if unfinished else "")


def tally(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Every status with its number, zeros included."""
    return {status.value: sum(o.status is status for o in outcomes) for status in Status}


def converged(residue: Plan | None, proved: bool | None) -> bool | None:
    """Does the read-back end in an empty plan? None: nothing was read back."""
    if residue is None or proved is not None:
        return proved
    return residue.empty and not residue.errors()
