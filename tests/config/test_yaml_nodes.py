"""What YAML means here, and what is said about files that are none."""

from __future__ import annotations

import pytest
import yaml

from exportctl.config import yaml_nodes
from exportctl.config.yaml_nodes import (
    BrokenNode,
    ListNode,
    MapNode,
    ScalarNode,
    parse_tree,
    plain_value,
    syntax_finding,
)
from exportctl.errors import SourcePosition


def values(text: str) -> object:
    root, findings = parse_tree("a.yaml", text.encode())
    assert not findings
    assert root is not None
    return plain_value(root)


def test_plain_scalars_mean_little_and_quoted_ones_are_text() -> None:
    text = """\
a: true
b: false
c: null
d:
e: 12
f: -3
g: 007
h: 12:00
i: 2026-12-01
j: on
k: no
l: ~
m: True
n: "5"
o: 'true'
p: 1.5
q: 0x10
r: 1_000
s: 9999999999999999999
t: ""
on: 1
1: x
"""
    assert values(text) == {
        "a": True, "b": False, "c": None, "d": None, "e": 12, "f": -3, "g": "007", "h": "12:00", "i": "2026-12-01",
        "j": "on", "k": "no", "l": "~", "m": "True", "n": "5", "o": "true", "p": "1.5", "q": "0x10", "r": "1_000",
        "s": "9999999999999999999", "t": "", "on": 1, "1": "x",
    }  # fmt: skip


def test_places_are_those_of_keys_and_values() -> None:
    root, _ = parse_tree("a.yaml", "é: [ü, {b: c}]\n".encode())
    assert root is not None
    entry = root.entries["é"]
    assert isinstance(entry.node, ListNode)
    inner = entry.node.items[1]
    assert isinstance(inner, MapNode)
    assert [
        str(at)
        for at in (
            entry.key_at,
            entry.node.at,
            entry.node.items[0].at,
            inner.at,
            inner.entries["b"].key_at,
            inner.entries["b"].node.at,
        )
    ] == ["a.yaml:1:1", "a.yaml:1:4", "a.yaml:1:5", "a.yaml:1:8", "a.yaml:1:9", "a.yaml:1:12"]


UNREADABLE = {  # text, rule, place, a word of the hint
    "an unquoted macro": ("a: %DATASET_ID%/x\n", "yaml-percent", "1:4", "%DATASET_ID%"),
    "a macro on a line of its own": ("a:\n%DATASET_ID%\n", "yaml-percent", "2:1", "quotes"),
    "a YAML directive": ("%YAML 1.3\n---\na: 1\n", "yaml-percent", "1:1", "quotes"),
    "an at sign": ("a: @x\n", "yaml-syntax", "1:4", "quotes"),
    "a tab before a key": ("a:\n\tb: 1\n", "yaml-tab", "2:1", "spaces"),
    "a tab after a value": ("a:\n  b: 1\n\tc: 1\n", "yaml-tab", "3:1", "spaces"),
    "an open quote": ("a: 'x\nb: 2\n", "yaml-quote", "1:4", "close"),
    "a path in double quotes": ('a: "C:\\data"\n', "yaml-quote", "1:7", "'…'"),
    "an apostrophe in quotes": ("a: 'it's'\n", "yaml-quote", "1:8", "twice"),
    "text after a quote": ('a: "x" y\n', "yaml-quote", "1:8", "whole"),
    "a second colon": ("a: b: c\n", "yaml-colon", "1:5", "quotes"),
    "a line too far in": ("a: 1\n  b: 2\n", "yaml-colon", "2:4", "column"),
    "a list without a space": ("- a\n-b\n", "yaml-colon", "2:1", "space"),
    "a key that does not fit": ("a:\n  - b\n c: d\n", "yaml-indent", "3:2", "column"),
    "a list behind its key": ("a: - b\n", "yaml-indent", "1:4", "next line"),
    "an open bracket": ("a: [1,2\n", "yaml-bracket", "1:4", "]"),
    "an open brace": ("a: {b: 1\nc: 2\n", "yaml-bracket", "1:4", "}"),
    "a reference in braces": ("a: {b: ${env:X}}\n", "yaml-brace", "1:9", "${env:NAME}"),
    "GitHub's syntax in braces": ("a: {b: ${{ secrets.X }}}\n", "github-expression", "1:9", "${env:NAME}"),
    "a bad character": ("a: \x01\n", "control-character", "1:4", "delete"),
    "a NUL": ("a: 1\nb: \x00\n", "control-character", "2:4", "delete"),
    "nothing": ("", "empty-file", "1:1", "exports: {}"),
    "only a comment": ("# a\n", "empty-file", "1:1", "exports: {}"),
    "a list": ("- a\n", "not-a-map", "1:1", "colon"),
    "a text": ("a:b\n", "not-a-map", "1:1", "colon"),
    "a block that is none": ("a: |x\n  y\n", "yaml-syntax", "1:5", "line"),
    "a very deep list": ("a: " + "[" * 70 + "]" * 70 + "\n", "too-deep", "1:67", "bracket"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_an_unreadable_file_has_one_clear_error(case: str) -> None:
    text, rule, place, hint = UNREADABLE[case]
    root, findings = parse_tree("a.yaml", text.encode())
    assert root is None
    assert [(rule, f"a.yaml:{place}")] == [(f.rule, str(f.at)) for f in findings]
    assert hint in str(findings[0].hint)


NOT_OURS = {  # what YAML allows and we do not: text, rule, place
    "an anchor": ("a: &x 1\n", "yaml-anchor", "1:4"),
    "an alias": ("a: *x\n", "yaml-alias", "1:4"),
    "a tag": ("a: !secret x\n", "yaml-tag", "1:4"),
    "a standard tag": ("a: !!str x\n", "yaml-tag", "1:4"),
    "a tag of a map": ("a: !x {b: 1}\n", "yaml-tag", "1:4"),
    "an anchor of a key": ("&x a: 1\n", "yaml-anchor", "1:1"),
    "a key twice": ("a: 1\nb: 2\na: 3\n", "duplicate-key", "3:1"),
    "a second document": ("a: 1\n---\nb: 2\n", "several-documents", "2:1"),
    "a map as a key": ("? {a: b}\n: c\n", "key-not-text", "1:3"),
    "an empty key": ('"": c\n', "key-not-text", "1:1"),
    "an alias as a key": ("*x : c\n", "yaml-alias", "1:1"),
}


@pytest.mark.parametrize("case", NOT_OURS)
def test_what_is_not_supported_is_said_and_the_rest_is_read(case: str) -> None:
    text, rule, place = NOT_OURS[case]
    root, findings = parse_tree("a.yaml", text.encode())
    assert root is not None
    assert [(rule, f"a.yaml:{place}")] == [(f.rule, str(f.at)) for f in findings]
    assert findings[0].hint


def test_a_key_said_twice_keeps_its_first_value_and_names_its_place() -> None:
    root, findings = parse_tree("a.yaml", b"a: 1\na: 3\n")
    assert root is not None
    assert plain_value(root) == {"a": 1}
    assert "a.yaml:1:1" in findings[0].message


def test_an_alias_leaves_a_gap() -> None:
    root, _ = parse_tree("a.yaml", b"a: *x\n")
    assert root is not None
    assert root.entries["a"].node == BrokenNode(SourcePosition("a.yaml", 1, 4))
    assert plain_value(root) == {"a": None}


def test_an_alias_instead_of_everything_is_one_finding() -> None:
    root, findings = parse_tree("a.yaml", b"*x\n")
    assert (root, [f.rule for f in findings]) == (None, ["yaml-alias"])


def test_bytes_that_are_no_text_are_placed() -> None:
    _, findings = parse_tree("a.yaml", b"a: 1\nb: \xe4\n")
    assert [(f.rule, str(f.at)) for f in findings] == [("file-not-utf8", "a.yaml:2:4")]
    _, findings = parse_tree("a.yaml", "a: 1\n".encode("utf-16"))
    assert "UTF-16" in str(findings[0].hint)


def test_a_file_over_four_mebibytes_is_not_parsed() -> None:
    _, findings = parse_tree("a.yaml", b"a: " + b"x" * yaml_nodes.MAX_BYTES)
    assert [f.rule for f in findings] == ["file-too-large"]


def test_line_ends_of_windows_and_a_byte_order_mark_are_read() -> None:
    root, findings = parse_tree("a.yaml", b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert not findings
    assert root is not None
    assert (root.entries["a"].key_at.column, root.entries["b"].key_at.line) == (1, 2)


def test_a_block_of_text_is_text() -> None:
    assert values("a: |\n  5\nb: >\n  x\n  y\n") == {"a": "5\n", "b": "x y\n"}


# PyYAML's own parser accepts any version 1.x in a directive.
SAID_BY_THE_PARSER = [
    case for case, (_, rule, _, _) in UNREADABLE.items() if rule.startswith("yaml-") and case != "a YAML directive"
]


@pytest.mark.parametrize("case", SAID_BY_THE_PARSER)
def test_the_same_is_said_without_the_c_library(case: str) -> None:
    text, rule, place, _ = UNREADABLE[case]
    with pytest.raises(yaml.YAMLError) as caught:
        list(yaml.parse(text, Loader=yaml.SafeLoader))
    found = syntax_finding("a.yaml", text, caught.value)
    assert (rule, place.split(":")[0]) == (found.rule, str(found.at).split(":")[1])


def test_an_error_without_a_place_is_put_at_the_top() -> None:
    found = syntax_finding("a.yaml", "", yaml.YAMLError("odd"))
    assert (found.rule, str(found.at)) == ("yaml-syntax", "a.yaml:1:1")


def test_a_scalar_is_compared_by_value_and_place() -> None:
    assert ScalarNode("a", SourcePosition("f")) == yaml_nodes.parse_scalar("a", SourcePosition("f"))
