"""Reads Markdown as a code host does: what is shown, what is inside a fold, and what is not code."""

from __future__ import annotations

import html
import re

from markdown_it import MarkdownIt

OWN_TAGS = frozenset(
    "p code strong em ul li h2 h3 blockquote table thead tbody tr th td pre a details summary".split()  # noqa: SIM905
)
_BREAK = "\u200b"
_READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def page(markdown: str) -> str:
    """The HTML of a document; what it contains as HTML stays as it is."""
    return str(_READER.render(markdown))


def tags(markdown: str) -> set[str]:
    """The names of the elements of a document."""
    return set(re.findall(r"<([a-z0-9]+)", page(markdown)))


def acting_text(markdown: str) -> str:
    """The text outside of code: a mention, a number of an issue or an address is a link only there."""
    return _text(re.sub(r"(?s)<code.*?</code>", "", page(markdown)))


def is_harmless(markdown: str) -> bool:
    """Say whether no foreign text is an element, a mention, a number of an issue or an address."""
    acting = acting_text(markdown)
    linked = acting_text(re.sub("<summary>.*?</summary>", "", markdown))  # no address becomes a link in HTML
    return tags(markdown) <= OWN_TAGS and not re.search(r"@\w|#\d", acting) and not re.search(r"://|www\.", linked)


def shown_text(markdown: str) -> str:
    """The whole text as a browser shows it, folds included."""
    return _text(page(markdown)).replace(_BREAK, "")


def outside_folds(markdown: str) -> str:
    """The text that a reader sees without opening anything."""
    shown = page(markdown)
    while "<details>" in shown:
        shown, count = re.subn(r"(?s)<details>(?:(?!<details>).)*?</details>", "", shown)
        assert count, "a fold that does not end"
    return _text(shown).replace(_BREAK, "")


def _text(shown: str) -> str:
    return html.unescape(re.sub(r"<!--.*?-->|<[^>]*>", "", shown))
