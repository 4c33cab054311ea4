"""How edits look in forms of YAML that are seldom written: nothing beside the edit moves, comments stay with theirs."""

from __future__ import annotations

import pytest

from exportctl.yaml_edit.edit import ChangeList, Edit, EditError, SetValue

N = ("a", "n")
LISTED = ("a",)
FIRST, SECOND = frozenset({0}), frozenset({1})

FORMS: dict[str, tuple[str, Edit, str]] = {
    "below a text that keeps its empty lines": (
        "a:\n  b: |+\n    x\n\nc: y\n",
        SetValue(N, "v"),
        'a:\n  b: |+\n    x\n\n  "n": v\nc: y\n',
    ),
    "below a text that the file ends with": ("a:\n  b: |\n    x", SetValue(N, "v"), 'a:\n  b: |-\n    x\n  "n": v'),
    "below a text that keeps what the file does not end with": (
        "a:\n  b: >2+ # c\n    x",
        SetValue(N, "v"),
        'a:\n  b: >2- # c\n    x\n  "n": v',
    ),
    "below a text that is stripped": ("a:\n  b: |-\n    x", SetValue(N, "v"), 'a:\n  b: |-\n    x\n  "n": v'),
    "a text in a block, with spaces of its own at its end": (
        "a:\n  b: |\n    x\u2003\n\n  c: y\n",
        SetValue(("a", "b"), "v"),
        "a:\n  b: v\n\n  c: y\n",
    ),
    "keys with question marks": ("? b\n: x\n", SetValue(("a",), "v"), "? b\n: x\n\na: v\n"),
    "a list behind a question mark and a colon in a comment": (
        "? a # b: c\n: - x\n",
        SetValue(("a",), ["v"]),
        "? a # b: c\n: [v]\n",
    ),
    "a key between braces without a colon": ("{a, b: x}\n", SetValue(("a",), "v"), "{a: v, b: x}\n"),
    "nothing behind a key in quotes": ('{"a":, "b": "x"}\n', SetValue(("a",), "v"), '{"a": "v", "b": "x"}\n'),
    "a day without quotes": ("a: 2027-03-01 # c\n", SetValue(("a",), "2027-04-30"), "a: 2027-04-30 # c\n"),
    "a time without quotes, between braces": ("{a: 02:00, b: x}\n", SetValue(("a",), "03:00"), "{a: 03:00, b: x}\n"),
    "a moment in place of a day": (
        "a: 2027-03-01\n",
        SetValue(("a",), "2027-04-30T01:00Z"),
        'a: "2027-04-30T01:00Z"\n',
    ),
    "below null": ("a:\n  n: null # c\n", SetValue(("a", "n", "d"), "v"), "a:\n  n: {d: v} # c\n"),
    "below a key with nothing and a comment": (
        "a:\n  n: # c\n\n  d: x\n",
        SetValue(("a", "n", "d"), "v"),
        "a:\n  n: # c\n    d: v\n\n  d: x\n",
    ),
    "another list, its key with a comment": (
        "a: # c\n  # d\n  - x # e\n  - y # f\n# g\nb: z\n",
        SetValue(LISTED, ["v", "w"]),
        "a: # c\n  # d\n  - v\n  - w\n# g\nb: z\n",
    ),
    "a word for keys below each other": (
        "a: # c\n  b: x # d\n  e: y\n# f\n",
        SetValue(LISTED, "v"),
        "a: v # c\n# f\n",
    ),
    "no value for items below each other": ("a: # c\n  - x\nb: y\n", SetValue(LISTED, []), "a: [] # c\nb: y\n"),
    "a section, below the last comment": (
        "a:\n  b: x\n  # c: y\n",
        SetValue(("n",), {"d": "v"}),
        'a:\n  b: x\n  # c: y\n\n"n": {d: v}\n',
    ),
    "a section, before the end of the document": (
        "--- # c\na: x\n...\n",
        SetValue(("b",), "v"),
        "--- # c\na: x\n\nb: v\n...\n",
    ),
    "a value on the line below its key": ("a: # c\n    'x'\n", SetValue(LISTED, "v"), "a: # c\n    'v'\n"),
    "a value over several lines": ("a: x\n  y # c\nb: z\n", SetValue(LISTED, "v"), "a: v # c\nb: z\n"),
    "a tab behind a value": ("a: x\t# c\n", SetValue(LISTED, "v"), "a: v\t# c\n"),
    "line ends of two kinds": ("a:\n  b: x\r\nc: y\n", SetValue(N, "v"), 'a:\n  b: x\r\n  "n": v\r\nc: y\n'),
    "a separator that ends no line": ("a: x # c\u2028b: y\n", SetValue(("b",), "v"), "a: x # c\u2028b: v\n"),
    "a new key in braces over lines": (
        "a: {\n  b: x, # c\n  d: y # e\n}\n",
        SetValue(N, "v"),
        "a: {\n  b: x, # c\n  d: y, # e\n  n: v\n}\n",
    ),
    "a new key in braces over lines, with a comma at their end": (
        "a: {\n  b: x, # c\n}\n",
        SetValue(N, "v"),
        "a: {\n  b: x, # c\n  n: v,\n}\n",
    ),
    "an item more in brackets over lines": (
        "a: [\n  x, # c\n  y # d\n  # e\n]\n",
        ChangeList(LISTED, added=["v"]),
        "a: [\n  x, # c\n  y, # d\n  v\n  # e\n]\n",
    ),
    "an item less in brackets over lines": (
        "a: [\n  x, # c\n  y, # d\n]\n",
        ChangeList(LISTED, removed=SECOND),
        "a: [\n  x, # c\n]\n",
    ),
    "the last item of brackets over lines": (
        "a: [\n  x, # c\n  y # d\n]\n",
        ChangeList(LISTED, removed=SECOND),
        "a: [\n  x # c\n]\n",
    ),
    "an item with its comma on the next line": (
        "a: [\n  x\n  , y\n]\n",
        ChangeList(LISTED, removed=FIRST),
        "a: [\n  y\n]\n",
    ),
    "the last item behind a comment": ("a: [x, # c\n  y]\n", ChangeList(LISTED, removed=SECOND), "a: [x # c\n  ]\n"),
    "the first item before a comment": ("a: [# c\n]\n", ChangeList(LISTED, added=["v"]), "a: [v # c\n]\n"),
    "items in the column of their key": (
        "a:\n- x # c\n- y\nb: z\n",
        ChangeList(LISTED, removed=FIRST, added=["v"]),
        "a:\n- y\n- v\nb: z\n",
    ),
    "an item below its dash": ("a:\n  - # c\n    x\n  - y\n", ChangeList(LISTED, removed=FIRST), "a:\n  - y\n"),
    "two for an item below its dash": (
        "a:\n  -\n    x # c\n  - y\n",
        ChangeList(LISTED, replaced={0: ["v", "w"]}),
        "a:\n  -\n    v\n  - w # c\n  - y\n",
    ),
    "the last item of a file without a line end": ("a:\n  - x\n  - y", ChangeList(LISTED, removed=SECOND), "a:\n  - x"),
    "an item of two keys": (
        "a:\n  - id: x # c\n    name: y\n  - z\n",
        ChangeList(LISTED, removed=FIRST),
        "a:\n  - z\n",
    ),
}


@pytest.mark.parametrize("case", FORMS)
def test_an_edit_keeps_the_form(case: str) -> None:
    before, edit, after = FORMS[case]

    assert edit.edit_text(before) == after


@pytest.mark.parametrize("path", [("a",), ("a", "b")], ids=["a value", "a map"])
def test_a_key_without_a_colon_on_a_line_of_its_own_is_left(path: tuple[str, ...]) -> None:
    with pytest.raises(EditError):
        SetValue(path, "v").edit_text("? a\n")
