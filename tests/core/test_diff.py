"""Desired, live, last applied: the whole truth table of causes, and one for each way a field is compared."""

from __future__ import annotations

from typing import Any

import pytest

from exportctl.declared import End
from exportctl.kinds import ACCOUNT, ANCHOR, PLACE, Kind
from exportctl.marker import END
from exportctl.model import WRITES, Cause, FieldChange, Marked, Marker, Sensitive, digest
from exportctl.planning.diff import NO_END, Side, applied_after, cause, field_changes

NOW = 1_800_000_000
DAY = 86400


def side(applied: dict[str, tuple[str, ...]] | None = None, **changes: Any) -> Side:
    """`applied` None: there is no marker; `seen_on` and `damaged` are the marker's."""
    flags = {k: changes.pop(k) for k in ("seen_on", "damaged") if k in changes}
    marker = None if applied is None else Marker("acme", "e", "orders", applied=applied, **flags)
    return Side(marker, NOW, **changes)


def only(kind: Kind, name: str, desired: Any, live: Any, against: Side) -> FieldChange | None:
    """The one change of one field, or None."""
    changes = field_changes(kind, {name: desired}, {name: live}, against)
    assert len(changes) <= 1
    return changes[0] if changes else None


def why(kind: Kind, name: str, desired: Any, live: Any, against: Side) -> Cause | None:
    change = only(kind, name, desired, live, against)
    return change.cause if change else None


# -- the table of design and docstring --------------------------------------------------------------------------------

A, B, C = "aaaa", "bbbb", "cccc"

CAUSES: dict[str, tuple[str, str, tuple[str, ...] | None, Cause | None]] = {
    "equal, as last applied": (A, A, (A,), None),
    "equal, another value was applied: converged": (A, A, (B,), Cause.CONVERGED),
    "equal, nobody knows what was applied: converged": (A, A, None, Cause.CONVERGED),
    "equal, sent and kept alike of a pair": (A, A, (A, B), None),
    "equal, the YAML now says the service's spelling: converged": (B, B, (A, B), Cause.CONVERGED),
    "differs, live is as applied: pending": (A, B, (B,), Cause.PENDING),
    "differs, the YAML is as applied: drift": (A, B, (A,), Cause.DRIFT),
    "differs, neither is as applied: conflict": (A, B, (C,), Cause.CONFLICT),
    "differs, nobody knows what was applied: differs": (A, B, None, Cause.DIFFERS),
    "differs, sent and kept are the pair: normalised": (A, B, (A, B), Cause.NORMALISED),
    "differs, live left the pair: drift": (A, C, (A, B), Cause.DRIFT),
    "differs, the YAML left the pair: pending": (C, B, (A, B), Cause.PENDING),
    "differs, the service keeps the sent spelling after all, the YAML moved: pending": (C, A, (A, B), Cause.PENDING),
    "differs, both left the pair: conflict": (C, "dddd", (A, B), Cause.CONFLICT),
}


@pytest.mark.parametrize("row", CAUSES)
def test_the_digest_of_what_was_applied_names_the_cause(row: str) -> None:
    desired, live, applied, expected = CAUSES[row]
    assert cause(desired == live, desired, live, applied) == expected


@pytest.mark.parametrize("row", CAUSES)
def test_a_plain_value_follows_the_table(row: str) -> None:
    desired, live, applied, expected = CAUSES[row]
    known = {"title": tuple(digest(v) for v in applied)} if applied else {}
    change = only(ANCHOR, "title", desired, live, side(known))
    assert (change.cause if change else None) == expected
    if change:
        assert (change.path, change.before, change.after) == ("title", live, desired)


def test_without_a_marker_and_with_a_damaged_one_nothing_is_known() -> None:
    assert why(ANCHOR, "title", "a", "b", side()) is Cause.DIFFERS
    assert why(ANCHOR, "title", "a", "b", side({"title": (digest("a"),)}, damaged=True)) is Cause.DIFFERS


def test_fields_nobody_declares_are_not_compared_and_the_others_keep_the_kinds_order() -> None:
    changes = field_changes(
        ANCHOR, {"folder": "x", "title": "a"}, {"title": "b", "folder": "y", "cadence": "once"}, side({})
    )
    assert [c.path for c in changes] == ["title", "folder"]


# -- sets -------------------------------------------------------------------------------------------------------------

SETS: dict[str, tuple[list[str], list[str] | None, list[str] | None, Cause | None]] = {
    "the same in another order": (["b", "a"], ["a", "b"], ["a", "b"], None),
    "one more in the YAML": (["a", "b"], ["a"], ["a"], Cause.PENDING),
    "one more in the sandbox": (["a"], ["b", "a"], ["a"], Cause.DRIFT),
    "one more on each side": (["a", "b"], ["a", "c"], ["a"], Cause.CONFLICT),
    "nothing live to be read": (["a"], None, ["a"], Cause.DRIFT),
}


@pytest.mark.parametrize("row", SETS)
def test_datasets_are_a_set(row: str) -> None:
    desired, live, applied, expected = SETS[row]
    assert why(ANCHOR, "datasets", desired, live, side({"datasets": (digest(applied),)})) == expected


# -- objects ----------------------------------------------------------------------------------------------------------

PLACE_A = {"bucket": "acme", "path": "a"}
PLACE_B = {"bucket": "acme", "path": "b"}


def test_of_an_object_only_the_leaves_that_differ_are_named() -> None:
    change = only(PLACE, "place", PLACE_B, PLACE_A, side({"place": (digest(PLACE_A),)}))
    assert change == FieldChange("place.path", "place", "a", "b", Cause.PENDING)


def test_leaves_that_only_one_side_has_are_named_too() -> None:
    live = {"bucket": "acme", "extra": "x"}
    changes = field_changes(PLACE, {"place": PLACE_A}, {"place": live}, side({"place": (digest(PLACE_A),)}))
    assert [(c.path, c.before, c.after) for c in changes] == [("place.extra", "x", None), ("place.path", None, "a")]
    assert {c.cause for c in changes} == {Cause.DRIFT}


def test_an_object_that_is_not_there_differs_in_every_leaf() -> None:
    changes = field_changes(PLACE, {"place": PLACE_A}, {"place": None}, side())
    assert [c.path for c in changes] == ["place.bucket", "place.path"]


def test_an_equal_object_of_which_nothing_is_known_converges_as_a_whole() -> None:
    assert only(PLACE, "place", PLACE_A, PLACE_A, side()) == FieldChange(
        "place", "place", PLACE_A, PLACE_A, Cause.CONVERGED
    )


def test_an_object_as_last_applied_is_no_change() -> None:
    assert only(PLACE, "place", PLACE_A, PLACE_A, side({"place": (digest(PLACE_A),)})) is None


def test_an_object_the_service_spells_otherwise_is_normalised() -> None:
    pair = (digest(PLACE_A), digest(PLACE_B))
    assert why(PLACE, "place", PLACE_A, PLACE_B, side({"place": pair})) is Cause.NORMALISED


# -- references that are not set, values the service hides ------------------------------------------------------------

ARN, OTHER = Sensitive("arn:one"), Sensitive("arn:two")
KEY = Sensitive("AKIA")

AUTH: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any] | None, Cause | None]] = {
    "set, shown, equal": ({"role": ARN}, {"role": ARN}, {"role": ARN}, None),
    "set, shown, the YAML moved": ({"role": OTHER}, {"role": ARN}, {"role": ARN}, Cause.PENDING),
    "set, shown, the sandbox moved": ({"role": ARN}, {"role": OTHER}, {"role": ARN}, Cause.DRIFT),
    "set, hidden, as applied": ({"role": ARN}, {"role": Marked.HIDDEN}, {"role": ARN}, None),
    "set, hidden, the YAML moved": ({"role": OTHER}, {"role": Marked.HIDDEN}, {"role": ARN}, Cause.PENDING),
    "set, hidden, nothing known": ({"role": ARN}, {"role": Marked.HIDDEN}, None, Cause.CONVERGED),
    "unset, shown": ({"role": Marked.UNSET}, {"role": ARN}, {"role": ARN}, None),
    "unset, shown, the sandbox moved": ({"role": Marked.UNSET}, {"role": OTHER}, {"role": ARN}, None),
    "unset, hidden": ({"role": Marked.UNSET}, {"role": Marked.HIDDEN}, {"role": ARN}, None),
    "unset, nothing known": ({"role": Marked.UNSET}, {"role": ARN}, None, None),
    "one unset, the other drifted": (
        {"role": Marked.UNSET, "user": "a"},
        {"role": ARN, "user": "b"},
        {"role": ARN, "user": "a"},
        Cause.DRIFT,
    ),
    "one unset, the other moved in the YAML": (
        {"role": Marked.UNSET, "user": "b"},
        {"role": ARN, "user": "a"},
        {"role": ARN, "user": "a"},
        Cause.PENDING,
    ),
    "one hidden, the other drifted": (
        {"role": ARN, "user": "a"},
        {"role": Marked.HIDDEN, "user": "b"},
        {"role": ARN, "user": "a"},
        Cause.DRIFT,
    ),
    "one hidden, the other moved in the YAML": (
        {"role": ARN, "user": "b"},
        {"role": Marked.HIDDEN, "user": "a"},
        {"role": ARN, "user": "a"},
        Cause.PENDING,
    ),
    "one hidden, both sides moved: whether the hidden one did, nobody can say": (
        {"role": ARN, "user": "c"},
        {"role": Marked.HIDDEN, "user": "b"},
        {"role": ARN, "user": "a"},
        Cause.PENDING,
    ),
}


@pytest.mark.parametrize("row", AUTH)
def test_what_cannot_be_compared_is_taken_from_the_other_side(row: str) -> None:
    desired, live, applied, expected = AUTH[row]
    known = side({} if applied is None else {"auth": (digest(applied),)})
    changes = field_changes(ACCOUNT, {"auth": desired}, {"auth": live}, known)
    assert {c.cause for c in changes} == ({expected} if expected else set())


def test_a_sensitive_value_is_compared_and_never_shown() -> None:
    change = only(ACCOUNT, "auth", {"role": OTHER}, {"role": ARN}, side({"auth": (digest({"role": ARN}),)}))
    assert change is not None
    assert (change.before, change.after) == (ARN, OTHER)
    assert "arn" not in f"{change} {change!r}"


# -- written only -----------------------------------------------------------------------------------------------------


def test_a_new_secret_version_is_pending_whatever_is_live() -> None:
    change = only(ACCOUNT, "secret_version", "2", None, side({"secret_version": (digest("1"),)}))
    assert change == FieldChange("secret_version", "secret_version", Marked.HIDDEN, "2", Cause.PENDING)


def test_the_same_secret_version_is_no_change() -> None:
    assert only(ACCOUNT, "secret_version", "1", None, side({"secret_version": (digest("1"),)})) is None


def test_unknown_counts_as_sent_since_a_damaged_marker_is_no_reason_to_send_secrets() -> None:
    assert why(ACCOUNT, "secret_version", "1", None, side()) is Cause.CONVERGED


# -- on and off -------------------------------------------------------------------------------------------------------

ON, OFF, ABSENT, UNKNOWN = True, False, None, "unknown"

SWITCHED: dict[str, tuple[bool | None, bool, bool | str, bool, Cause | None, Cause | None]] = {
    # YAML, live, last applied, seen on -> cause, cause with --put-back
    "on, off, was on: stopped": (ON, OFF, ON, True, Cause.STOPPED, Cause.DRIFT),
    "on for the first time, off, last seen on: stopped": (ON, OFF, UNKNOWN, True, Cause.STOPPED, Cause.DRIFT),
    "on for the first time, off, last seen off: pending": (ON, OFF, UNKNOWN, False, Cause.PENDING, Cause.PENDING),
    "on, off, we switched it off: pending": (ON, OFF, OFF, False, Cause.PENDING, Cause.PENDING),
    "on, on, was on": (ON, ON, ON, True, None, None),
    "on, on, was off: converged": (ON, ON, OFF, False, Cause.CONVERGED, Cause.CONVERGED),
    "on for the first time, on, last seen off: converged": (
        ON,
        ON,
        UNKNOWN,
        False,
        Cause.CONVERGED,
        Cause.CONVERGED,
    ),
    "on for the first time, on, last seen on: converged": (ON, ON, UNKNOWN, True, Cause.CONVERGED, Cause.CONVERGED),
    "off, on, was on: pending": (OFF, ON, ON, True, Cause.PENDING, Cause.PENDING),
    "off, on, was off: drift, somebody switched it on": (OFF, ON, OFF, False, Cause.DRIFT, Cause.DRIFT),
    "off for the first time, on, last seen on: pending": (OFF, ON, UNKNOWN, True, Cause.PENDING, Cause.PENDING),
    "off for the first time, on, last seen off: drift": (OFF, ON, UNKNOWN, False, Cause.DRIFT, Cause.DRIFT),
    "off, off, was off": (OFF, OFF, OFF, False, None, None),
    "off, off, was on: converged": (OFF, OFF, ON, True, Cause.CONVERGED, Cause.CONVERGED),
    "off for the first time, off: converged": (OFF, OFF, UNKNOWN, False, Cause.CONVERGED, Cause.CONVERGED),
    "absent, off, seen on: stopped": (ABSENT, OFF, UNKNOWN, True, Cause.STOPPED, Cause.DRIFT),
    "absent, off, never seen on": (ABSENT, OFF, UNKNOWN, False, None, None),
    "absent, on, seen on": (ABSENT, ON, UNKNOWN, True, None, None),
    "absent, on, seen off": (ABSENT, ON, UNKNOWN, False, None, None),
}


@pytest.mark.parametrize("row", SWITCHED)
def test_a_flow_switched_off_by_hand_is_held(row: str) -> None:
    desired, live, applied, seen_on, expected, put_back = SWITCHED[row]
    known: dict[str, tuple[str, ...]] = {} if applied is UNKNOWN else {"enabled": (digest(applied),)}
    assert why(ANCHOR, "enabled", desired, live, side(known, seen_on=seen_on)) == expected
    assert why(ANCHOR, "enabled", desired, live, side(known, seen_on=seen_on, put_back=True)) == put_back


def test_a_flow_without_a_marker_was_never_seen_on() -> None:
    assert why(ANCHOR, "enabled", None, False, side()) is None
    assert why(ANCHOR, "enabled", True, False, side()) is Cause.STOPPED


# -- ends -------------------------------------------------------------------------------------------------------------

E1, E2, E3, E4 = (NOW + n * 100 * DAY for n in (1, 2, 3, 4))

MOMENTS: dict[str, tuple[int | None, int | None, int | None, Cause | None, Cause | None]] = {
    # YAML, live, last applied -> cause, cause with --put-back
    "equal, as applied": (E2, E2, E2, None, None),
    "equal, otherwise applied: converged": (E2, E2, E1, Cause.CONVERGED, Cause.CONVERGED),
    "equal, nobody knows: converged": (E2, E2, None, Cause.CONVERGED, Cause.CONVERGED),
    "the YAML moved it later: pending": (E3, E2, E2, Cause.PENDING, Cause.PENDING),
    "the YAML moved it earlier: pending": (E1, E2, E2, Cause.PENDING, Cause.PENDING),
    "somebody moved it later: drift": (E2, E3, E2, Cause.DRIFT, Cause.DRIFT),
    "somebody moved it earlier: stopped": (E2, E1, E2, Cause.STOPPED, Cause.DRIFT),
    "both moved it, the sandbox later: conflict": (E3, E4, E2, Cause.CONFLICT, Cause.CONFLICT),
    "both moved it, the sandbox earlier: stopped": (E3, E1, E2, Cause.STOPPED, Cause.CONFLICT),
    "both moved it earlier, the YAML further: conflict": (E1, E2, E3, Cause.CONFLICT, Cause.CONFLICT),
    "nobody knows, live is earlier: stopped": (E2, E1, None, Cause.STOPPED, Cause.DIFFERS),
    "nobody knows, live is later: differs": (E2, E3, None, Cause.DIFFERS, Cause.DIFFERS),
    "somebody took the end away: drift": (E2, None, E2, Cause.DRIFT, Cause.DRIFT),
    "live has no end and nobody knows: differs": (E2, None, None, Cause.DIFFERS, Cause.DIFFERS),
    "the YAML has no end": (None, E2, E2, None, None),
}


@pytest.mark.parametrize("row", MOMENTS)
def test_an_end_moved_earlier_by_hand_is_held(row: str) -> None:
    desired, live, applied, expected, put_back = MOMENTS[row]
    known: dict[str, tuple[str, ...]] = {} if applied is None else {END: (str(applied),)}
    moment = End(moment=desired)
    assert why(ANCHOR, END, desired, live, side(known, end=moment)) == expected
    assert why(ANCHOR, END, desired, live, side(known, end=moment, put_back=True)) == put_back


ROLLING = End(rolling=180 * DAY, renew_before=30 * DAY)
MIDNIGHT = NOW - NOW % DAY
TARGET = MIDNIGHT + 180 * DAY
FRESH, DUE, PAST = NOW + 100 * DAY, NOW + 20 * DAY, NOW - DAY

ROLLED: dict[str, tuple[int | None, int | None, Cause | None, int | None]] = {
    # live, last applied -> cause, after
    "as applied, not due": (FRESH, FRESH, None, None),
    "as applied, exactly renew_before left: not due": (NOW + 30 * DAY, NOW + 30 * DAY, None, None),
    "as applied, due: renewal": (DUE, DUE, Cause.RENEWAL, TARGET),
    "as applied, but over: lapsed": (PAST, PAST, Cause.LAPSED, TARGET),
    "as applied, over this very second: lapsed": (NOW, NOW, Cause.LAPSED, TARGET),
    "as applied, one second left: renewal": (NOW + 1, NOW + 1, Cause.RENEWAL, TARGET),
    "moved later by hand, and over all the same: lapsed": (PAST, PAST - DAY, Cause.LAPSED, TARGET),
    "nobody knows, and over: lapsed": (PAST, None, Cause.LAPSED, TARGET),
    "moved earlier by hand, and over: stopped": (PAST, FRESH, Cause.STOPPED, TARGET),
    "moved later by hand, not due: converged": (FRESH + DAY, FRESH, Cause.CONVERGED, FRESH + DAY),
    "moved beyond what a renewal would give: converged": (TARGET + DAY, DUE, Cause.CONVERGED, TARGET + DAY),
    "moved later by hand, due all the same: renewal": (DUE, DUE - DAY, Cause.RENEWAL, TARGET),
    "moved earlier by hand: stopped": (FRESH - DAY, FRESH, Cause.STOPPED, TARGET),
    "moved earlier by hand and due: stopped, not renewed": (DUE, FRESH, Cause.STOPPED, TARGET),
    "nobody knows, not due: converged": (FRESH, None, Cause.CONVERGED, FRESH),
    "nobody knows, due: renewal": (DUE, None, Cause.RENEWAL, TARGET),
    "somebody took the end away: drift": (None, FRESH, Cause.DRIFT, TARGET),
    "no end and nobody knows: differs": (None, None, Cause.DIFFERS, TARGET),
}


@pytest.mark.parametrize("row", ROLLED)
def test_a_rolling_end_is_renewed_when_due_and_never_after_a_stop(row: str) -> None:
    live, applied, expected, after = ROLLED[row]
    known: dict[str, tuple[str, ...]] = {} if applied is None else {END: (str(applied),)}
    change = only(ANCHOR, END, TARGET, live, side(known, end=ROLLING))
    assert (change and change.cause, change and change.after) == (expected, after)


def test_a_rolling_end_cut_short_is_put_back_when_asked_to() -> None:
    assert why(ANCHOR, END, TARGET, DUE, side({END: (str(FRESH),)}, end=ROLLING, put_back=True)) is Cause.DRIFT


def test_an_end_that_is_over_waits_for_no_approval_of_renewals_since_it_is_none() -> None:
    assert why(ANCHOR, END, TARGET, PAST, side({END: (str(PAST),)}, end=ROLLING, renew=False)) is Cause.LAPSED


def test_a_due_renewal_nobody_approved_waits() -> None:
    assert why(ANCHOR, END, TARGET, DUE, side({END: (str(DUE),)}, end=ROLLING, renew=False)) is None


def test_a_renewal_never_moves_an_end_backwards() -> None:
    short = End(rolling=10 * DAY, renew_before=30 * DAY)
    assert why(ANCHOR, END, MIDNIGHT + 10 * DAY, DUE, side({END: (str(DUE),)}, end=short)) is None


# -- what the marker holds afterwards ---------------------------------------------------------------------------------


def after(
    desired: dict[str, Any], live: dict[str, Any], known: Side, kind: Kind = ANCHOR
) -> dict[str, tuple[str, ...]]:
    changes = field_changes(kind, desired, live, known)
    return applied_after(kind, desired, live, changes, known, lambda c: c.cause in WRITES or c.cause is Cause.RENEWAL)


BEFORE = (digest("before"),)
X, Y = digest("x"), digest("y")

KEPT: dict[str, tuple[str, str, tuple[str, ...] | None, Cause | None, tuple[str, ...] | None]] = {
    "unchanged keeps what it has": ("x", "x", (X,), None, (X,)),
    "converged takes the desired value": ("x", "x", (Y,), Cause.CONVERGED, (X,)),
    "unknown and equal takes the desired value": ("x", "x", None, Cause.CONVERGED, (X,)),
    "pending takes the desired value": ("x", "y", (Y,), Cause.PENDING, (X,)),
    "drift keeps the desired value": ("x", "y", (X,), Cause.DRIFT, (X,)),
    "conflict takes the desired value": ("x", "y", BEFORE, Cause.CONFLICT, (X,)),
    "differs takes the desired value": ("x", "y", None, Cause.DIFFERS, (X,)),
    "normalised stays a pair": ("x", "y", (X, Y), Cause.NORMALISED, (X, Y)),
}


@pytest.mark.parametrize("row", KEPT)
def test_the_marker_afterwards(row: str) -> None:
    desired, live, applied, expected, kept = KEPT[row]
    known = side({"title": applied} if applied else {})
    assert why(ANCHOR, "title", desired, live, known) == expected
    assert after({"title": desired}, {"title": live}, known) == {"title": kept}


@pytest.mark.parametrize("applied", [BEFORE, None], ids=["something known", "nothing known"])
def test_what_is_left_alone_keeps_what_the_marker_had(applied: tuple[str, ...] | None) -> None:
    known = side({"title": applied} if applied else {})
    changes = field_changes(ANCHOR, {"title": "x"}, {"title": "y"}, known)
    kept = applied_after(ANCHOR, {"title": "x"}, {"title": "y"}, changes, known, lambda _: False)
    assert kept == ({"title": applied} if applied else {})


def test_a_stop_that_is_held_keeps_the_memory_of_being_on() -> None:
    known = side({"enabled": (digest(True),)}, seen_on=True)
    assert after({"enabled": True}, {"enabled": False}, known) == {"enabled": (digest(True),)}


def test_a_switch_nobody_declares_is_not_in_the_marker() -> None:
    assert after({"enabled": None}, {"enabled": True}, side({"enabled": (digest(True),)}, seen_on=True)) == {}


def test_an_end_is_kept_as_its_value() -> None:
    known = side({END: (str(E1),)}, end=End(moment=E2))
    assert after({END: E2}, {END: E1}, known) == {END: (str(E2),)}


def test_an_end_moved_later_by_hand_is_taken_into_the_marker() -> None:
    known = side({END: (str(FRESH),)}, end=ROLLING)
    assert after({END: TARGET}, {END: FRESH + DAY}, known) == {END: (str(FRESH + DAY),)}


def test_a_stopped_end_keeps_the_one_we_wrote() -> None:
    known = side({END: (str(FRESH),)}, end=ROLLING)
    assert after({END: TARGET}, {END: DUE}, known) == {END: (str(FRESH),)}


def test_datasets_are_kept_as_a_sorted_list() -> None:
    assert after({"datasets": ["b", "a"]}, {"datasets": ["a"]}, side({})) == {"datasets": (digest(["a", "b"]),)}


def test_a_reference_that_is_not_set_is_kept_as_what_is_live() -> None:
    desired = {"role": Marked.UNSET, "user": "b"}
    live = {"role": ARN, "user": "a"}
    known = side({"auth": (digest(live),)})
    assert after({"auth": desired}, {"auth": live}, known, ACCOUNT) == {"auth": (digest({"role": ARN, "user": "b"}),)}


def test_an_unset_reference_to_a_new_account_is_kept_as_nothing() -> None:
    changes = (FieldChange("auth.user", "auth", None, "b", Cause.DIFFERS),)
    kept = applied_after(ACCOUNT, {"auth": {"role": Marked.UNSET, "user": "b"}}, {}, changes, side({}), lambda _: True)
    assert kept == {"auth": (digest({"role": None, "user": "b"}),)}


def test_nothing_of_a_damaged_marker_is_kept() -> None:
    known = side({"title": (X,)}, damaged=True)
    assert after({"title": "x"}, {"title": "x"}, known) == {"title": (X,)}  # equal, so known anew
    changes = field_changes(ANCHOR, {"title": "x"}, {"title": "y"}, known)
    assert applied_after(ANCHOR, {"title": "x"}, {"title": "y"}, changes, known, lambda _: False) == {}


def test_a_side_of_nothing_has_no_end() -> None:
    assert side().end == NO_END
