"""
Foreign text inside Markdown: nothing in it may become a link, a mention, HTML, a table cell or a heading.

Backtick spans cannot hold every text (backticks, pipes in tables). So code is `<code>` with an entity for every
character that Markdown or HTML reads; GitHub finds no mentions and issue numbers in code. In prose a zero-width space
after `@` and `#` keeps them from taking effect.
"""

from __future__ import annotations

import re

from exportctl.output.format_values import clean_text

_SIGN = re.compile(r"[&<>`|*_#\[\]~\\@$!^{}\"']|(?<=:)//")
_BREAK = "&#8203;"


def code(shown: object) -> str:
    """Return a text, an address or a position as code, for tables, lists and summaries."""
    return f"<code>{_entities(clean_text(str(shown)))}</code>"


def block(text: str) -> str:
    """Return lines as code to copy, each with its indentation."""
    lines = "\n".join(_entities(clean_text(line)) for line in text.split("\n"))
    return f"<pre><code>{lines}</code></pre>"


def prose(text: str) -> str:
    """Return our own sentence, which may quote foreign text."""
    line = " ".join(clean_text(part) for part in text.split("\n"))
    return re.sub(r"(&#64;|&#35;)", rf"\1{_BREAK}", _entities(line))


def _entities(text: str) -> str:
    return _SIGN.sub(lambda found: "".join(f"&#{ord(sign)};" for sign in found.group()), text)
