"""
Which promise of exportctl is weaker under which setting of a switch. Pure data; docs/emulator.md shows it.

Only the promises that a setting weakens stand here. A test plays the whole loop under every setting and compares: a
promise that is not named holds, and a setting under which exportctl refuses names the step and the rule.
"""

from __future__ import annotations

from exportctl.frozen import dataclass

PROMISES = (
    "No state file",
    "A plan needs no destination secret",
    "Kill it at any point and run it again",
    "What was reviewed is what is applied",
    "Drift is not pending change",
    "Lists, not look-ups",
    "No full re-export unless you ask for it",
    "Every apply proves its result",
    "Exports do not end silently",
    "Files, not flags",
)


@dataclass(frozen=True)
class DegradedPromise:
    """
    A promise that is weaker under one setting: `promise` is its number, `effect` says what becomes of it.

    `refusal` names the step and the rule at which the loop stops. None: the loop continues.
    """

    switch: str
    setting: object
    promise: int
    effect: str
    refusal: str | None = None

    def __str__(self) -> str:
        refusal = f" (**stops** at: {self.refusal})" if self.refusal else ""
        return f"{self.promise} ({PROMISES[self.promise - 1]}): {self.effect}{refusal}"


_HIDDEN_TEXT = (
    "a hidden flow counts as gone: exportctl neither creates it again nor deletes it, and leaves its connections alone"
)
_DROPPED_TEXT = "without descriptions exportctl cannot write ownership: it deletes the first connection again and stops"
_FORGOTTEN_TEXT = "`verify` says UNKNOWN, not MISSING, of runs older than those that the service shows"
_SPELLED_TEXT = "exportctl reports the other spelling once; then the marker holds both"

DEGRADED_PROMISES = (
    DegradedPromise("child_descriptions", "drop", 1,
        _DROPPED_TEXT, "apply, first connection created: descriptions-dropped"),
    DegradedPromise("source_patch", "405", 8,
        "the release of a source that no flow uses is refused; the apply says so and exits with 4, and `do: delete` "
        "deletes the source"),
    DegradedPromise("labelled", "hidden", 3, _HIDDEN_TEXT, "apply, completing a young creation: hidden-flow"),
    DegradedPromise("labelled", "hidden", 7, _HIDDEN_TEXT, "plan, a flow hidden for a day: re-creation"),
    DegradedPromise("manifest", "rejected", 8,
        "exportctl does not send `manifest: true`; the plan says so; the service refuses `manifest: force` with 400",
        "apply, creating or patching the target with `manifest: force`: service"),
    DegradedPromise("past_start", "rejected-always", 9,
        "a patch of the schedule sends the live start unchanged; if it is past, the service refuses, renewals too",
        "apply or renew, patching the schedule of a flow that has started: service"),
    DegradedPromise("old_source_in_use", 30, 8, "the apply waits until the old source connection can be deleted"),
    DegradedPromise("old_source_in_use", 600, 8,
        "the old source connection is an orphan: the apply says so and exits with 4; a later apply deletes it"),
    DegradedPromise("list_lag", 60, 3,
        "holds after a minute; the run that creates an object reads it by id until it is listed"),
    DegradedPromise("list_lag", 60, 8, "the apply waits until a list shows the flows that it created"),
    DegradedPromise("read_lag", 30, 8, "the run that creates an object waits until requests by id find it"),
    DegradedPromise("stale_reads", 30, 8, "the apply waits until reads show what it wrote"),
    DegradedPromise("late_effect", 20, 8, "the apply waits until reads show what it wrote"),
    DegradedPromise("late_failure", "always", 8,
        "the apply says that the service did not carry out the change, and exits with 4",
        "final check, after a change of a flow: failed-later"),
    DegradedPromise("description_length", 256, 8,
        "if the text leaves no room for the ownership marker, the apply says so and exits with 4; the text stays, and "
        "the next plan refuses to write it again until it is shorter"),
    DegradedPromise("description_length", 120, 8,
        "the marker of a flow does not fit: the apply says so and exits with 4, and the next plan refuses",
        "final check, after the flow is created: description-cut"),
    DegradedPromise("description_text", "one-line", 8, _SPELLED_TEXT),
    DegradedPromise("description_text", "ascii", 8, _SPELLED_TEXT),
    DegradedPromise("names", "trimmed", 8, _SPELLED_TEXT),
    DegradedPromise("rate_limit", 50, 8, "the apply waits as long as the service asks"),
    DegradedPromise("longest_end", 365, 9,
        "the service refuses a later end with 400; the apply says so and exits with 4"),
    DegradedPromise("invalid_params", "flow", 8,
        "a wrong value that the live spec allows fails the creation of the flow; a later apply completes it"),
    DegradedPromise("invalid_params", "run", 8,
        "a wrong value that the live spec allows fails each run; `status` and `verify` report it"),
    DegradedPromise("sftp_port", "ignored", 8, _SPELLED_TEXT),
    DegradedPromise("sftp_port", "refused", 8,
        "the service refuses an account with `port` with 400; the apply says so and exits with 4"),
    DegradedPromise("delete_during_run", "refused", 3,
        "the apply waits for a minute; if the run still goes on, the deletion fails; a later apply deletes the flow"),
    DegradedPromise("runs_move_etags", True, 5,
        'after a run, drift says "not recorded" for who changed the flow; it still knows the cause'),
    DegradedPromise("background_actor", "writes", 5, 'drift says "not recorded" for who changed the flow in the UI'),
    DegradedPromise("background_actor_children", True, 5,
        'drift says "not recorded" for who changed the location or the format'),
    DegradedPromise("read_secrets", "mask", 5,
        "exportctl cannot see that a role was changed by hand, because the service hides roles"),
    DegradedPromise("read_secrets", "omit", 5,
        "exportctl cannot see that a role was changed by hand, because the service hides roles"),
    DegradedPromise("default_end_time", "hidden", 9,
        "if a flow was created without an end, exportctl shows its creation plus six months"),
    DegradedPromise("normalise", "trailing-slash", 8, _SPELLED_TEXT),
    DegradedPromise("dataset_change", "restart", 7,
        "a change of datasets causes a full re-export; the plan warns of it"),
    DegradedPromise("schedule_change", "restart", 7,
        "a change of mode or interval causes a full re-export; the plan warns of it"),
    DegradedPromise("revival", "restart", 7,
        "a later end of an expired flow causes a full re-export; `renew` never does this, and the plan warns of it"),
    DegradedPromise("revival", "never", 9,
        "an expired flow exports nothing, even after its end was moved; `verify` reports it"),
    DegradedPromise("manifest", "rejected", 10,
        "without manifests, `verify` counts files and, with --deep, reads them; it cannot compare their names"),
    DegradedPromise("run_entities", "hidden", 10,
        "`verify` compares only the sum of the rows of all datasets of a flow"),
    DegradedPromise("run_retention", 30, 10, _FORGOTTEN_TEXT),
    DegradedPromise("run_retention", 7, 10, _FORGOTTEN_TEXT),
)  # fmt: skip
