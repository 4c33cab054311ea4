"""Edits of YAML text: the value is there afterwards, and every line that has nothing to do with it is as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from exportctl.config.yaml_nodes import parse_tree, plain_value
from exportctl.model.references import parse_references
from exportctl.yaml_edit.edit import ChangeList, EditError, SetValue, set_value
from exportctl.yaml_edit.emit import CommentedItem
from exportctl.yaml_edit.positions import ListSpan, MapSpan, ScalarSpan, Span, parse_spans
from exportctl.yaml_edit.text import line_end
from tests.yaml_edit.styled_yaml import texts

KEYS = st.sampled_from(["a", "b", "c-d", "exports"])
WORDS = st.sampled_from(
    [
        "x",
        "a: b",
        "on",
        "12:00",
        "it's",
        "{c}",
        "${env:A}",
        "%A%/b",
        "",
        "é\N{ROCKET}",
        "l\nm",
        "#",
        "two words here",
        "l\nm\n\n",
    ]
)
VALUES = st.recursive(
    WORDS | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, min_size=1, max_size=3),
    max_leaves=6,
)
CONTENTS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=3)


def read_values(text: str) -> Any:
    root, findings = parse_tree("x.yaml", text.encode())
    assert findings == ()
    assert root is not None
    return resolve_references(plain_value(root))


def resolve_references(value: Any) -> Any:
    """The value once references are read."""
    if isinstance(value, dict):
        return {key: resolve_references(one) for key, one in value.items()}
    if isinstance(value, list):
        return [resolve_references(one) for one in value]
    return "".join(str(part) for part in parse_references(value)) if isinstance(value, str) else value


def paths(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every path of keys there is."""
    found = [path] if path else []
    return (
        found + [p for key, one in value.items() for p in paths(one, (*path, key))]
        if isinstance(value, dict)
        else found
    )


@given(st.data(), CONTENTS)
def test_every_span_is_the_value_and_nothing_more(data: st.DataObject, content: dict[str, Any]) -> None:
    text = data.draw(texts(content))
    note(text)
    root = parse_spans(text)

    assert read_values(text) == content
    for path in paths(content):
        span: Span | None = root
        for key in path:
            assert isinstance(span, MapSpan)
            span = span.entries[key].value
        assert span is not None
        alone = text[span.start : span.end]
        kept = "|+" in alone or ">+" in alone  # the empty lines at its end belong to it
        assert alone == alone.strip() or kept
        if isinstance(span, ScalarSpan) or span.is_flow_style:
            at = value_at(content, path)
            assert (
                at == ""
                or (isinstance(span, ScalarSpan) and span.style in "|>" and span.style)
                or read_values(f"k: {alone}") == {"k": at}
            )


def has_kept_lines(span: Span, text: str) -> bool:
    """Does it end with a text that keeps the empty lines behind it?"""
    while isinstance(span, MapSpan):
        span = list(span.entries.values())[-1].value
    return isinstance(span, ScalarSpan) and text.startswith("|+", span.start)


def value_at(content: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        content = content[key]
    return content


@given(st.data(), CONTENTS, VALUES)
def test_a_value_that_is_put_is_read_back_and_no_other_changes(
    data: st.DataObject, content: dict[str, Any], value: Any
) -> None:
    text = data.draw(texts(content))
    path = data.draw(st.sampled_from(paths(content)))
    if data.draw(st.booleans()) and isinstance(value_at(content, path), dict):
        path = (*path, *data.draw(st.lists(st.sampled_from(["new", "deep"]), min_size=1, max_size=2)))
    note(text)

    after = set_value(text, path, value)

    note(after)
    assert read_values(after) == set_at(content, path, value)
    assert_rest_unchanged(text, after, path)


def set_at(content: Any, path: tuple[str, ...], value: Any) -> Any:
    key, *rest = path
    return {**content, key: set_at(content.get(key, {}), tuple(rest), value) if rest else value}


def assert_rest_unchanged(before: str, after: str, path: tuple[str, ...]) -> None:
    """
    All before the key and all behind the value is as it was, to the character; of values on lines of their own, all
    behind their lines. A new key comes in at one place.
    """
    above: Span | None = parse_spans(before)
    for key in path[:-1]:
        above = above.entries[key].value if isinstance(above, MapSpan) and key in above.entries else None
    entry = above.entries.get(path[-1]) if isinstance(above, MapSpan) else None
    if entry is not None:
        below = not isinstance(entry.value, ScalarSpan) and not entry.value.is_flow_style
        assert after.startswith(before[: entry.key_end])
        assert after.endswith(before[line_end(before, entry.value.end) if below else entry.value.end :])
        return
    assert has_one_insertion(before, after)


def has_one_insertion(before: str, after: str, *, mark: bool = True) -> bool:
    """
    Is there one piece more? One character may stand before it: a comma behind what was the last value, or the mark of
    a text whose end would else become part of it.
    """
    shared = next((n for n, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), len(before))
    if after.endswith(before[shared:]):
        return True
    rest = before[shared:].removeprefix("+")
    return mark and after[shared] in ",-" and has_one_insertion(rest, after[shared + 1 :], mark=False)


LISTS = st.lists(WORDS | st.dictionaries(st.just("id"), WORDS, min_size=1), min_size=1, max_size=4)


@given(st.data(), LISTS, LISTS)
def test_items_of_a_list_go_and_come_and_the_others_stay(
    data: st.DataObject, before: list[Any], more: list[Any]
) -> None:
    text = data.draw(texts({"a": {"list": before, "z": "after"}}))
    numbers = st.sets(st.integers(0, len(before) - 1))
    gone, instead = data.draw(numbers), data.draw(numbers)
    gone -= instead
    kept = [x for n, x in enumerate(before) if n not in gone]
    note(text)
    edit = ChangeList(("a", "list"), frozenset(gone), dict.fromkeys(instead, more), more)

    if not kept:
        with pytest.raises(EditError):
            edit.edit_text(text)
        return
    after = edit.edit_text(text)

    note(after)
    wanted = [y for n, x in enumerate(before) if n not in gone for y in (more if n in instead else [x])]
    assert read_values(after) == {"a": {"list": [*wanted, *more], "z": "after"}}
    span = list_span(text)
    assert after.startswith(text[: span.start if span.is_flow_style else text.index("list") + 4])
    assert after.endswith(text[span.end if span.is_flow_style else (text + "\n").index("\n", span.end) :])


def list_span(text: str) -> ListSpan:
    root = parse_spans(text)
    assert root is not None
    above = root.entries["a"].value
    assert isinstance(above, MapSpan)
    found = above.entries["list"].value
    assert isinstance(found, ListSpan)
    return found


@pytest.mark.parametrize(
    ("before", "path", "value", "after"),
    [
        ("a: 'x' # c\n", ("a",), "it's", "a: 'it''s' # c\n"),
        ('a: "x"\n', ("a",), "v", 'a: "v"\n'),
        ("a: x # c\n", ("a",), True, "a: true # c\n"),
        ("a: x", ("b",), "v", "a: x\n\nb: v"),
        ("a:\r\n  b: x\r\n", ("a", "c"), "v", "a:\r\n  b: x\r\n  c: v\r\n"),
        ("a:\n  b: x # c\n\n# d\ne: f\n", ("a", "c"), "v", "a:\n  b: x # c\n  c: v\n\n# d\ne: f\n"),
        ("a: {b: x} # c\n", ("a", "c", "d"), "v", "a: {b: x, c: {d: v}} # c\n"),
        ("a: {}\n", ("a", "b"), "v", "a: {b: v}\n"),
        ("a:\nb: x\n", ("a", "c"), "v", "a:\n  c: v\nb: x\n"),
        ("a:\n    b: |\n      text\n    c: x\n", ("a", "b"), "v", "a:\n    b: v\n    c: x\n"),
        ("a:\n  - x\n  - y\nb: z\n", ("a",), ["w"], "a:\n  - w\nb: z\n"),
        ("a: {every: 1 day}\n", ("a",), {"every": "6 hours", "at": "02:00"}, 'a: {every: 6 hours, at: "02:00"}\n'),
        ("a:\n  b: x\n", ("a", "c"), {"d": "v"}, "a:\n  b: x\n  c: {d: v}\n"),
        ("a:\n  b: x\n", ("a", "c", "d"), "v", "a:\n  b: x\n  c:\n    d: v\n"),
        ('{"a": {"b": "x"}}', ("a", "c"), ["${d}"], '{"a": {"b": "x", "c": ["$${d}"]}}'),
        ('{"a": {"b": true}}', ("a", "b"), False, '{"a": {"b": false}}'),
    ],
)
def test_what_an_edit_looks_like(before: str, path: tuple[str, ...], value: object, after: str) -> None:
    assert SetValue(path, value).edit_text(before) == after


def test_a_dataset_that_is_named_by_its_id_has_its_name_behind_it() -> None:
    edit = ChangeList(("a",), added=[CommentedItem({"id": "x"}, "Orders")])

    assert edit.edit_text("a:\n  - b\n") == "a:\n  - b\n  - {id: x} # Orders\n"
    assert edit.edit_text("a: [b]\n") == "a: [b, {id: x}]\n"


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("a: x\n", SetValue(("a", "b"), "y")),
        ("a: x\n", ChangeList(("a",), added=["y"])),
        ("a: {b: [x]}\n", ChangeList(("a", "c"), added=["y"])),
        ("a: [x]\n", ChangeList(("a",), removed=frozenset({0}))),
        ("# nothing\n", SetValue(("a",), "y")),
    ],
    ids=["no map", "no list", "nothing", "the last item", "no file"],
)
def test_what_does_not_fit_is_refused(text: str, edit: SetValue | ChangeList) -> None:
    with pytest.raises(EditError):
        edit.edit_text(text)


def test_a_list_of_lists_is_no_place_for_items() -> None:
    root = parse_spans("a:\n  - [x, y]\n")

    assert root is not None
    span = root.entries["a"].value
    assert isinstance(span, ListSpan)
    assert isinstance(span.items[0], ListSpan)
