"""The marker: what is written at the end of a description, and what people and services do to it there."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl import marker
from exportctl.kinds import ACCOUNT, ANCHOR, CONTENT, KINDS, PLACE, Kind
from exportctl.marker import END, LIMIT
from exportctl.model import Address, Marker

REPOSITORY = "https://github.com/acme/exports"
NAMES = ANCHOR.managed
FAR = 253402300799  # the last second of the year 9999

projects = st.from_regex(r"[a-z0-9][a-z0-9-]{0,31}", fullmatch=True)
keys = st.from_regex(r"[a-z0-9][a-z0-9-]{0,30}(/[a-z0-9][a-z0-9_.-]{0,30})?", fullmatch=True)
digests = st.from_regex(r"[0-9a-f]{4}", fullmatch=True)
pairs = st.one_of(st.tuples(digests), st.tuples(digests, digests))
moments = st.integers(0, FAR).map(str)
ends = st.one_of(st.tuples(moments), st.tuples(moments, moments))


@st.composite
def markers(draw: st.DrawFn, kind: Kind) -> Marker:
    applied = {name: draw(ends if name == END else pairs) for name in kind.managed if draw(st.booleans())}
    return Marker(
        project=draw(projects),
        kind=kind.letter,
        name=draw(keys),
        generation=draw(st.integers(1, 9999)),
        protected=draw(st.booleans()),
        replaced=draw(st.booleans()),
        seen_on=draw(st.booleans()),
        applied=applied,
    )


def whole(**changes: Any) -> Marker:
    """A marker that knows every field of a flow."""
    applied = {name: ("1815000000",) if name == END else ("ab12",) for name in NAMES}
    made = Marker("acme", "e", "orders/returns", 2, protected=True, seen_on=True, applied=applied)
    return replace(made, **changes)


texts = st.text(alphabet=st.characters(exclude_categories=["Cs"])).filter(
    lambda t: "managed in git" not in t.lower() and not t.endswith("\r")
)


@given(st.sampled_from([*KINDS.values()]).flatmap(lambda k: st.tuples(st.just(k), markers(k))), texts)
def test_what_is_written_is_read(kind_and_marker: tuple[Kind, Marker], text: str) -> None:
    kind, written = kind_and_marker
    for repository in (REPOSITORY, None):
        assert (text, written) == marker.read(marker.write(text, repository, written, kind.managed), kind.managed)


@pytest.mark.parametrize("kind", [ANCHOR, PLACE, ACCOUNT, CONTENT], ids=lambda k: k.label)
def test_the_longest_marker_fits_in_two_hundred_ascii_characters(kind: Kind) -> None:
    applied = {n: (str(FAR), str(FAR)) if n == END else ("ffff", "0000") for n in kind.managed}
    longest = Marker("p" * 32, kind.letter, "n" * 64, 99, True, True, True, applied)
    line = marker.line(longest, kind.managed)
    assert len(line) <= LIMIT
    assert line.isascii()
    assert line == line.lower()
    assert longest == marker.read(line, kind.managed)[1]


def test_a_marker_without_digests_is_read_and_written_without_an_end() -> None:
    bare = Marker("acme", "e", "orders")
    assert marker.line(bare, NAMES) == f"[exportctl/1 e acme orders 1 ------- {marker.line(bare, NAMES)[-5:-1]}]"
    assert marker.read(marker.line(bare, NAMES), NAMES) == ("", bare)


def test_an_end_of_zero_seconds_is_an_end() -> None:
    epoch = Marker("acme", "e", "orders", applied={END: ("0",)})
    assert marker.read(marker.line(epoch, NAMES), NAMES)[1] == epoch


LINE = marker.line(whole(), NAMES)

DAMAGES: dict[str, str] = {
    "a digest was edited": LINE.replace("ab12", "ab13", 1),
    "the end was edited": LINE.replace(" ab12", " ab12", 1).replace(".", ".1"),
    "the check digest was edited": f"{LINE[:-2]}{'0' if LINE[-2] != '0' else '1'}]",
    "the check digest was cut off": f"{LINE[:-6]}]",
    "everything after the owner was cut off": "[exportctl/1 e acme orders/returns]",
    "the digests were replaced by words": "[exportctl/1 e acme orders/returns please do not touch]",
    "a protected flag was put in": LINE.replace(" 2po ", " 2pro "),
    "spaces were doubled": LINE.replace(" ab12", "  ab12", 1),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_marker_still_names_its_owner_and_its_digests_are_not_believed(damage: str) -> None:
    text, found = marker.read(f"For the lake\n{DAMAGES[damage]}", NAMES)
    assert text == "For the lake"
    assert found is not None
    assert (found.project, found.address) == ("acme", Address("exports", "orders/returns"))
    assert found.damaged
    assert found.applied == {}


@given(st.integers(0, len(LINE) - 1), st.characters(codec="ascii"))
def test_no_single_character_changes_what_is_believed(place: int, character: str) -> None:
    _, found = marker.read(LINE[:place] + character + LINE[place + 1 :], NAMES)
    assert found is None or found.damaged or found == whole()


def with_checked_body(body: str) -> str:
    """A marker line with a body nobody of ours would write, and a check digest that fits it."""
    head = f"[exportctl/1 e acme orders 1 {body} "
    return f"{head}{hashlib.sha256(head.encode()).hexdigest()[:4]}]"


@pytest.mark.parametrize(
    "body",
    ["-", "--------", "------x", "-------.", "-------.9zzzzzzzz", "-------.T", "-------.a~"],
    ids=[
        "too few fields",
        "too many fields",
        "no digest where one belongs",
        "a dot and no end",
        "an end too long",
        "an end that is no number",
        "half a pair of ends",
    ],
)
def test_a_body_of_another_form_is_damage_even_under_a_fitting_check(body: str) -> None:
    _, found = marker.read(with_checked_body(body), NAMES)
    assert found is not None
    assert found.damaged == (body != "-------.")


AROUND: dict[str, tuple[str, str]] = {
    "nothing at all": ("", ""),
    "text before": ("mine\n{}", "mine"),
    "text after": ("{}\nmine", "mine"),
    "text on both sides": ("mine\n{}\nyours", "mine\nyours"),
    "text on the same line": ("mine {} yours", "mine \n yours"),
    "the line for people before it": ("mine\nManaged in Git: https://x\n{}", "mine"),
    "only the line for people before it": ("Managed in Git: https://x\n{}", ""),
    "text after the line for people and the marker": ("mine\nManaged in Git: https://x\n{}\nyours", "mine\nyours"),
    "blank lines between the line for people and it": ("mine\nManaged in Git: https://x\n\n{}", "mine"),
    "windows line ends": ("mine\r\nManaged in Git: https://x\r\n{}\r\n", "mine"),
    "windows line ends without the line for people": ("mine\r\n{}\r\n", "mine"),
    "a sentence that ends like the line for people": (
        "It is Managed in Git: see wiki\n{}",
        "It is Managed in Git: see wiki",
    ),
    "the line for people taken away": ("mine\n{}", "mine"),
    "the line for people moved after it": ("mine\n{}\nManaged in Git: https://x", "mine\nManaged in Git: https://x"),
    "non-ASCII text": ("Übergröße 日本\n{}", "Übergröße 日本"),
}


@pytest.mark.parametrize("around", AROUND)
def test_text_around_a_marker_is_the_persons(around: str) -> None:
    form, own = AROUND[around]
    assert marker.read(form.format(LINE) if form else LINE, NAMES) == (own, whole())


def test_of_several_markers_the_last_counts() -> None:
    other = marker.line(whole(project="other"), NAMES)
    text, found = marker.read(f"{other}\n{LINE}", NAMES)
    assert found == whole()
    assert text == other  # what stands before it is text like any other


@pytest.mark.parametrize(
    "text",
    [
        "",
        "exportctl/1 e acme orders 1",
        "[exportctl/2 e acme orders 1 ------- 0000]",
        "[exportctl/1 x acme orders 1 ------- 0000]",
        "[exportctl/1 e acme]",
        "[exportctl/1 e ACME orders 1 ------- 0000]",
        "[see exportctl]",
    ],
    ids=[
        "an empty description",
        "no brackets",
        "a version of later",
        "a kind nobody knows",
        "no address",
        "a project no config can have",
        "a mention in words",
    ],
)
def test_what_only_looks_like_a_marker_is_text(text: str) -> None:
    assert marker.read(text, NAMES) == (text, None)


def test_a_missing_description_is_no_text_and_no_marker() -> None:
    assert marker.read(None, NAMES) == ("", None)


def test_a_service_that_folds_case_leaves_it_whole() -> None:
    folded = marker.write("for the lake", REPOSITORY, whole(), NAMES).lower()
    assert marker.read(folded, NAMES) == ("for the lake", whole())


def test_writing_again_what_was_read_adds_nothing() -> None:
    once = marker.write("For the lake", REPOSITORY, whole(), NAMES)
    text, found = marker.read(once, NAMES)
    assert found is not None
    assert marker.write(text, REPOSITORY, found, NAMES) == once
