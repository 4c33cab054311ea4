"""
Elements of an HTML page. Text and attributes are always escaped, so no caller can forget it.

    element("td", "a <b>", title="…")   ->   <td title="…">a &lt;b&gt;</td>

Every text is untrusted: names of flows and datasets, people, messages of the service. Control and formatting characters
are spelled out. Only known tags and attributes exist, and none of them can run a script. A link leads to https or into
the page; any other address becomes plain text. `Code` is for our own style sheet and script only.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from html import escape

from exportctl.frozen import dataclass
from exportctl.output.format_values import clean_text

_EMPTY = frozenset({"br", "col", "link", "meta", "wbr"})
# fmt: off
_TAGS = _EMPTY | {
    "a", "body", "button", "caption", "code", "col", "colgroup", "dd", "del", "details", "div", "dl",
    "dt", "em", "footer", "h1", "h2", "h3", "h4", "head", "header", "html", "ins", "li", "main", "nav", "ol", "p",
    "section", "small", "span", "strong", "summary", "sup", "table", "tbody", "td", "th", "thead", "time",
    "title", "tr", "ul",
}
_ATTRIBUTES = {
    "charset", "class", "colspan", "content", "datetime", "hidden", "href", "http-equiv", "id", "lang", "name",
    "open", "rel", "role", "rowspan", "scope", "tabindex", "title",
}
# fmt: on
_PREFIXES = ("aria-", "data-")
_HTTPS = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/[!-~]*")
_NO_ICON = "data:,"  # a browser asks the host of a page without an icon for /favicon.ico


@dataclass(frozen=True)
class Element:
    """One element: a known tag, known attributes, and what is in it."""

    tag: str
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple[Element | Code | str, ...] = ()


@dataclass(frozen=True)
class Code:
    """Our own style sheet or script, which goes into the page as it is."""

    tag: str  # style or script
    text: str

    def __post_init__(self) -> None:
        if self.tag not in ("style", "script") or "</" in self.text or "<!--" in self.text or "\r" in self.text:
            raise ValueError(f"this text cannot stand in <{self.tag}>")

    @property
    def policy_source(self) -> str:
        """Return the hash by which the content security policy of the page allows exactly this text."""
        digest = hashlib.sha256(self.text.encode("utf-8")).digest()
        return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def element(tag: str, *children: Element | Code | str | None, **attributes: str | bool | None) -> Element:
    """
    Return an element. None is left out; `class_` is the attribute `class`, `aria_label` is `aria-label`.

    A link with an address that is neither https nor in the page becomes a span.

    Raises:
        ValueError: the tag or an attribute is not known here.
    """
    if tag not in _TAGS:
        raise ValueError(f"<{tag}> is not an element of a page")
    kept = tuple((_attribute_name(name), value) for name, value in attributes.items() if value not in (None, False))
    texts = tuple((name, "" if value is True else str(value)) for name, value in kept)
    if any(name == "href" and not is_safe_address(value) for name, value in texts):
        tag, texts = "span", tuple((name, value) for name, value in texts if name not in ("href", "rel"))
    return Element(tag, texts, tuple(child for child in children if child is not None))


def is_safe_address(address: str) -> bool:
    """Tell whether a page may link to an address: a part of the page, or https without a user in it."""
    return address.startswith("#") or address == _NO_ICON or _HTTPS.fullmatch(address) is not None


def render_document(root: Element) -> str:
    """Return the text of a whole page."""
    return f"<!doctype html>\n{render_element(root)}\n"


def render_element(root: Element) -> str:
    return "".join(_render(root))


def _attribute_name(name: str) -> str:
    known = name.rstrip("_").replace("_", "-")
    if known not in _ATTRIBUTES and not known.startswith(_PREFIXES):
        raise ValueError(f"{known} is not an attribute of a page")
    return known


def _render(node: Element | Code | str) -> Iterator[str]:
    if isinstance(node, str):
        yield escape(clean_text(node), quote=False)
    elif isinstance(node, Code):
        yield f"<{node.tag}>{node.text}</{node.tag}>"
    else:
        yield f"<{node.tag}{''.join(_render_attribute(name, value) for name, value in node.attributes)}>"
        if node.tag not in _EMPTY:
            for child in node.children:
                yield from _render(child)
            yield f"</{node.tag}>"


def _render_attribute(name: str, value: str) -> str:
    return f' {name}="{escape(clean_text(value))}"' if value else f" {name}"
