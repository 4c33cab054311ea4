"""A mask finds values and long parts of them however a text spells them, in time in proportion to the text."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.model.masking import MAX_READ_LENGTH, build_index, build_mask, clean_text, find_spans
from tests.transformed_echoes import TRANSFORMED
from tests.workflows.world import private_key

KEY = private_key(b"sing/masks/sing")
VALUES = {
    "role": "arn:aws:iam::210987654321:role/goldfinch",
    "key": "siskin/secret+siskin/secret+siskinsecret",
    "connection string": "DefaultEndpointsProtocol=https;AccountName=linnet;AccountKey=bGlubmV0bGlubmV0bGlubmV0+/==",
    "signature": "sv=2024-11-04&ss=b&srt=sco&sig=Zm9v%2BYmFy%2FcXV4%3D&se=2027-01-01T00%3A00%3A00Z",
    "short": "kurz1234",
    "signs": "pa$$ w\"o'r<d>&%41\\x y",
    "beyond ASCII": "pässwörd-ßtraße-😀",
    "blanks": "twite & password % of + it",
    "windows": "C:\\user\\of\\the\\siskin",
    "private key": KEY,
    "lines": "first line of it\nsecond line of it\nthird",
}


@pytest.fixture(scope="module")
def mask() -> Callable[[str], str]:
    return build_mask(VALUES.values())


@pytest.mark.parametrize("way", TRANSFORMED)
def test_a_value_is_masked_in_every_spelling_and_the_words_around_it_stay(mask: Callable[[str], str], way: str) -> None:
    for name, value in VALUES.items():
        if name == "windows" and way == "split by \\n":
            continue  # its own \u and the \n between its pieces cannot be told apart
        shown = mask(f"refused [{TRANSFORMED[way](value)}] now")
        rest = re.fullmatch(r"refused \[(.*)] now", shown, re.DOTALL)
        assert rest is not None, (name, shown)
        assert "(secret)" in rest[1], (name, shown)
        # what stays is the JSON or the user around it, or the ends of base64 that other characters decide too
        assert max(map(len, rest[1].split("(secret)"))) < 32, (name, shown)
        assert value.strip() not in shown
        plain = "".join(part for part in rest[1].split("(secret)") if part in value)
        assert len(plain) < 4, (name, shown)


@given(st.sampled_from([v for v in VALUES.values() if len(v) > 16]), st.data())
def test_no_part_of_sixteen_characters_gets_through(value: str, data: st.DataObject) -> None:
    size = data.draw(st.integers(16, len(value)))
    start = data.draw(st.integers(0, len(value) - size))
    shown = MASK(f"it begins so: {value[start : start + size]}…")
    assert not any(value[i : i + 16] in shown for i in range(len(value) - 15))


MASK = build_mask(VALUES.values())


SIGNS = (
    "".join(sorted({chr(n) for n in range(33, 127)} - set("%&\\"))) + "éß😀"
)  # no value that escapes something itself


@given(st.text(SIGNS, min_size=8, max_size=40), st.sampled_from(sorted(TRANSFORMED)))
def test_any_value_of_eight_characters_is_masked_in_any_spelling(value: str, way: str) -> None:
    echoed = TRANSFORMED[way](value)
    shown = build_mask([value])(f"[ {echoed} ]")
    assert "(secret)" in shown
    assert echoed not in shown


def test_ordinary_words_are_no_secret() -> None:
    assert build_mask(["id", "a", "", "1234567"])("an id of 1234567") == "an id of 1234567"
    assert build_mask([])("nothing") == "nothing"


def test_a_value_of_a_file_is_masked_without_its_line_end_too() -> None:
    assert build_mask(["canary-12\n"])(base64.b64encode(b"canary-12").decode()) == "(secret)"


def test_parts_below_sixteen_characters_stay() -> None:
    text = "the account linnet speaks https; AccountName= is empty; role/goldfinch is not known"
    assert MASK(text) is text


def test_the_beginning_of_a_short_value_stays() -> None:
    mask = build_mask(["kurz12345"])

    assert [mask("kurz1234"), mask("kurz12345")] == ["kurz1234", "(secret)"]


def test_single_lines_are_masked_only_if_they_are_of_a_private_key() -> None:
    last = KEY.splitlines()[-2][-12:]
    short = KEY.replace(KEY.splitlines()[-2], last)
    assert build_mask([short])(f"it ends with {last}") == "it ends with (secret)"
    assert build_mask(["1 to delete\n- exports.a\ntrue"])("1 to delete, - exports.a") == "1 to delete, - exports.a"
    assert build_mask(["1 to delete\n- exports.a\ntrue"])("[1 to delete\n- exports.a\ntrue]") == "[(secret)]"


def test_without_parts_a_mask_finds_whole_values_and_lines_of_private_keys() -> None:
    whole = build_mask([*VALUES.values()], parts=False)
    string = VALUES["connection string"]
    assert whole(f"{string[:-4]}") == string[:-4]
    assert whole(f"is {string}.") == "is (secret)."
    assert whole(f"is {json.dumps(KEY)}.") == 'is "(secret)".'
    assert whole(f"is {KEY.splitlines()[3]}.") == "is (secret)."


def test_values_beside_each_other_and_inside_each_other_are_masked() -> None:
    mask = build_mask(["abcdefgh", "abcdefghij", "second-value"])
    assert mask("abcdefghij!") == "(secret)!"
    assert mask("abcdefgh second-value;abcdefgh") == "(secret);(secret)"


def test_a_text_is_cleaned_after_it_is_masked_and_before_it_is_cut() -> None:
    shown = clean_text("x" * 490 + " kurz\n1234 \x1b[31m and more", MASK)
    assert shown == "x" * 490 + " (secret)…"
    assert clean_text("y" * MAX_READ_LENGTH + "kurz1234", MASK).endswith("y…")


@dataclass
class CountingSet:
    """A set that counts how often it is asked."""

    values: frozenset[str]
    asked: list[int] = field(default_factory=lambda: [0])

    def __contains__(self, value: object) -> bool:
        self.asked[0] += 1
        return value in self.values

    def __iter__(self) -> object:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)


HOSTILE = {
    "words": "the quick brown fox jumps over the lazy dog; ",
    "percent": "%41%2541%u0041",
    "backslashes": "\\",
    "entities": "&amp;amp;&#x26;&",
    "blanks": " \t",
    "line ends": "a\n",
    "almost a key": "-----BEGIN RSA PRIVATE",
    "almost a value": "siskin/secret+sisk_n/secret",
    "brackets": "<br <br\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_search_looks_at_each_place_a_bounded_number_of_times(name: str) -> None:
    index = build_index(VALUES.values())
    steps = []
    for size in (4_000, 8_000):
        text = (HOSTILE[name] * size)[:size]
        grams, heads = CountingSet(frozenset(index.grams)), CountingSet(frozenset(index.heads))
        find_spans(text, replace(index, grams=grams, heads=heads))  # type: ignore[arg-type]
        steps.append(grams.asked[0] + heads.asked[0])
    assert steps[1] <= 2.2 * steps[0]
    assert steps[1] <= 60 * 8_000


@pytest.mark.parametrize("value", ["tree-pipit%41%2Fword", "wryneck\\n\\u0041\\\\word"])
def test_a_value_with_escapes_of_its_own_is_masked_also_if_escaped_line_ends_split_it(value: str) -> None:
    for size in range(5, 12):
        split = "\n".join(value[i : i + size] for i in range(0, len(value), size))
        assert "word" not in build_mask([value])(f"[{json.dumps(split)[1:-1]}]"), size


def test_html_names_are_known_in_any_case() -> None:
    assert build_mask(["a<b>c&\"d'e"])(html.escape("a<b>c&\"d'e").upper()) == "(secret)"


def test_a_text_that_is_escaped_more_often_than_is_read_is_still_searched() -> None:
    nested = "pass%25252525252541word-of-the-partner"

    assert nested not in build_mask([nested])(f"x {nested} y")


def test_an_escaped_tab_in_an_echo_does_not_hide_the_secret() -> None:
    mask = build_mask(["open\tsesame"])

    assert mask("echo: open\\tsesame") == "echo: (secret)"
