"""Globs over addresses, and flags as they are saved with a plan."""

from __future__ import annotations

import pytest

from exportctl.flags import Flags, matches
from exportctl.model import Address

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
    assert matches(("nothing-like-it", glob), address) == expected


def test_without_targets_everything_is_targeted() -> None:
    assert Flags().targeted(WEB)
    assert Flags(targets=("web-*",)).targeted(WEB)
    assert not Flags(targets=("web-*",)).targeted(LAKE)


def test_consent_is_given_by_name_only() -> None:
    given = Flags(allow_replace=("web-*",), allow_recreate=("sales",), put_back=("*",))
    assert (given.replaces(WEB), given.replaces(PART)) == (True, False)
    assert (given.recreates(WEB), given.recreates(PART)) == (False, True)
    assert given.puts_back(LAKE)
    assert not (Flags().replaces(WEB) or Flags().recreates(WEB) or Flags().puts_back(WEB))


def test_renewals_may_be_limited_to_the_approved_ones() -> None:
    assert Flags().renews(WEB)
    assert Flags(renewals=frozenset({"exports.web-to-lake"})).renews(WEB)
    assert not Flags(renewals=frozenset()).renews(WEB)


def test_saved_flags_are_loaded_again_without_what_the_plan_itself_says() -> None:
    flags = Flags(("a",), 3, ("b",), ("c",), ("d",))
    assert Flags.loaded(flags.saved()) == flags
    assert Flags.loaded(Flags(renewals=frozenset({"x"}), renew_only=True).saved()) == Flags()


def test_an_unknown_flag_in_a_saved_plan_raises() -> None:
    with pytest.raises(TypeError):
        Flags.loaded({"allow_everything": True})
