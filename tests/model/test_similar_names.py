"""What was meant is found, and named by what differs where both names look the same."""

from __future__ import annotations

import pytest

from exportctl.model.similar_names import closest_names, did_you_mean, did_you_mean_address, difference_note

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
