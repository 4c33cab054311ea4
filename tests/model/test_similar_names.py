"""What was meant is found, and named by what differs where both names look the same."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exportctl.model import similar_names
from exportctl.model.similar_names import closest_names, did_you_mean, did_you_mean_address, difference_note
from tests.law_profile import examples
from tests.line_counts import count_steps

COMPOSED, DECOMPOSED = "K\u00e4ufe", "Ka\u0308ufe"
LOOK_ALIKES = {
    "an accent in two characters": (DECOMPOSED, COMPOSED, "U+0308 COMBINING DIAERESIS", "U+00E4 LATIN SMALL LETTER A"),
    "a letter of another alphabet": ("\u041erders", "Orders", "U+041E CYRILLIC CAPITAL LETTER O", "U+004F LATIN"),
    "a blank that does not break": ("Order\u00a0Lines", "Order Lines", "U+00A0 NO-BREAK SPACE", "U+0020 SPACE"),
    "a blank without width": ("Ord\u200bers", "Orders", "U+200B ZERO WIDTH SPACE", "nothing there"),
    "a blank at the end": ("Orders ", "Orders", "U+0020 SPACE", "nothing there"),
    "wide letters": ("\uff2frders", "Orders", "U+FF2F FULLWIDTH LATIN CAPITAL LETTER O", "U+004F LATIN"),
    "two blanks": ("Order  Lines", "Order Lines", "U+0020 SPACE", "nothing there"),
    "quotes of a text program": ("It\u2019s", "It's", "U+2019 RIGHT SINGLE QUOTATION MARK", "U+0027 APOSTROPHE"),
    "another dash": ("order\u2011lines", "order-lines", "U+2011 NON-BREAKING HYPHEN", "U+002D HYPHEN-MINUS"),
}


@pytest.mark.parametrize("case", LOOK_ALIKES)
def test_a_name_that_looks_the_same_is_found_and_the_difference_spelled_out(case: str) -> None:
    written, meant, here, there = LOOK_ALIKES[case]

    assert closest_names(written, ["Returns", meant, "orders and lines"]) == [meant]
    assert here in did_you_mean(written, meant).partition(" here, ")[0]
    assert there in did_you_mean(written, meant).partition(" here, ")[2]


def test_a_difference_that_can_be_seen_is_not_spelled_out() -> None:
    assert did_you_mean("Ordrs", "Orders") == 'did you mean "Orders"?'
    assert did_you_mean("orders", "Orders") == 'did you mean "Orders"?'
    assert did_you_mean("Ordrs", "Orders", "Order") == 'did you mean "Orders" or "Order"?'
    assert difference_note("Orders", "Orders") == ""


def test_a_letter_that_no_table_holds_is_spelled_out_too() -> None:
    cherokee = "Or\u13e7ers"

    assert did_you_mean(cherokee, "Orders").endswith(
        "They differ: U+13E7 CHEROKEE LETTER TSU here, U+0064 LATIN SMALL LETTER D there."
    )
    assert difference_note("Bestellungen f\u00fcr heute", "Bestellungen") == ""


def test_only_the_letters_that_differ_are_spelled_out() -> None:
    note = difference_note("\u041erd\u0435rs", "Orders")

    assert "CYRILLIC CAPITAL LETTER O, U+0435 CYRILLIC SMALL LETTER IE here" in note
    assert "U+0072" not in note


def test_an_address_is_compared_with_or_without_its_root() -> None:
    cyrillic = "ord\u0435rs"

    for written in (cyrillic, f"exports.{cyrillic}"):
        hint = did_you_mean_address(written, "exports.orders")
        assert hint.startswith("did you mean exports.orders? They look alike and differ: U+0435 ")
        assert hint.endswith(" here, U+0065 LATIN SMALL LETTER E there.")
    assert did_you_mean_address("ordrs", "exports.orders") == "did you mean exports.orders?"


def test_whatever_looks_the_same_comes_before_what_is_spelled_nearly_so() -> None:
    far = "\u041e\u0440\u0415\u041d"  # four letters of Cyrillic that look like OpEH

    assert closest_names(far, ["OpEH", far[:3]], count=2) == ["OpEH", far[:3]]
    assert closest_names("x", ["Orders"]) == []


def closest_names_by_definition(name: str, known: Iterable[str], count: int) -> list[str]:
    names = sorted(set(known))
    looks = similar_names._appearance
    same = [other for other in names if looks(other) == looks(name)]
    return list(dict.fromkeys((*same, *get_close_matches(name, names, n=count, cutoff=0.6))))[:count]


WORDS = st.text("abcAB \u0430", max_size=8)


@settings(max_examples=examples(60, swept=200))
@given(WORDS, st.lists(WORDS, max_size=20), st.integers(1, 3))
def test_the_names_found_are_those_of_the_plain_definition(name: str, known: list[str], count: int) -> None:
    assert closest_names(name, known, count) == closest_names_by_definition(name, known, count)


def test_long_names_in_which_difflib_ignores_frequent_letters_are_found_as_by_definition() -> None:
    name, known = "ab" * 105, ["ab" * 104, "ba" * 105, "ab" * 100 + "c" * 10, "abc" * 70]

    assert closest_names(name, known, 3) == closest_names_by_definition(name, known, 3)


def test_few_of_many_names_are_compared_by_their_blocks() -> None:
    known = [f"Dataset {number:03}" for number in range(300)]
    found = []

    steps = count_steps(lambda: found.extend(closest_names("Datasat 123", known)))

    assert found == ["Dataset 123"]
    assert 0 < sum(n for (_, name), n in steps.items() if name == "SequenceMatcher.set_seq1") < 50
