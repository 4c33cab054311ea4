"""Globs over addresses, and flags as they are saved with a plan."""

from __future__ import annotations

import pytest

from exportctl.model.plan import Address
from exportctl.model.plan_options import PlanOptions, is_glob_match

WEB = Address("exports", "web-to-lake")
PART = Address("exports", "sales/orders")
LAKE = Address("destinations", "lake")

MATCHES: dict[str, tuple[str, Address, bool]] = {
    "a whole address": ("exports.web-to-lake", WEB, True),
    "a key": ("web-to-lake", WEB, True),
    "a glob over addresses": ("exports.web-*", WEB, True),
    "a glob over keys": ("web-*", WEB, True),
    "everything": ("*", LAKE, True),
    "another key": ("exports.web", WEB, False),
    "another root": ("destinations.web-to-lake", WEB, False),
    "a key stands for its parts": ("sales", PART, True),
    "an address stands for its parts": ("exports.sales", PART, True),
    "one part": ("exports.sales/orders", PART, True),
    "one part by key": ("sales/orders", PART, True),
    "another part": ("sales/returns", PART, False),
    "a glob over parts": ("sales/*", PART, True),
    "a part is not its key": ("sales/orders", Address("exports", "sales"), False),
    "case counts": ("Web-*", WEB, False),
    "a destination by key": ("lake", LAKE, True),
}


@pytest.mark.parametrize("row", MATCHES)
def test_a_glob_matches(row: str) -> None:
    glob, address, expected = MATCHES[row]
    assert is_glob_match(("nothing-like-it", glob), address) == expected


def test_without_targets_everything_is_targeted() -> None:
    assert PlanOptions().is_targeted(WEB)
    assert PlanOptions(targets=("web-*",)).is_targeted(WEB)
    assert not PlanOptions(targets=("web-*",)).is_targeted(LAKE)


def test_consent_is_given_by_name_only() -> None:
    given = PlanOptions(allow_replace=("web-*",), allow_recreate=("sales",), resume=("*",))
    assert (given.can_replace(WEB), given.can_replace(PART)) == (True, False)
    assert (given.can_recreate(WEB), given.can_recreate(PART)) == (False, True)
    assert given.can_resume(LAKE)
    assert not (PlanOptions().can_replace(WEB) or PlanOptions().can_recreate(WEB) or PlanOptions().can_resume(WEB))


def test_renewals_may_be_limited_to_the_approved_ones() -> None:
    assert PlanOptions().can_renew(WEB)
    assert PlanOptions(renewals=frozenset({"exports.web-to-lake"})).can_renew(WEB)
    assert not PlanOptions(renewals=frozenset()).can_renew(WEB)


def test_saved_flags_are_loaded_again_without_what_the_plan_itself_says() -> None:
    flags = PlanOptions(("a",), 3, ("b",), ("c",), ("d",))
    assert PlanOptions.from_json_values(flags.to_json_values()) == flags
    assert PlanOptions.from_json_values(PlanOptions(renewals=frozenset({"x"})).to_json_values()) == PlanOptions()


def test_no_saved_plan_renews_only() -> None:
    with pytest.raises(TypeError):
        PlanOptions.from_json_values(PlanOptions(renew_only=True).to_json_values())


def test_an_unknown_flag_in_a_saved_plan_raises() -> None:
    with pytest.raises(TypeError):
        PlanOptions.from_json_values({"allow_everything": True})


def test_a_commit_time_that_is_no_moment_raises() -> None:
    with pytest.raises(TypeError):
        PlanOptions.from_json_values({"committed_at": -1})
