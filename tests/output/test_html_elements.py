"""Whatever a text holds, it is text in the page: it makes no element, no attribute and no link."""

from __future__ import annotations

import html
import re
import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.output.format_values import clean_text
from exportctl.output.html.element import Code, element, is_safe_address, render_element
from tests.output.sample_plans import EVIL

ATTACKS = (
    "</script><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "<!--",
    "]]><svg onload=alert(1)>",
    "&lt;b&gt;",
    EVIL,
)


class Tags(HTMLParser):
    """The tags and attributes of a page as a parser that shares no code with us sees them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[tuple[str, tuple[str, ...]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("text", ATTACKS)
def test_an_attack_is_text(text: str) -> None:
    read = Tags()
    read.feed(render_element(element("p", text, title=text)))

    assert read.seen == [("p", ("title",))]
    assert read.text == clean_text(text)


@given(st.text())
def test_any_text_comes_back_as_it_is_shown_elsewhere(text: str) -> None:
    shown = render_element(element("p", text)).removeprefix("<p>").removesuffix("</p>")

    assert html.unescape(shown) == clean_text(text)
    assert not set("<>") & set(shown)
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in shown)


@pytest.mark.parametrize(
    ("address", "is_safe"),
    [
        ("https://github.com/acme/exports/blob/abc/exports.yaml#L3", True),
        ("#exports", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        ("http://github.com/acme", False),
        ("//evil.example/x", False),
        ("data:text/html,<script>", False),
        ("https://user:password@evil.example/", False),
        ("https://evil.example/\nx", False),
        (" https://evil.example/", False),
        ("exports.html", False),
    ],
)
def test_only_https_and_parts_of_the_page_are_links(address: str, is_safe: bool) -> None:
    shown = render_element(element("a", "words", href=address, rel="noreferrer"))

    assert is_safe_address(address) is is_safe
    assert shown.startswith("<a href=") is is_safe
    assert is_safe or shown == "<span>words</span>"


@pytest.mark.parametrize("tag", ["script", "style", "iframe", "img", "object", "form", "base", "svg"])
def test_no_element_can_load_or_run_anything(tag: str) -> None:
    with pytest.raises(ValueError, match="not an element"):
        element(tag)


@pytest.mark.parametrize("name", ["onclick", "style", "src", "srcset", "action", "formaction"])
def test_no_attribute_can_load_or_run_anything(name: str) -> None:
    with pytest.raises(ValueError, match="not an attribute"):
        element("p", **{name: "x"})


@pytest.mark.parametrize("text", ["a</script>", "<!-- a", "a\r\n"])
def test_code_holds_nothing_that_would_end_it_or_change_its_hash(text: str) -> None:
    with pytest.raises(ValueError, match="cannot stand"):
        Code("script", text)


def test_code_goes_into_the_page_as_its_hash_says() -> None:
    shown = render_element(element("body", Code("script", "1 < 2 && 3")))

    assert shown == "<body><script>1 < 2 && 3</script></body>"
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", Code("script", "1").policy_source)


def test_what_is_none_or_false_is_left_out() -> None:
    assert render_element(element("p", None, "a", title=None, hidden=False, data_x=True)) == "<p data-x>a</p>"
