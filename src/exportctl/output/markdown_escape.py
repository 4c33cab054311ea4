r"""
Foreign text inside Markdown: nothing in it may become a link, a mention, HTML, a table cell or a heading.

    text                                   becomes
    code: `orders`, `s3://lake`, `@acme`   a span in backticks, where the text allows one: nothing acts in a span
    code with backticks, pipes, `<` …      `<code>` with an entity for every character that Markdown or HTML reads
    prose                                  a backslash before each sign of Markdown, an entity for those of HTML
    quoted code, addresses and people      code, also inside prose: `removed: …`, https://…, jane@acme.example
    inside <summary>                       entities only, because Markdown is not read there

In prose a zero-width space after `@` and `#` keeps them from taking effect: GitHub also finds them behind a backslash.
"""

from __future__ import annotations

import re

from exportctl.output.format_values import clean_text
from exportctl.patterns import compile_on_use

_SIGN = compile_on_use(r"[&<>`|*_#\[\]~\\@$!^{}\"']|(?<=:)//")
_BREAK = "&#8203;"
# a span shows its text as it is, but drops one space at each end; `|` ends a cell, `$` at the end can begin a formula
_SPAN = compile_on_use(r"(?=\S)[^`|<>&]*[^`|<>&$\s]")
_CODE_IN_PROSE = compile_on_use(  # each part begins where a word begins, so the time is in proportion to the text
    r"(?<!`)`(?P<quoted>[^`]+)`(?!`)"
    r"|\$\{[^`{}\s]*\}"
    r"|(?<![\w.-])(?:exports|destinations)\.[a-z0-9-]+(?:/[a-z0-9-]+)*"
    r"|(?<![\w-])--[a-z][a-z-]* (?:(?:exports|destinations)\.[\w/.*-]*[\w/*]|[0-9]+\b)"
    r"|(?<![A-Za-z0-9+.-])(?:[A-Za-z][A-Za-z0-9+.-]*://|www\.)[^\s`\"'()]*[^\s`\"'().,:;]"
    r"|(?<![^\s`\"'()<>,;])[^\s`\"'()<>,;@]*@(?:[^\s`\"'()<>,;]*[^\s`\"'()<>,;.:])?"
)
_PROSE_SIGNS = {
    **{sign: f"\\{sign}" for sign in "*[]~\\|"},
    **{"&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "&#96;", "$": "&#36;", "//": "&#47;&#47;"},
    **{sign: f"{sign}{_BREAK}" for sign in "@#"},
}
_PROSE_SIGN = compile_on_use(r"[*\[\]~\\|&<`$@#]|(?<![-=])>|(?<=:)//|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def code(shown: object) -> str:
    """Return a text, an address or a position as code, for paragraphs, tables and lists."""
    text = clean_text(str(shown))
    return f"`{text}`" if _SPAN.fullmatch(text) else html_code(text)


def html_code(shown: object) -> str:
    """Return the same for places where only HTML is read, such as a summary."""
    return f"<code>{_entities(clean_text(str(shown)))}</code>"


def block(text: str, language: str = "") -> str:
    """Return lines as code to copy, each with its indentation, in a fence that no line of it can end."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return "\n".join([f"{fence}{language}", *map(clean_text, text.split("\n")), fence])


def prose(text: str) -> str:
    """Return our own sentence, which may quote foreign text."""
    line, shown, end = _one_line(text), "", 0
    for found in _CODE_IN_PROSE.finditer(line):
        shown += _escape_signs(line[end : found.start()])
        quoted = found["quoted"] or found.group()
        shown += html_code(quoted) if shown.endswith("`") else code(quoted)
        end = found.end()
    return shown + _escape_signs(line[end:])


def html_prose(text: str) -> str:
    """Return the same for places where only HTML is read, such as a summary."""
    return re.sub(r"(&#64;|&#35;)", rf"\1{_BREAK}", _entities(_one_line(text)))


def _one_line(text: str) -> str:
    return " ".join(clean_text(part) for part in text.split("\n"))


def _escape_signs(text: str) -> str:
    return _PROSE_SIGN.sub(lambda found: _PROSE_SIGNS.get(found.group(), "\\_"), text)


def _entities(text: str) -> str:
    return _SIGN.sub(lambda found: "".join(f"&#{ord(sign)};" for sign in found.group()), text)
