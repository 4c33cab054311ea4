"""
The findings of the planner that alone make `drift` or the final check fail, as rows. This module checks nothing.

No edit of the YAML but the one that each names makes them go away, so no config changes their level.
"""

from __future__ import annotations

# id, title, why, how to fix
Row = tuple[str, str, str, str]

DRIFT_FAILURES: tuple[Row, ...] = (
    (
        "flow-gone",
        "A flow that is deleted, or hidden from this credential",
        "Its connections are older than a day and no flow uses them. An access label can hide a flow, so exportctl does"
        " not create it again on its own: a second flow would send everything twice (ours).",
        "If the flow was deleted on purpose, replace the export by `removed: [{export: …, do: delete, reason: …}]`;"
        " else use `--allow-recreate ADDRESS`.",
    ),
    (
        "half-built",
        "A creation or a replacement that was interrupted",
        "Connections of the last 24 hours have no flow yet; or a flow is marked for replacement (and may be disabled"
        " already), but its new flow is missing (ours).",
        "`exportctl apply` completes it. If you deleted the flow, remove the export.",
    ),
    (
        "duplicates",
        "Several flows at one address",
        "Each sends the same data, and exportctl cannot know which one a reader uses (ours).",
        "Name the flow to keep: `keep: <flow id>`. exportctl deletes the others.",
    ),
    (
        "marker-lost",
        "A flow or an account that lost its ownership marker",
        "exportctl finds the flow by its connections, which still have the marker; if they lose it too, the flow is"
        " unmanaged. It finds an account by its name, its creator and its flows (ours).",
        "`exportctl apply` writes the marker again. Edit only the text before the marker.",
    ),
    (
        "not-comparable",
        "A flow that cannot be compared",
        "It has several connections, or one that this credential cannot see: a write could lose the hidden part (ours)."
        " exportctl still compares its state and its end, which are on the flow itself.",
        "Give the credential access, or fix the flow in the UI; `removed` with `do: release` releases it.",
    ),
    (
        "flow-state",
        "A flow that is neither enabled nor disabled",
        "Only these two words say whether a flow runs; others are published [FE] [F], and more may come. exportctl"
        " shows the word, and neither compares nor changes the state (ours).",
        "Run it again later if the service still changes the flow; else see the UI, or `accept` the field `enabled`.",
    ),
    (
        "unknown-schedule",
        "A schedule that exportctl cannot read",
        "A person or a newer tool wrote a unit, a mode or a number that exportctl does not know; Adobe adds such values"
        " several times a year. exportctl shows the words and leaves the schedule as it is (ours).",
        "Apply with `--resume ADDRESS`, or edit `schedule.every`; or `accept` the field `schedule`.",
    ),
    (
        "unknown-end",
        "An end that exportctl cannot read",
        "The live end is no moment that exportctl knows. It can be a pause, so exportctl shows it and leaves it as it"
        " is, and no rolling end is renewed over it (ours).",
        "Apply with `--resume ADDRESS`, or edit `end` to a moment; or `accept` the field `end`.",
    ),
    (
        "orphans",
        "Connections of ours that no flow uses and no step deletes",
        "The flow may only be hidden from this credential, or something else blocks the address, so they stay (ours)."
        " `drift` and `status` name them; while they are there, `apply` exits with code 4.",
        "The message says what deletes them. If the flow is deleted, `removed: [{export: …, do: delete, reason: …}]`.",
    ),
    (
        "not-renewed",
        "A rolling end that `renew` cannot renew",
        "Several flows have the address, or the flow has no marker, waits for its replacement, or shows no schedule or"
        " no end that exportctl can read: exportctl cannot know which end to move (ours). `renew` exits with code 4.",
        "Run `exportctl plan`: it says what is wrong with the export and how to fix it.",
    ),
)
