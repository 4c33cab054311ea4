"""The schema of `policy`: limits for plan and apply, and the windows in which an apply changes nothing."""

from __future__ import annotations

from exportctl.config.scalars import NAME
from exportctl.config.schema.parts import DURATION, Schema, choice, flag, list_schema, map_schema, text, whole_number
from exportctl.model.freeze import WEEKDAYS


def policy() -> Schema:
    return map_schema(
        "Policy",
        "Limits for plan and apply.",
        {
            "max_deletes": whole_number("The number of deletions that need no entry under `removed`.", 0),
            "end_warning": text("plan warns of exports that end within this time.", "30 days", pattern=DURATION),
            "lease": flag("Let one apply at a time write, by a lease in the sandbox. `exportctl explain lease`."),
            "freeze": list_schema(
                "Windows in which apply changes nothing without `--allow-freeze NAME`. Renewals go on. A list in an "
                "overlay replaces the list below it.",
                _freeze(),
            ),
            "run_distance": text(
                "apply changes no flow within this time of one of its runs without `--allow-near-run ADDRESS`.",
                "30 minutes",
                pattern=DURATION,
            ),
        },
        example={"max_deletes": 0, "end_warning": "30 days"},
    )


def _freeze() -> Schema:
    return map_schema(
        "Freeze",
        "From a moment until another one; or, with `weekdays`, each week. All times are UTC.",
        {
            "name": text("Its name, for `--allow-freeze`.", "year-end", pattern=NAME),
            "from": text(
                "The first day or moment; with `weekdays` the time of day, and without it the whole day.",
                "2026-12-20",
                "16:00",
            ),
            "until": text(
                "The last day (inclusive) or the moment when it ends; with `weekdays` the time of day, on the next day "
                "if it is not after `from`.",
                "2027-01-03",
                "20:00",
            ),
            "weekdays": list_schema("The days of each week.", choice("A day.", *WEEKDAYS), minimum=1, example=["fri"]),
            "reason": text("Why there are no changes.", "closing of the books", min_length=1),
        },
        example={"name": "year-end", "from": "2026-12-20", "until": "2027-01-03", "reason": "closing of the books"},
        required=("name", "reason"),
    )
