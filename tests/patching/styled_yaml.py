"""
Values written as people write YAML: keys below each other or in braces, any quotes, comments everywhere, either kind of
line end. The text reads back as the same values.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from exportctl.config.values import escaped
from exportctl.importing import yaml_text

COMMENTS = ("# why", "#", "# {a: b}, [c]", '# "quoted" \N{ROCKET}', "#: - x")


@st.composite
def texts(draw: st.DrawFn, content: dict[str, Any], *, references: bool = False) -> str:
    """One file. `content` holds maps, lists, texts, numbers and booleans; `references` in texts stay such."""
    text = draw(_texts(content))
    return text.replace("$${", "${") if references else text


@st.composite
def _texts(draw: st.DrawFn, content: dict[str, Any]) -> str:
    lines = list(_Writer(draw).block(content, ""))
    if draw(st.booleans()):
        lines.insert(0, "# a head")
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    end = draw(st.sampled_from([newline, newline, "", newline * 2]))
    mark = draw(st.sampled_from(["", "", "\ufeff"]))
    return mark + newline.join(lines) + end


class _Writer:
    def __init__(self, draw: st.DrawFn):
        self.draw = draw

    def block(self, content: dict[str, Any], indent: str) -> list[str]:
        lines: list[str] = []
        for key, value in content.items():
            lines += self.noise(indent)
            lines += self.entry(key, value, indent)
        return lines

    def noise(self, indent: str) -> list[str]:
        found = self.draw(st.sampled_from([(), (), (), ("",), ("comment",), ("", "comment")]))
        return [f"{indent}{self.draw(st.sampled_from(COMMENTS))}" if one else "" for one in found]

    def tail(self) -> str:
        return f"  {self.draw(st.sampled_from(COMMENTS))}" if self.draw(st.integers(0, 3)) == 0 else ""

    def entry(self, key: str, value: Any, indent: str) -> list[str]:
        below = isinstance(value, dict | list) and bool(value) and self.draw(st.booleans())
        if below and isinstance(value, dict):
            step = self.draw(st.sampled_from(["  ", "  ", "    "]))
            return [f"{indent}{self.key(key)}:{self.tail()}", *self.block(value, indent + step)]
        if below:
            dash = indent + self.draw(st.sampled_from(["  - ", "- "]))
            return [
                f"{indent}{key}:{self.tail()}",
                *(f"{dash}{self.flow(one, block=True)}{self.tail()}" for one in value),
            ]
        if isinstance(value, str) and "\n" in value and value.isprintable() and not value.endswith("\n"):
            return [f"{indent}{key}: |-", *(f"{indent}  {line}" for line in escaped(value).split("\n"))]
        return [f"{indent}{self.key(key)}: {self.flow(value, block=True)}{self.tail()}"]

    def key(self, key: str) -> str:
        return f'"{key}"' if self.draw(st.integers(0, 9)) == 0 else key

    def flow(self, value: Any, *, block: bool = False) -> str:
        if isinstance(value, dict):
            inside = ", ".join(f"{key}: {self.flow(one)}" for key, one in value.items())
            return f"{{{self.blank(inside)}}}"
        if isinstance(value, list | tuple):
            return f"[{self.blank(', '.join(self.flow(one) for one in value))}]"
        if isinstance(value, str):
            return self.scalar(value, block=block)
        return "true" if value is True else "false" if value is False else str(value)

    def blank(self, inside: str) -> str:
        return f" {inside} " if inside and self.draw(st.integers(0, 3)) == 0 else inside

    def scalar(self, text: str, *, block: bool) -> str:
        style = self.draw(st.sampled_from(["", "", "'", '"']))
        if style == "'" and text.isprintable():
            return "'" + escaped(text).replace("'", "''") + "'"
        return yaml_text.quoted(text) if style == '"' else yaml_text.scalar(text, flow=not block)
