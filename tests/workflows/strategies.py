"""Strategies: configs, changes between two configs of one project, and switches of the emulator."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from exportctl.emulator import Switches
from tests.workflows.world import DATASETS, DESTINATIONS, config

NAMES = ("orders", "web-traffic", "a", "loyalty-2")
SCHEDULES: list[Any] = [
    {"every": "1 day", "at": "02:00"},
    {"every": "3 hours", "at": "01:00"},
    {"every": "6 hours", "at": "00:30:17"},
    {"every": "9 hours", "at": "02:00"},
    {"every": "12 hours", "at": "11:45"},
    {"every": "once", "at": "05:00"},
]
ENDS: list[Any] = [{"rolling": "180 days", "renew_before": "30 days"}, "2028-03-01", "2029-01-01T12:00:00Z", "none"]
FOLDERS = ["%DATASET_ID%/%EXPORT_TIME%", "%DATASET_ID%/%DATETIME(YYYYMMdd_HHmmss)%", "a/%DATASET_ID%/%EXPORT_TIME%"]
TEXTS = ["", "For the data team", "Orders — all of them, 100 %", "line one\nline two"]
FORMATS = ["parquet", "json", {"type": "parquet", "compression": "none"}]

# Settings that may refuse a creation or a value; the laws about what must succeed draw all others.
ACCEPTING_SETTINGS = {
    "child_descriptions": "keep",
    "labelled": "visible",
    "manifest": "accepted",
    "past_start": "accepted",
    "name_unique": False,
    "json_uncompressed": "accepted",
    "one_hour": "accepted",
    "eight_hours": "accepted",
    "nine_hours": "accepted",
    "other_intervals": "accepted",
    "late_failure": "never",
    "rate_limit": 0,
    "longest_end": 0,
    "sftp_port": "kept",
    "old_source_in_use": 30,  # 600: the old source is an orphan until the next apply, and the final check says so
    "description_length": 0,
}


@st.composite
def exports(draw: st.DrawFn) -> dict[str, Any]:
    """One to four exports; each has a place of its own, so that no two write into one folder."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    made = {}
    for name in sorted(names):
        schedule = draw(st.sampled_from(SCHEDULES))
        export: dict[str, Any] = {
            "datasets": draw(st.lists(st.sampled_from(DATASETS), min_size=1, max_size=3, unique=True)),
            "destination": draw(st.sampled_from(sorted(DESTINATIONS))),
            "schedule": schedule,
            "end": "2028-05-05" if schedule["every"] == "once" else draw(st.sampled_from(ENDS)),
            "allow": [{"rule": "missing-end", "reason": "law"}],
            "folder": draw(st.sampled_from(FOLDERS)),
            "subpath": f"{name}/{draw(st.sampled_from(['x', 'Y/z', 'deep/er']))}",
            "format": draw(st.sampled_from(FORMATS)),
            "description": draw(st.sampled_from(TEXTS)),
            "title": f"{name} {draw(st.sampled_from(['export', 'daily', 'Ünïcode']))}",
        }
        if draw(st.booleans()):
            export["split_by"] = "dataset"
        if draw(st.booleans()):
            export["enabled"] = draw(st.booleans())
        if draw(st.booleans()):
            export["protect"] = draw(st.booleans())
        made[name] = export
    return made


def configs() -> st.SearchStrategy[dict[str, Any]]:
    """Any project, with or without the line for people that names its repository."""
    named = exports().map(lambda made: config(exports=made))
    return st.one_of(named, named.map(lambda made: {key: made[key] for key in made if key != "repository"}))


def switches(**fixed: Any) -> st.SearchStrategy[Switches]:
    """Any setting of the open questions, apart from the fixed ones."""
    choices = {name: [fixed[name]] if name in fixed else list(values) for name, values in Switches.choices().items()}
    return st.fixed_dictionaries({n: st.sampled_from(v) for n, v in choices.items()}).map(lambda s: Switches(**s))


def accepting_switches() -> st.SearchStrategy[Switches]:
    """Settings under which nothing has to be refused."""
    return switches(**ACCEPTING_SETTINGS)
