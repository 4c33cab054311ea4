"""The part of the config's schema about schedules, ends and file formats."""

from __future__ import annotations

from exportctl.config.schema.parts import WHOLE_NOTE, Schema, choice, map_schema, ref, text

DURATION = r"\d{1,5}\s*[A-Za-z]+"
_CLOCK = r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?"


def schedule() -> Schema:
    return map_schema(
        "Schedule",
        f"When an export runs, in UTC. The service knows neither cron nor time zones. {WHOLE_NOTE}",
        {
            "every": text(
                "The interval: 3, 6, 9 or 12 hours, 1 day, or `once` for one full export.", "1 day", "3 hours", "once"
            ),
            "at": text(
                "The time of day in UTC of one of the runs, to the minute or to the second.",
                "02:00",
                "08:00:17",
                pattern=_CLOCK,
            ),
            "start": text("The date or moment before which there is no run.", "2026-12-01", "2026-12-01T06:00:00Z"),
            "end": ref("end"),
        },
        example={"every": "1 day", "at": "02:00"},
    )


def end() -> Schema:
    described = (
        "The last day (inclusive) or moment; a rolling end, which `renew` and `apply` move on; or `none`: no end, "
        "even if the schedule or `defaults` has one."
    )
    schema = map_schema(
        "End",
        f"{described} {WHOLE_NOTE}",
        {
            "rolling": text("The time from now to the new end at each renewal.", "180 days", pattern=DURATION),
            "renew_before": text(
                "exportctl renews the end when less than this time remains.", "30 days", pattern=DURATION
            ),
        },
        example={"rolling": "180 days", "renew_before": "30 days"},
        required=("rolling",),
    )
    return {**schema, "type": ["string", "object"], "examples": ["2027-06-30", *schema["examples"], "none"]}


def file_format() -> Schema:
    return map_schema(
        "Format",
        f"The files of an export. {WHOLE_NOTE}",
        {
            "type": choice("The file type. Datasets cannot be exported as CSV.", "parquet", "json"),
            "compression": choice("The compression. JSON must be compressed.", "gzip", "none"),
            "manifest": {
                "description": "Ask the service to write a manifest file beside each run. `force` sends the parameter "
                "even if the service does not offer it.",
                "type": ["boolean", "string"],
                "enum": [True, False, "force"],
                "examples": [True],
            },
        },
        example={"type": "parquet", "compression": "gzip", "manifest": True},
        required=("type",),
    )
