"""Desired, live, last applied: the whole truth table of causes, and one for each way a field is compared."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.model.plan import Cause, FieldChange, Marker, SensitiveValue, UnknownValue, digest
from exportctl.model.project import End
from exportctl.model.schedule import default_end
from exportctl.plan.comparison import NO_END, ComparisonInputs, difference_cause
from exportctl.plan.field_diff import applied_digests, differing_leaves, field_changes
from exportctl.resources.kinds import BASE_CONNECTION, FLOW, LOCATION, SECRET_VERSION, TARGET_CONNECTION, Kind
from exportctl.resources.marker import END

NOW = 1_800_000_000
DAY = 86400


def side(applied: dict[str, tuple[str, ...]] | None = None, **changes: Any) -> ComparisonInputs:
    """`applied` None: there is no marker; `seen_on` and `damaged` are the marker's."""
    flags = {k: changes.pop(k) for k in ("last_seen_enabled", "damaged") if k in changes}
    marker = None if applied is None else Marker("acme", "e", "orders", applied=applied, **flags)
    return ComparisonInputs(marker, NOW, **changes)


def only_change(kind: Kind, name: str, desired: Any, live: Any, against: ComparisonInputs) -> FieldChange | None:
    """The one change of one field, or None."""
    changes = field_changes(kind, {name: desired}, {name: live}, against)
    assert len(changes) <= 1
    return changes[0] if changes else None


def only_cause(kind: Kind, name: str, desired: Any, live: Any, against: ComparisonInputs) -> Cause | None:
    change = only_change(kind, name, desired, live, against)
    return change.cause if change else None


# -- the table of design and docstring --------------------------------------------------------------------------------

A, B, C = "aaaa", "bbbb", "cccc"

CAUSES: dict[str, tuple[str, str, tuple[str, ...] | None, Cause | None]] = {
    "equal, as last applied": (A, A, (A,), None),
    "equal, another value was applied: already matches": (A, A, (B,), Cause.ALREADY_MATCHES),
    "equal, last applied unknown: already matches": (A, A, None, Cause.ALREADY_MATCHES),
    "equal, sent and kept alike of a pair": (A, A, (A, B), None),
    "equal, the YAML now says the service's spelling: already matches": (B, B, (A, B), Cause.ALREADY_MATCHES),
    "differs, live is as applied: pending": (A, B, (B,), Cause.PENDING),
    "differs, the YAML is as applied: drift": (A, B, (A,), Cause.DRIFT),
    "differs, neither is as applied: conflict": (A, B, (C,), Cause.CONFLICT),
    "different, last applied unknown: unknown origin": (A, B, None, Cause.UNKNOWN_ORIGIN),
    "differs, sent and kept are the pair: normalised": (A, B, (A, B), Cause.NORMALISED),
    "differs, live left the pair: drift": (A, C, (A, B), Cause.DRIFT),
    "differs, the YAML left the pair: pending": (C, B, (A, B), Cause.PENDING),
    "differs, the service keeps the sent spelling after all, the YAML moved: pending": (C, A, (A, B), Cause.PENDING),
    "differs, both left the pair: conflict": (C, "dddd", (A, B), Cause.CONFLICT),
}


@pytest.mark.parametrize("row", CAUSES)
def test_the_digest_of_what_was_applied_names_the_cause(row: str) -> None:
    desired, live, applied, expected = CAUSES[row]
    assert difference_cause(desired == live, desired, live, applied) == expected


@pytest.mark.parametrize("row", CAUSES)
def test_a_plain_value_follows_the_table(row: str) -> None:
    desired, live, applied, expected = CAUSES[row]
    known = {"title": tuple(digest(v) for v in applied)} if applied else {}
    change = only_change(FLOW, "title", desired, live, side(known))
    assert (change.cause if change else None) == expected
    if change:
        assert (change.path, change.before, change.after) == ("title", live, desired)


def test_without_a_marker_and_with_a_damaged_one_nothing_is_known() -> None:
    assert only_cause(FLOW, "title", "a", "b", side()) is Cause.UNKNOWN_ORIGIN
    assert only_cause(FLOW, "title", "a", "b", side({"title": (digest("a"),)}, damaged=True)) is Cause.UNKNOWN_ORIGIN


def test_undeclared_fields_are_not_compared_and_the_others_keep_the_kinds_order() -> None:
    changes = field_changes(
        FLOW, {"folder": "x", "title": "a"}, {"title": "b", "folder": "y", "schedule.every": "once"}, side({})
    )
    assert [c.path for c in changes] == ["title", "folder"]


# -- sets -------------------------------------------------------------------------------------------------------------

SETS: dict[str, tuple[list[str], list[str] | None, list[str] | None, Cause | None]] = {
    "the same in another order": (["b", "a"], ["a", "b"], ["a", "b"], None),
    "one more in the YAML": (["a", "b"], ["a"], ["a"], Cause.PENDING),
    "one more in the sandbox": (["a"], ["b", "a"], ["a"], Cause.DRIFT),
    "one more on each side": (["a", "b"], ["a", "c"], ["a"], Cause.CONFLICT),
    "one taken out in the sandbox": (["a", "b"], ["b"], ["a", "b"], Cause.PAUSED),
    "one taken out in the sandbox, and another in the YAML": (["a", "b"], ["b"], ["a", "b", "c"], Cause.CONFLICT),
    "one exchanged in the sandbox": (["a", "b"], ["b", "c"], ["a", "b"], Cause.DRIFT),
    "nothing live to be read": (["a"], None, ["a"], Cause.PAUSED),
}


@pytest.mark.parametrize("row", SETS)
def test_datasets_are_a_set(row: str) -> None:
    desired, live, applied, expected = SETS[row]
    assert only_cause(FLOW, "datasets", desired, live, side({"datasets": (digest(applied),)})) == expected


# -- objects ----------------------------------------------------------------------------------------------------------

LOCATION_A = {"bucket": "acme", "path": "a"}
LOCATION_B = {"bucket": "acme", "path": "b"}


def test_of_an_object_only_the_leaves_that_differ_are_named() -> None:
    change = only_change(TARGET_CONNECTION, LOCATION, LOCATION_B, LOCATION_A, side({LOCATION: (digest(LOCATION_A),)}))
    assert change == FieldChange("path", LOCATION, "a", "b", Cause.PENDING)


LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-1, 1), st.floats(-1, 1, width=16), st.sampled_from(["", "1"]))
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "c.d"]), LEAVES)
NESTED = {"nested": {"one": 1}}  # equal on both sides: with it, deepdiff compares


@given(OBJECTS, OBJECTS)
def test_flat_objects_differ_in_the_leaves_that_deepdiff_finds(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert differing_leaves(before, after) == differing_leaves({**before, **NESTED}, {**after, **NESTED})


_ASK = """
import sys
from exportctl.plan.field_diff import differing_leaves
print(differing_leaves({"path": "a", "port": 22}, {"path": "b"}), "deepdiff" in sys.modules)
print(differing_leaves({"x": {"y": 1}}, {"x": {"y": 2}}), "deepdiff" in sys.modules)
"""


def test_deepdiff_is_imported_only_for_nested_values() -> None:
    said = subprocess.run([sys.executable, "-c", _ASK], capture_output=True, text=True, check=True, timeout=60).stdout

    assert said.splitlines() == ["[('path', 'a', 'b'), ('port', 22, None)] False", "[('x.y', 1, 2)] True"]


def test_nested_leaves_are_named_with_the_values_of_both_sides() -> None:
    before = {"a": {"b": 1, "c": [1, 2]}, "gone": {"x": 1}, "same": {"y": 1}}
    after = {"a": {"b": 2, "c": [1, 3, 4]}, "d.e": 5, "same": {"y": 1}}

    assert differing_leaves(before, after) == [
        ("a.b", 1, 2),
        ("a.c.1", 2, 3),
        ("a.c.2", None, 4),
        ("d.e", None, 5),
        ("gone", {"x": 1}, None),
    ]


def test_leaves_that_only_one_side_has_are_named_too() -> None:
    live = {"bucket": "acme", "extra": "x"}
    changes = field_changes(
        TARGET_CONNECTION, {LOCATION: LOCATION_A}, {LOCATION: live}, side({LOCATION: (digest(LOCATION_A),)})
    )
    assert [(c.path, c.before, c.after) for c in changes] == [("extra", "x", None), ("path", None, "a")]
    assert {c.cause for c in changes} == {Cause.DRIFT}


def test_an_object_that_is_not_there_differs_in_every_leaf() -> None:
    changes = field_changes(TARGET_CONNECTION, {LOCATION: LOCATION_A}, {LOCATION: None}, side())
    assert [c.path for c in changes] == ["bucket", "path"]


def test_an_equal_object_of_which_nothing_is_known_already_matches_as_a_whole() -> None:
    assert only_change(TARGET_CONNECTION, LOCATION, LOCATION_A, LOCATION_A, side()) == FieldChange(
        LOCATION, LOCATION, LOCATION_A, LOCATION_A, Cause.ALREADY_MATCHES
    )


def test_an_object_as_last_applied_is_no_change() -> None:
    assert (
        only_change(TARGET_CONNECTION, LOCATION, LOCATION_A, LOCATION_A, side({LOCATION: (digest(LOCATION_A),)}))
        is None
    )


def test_an_object_the_service_spells_otherwise_is_normalised() -> None:
    pair = (digest(LOCATION_A), digest(LOCATION_B))
    assert only_cause(TARGET_CONNECTION, LOCATION, LOCATION_A, LOCATION_B, side({LOCATION: pair})) is Cause.NORMALISED


# -- references that are not set, values the service hides ------------------------------------------------------------

ARN, OTHER = SensitiveValue("arn:one"), SensitiveValue("arn:two")
KEY = SensitiveValue("AKIA")

AUTH: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any] | None, Cause | None]] = {
    "set, shown, equal": ({"role": ARN}, {"role": ARN}, {"role": ARN}, None),
    "set, shown, the YAML moved": ({"role": OTHER}, {"role": ARN}, {"role": ARN}, Cause.PENDING),
    "set, shown, the sandbox moved": ({"role": ARN}, {"role": OTHER}, {"role": ARN}, Cause.DRIFT),
    "set, hidden, as applied": ({"role": ARN}, {"role": UnknownValue.HIDDEN}, {"role": ARN}, None),
    "set, hidden, the YAML moved": ({"role": OTHER}, {"role": UnknownValue.HIDDEN}, {"role": ARN}, Cause.PENDING),
    "set, hidden, nothing known": ({"role": ARN}, {"role": UnknownValue.HIDDEN}, None, Cause.ALREADY_MATCHES),
    "unset, shown": ({"role": UnknownValue.UNSET}, {"role": ARN}, {"role": ARN}, None),
    "unset, shown, the sandbox moved": ({"role": UnknownValue.UNSET}, {"role": OTHER}, {"role": ARN}, None),
    "unset, hidden": ({"role": UnknownValue.UNSET}, {"role": UnknownValue.HIDDEN}, {"role": ARN}, None),
    "unset, nothing known": ({"role": UnknownValue.UNSET}, {"role": ARN}, None, None),
    "one unset, the other drifted": (
        {"role": UnknownValue.UNSET, "user": "a"},
        {"role": ARN, "user": "b"},
        {"role": ARN, "user": "a"},
        Cause.DRIFT,
    ),
    "one unset, the other moved in the YAML": (
        {"role": UnknownValue.UNSET, "user": "b"},
        {"role": ARN, "user": "a"},
        {"role": ARN, "user": "a"},
        Cause.PENDING,
    ),
    "one hidden, the other drifted": (
        {"role": ARN, "user": "a"},
        {"role": UnknownValue.HIDDEN, "user": "b"},
        {"role": ARN, "user": "a"},
        Cause.DRIFT,
    ),
    "one hidden, the other moved in the YAML": (
        {"role": ARN, "user": "b"},
        {"role": UnknownValue.HIDDEN, "user": "a"},
        {"role": ARN, "user": "a"},
        Cause.PENDING,
    ),
    "one hidden, both sides moved: whether the hidden one did is unknown": (
        {"role": ARN, "user": "c"},
        {"role": UnknownValue.HIDDEN, "user": "b"},
        {"role": ARN, "user": "a"},
        Cause.PENDING,
    ),
}


@pytest.mark.parametrize("row", AUTH)
def test_what_cannot_be_compared_is_taken_from_the_other_side(row: str) -> None:
    desired, live, applied, expected = AUTH[row]
    known = side({} if applied is None else {"auth": (digest(applied),)})
    changes = field_changes(BASE_CONNECTION, {"auth": desired}, {"auth": live}, known)
    assert {c.cause for c in changes} == ({expected} if expected else set())


def test_a_sensitive_value_is_compared_and_never_shown() -> None:
    change = only_change(
        BASE_CONNECTION, "auth", {"role": OTHER}, {"role": ARN}, side({"auth": (digest({"role": ARN}),)})
    )
    assert change is not None
    assert (change.before, change.after) == (ARN, OTHER)
    assert "arn" not in f"{change} {change!r}"


# -- written only -----------------------------------------------------------------------------------------------------


def test_a_new_secret_version_is_pending_whatever_is_live() -> None:
    change = only_change(BASE_CONNECTION, SECRET_VERSION, "2", None, side({SECRET_VERSION: (digest("1"),)}))
    assert change == FieldChange(SECRET_VERSION, SECRET_VERSION, UnknownValue.HIDDEN, "2", Cause.PENDING)


def test_the_same_secret_version_is_no_change() -> None:
    assert only_change(BASE_CONNECTION, SECRET_VERSION, "1", None, side({SECRET_VERSION: (digest("1"),)})) is None


def test_unknown_counts_as_sent_since_a_damaged_marker_is_no_reason_to_send_secrets() -> None:
    assert only_cause(BASE_CONNECTION, SECRET_VERSION, "1", None, side()) is Cause.ALREADY_MATCHES


# -- on and off -------------------------------------------------------------------------------------------------------

ON, OFF, ABSENT, UNKNOWN = True, False, None, "unknown"

SWITCHED: dict[str, tuple[bool | None, bool, bool | str, bool, Cause | None, Cause | None]] = {
    # YAML, live, last applied, seen on -> cause, cause with --resume
    "on, off, was on: paused": (ON, OFF, ON, True, Cause.PAUSED, Cause.DRIFT),
    "on for the first time, off, last seen on: paused": (ON, OFF, UNKNOWN, True, Cause.PAUSED, Cause.DRIFT),
    "on for the first time, off, last seen off: pending": (ON, OFF, UNKNOWN, False, Cause.PENDING, Cause.PENDING),
    "on, off, we switched it off: pending": (ON, OFF, OFF, False, Cause.PENDING, Cause.PENDING),
    "on, on, was on": (ON, ON, ON, True, None, None),
    "on, on, was off: already matches": (ON, ON, OFF, False, Cause.ALREADY_MATCHES, Cause.ALREADY_MATCHES),
    "on for the first time, on, last seen off: already matches": (
        ON,
        ON,
        UNKNOWN,
        False,
        Cause.ALREADY_MATCHES,
        Cause.ALREADY_MATCHES,
    ),
    "on for the first time, on, last seen on: already matches": (
        ON,
        ON,
        UNKNOWN,
        True,
        Cause.ALREADY_MATCHES,
        Cause.ALREADY_MATCHES,
    ),
    "off, on, was on: pending": (OFF, ON, ON, True, Cause.PENDING, Cause.PENDING),
    "off, on, was off: drift, a person switched it on": (OFF, ON, OFF, False, Cause.DRIFT, Cause.DRIFT),
    "off for the first time, on, last seen on: pending": (OFF, ON, UNKNOWN, True, Cause.PENDING, Cause.PENDING),
    "off for the first time, on, last seen off: drift": (OFF, ON, UNKNOWN, False, Cause.DRIFT, Cause.DRIFT),
    "off, off, was off": (OFF, OFF, OFF, False, None, None),
    "off, off, was on: already matches": (OFF, OFF, ON, True, Cause.ALREADY_MATCHES, Cause.ALREADY_MATCHES),
    "off for the first time, off: already matches": (
        OFF,
        OFF,
        UNKNOWN,
        False,
        Cause.ALREADY_MATCHES,
        Cause.ALREADY_MATCHES,
    ),
    "absent, off, seen on: paused": (ABSENT, OFF, UNKNOWN, True, Cause.PAUSED, Cause.DRIFT),
    "absent, off, never seen on": (ABSENT, OFF, UNKNOWN, False, None, None),
    "absent, on, seen on": (ABSENT, ON, UNKNOWN, True, None, None),
    "absent, on, seen off": (ABSENT, ON, UNKNOWN, False, None, None),
}


@pytest.mark.parametrize("row", SWITCHED)
def test_a_flow_switched_off_by_hand_stays_paused(row: str) -> None:
    desired, live, applied, seen_on, expected, with_resume = SWITCHED[row]
    known: dict[str, tuple[str, ...]] = {} if applied is UNKNOWN else {"enabled": (digest(applied),)}
    assert only_cause(FLOW, "enabled", desired, live, side(known, last_seen_enabled=seen_on)) == expected
    assert (
        only_cause(FLOW, "enabled", desired, live, side(known, last_seen_enabled=seen_on, resume=True)) == with_resume
    )


def test_a_flow_without_a_marker_was_never_seen_on() -> None:
    assert only_cause(FLOW, "enabled", None, False, side()) is None
    assert only_cause(FLOW, "enabled", True, False, side()) is Cause.PAUSED


# -- ends -------------------------------------------------------------------------------------------------------------

E1, E2, E3, E4 = (NOW + n * 100 * DAY for n in (1, 2, 3, 4))

MOMENTS: dict[str, tuple[int | None, int | None, int | None, Cause | None, Cause | None]] = {
    # YAML, live, last applied -> cause, cause with --resume
    "equal, as applied": (E2, E2, E2, None, None),
    "equal, otherwise applied: already matches": (E2, E2, E1, Cause.ALREADY_MATCHES, Cause.ALREADY_MATCHES),
    "equal, last applied unknown: already matches": (E2, E2, None, Cause.ALREADY_MATCHES, Cause.ALREADY_MATCHES),
    "the YAML moved it later: pending": (E3, E2, E2, Cause.PENDING, Cause.PENDING),
    "the YAML moved it earlier: pending": (E1, E2, E2, Cause.PENDING, Cause.PENDING),
    "a person moved it later: drift": (E2, E3, E2, Cause.DRIFT, Cause.DRIFT),
    "a person moved it earlier: paused": (E2, E1, E2, Cause.PAUSED, Cause.DRIFT),
    "both moved it, the sandbox later: conflict": (E3, E4, E2, Cause.CONFLICT, Cause.CONFLICT),
    "both moved it, the sandbox earlier: paused": (E3, E1, E2, Cause.PAUSED, Cause.CONFLICT),
    "both moved it later, the YAML further: conflict": (E4, E3, E2, Cause.CONFLICT, Cause.CONFLICT),
    "both moved it earlier, the YAML further: conflict": (E1, E2, E3, Cause.CONFLICT, Cause.CONFLICT),
    "last applied unknown, live is earlier: paused": (E2, E1, None, Cause.PAUSED, Cause.UNKNOWN_ORIGIN),
    "last applied unknown, live is later: unknown origin": (E2, E3, None, Cause.UNKNOWN_ORIGIN, Cause.UNKNOWN_ORIGIN),
    "a person took the end away: drift": (E2, None, E2, Cause.DRIFT, Cause.DRIFT),
    "live has no end, last applied unknown: unknown origin": (
        E2,
        None,
        None,
        Cause.UNKNOWN_ORIGIN,
        Cause.UNKNOWN_ORIGIN,
    ),
    "the YAML has no end": (None, E2, E2, None, None),
}


@pytest.mark.parametrize("row", MOMENTS)
def test_an_end_moved_earlier_by_hand_is_a_pause(row: str) -> None:
    desired, live, applied, expected, with_resume = MOMENTS[row]
    known: dict[str, tuple[str, ...]] = {} if applied is None else {END: (str(applied),)}
    moment = End(moment=desired)
    assert only_cause(FLOW, END, desired, live, side(known, end=moment)) == expected
    assert only_cause(FLOW, END, desired, live, side(known, end=moment, resume=True)) == with_resume


ROLLING = End(rolling=180 * DAY, renew_before=30 * DAY)
MIDNIGHT = NOW - NOW % DAY
TARGET = MIDNIGHT + 180 * DAY
FRESH, DUE, PAST = NOW + 100 * DAY, NOW + 20 * DAY, NOW - DAY

ROLLED: dict[str, tuple[int | None, int | None, Cause | None, int | None]] = {
    # live, last applied -> cause, after
    "as applied, not due": (FRESH, FRESH, None, None),
    "as applied, exactly renew_before left: not due": (NOW + 30 * DAY, NOW + 30 * DAY, None, None),
    "as applied, due: renewal": (DUE, DUE, Cause.RENEWAL, TARGET),
    "as applied, but over: expired": (PAST, PAST, Cause.EXPIRED, TARGET),
    "as applied, over this very second: expired": (NOW, NOW, Cause.EXPIRED, TARGET),
    "as applied, one second left: renewal": (NOW + 1, NOW + 1, Cause.RENEWAL, TARGET),
    "moved later by hand, and over all the same: expired": (PAST, PAST - DAY, Cause.EXPIRED, TARGET),
    "last applied unknown, and over: expired": (PAST, None, Cause.EXPIRED, TARGET),
    "moved earlier by hand, and over: paused": (PAST, FRESH, Cause.PAUSED, TARGET),
    "moved later by hand, not due: already matches": (FRESH + DAY, FRESH, Cause.ALREADY_MATCHES, FRESH + DAY),
    "moved beyond what a renewal would give: already matches": (TARGET + DAY, DUE, Cause.ALREADY_MATCHES, TARGET + DAY),
    "moved later by hand, due all the same: renewal": (DUE, DUE - DAY, Cause.RENEWAL, TARGET),
    "moved earlier by hand: paused": (FRESH - DAY, FRESH, Cause.PAUSED, TARGET),
    "moved earlier by hand and due: paused, not renewed": (DUE, FRESH, Cause.PAUSED, TARGET),
    "last applied unknown, not due: already matches": (FRESH, None, Cause.ALREADY_MATCHES, FRESH),
    "last applied unknown, due: renewal": (DUE, None, Cause.RENEWAL, TARGET),
    "a person took the end away: drift": (None, FRESH, Cause.DRIFT, TARGET),
    "no end, last applied unknown: unknown origin": (None, None, Cause.UNKNOWN_ORIGIN, TARGET),
}


@pytest.mark.parametrize("row", ROLLED)
def test_a_rolling_end_is_renewed_when_due_and_never_after_a_pause(row: str) -> None:
    live, applied, expected, after = ROLLED[row]
    known: dict[str, tuple[str, ...]] = {} if applied is None else {END: (str(applied),)}
    change = only_change(FLOW, END, TARGET, live, side(known, end=ROLLING))
    assert (change and change.cause, change and change.after) == (expected, after)


def test_a_rolling_end_cut_short_is_resumed_when_asked_to() -> None:
    assert only_cause(FLOW, END, TARGET, DUE, side({END: (str(FRESH),)}, end=ROLLING, resume=True)) is Cause.DRIFT


def test_an_end_that_is_over_waits_for_no_approval_of_renewals_since_it_is_none() -> None:
    assert only_cause(FLOW, END, TARGET, PAST, side({END: (str(PAST),)}, end=ROLLING, renew=False)) is Cause.EXPIRED


def test_a_due_renewal_without_approval_waits() -> None:
    assert only_cause(FLOW, END, TARGET, DUE, side({END: (str(DUE),)}, end=ROLLING, renew=False)) is None


def test_a_renewal_never_moves_an_end_backwards() -> None:
    short = End(rolling=10 * DAY, renew_before=30 * DAY)
    assert only_cause(FLOW, END, MIDNIGHT + 10 * DAY, DUE, side({END: (str(DUE),)}, end=short)) is None


# -- what the marker holds afterwards ---------------------------------------------------------------------------------


def applied_fields(
    desired: dict[str, Any], live: dict[str, Any], known: ComparisonInputs, kind: Kind = FLOW
) -> dict[str, tuple[str, ...]]:
    changes = field_changes(kind, desired, live, known)
    return applied_digests(kind, desired, live, changes, known.marker)


def accepted_fields(desired: dict[str, Any], live: dict[str, Any], known: ComparisonInputs) -> dict[str, Any]:
    """The digests where `accept` covers every change."""
    changes = [replace(c, cause=Cause.ACCEPTED) for c in field_changes(FLOW, desired, live, known)]
    return applied_digests(FLOW, desired, live, changes, known.marker)


BEFORE = (digest("before"),)
X, Y = digest("x"), digest("y")

KEPT: dict[str, tuple[str, str, tuple[str, ...] | None, Cause | None, tuple[str, ...] | None]] = {
    "unchanged keeps what it has": ("x", "x", (X,), None, (X,)),
    "already matches takes the desired value": ("x", "x", (Y,), Cause.ALREADY_MATCHES, (X,)),
    "unknown and equal takes the desired value": ("x", "x", None, Cause.ALREADY_MATCHES, (X,)),
    "pending takes the desired value": ("x", "y", (Y,), Cause.PENDING, (X,)),
    "drift keeps the desired value": ("x", "y", (X,), Cause.DRIFT, (X,)),
    "conflict takes the desired value": ("x", "y", BEFORE, Cause.CONFLICT, (X,)),
    "differs takes the desired value": ("x", "y", None, Cause.UNKNOWN_ORIGIN, (X,)),
    "normalised stays a pair": ("x", "y", (X, Y), Cause.NORMALISED, (X, Y)),
}


@pytest.mark.parametrize("row", KEPT)
def test_the_marker_afterwards(row: str) -> None:
    desired, live, applied, expected, kept = KEPT[row]
    known = side({"title": applied} if applied else {})
    assert only_cause(FLOW, "title", desired, live, known) == expected
    assert applied_fields({"title": desired}, {"title": live}, known) == {"title": kept}


@pytest.mark.parametrize("applied", [BEFORE, None], ids=["something known", "nothing known"])
def test_what_is_left_alone_keeps_what_the_marker_had(applied: tuple[str, ...] | None) -> None:
    known = side({"title": applied} if applied else {})
    assert accepted_fields({"title": "x"}, {"title": "y"}, known) == ({"title": applied} if applied else {})


def test_a_paused_flow_keeps_the_memory_of_being_on() -> None:
    known = side({"enabled": (digest(True),)}, last_seen_enabled=True)
    assert applied_fields({"enabled": True}, {"enabled": False}, known) == {"enabled": (digest(True),)}


def test_an_undeclared_switch_is_not_in_the_marker() -> None:
    assert (
        applied_fields({"enabled": None}, {"enabled": True}, side({"enabled": (digest(True),)}, last_seen_enabled=True))
        == {}
    )


def test_an_end_is_kept_as_its_value() -> None:
    known = side({END: (str(E1),)}, end=End(moment=E2))
    assert applied_fields({END: E2}, {END: E1}, known) == {END: (str(E2),)}


def test_an_end_moved_later_by_hand_is_taken_into_the_marker() -> None:
    known = side({END: (str(FRESH),)}, end=ROLLING)
    assert applied_fields({END: TARGET}, {END: FRESH + DAY}, known) == {END: (str(FRESH + DAY),)}


def test_a_flow_paused_by_its_end_keeps_the_end_we_wrote() -> None:
    known = side({END: (str(FRESH),)}, end=ROLLING)
    assert applied_fields({END: TARGET}, {END: DUE}, known) == {END: (str(FRESH),)}


def test_datasets_are_kept_as_a_sorted_list() -> None:
    assert applied_fields({"datasets": ["b", "a"]}, {"datasets": ["a"]}, side({})) == {
        "datasets": (digest(["a", "b"]),)
    }


def test_a_reference_that_is_not_set_is_kept_as_what_is_live() -> None:
    desired = {"role": UnknownValue.UNSET, "user": "b"}
    live = {"role": ARN, "user": "a"}
    known = side({"auth": (digest(live),)})
    assert applied_fields({"auth": desired}, {"auth": live}, known, BASE_CONNECTION) == {
        "auth": (digest({"role": ARN, "user": "b"}),)
    }


def test_an_unset_reference_to_a_new_account_is_kept_as_nothing() -> None:
    changes = (FieldChange("auth.user", "auth", None, "b", Cause.UNKNOWN_ORIGIN),)
    kept = applied_digests(BASE_CONNECTION, {"auth": {"role": UnknownValue.UNSET, "user": "b"}}, {}, changes, None)
    assert kept == {"auth": (digest({"role": None, "user": "b"}),)}


def test_nothing_of_a_damaged_marker_is_kept() -> None:
    known = side({"title": (X,)}, damaged=True)
    assert applied_fields({"title": "x"}, {"title": "x"}, known) == {"title": (X,)}  # equal, so known again
    assert accepted_fields({"title": "x"}, {"title": "y"}, known) == {}


@pytest.mark.parametrize(("damaged", "cause"), [(False, Cause.CONFLICT), (True, Cause.NOT_COMPARABLE)])
def test_an_end_that_cannot_be_read_is_overwritten_only_if_the_marker_says_that_the_yaml_changed(
    damaged: bool, cause: Cause
) -> None:
    known = side({END: (str(E1),)}, damaged=damaged, end=End(moment=E2), ours_since=NOW, unknown_end="soon")

    assert only_cause(FLOW, END, E2, None, known) is cause


def test_the_six_months_of_the_service_are_a_pause_if_a_later_end_was_applied() -> None:
    six_months = default_end(NOW)
    applied = side({END: (str(six_months + DAY),)}, ours_since=NOW)

    assert only_cause(FLOW, END, None, six_months, applied) is Cause.PAUSED
    assert only_cause(FLOW, END, None, six_months, side({}, ours_since=NOW)) is None


def test_a_side_of_nothing_has_no_end() -> None:
    assert side().end == NO_END


# -- starts -----------------------------------------------------------------------------------------------------------

DAYS = NOW + 2 * DAY
STARTS: dict[str, tuple[int | None, int | None, tuple[str, ...] | None, dict[str, Any], Cause | None]] = {
    "no start to be read": (None, None, None, {}, None),
    "not compared": (None, DAYS, (digest(None),), {"first_start": None}, None),
    "past": (None, NOW - DAY, (digest(None),), {}, None),
    "the next run time": (None, NOW + DAY, (digest(None),), {}, None),
    "later": (None, DAYS, (digest(None),), {}, Cause.PAUSED),
    "later, to be resumed": (None, DAYS, (digest(None),), {"resume": True}, Cause.DRIFT),
    "later, nothing known": (None, DAYS, None, {}, Cause.PAUSED),
    "later, to adopt": (None, DAYS, None, {"ours_since": None}, Cause.UNKNOWN_ORIGIN),
    "later, the YAML took its start away": (None, DAYS, (digest(DAYS),), {}, Cause.PENDING),
    "later, kept with a new interval": (None, DAYS, (digest(None), digest(DAYS)), {}, None),
    "earlier than a new start of the YAML": (DAYS, NOW + 9, (digest(None),), {"latest_start": DAYS}, Cause.PENDING),
    "earlier than a start of which nothing is known": (
        DAYS,
        NOW + 9,
        None,
        {"latest_start": DAYS},
        Cause.UNKNOWN_ORIGIN,
    ),
    "equal to a start of which nothing is known": (DAYS, DAYS, None, {"latest_start": DAYS}, Cause.ALREADY_MATCHES),
    "past, with a new start of the YAML": (
        DAYS,
        NOW - 9,
        (digest(None),),
        {"latest_start": DAYS},
        Cause.ALREADY_MATCHES,
    ),
}


@pytest.mark.parametrize("row", STARTS)
def test_a_start_moved_into_the_future_by_hand_is_a_pause(row: str) -> None:
    desired, live, applied, more, expected = STARTS[row]
    inputs = {"first_start": NOW + DAY, "latest_start": NOW + DAY, "ours_since": NOW - DAY, **more}
    known = side({} if applied is None else {"schedule.start": applied}, **inputs)
    assert only_cause(FLOW, "schedule.start", desired, live, known) == expected
