"""How single values look."""

from __future__ import annotations

import pytest

from exportctl.model import schedule
from exportctl.model.plan import Actor, Address, SensitiveValue, UnknownValue
from exportctl.model.ref import Ref
from exportctl.output import format_values

SHOWN = {
    "nothing": ("title", None, "(none)"),
    "text": ("title", 'a "b"', '"a \\"b\\""'),
    "a moment": ("end", 1795312800, "2026-11-22 02:00 UTC"),
    "a moment with seconds": ("end", 1795312801, "2026-11-22 02:00:01 UTC"),
    "a moment before 1970": ("end", -1, "-1 seconds since 1970"),
    "a moment beyond all dates": ("end", 10**15, "1000000000000000 seconds since 1970"),
    "a phase": ("schedule.at", 7200, "02:00 UTC"),
    "a phase with seconds": ("schedule.at", 28817, "08:00:17 UTC"),
    "no phase": ("schedule.at", 90000, "90000"),
    "a duration": ("expect.within", 7200, "2 hours"),
    "a number": ("port", 22, "22"),
    "on": ("enabled", True, "on"),
    "off": ("enabled", False, "off"),
    "true": ("format.manifest", True, "true"),
    "false": ("format.manifest", False, "false"),
    "sensitive": ("auth.role_arn", SensitiveValue("x"), "(sensitive)"),
    "sensitive, from a file": ("auth.role_arn", "(sensitive)", "(sensitive)"),
    "hidden": ("auth.role_arn", UnknownValue.HIDDEN, "(hidden by the service)"),
    "unset": ("auth.role_arn", UnknownValue.UNSET, "(variable not set: not compared)"),
    "an id to come": ("id", Ref("step"), "(known after apply)"),
    "a map": ("location", {"b": 1, "a": "x"}, '{a: "x", b: 1}'),
    "a list": ("datasets", ["1", "2"], '["1", "2"]'),
    "a set": ("names", frozenset({"b", "a"}), '["a", "b"]'),
    "datasets with names": ("datasets", [("5ef", "Orders")], '["Orders" (5ef)]'),
    "anything else": ("x", 1.5, '"1.5"'),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_value_reads_as(name: str) -> None:
    path, shown, expected = SHOWN[name]

    assert expected == format_values.value(path, shown)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0 seconds"), (45, "45 seconds"), (60, "1 minute"), (5400, "90 minutes"), (86400 * 180, "180 days")],
)
def test_a_duration_is_written_in_the_largest_unit_without_rest(seconds: int, expected: str) -> None:
    assert expected == format_values.duration(seconds)


@pytest.mark.parametrize(("seconds", "expected"), [(59, "59 seconds"), (3599, "59 minutes"), (-90000, "1 day")])
def test_an_age_is_rounded_down(seconds: int, expected: str) -> None:
    assert expected == schedule.format_age(seconds)


ACTORS = {
    "no actor": (None, "changed by an unknown user"),
    "all of it": (Actor("jane", "exc_app", 0), "changed by jane at 1970-01-01 00:00 UTC with the UI (exc_app)"),
    "another client": (Actor("jane", "abc", None), "changed by jane with client abc"),
    "no name": (Actor(None, None, 0, "a run wrote later"), "changed by an unknown user at "),
    "the note": (Actor(None, None, None, "a run wrote later"), "changed by an unknown user (a run wrote later)"),
}


@pytest.mark.parametrize("name", ACTORS)
def test_an_actor_is_shown_as_far_as_recorded(name: str) -> None:
    who, expected = ACTORS[name]

    assert expected in format_values.actor(who)


def test_an_id_is_called_what_the_service_calls_it() -> None:
    assert format_values.object_label(Address("exports", "x")) == "flow"
    assert format_values.object_label(Address("destinations", "x")) == "base connection"


def test_no_runs_are_none() -> None:
    assert format_values.moments(()) == "(none)"
