"""
Values written as people write YAML: keys below each other or in braces, any quotes, texts and brackets over several
lines, blocks, comments everywhere, either kind of line end. The text reads back as the same values.
"""

from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st

from exportctl.model.references import escape_references
from exportctl.yaml_edit import emit

COMMENTS = ("# why", "#", "# {a: b}, [c]", '# "quoted" \N{ROCKET}', "#: - x", "# it's: 'so',")
_QUOTES = ("", "", "", "'", '"')
_PLAIN_WORDS = re.compile(r"[a-z]+( [a-z]+)+")


@st.composite
def texts(draw: st.DrawFn, content: dict[str, Any], *, references: bool = False) -> str:
    """One file. `content` holds maps, lists, texts, numbers and booleans; `references` in texts stay such."""
    text = draw(_texts(content))
    return text.replace("$${", "${") if references else text


@st.composite
def _texts(draw: st.DrawFn, content: dict[str, Any]) -> str:
    writer = _Writer(draw)
    lines = list(writer.block(content, ""))
    if draw(st.booleans()):
        lines.insert(0, "# a head")
    if writer.draw_rarely():
        lines.insert(0, "--- # one document")
    if writer.draw_rarely():
        lines += [*([] if writer.keeps else [""]), " # a foot"]
    if not writer.keeps and writer.draw_rarely():
        lines.append("...")
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    end = draw(st.sampled_from([newline, newline, "", newline * 2]))
    if writer.keeps:  # what a text that keeps its empty lines ends with is fixed
        end = newline
    mark = draw(st.sampled_from(["", "", "\ufeff"]))
    return mark + newline.join(lines) + end


class _Writer:
    def __init__(self, draw: st.DrawFn):
        self.draw = draw
        self.keeps = False  # the text that was written last keeps the line ends behind it

    def draw_rarely(self) -> bool:
        return self.draw(st.integers(0, 7)) == 7

    def block(self, content: dict[str, Any], indent: str) -> list[str]:
        lines: list[str] = []
        for key, value in content.items():
            lines += [] if self.keeps else self.noise(indent)
            self.keeps = False
            lines += self.entry(key, value, indent)
        return lines

    def noise(self, indent: str) -> list[str]:
        found = self.draw(st.sampled_from([(), (), (), ("",), ("comment",), ("", "comment")]))
        return [f"{indent}{self.comment()}" if one else "" for one in found]

    def comment(self) -> str:
        return self.draw(st.sampled_from(COMMENTS))

    def tail(self, *, behind_value: bool = False) -> str:
        """A tab may stand only where no structure can begin behind it."""
        before = self.draw(st.sampled_from(["  ", " ", "\t" if behind_value else " "]))
        return f"{before}{self.comment()}" if self.draw(st.integers(0, 3)) == 3 else ""

    def entry(self, key: str, value: Any, indent: str) -> list[str]:
        below = isinstance(value, dict | list) and bool(value) and self.draw(st.booleans())
        if below and isinstance(value, dict):
            step = self.draw(st.sampled_from(["  ", "  ", "    "]))
            return [*self.key_lines(key, indent), *self.block(value, indent + step)]
        if below:
            return [*self.key_lines(key, indent), *self.items(value, indent + self.draw(st.sampled_from(["  ", ""])))]
        if self.can_be_block(value) and self.draw(st.booleans()):
            return self.block_scalar_lines(self.key(key), value, indent)
        return self.key_value_lines(key, value, indent)

    def key_lines(self, key: str, indent: str) -> list[str]:
        """A key that its value stands below of, comments in between."""
        if self.draw_rarely():
            return [f"{indent}? {self.key(key)}{self.tail()}", f"{indent}:{self.tail()}"]
        comments = [f"{indent}{self.comment()}"] if self.draw_rarely() else []
        return [f"{indent}{self.key(key)}:{self.tail()}", *comments]

    def items(self, values: list[Any], indent: str) -> list[str]:
        lines: list[str] = []
        for one in values:
            lines += self.noise(indent)
            lines += self.item(one, indent)
        return lines

    def item(self, value: Any, indent: str) -> list[str]:
        if isinstance(value, dict) and value and self.draw(st.booleans()):
            first, *others = [f"{key}: {self.value(one, indent)}" for key, one in value.items()]
            return [f"{indent}- {first}", *(f"{indent}  {line}" for line in others)]
        if self.draw_rarely():
            return [f"{indent}-{self.tail()}", f"{indent}    {self.value(value, indent)}"]
        between = self.draw(st.sampled_from([" ", " ", "   "]))
        return [f"{indent}-{between}{self.value(value, indent)}"]

    def key_value_lines(self, key: str, value: Any, indent: str) -> list[str]:
        if self.draw_rarely() and isinstance(value, str):
            return [f"{indent}{self.key(key)}:{self.tail()}", f"{indent}    {self.value(value, indent)}"]
        between = self.draw(st.sampled_from([" ", " ", "  ", "\t"]))
        return [f"{indent}{self.key(key)}:{between}{self.value(value, indent)}"]

    def value(self, value: Any, indent: str) -> str:
        return f"{self.flow(value, indent=indent, block=True)}{self.tail(behind_value=True)}"

    def key(self, key: str) -> str:
        return self.draw(st.sampled_from([key] * 8 + [f'"{key}"', f"'{key}'"]))

    # -- texts in blocks ----------------------------------------------------------------------------------------------

    def can_be_block(self, value: Any) -> bool:
        if not isinstance(value, str) or not value.strip() or not value.replace("\n", "").isprintable():
            return False
        return not value.startswith((" ", "\n")) and all(line == line.rstrip() for line in value.split("\n"))

    def block_scalar_lines(self, key: str, value: str, indent: str) -> list[str]:
        """As the lines that they are: with a line end behind, without, or with the empty lines that follow."""
        body = escape_references(value)
        if _PLAIN_WORDS.fullmatch(body):
            return [f"{indent}{key}: >-{self.tail()}", *(f"{indent}  {word}" for word in body.split(" "))]
        lines = body.rstrip("\n").split("\n")
        ends = len(body) - len(body.rstrip("\n"))
        self.keeps = ends > 1
        chomping = "+" if ends > 1 else "" if ends else "-"
        head = f"{indent}{key}: |{chomping}{self.tail()}"
        return [head, *(f"{indent}  {line}" if line else "" for line in lines), *[""] * (ends - 1)]

    # -- on a line ----------------------------------------------------------------------------------------------------

    def flow(self, value: Any, *, block: bool = False, indent: str = "") -> str:
        if isinstance(value, dict):
            return self.join_in_brackets(
                "{}", [f"{key}: {self.flow(one)}" for key, one in value.items()], block, indent
            )
        if isinstance(value, list | tuple):
            return self.join_in_brackets("[]", [self.flow(one) for one in value], block, indent)
        if isinstance(value, str):
            shown = self.scalar(value, block=block)
            return self.fold_line(shown, indent) if block and _PLAIN_WORDS.fullmatch(value) else shown
        return "true" if value is True else "false" if value is False else str(value)

    def fold_line(self, shown: str, indent: str) -> str:
        """A space may be the end of a line."""
        return shown.replace(" ", f"\n{indent}      ", 1) if self.draw(st.booleans()) else shown

    def join_in_brackets(self, brackets: str, inside: list[str], block: bool, indent: str) -> str:
        if block and inside and self.draw(st.integers(0, 3)) == 3:
            return self.join_over_lines(brackets, inside, indent)
        blank = " " if inside and self.draw(st.integers(0, 3)) == 3 else ""
        comma = self.draw(st.sampled_from([", ", ", ", ",  ", " , "]))
        last = "," if inside and self.draw_rarely() else ""
        return f"{brackets[0]}{blank}{comma.join(inside)}{last}{blank}{brackets[1]}"

    def join_over_lines(self, brackets: str, inside: list[str], indent: str) -> str:
        """A value a line; what is behind the last one varies."""
        last = self.draw(st.sampled_from(["", ","]))
        commas = [","] * (len(inside) - 1) + [last]
        lines = [f"{one}{comma}{self.tail()}" for one, comma in zip(inside, commas, strict=True)]
        foot = [self.comment()] if self.draw_rarely() else []
        newline = f"\n{indent}    "
        return f"{brackets[0]}{self.tail()}{newline}{newline.join([*lines, *foot])}\n{indent}  {brackets[1]}"

    def scalar(self, text: str, *, block: bool) -> str:
        style = self.draw(st.sampled_from(_QUOTES))
        if style == "'" and text.isprintable():
            return "'" + escape_references(text).replace("'", "''") + "'"
        if style == '"':
            return emit.quoted_text(text)
        return emit.scalar_text(text, flow=not block)
