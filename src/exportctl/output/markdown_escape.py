"""
Text by others inside Markdown: nothing in it may become a link, a mention, HTML, a table cell or a heading.

Backtick spans cannot hold every text (backticks, pipes in tables), so code is `<code>` with every sign that Markdown or
HTML reads spelled as an entity; GitHub looks for no mentions and issue numbers in code. In prose a zero-width space
keeps `@` and `#` from taking hold of what follows.
"""

from __future__ import annotations

import html
import re

from exportctl.output import format_values

_SIGN = re.compile(r"[&<>`|*_#\[\]~\\@$!^{}\"']|(?<=:)//")
_BREAK = "&#8203;"


def code(text: str) -> str:
    """Text as code, for tables, lists and summaries alike."""
    return f"<code>{_entities(format_values.clean_text(text))}</code>"


def prose(text: str) -> str:
    """A sentence of ours that may quote text by others."""
    line = " ".join(format_values.clean_text(part) for part in text.split("\n"))
    return re.sub(r"(&#64;|&#35;)", rf"\1{_BREAK}", _entities(line))


def spellings(text: str) -> frozenset[str]:
    """How the views write `text`: a mask over what they made must know each of these forms."""
    shown = {text, text.replace('"', '\\"')}  # `values.quoted`
    marked = {form for one in shown for form in (_entities(one), prose(one))}
    return frozenset(shown | marked | {html.escape(text, quote=False), text.replace("%", "%25")})


def _entities(text: str) -> str:
    return _SIGN.sub(lambda found: "".join(f"&#{ord(sign)};" for sign in found.group()), text)
