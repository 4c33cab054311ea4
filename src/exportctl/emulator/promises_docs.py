"""
How each setting of the open questions affects the promises of the product.

This is data for docs/emulator.md. A test plays the whole loop under every setting and compares. A promise that is not
named here holds. A setting under which exportctl refuses names the step and the rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PROMISES = (
    "No state file",
    "A plan needs no destination secret",
    "Kill it anywhere, run it again",
    "What was reviewed is what is applied",
    "Drift is not pending change",
    "Lists, not look-ups",
    "Nothing re-sends a dataset unasked",
    "An apply proves itself",
    "Exports do not end silently",
    "Files, not flags",
)


@dataclass(frozen=True)
class DegradedPromise:
    """
    A promise that is weaker under one setting: `promise` is its number, `how` says it in words.

    `refuses` names the step and the rule at which the loop stops. None: the loop continues.
    """

    switch: str
    setting: object
    promise: int
    effect: str
    refusal: str | None = None


_HIDDEN_TEXT = "a hidden flow counts as gone: it is not re-created, not deleted, and its connections are left alone"
_DROPPED_TEXT = (
    "without descriptions ownership cannot be written: the first connection is deleted again, nothing follows"
)

DEGRADED_PROMISES = (
    DegradedPromise(
        "child_descriptions", "drop", 1, _DROPPED_TEXT, "apply, first connection created: descriptions-dropped"
    ),
    DegradedPromise("labelled", "hidden", 3, _HIDDEN_TEXT, "apply, completing a young creation: hidden-flow"),
    DegradedPromise("labelled", "hidden", 7, _HIDDEN_TEXT, "plan, a flow hidden for a day: re-creation"),
    DegradedPromise(
        "manifest",
        "rejected",
        8,
        "`manifest: true` is not sent and the plan says so; `manifest: force` meets the service's 400",
        "apply, creating or patching the target with `manifest: force`: service",
    ),
    DegradedPromise(
        "past_start",
        "rejected-always",
        9,
        "a schedule patch sends the live start unchanged; once it lies in the past the service refuses, renewals too",
        "apply or renew, patching the schedule of a flow that has started: service",
    ),
    DegradedPromise("old_source_in_use", 30, 8, "the apply waits until the old source connection is let go"),
    DegradedPromise("old_source_in_use", 600, 8, "the old source connection is an orphan that a later apply deletes"),
    DegradedPromise(
        "list_lag", 60, 3, "holds from a minute on: what is not listed yet is read by id by the run that made it"
    ),
    DegradedPromise(
        "runs_move_etags", True, 5, 'after a run, who changed the flow is "not recorded"; the cause is still known'
    ),
    DegradedPromise("background_actor", "writes", 5, 'who changed the flow in the UI is "not recorded"'),
    DegradedPromise("background_actor_children", True, 5, 'who changed the location or the format is "not recorded"'),
    DegradedPromise("read_secrets", "mask", 5, "a role changed by hand is not seen where the service hides roles"),
    DegradedPromise("read_secrets", "omit", 5, "a role changed by hand is not seen where the service hides roles"),
    DegradedPromise(
        "default_end_time", "hidden", 9, "the end of a flow made without one is shown as creation + 6 months"
    ),
    DegradedPromise("normalise", "trailing-slash", 8, "said once; the marker then holds both spellings"),
    DegradedPromise("normalise", "case", 8, "said once; the marker then holds both spellings"),
    DegradedPromise("dataset_change", "restart", 7, "a change of datasets sends all again; the plan warns of it"),
    DegradedPromise(
        "schedule_change", "restart", 7, "a change of mode or interval sends all again; the plan warns of it"
    ),
    DegradedPromise(
        "revival", "restart", 7, "reviving an ended flow sends all again: `renew` does not, a plan warns of it"
    ),
    DegradedPromise(
        "revival", "never", 9, "an ended flow exports nothing although its end was moved on: `verify` tells"
    ),
    DegradedPromise(
        "manifest", "rejected", 10, "without manifests files are counted and, with --deep, read, but not named"
    ),
    DegradedPromise("run_entities", "hidden", 10, "rows of several datasets in one flow are compared in sum"),
)


def table(choices: Mapping[str, Sequence[object]]) -> str:
    """Return the page's table: a row per setting, and what each degraded promise becomes."""
    lines = ["| switch | setting | promises |", "|---|---|---|"]
    for switch, settings in choices.items():
        for setting in settings:
            lines.append(f"| `{switch}` | `{setting}` | {_cell(switch, setting)} |")
    return "\n".join(lines)


def _cell(switch: str, setting: object) -> str:
    found = [d for d in DEGRADED_PROMISES if d.switch == switch and d.setting == setting]
    if not found:
        return "all kept"
    return "; ".join(_effect_text(d) for d in found)


def _effect_text(degraded: DegradedPromise) -> str:
    title = PROMISES[degraded.promise - 1]
    refusal = f", **refuses** at: {degraded.refusal}" if degraded.refusal else ""
    return f"{degraded.promise} ({title}): {degraded.effect}{refusal}"
