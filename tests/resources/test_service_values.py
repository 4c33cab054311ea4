"""The table of the service's values: complete, open, and the same in the docs."""

from __future__ import annotations

import re

import pytest

from exportctl.model.schedule import interval_seconds
from exportctl.resources import wire
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.service_values import (
    COMPRESSIONS,
    FILE_TYPES,
    INTERVALS,
    MODES,
    STATES,
    StateMeaning,
    listed_names,
    state_meaning,
)
from exportctl.resources.service_values_docs import service_values_markdown

TABLES = {"intervals": INTERVALS, "modes": MODES, "types": FILE_TYPES, "compressions": COMPRESSIONS, "states": STATES}


@pytest.mark.parametrize("table", TABLES)
def test_every_value_has_a_source_and_a_date(table: str) -> None:
    for name, one in TABLES[table].items():
        assert name == one.name
        assert one.source
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", one.read)


def test_every_way_to_authenticate_has_a_source() -> None:
    assert [(kind.name, m.name) for kind in TYPES.values() for m in kind.methods if not m.source] == []


@pytest.mark.parametrize("every", INTERVALS)
def test_the_wire_form_of_an_interval_is_what_is_sent(every: str) -> None:
    sent = wire.schedule_params({}, {"schedule.every": every}, 0)

    assert INTERVALS[every].wire == f"{sent['timeUnit']} {sent['interval']}"
    assert sent["exportMode"] in {mode.wire for mode in MODES.values()}
    assert interval_seconds(every) >= 0


def test_the_page_has_every_value() -> None:
    page = service_values_markdown()

    assert [name for table in TABLES.values() for name in table if f"| `{name}` |" not in page] == []
    assert [m.name for kind in TYPES.values() for m in kind.methods if f"| `{m.name}` |" not in page] == []


def test_messages_name_only_values_that_no_source_disputes() -> None:
    assert listed_names(FILE_TYPES) == "parquet and json"
    assert "8 hours" not in listed_names(INTERVALS)
    assert listed_names({"once": INTERVALS["once"]}) == "once"


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("enabled", StateMeaning.ENABLED),
        ("ENABLED", StateMeaning.ENABLED),
        (" Disabled ", StateMeaning.DISABLED),
        ("updating", StateMeaning.TRANSITION),
        ("initializing", StateMeaning.TRANSITION),
        ("pending", StateMeaning.TRANSITION),
        ("inProgress", StateMeaning.TRANSITION),
        ("disabled-finalizing", StateMeaning.TRANSITION),
        ("expired", StateMeaning.OTHER),
        ("hibernating", StateMeaning.UNKNOWN),
        ("", StateMeaning.UNKNOWN),
        (None, StateMeaning.UNKNOWN),
        (7, StateMeaning.UNKNOWN),
    ],
)
def test_a_state_is_read_in_any_case_and_an_unknown_word_is_never_disabled(word: object, meaning: StateMeaning) -> None:
    assert state_meaning(word) is meaning
