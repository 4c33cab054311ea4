"""What a reader of Markdown makes of foreign text: the text itself, and nothing that acts."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from exportctl.output import format_values, markdown_escape

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
SIGNS = st.text(st.sampled_from("`|*_[]<>~\\@$!#&;:/-+={}()'\" .aw1\n"), max_size=30)
TEXTS = st.text(max_size=40) | SIGNS
TAGS = {"<p>", "</p>", "<code>", "</code>"}


def shown_text(markdown: str) -> str:
    """The text of one paragraph as a browser shows it, after a check that it has no other tags than code."""
    page = READER.render(markdown)
    assert set(re.findall(r"<[^>]*>", page)) <= TAGS
    return html.unescape(re.sub(r"<[^>]*>", "", page)).removesuffix("\n").replace("\u200b", "")


@given(TEXTS)
def test_code_shows_the_text_and_nothing_markdown_reads(said: str) -> None:
    page = READER.render(f"a {markdown_escape.code(said)} b")

    inner = page.removeprefix("<p>a <code>").removesuffix("</code> b</p>\n")
    assert "<" not in inner
    assert html.unescape(inner) == format_values.clean_text(said)


@given(TEXTS)
def test_prose_shows_the_text_with_its_quoted_parts_as_code(said: str) -> None:
    line = " ".join(format_values.clean_text(part) for part in said.split("\n"))

    shown = shown_text(f"a {markdown_escape.prose(said)} b")

    assert shown.replace("`", "") == f"a {line} b".replace("`", "")


@given(TEXTS)
def test_html_shows_the_text_where_markdown_is_not_read(said: str) -> None:
    shown = markdown_escape.html_code(said).removeprefix("<code>").removesuffix("</code>")

    assert html.unescape(shown) == format_values.clean_text(said)
    assert not set("`|*_[]<>~\\@$!") & set(shown + markdown_escape.html_prose(said))


@given(TEXTS, TEXTS)
def test_a_cell_of_a_table_stays_one_cell(code: str, words: str) -> None:
    row = f"| {markdown_escape.code(code)} | {markdown_escape.prose(words)} |"

    page = READER.render(f"| a | b |\n|---|---|\n{row}\n")

    assert page.count("<td>") == 2
    assert page.count("<tr>") == 2


@given(st.lists(TEXTS, max_size=3).map("\n".join))
def test_a_block_of_code_ends_after_its_last_line(text: str) -> None:
    page = READER.render(f"{markdown_escape.block(text)}\nafter")

    lines = "\n".join(map(format_values.clean_text, text.split("\n")))
    assert (
        page
        == f"<pre><code>{html.escape(lines, quote=False).replace(chr(34), '&quot;')}\n</code></pre>\n<p>after</p>\n"
    )


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("write `renamed_from: orders`, and", "write `renamed_from: orders`, and"),
        ("changed by jane@acme.example with the UI (exc_app)", "changed by `jane@acme.example` with the UI (exc_app)"),
        ("see https://evil.example.", "see `https://evil.example`."),
        ("@acme/team, www.evil.example", "`@acme/team`, `www.evil.example`"),
        ("#12 *b* <img>", "#&#8203;12 \\*b\\* &lt;img&gt;"),
        ("or --allow-replace exports.orders", "or `--allow-replace exports.orders`"),
        ("a@b`x`", "`a@b`<code>x</code>"),
    ],
)
def test_prose_stays_readable(said: str, shown: str) -> None:
    assert markdown_escape.prose(said) == shown


def test_the_time_for_a_long_text_is_in_proportion_to_it() -> None:
    for unit in ("x", "-", "--a", "a://", "`", "`a``", "@", "a."):
        assert markdown_escape.prose(unit * 20_000)
