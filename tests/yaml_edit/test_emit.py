"""The emitter: what it writes reads back as the same text, and quotes stand only where they are needed."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from exportctl.config.yaml_nodes import parse_tree, plain_value
from exportctl.model.references import parse_references
from exportctl.yaml_edit.emit import WIDTH, Block, CommentedItem, document_text, is_writable, scalar_text

KEYS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,47}", fullmatch=True)
TEXTS = st.text() | st.text(
    st.sampled_from(" :#-?,[]{}&*!|>'\"%@`$\\\n\t~=<.0123456789eE+_truefalsnoy/äé\N{ROCKET}\x85\u2028")
)


def read_yaml(text: str) -> object:
    root, findings = parse_tree("x.yaml", text.encode())
    assert findings == ()
    assert root is not None
    return plain_value(root)


def resolve_references(value: object) -> object:
    """The value once references are read."""
    if isinstance(value, dict):
        return {key: resolve_references(one) for key, one in value.items()}
    if isinstance(value, list):
        return [resolve_references(one) for one in value]
    return "".join(str(part) for part in parse_references(value)) if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Orders", "Orders"),
        ("Ünïcode, 100 % (of all)", "Ünïcode, 100 % (of all)"),
        ("a/b_c.d", "a/b_c.d"),
        ("s3:bucket", "s3:bucket"),
        ("a#b", "a#b"),
        ("costs $5", "costs $5"),
        ("6b3f9c1e-0000-4000-8000-000000000001", "6b3f9c1e-0000-4000-8000-000000000001"),
        ("5ef3e3259ad2a1191ab7dd7d", "5ef3e3259ad2a1191ab7dd7d"),
        ("", '""'),
        ("true", '"true"'),
        ("null", '"null"'),
        ("No", '"No"'),
        ("~", '"~"'),
        ("12", '"12"'),
        ("-1.5e3", '"-1.5e3"'),
        ("02:00", '"02:00"'),
        ("2026-12-01", '"2026-12-01"'),
        ("2027-03-01T12:00:00Z", '"2027-03-01T12:00:00Z"'),
        ("a: b", '"a: b"'),
        ("a:", '"a:"'),
        ("a #b", '"a #b"'),
        (" a", '" a"'),
        ("%DATASET_ID%", '"%DATASET_ID%"'),
        ("[eu]", '"[eu]"'),
        ("- a", '"- a"'),
        ('say "yes"', 'say "yes"'),
        ('"yes"', '"\\"yes\\""'),
        ("a\\b: c", '"a\\\\b: c"'),
        ("one\ntwo\t\x07", '"one\\ntwo\\t\\x07"'),
        ("a\u2028b", '"a\\u2028b"'),
        ("\U000e0001", '"\\U000e0001"'),
        ("${env:X}", "$${env:X}"),
    ],
)
def test_a_text_is_quoted_only_where_it_must_be(text: str, shown: str) -> None:
    assert scalar_text(text) == shown


@pytest.mark.parametrize("text", ["a, b", "a]", "{a", "s3:bucket", "why?"])
def test_between_brackets_more_is_quoted(text: str) -> None:
    assert scalar_text(text, flow=True) == f'"{text}"'


@given(KEYS, TEXTS, st.lists(TEXTS, min_size=1), st.dictionaries(KEYS, TEXTS | st.booleans(), min_size=1), TEXTS)
@example("a", "- x", ["a: b", "x" * 2000], {"b": "]"}, "a\nb: c")
def test_any_text_reads_back_wherever_it_stands(
    key: str, text: str, items: list[str], inline: dict[str, object], comment: str
) -> None:
    entries = {
        key: Block(
            {
                "text": text,
                "list": items,
                "map": inline,
                "noted": [CommentedItem({"id": text}, comment), text],
                "flag": False,
            },
            (comment,),
        )
    }

    whole = document_text([comment], {"exports": entries, "formats": {}})

    expected = {"text": text, "list": items, "map": inline, "noted": [{"id": text}, text], "flag": False}
    assert resolve_references(read_yaml(whole)) == {"exports": {key: expected}}


@given(KEYS, TEXTS)
def test_other_readers_of_yaml_take_it_for_the_same_text(key: str, text: str) -> None:
    whole = document_text([], {"exports": {key: Block({"text": text, "list": [text]})}})

    assert resolve_references(yaml.safe_load(whole)) == {"exports": {key: {"text": text, "list": [text]}}}


def test_a_list_that_does_not_fit_has_an_item_a_line() -> None:
    short, long = ["a" * 20] * 2, ["b" * 40] * 3

    whole = document_text([], {"x": {"short": short, "long": long}})

    assert whole.splitlines() == ["x:", f"  short: [{', '.join(short)}]", "  long:", *(f"    - {b}" for b in long)]
    assert max(map(len, whole.splitlines())) <= WIDTH


def test_a_file_has_its_comments_first_and_no_empty_section() -> None:
    whole = document_text(["made", "by hand"], {"formats": {}, "exports": {"a": Block({"enabled": False}, ("why",))}})

    assert whole == "# made\n# by hand\n\nexports:\n  a:\n    # why\n    enabled: false\n"


def test_half_a_character_cannot_be_written() -> None:
    assert not is_writable("a\ud83d")
    assert is_writable("a\N{ROCKET}")


def test_what_is_no_text_no_flag_no_whole_number_and_no_collection_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="cannot write float as YAML"):
        document_text([], {"x": {"a": 1.5}})
