"""
The part of GitHub's expressions that our YAML uses; whatever else it meets is an error.

Source: GitHub's pages "Evaluate expressions in workflows and actions" and "Contexts". What GitHub does not know becomes
an empty text there. Here only a context that was given as `Open` does that, so that a misspelt name is noticed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<name>[A-Za-z_][\w-]*)|(?P<mark>==|!=|&&|\|\||[!().,])|$)")
_PASTED = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


class UnknownExpression(Exception):
    """An expression that this module does not evaluate, or a name that no context has."""


class Open(dict[str, Any]):
    """A context in which GitHub decides what there is, such as `github.event`: what is missing is empty."""


@dataclass(frozen=True)
class Scope:
    """What an expression sees: the contexts, and whether a step before it failed."""

    contexts: Mapping[str, Any]
    has_failed: bool = False


def fill_in(text: str, scope: Scope) -> str:
    """Return text with the value of each `${{ … }}` in its place."""
    return _PASTED.sub(lambda found: as_text(evaluate(found[1], scope)), text)


def condition_holds(text: str | None, scope: Scope) -> bool:
    """Return whether a step runs. Without a status function, `if` means `success() && (…)`."""
    written = _PASTED.sub(lambda found: found[1], text or "success()")
    asks_status = re.search(r"\b(?:always|success|failure|cancelled)\(\)", written) is not None
    return (asks_status or not scope.has_failed) and _is_true(evaluate(written, scope))


def evaluate(text: str, scope: Scope) -> Any:
    """Return the value of one expression."""
    reader = _Reader(_tokens(text), scope)
    found = reader.read_or()
    reader.expect_end()
    return found


def as_text(value: Any) -> str:
    """Return a value as it appears in text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UnknownExpression(f"no text of {type(value).__name__}")
    return value


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise UnknownExpression(f"cannot read {text[at:]!r} of {text!r}")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


def _is_true(value: Any) -> bool:
    return value not in (None, False, "")


@dataclass
class _Reader:
    """A reader by recursive descent: `||` binds least, then `&&`, then `==` and `!=`, then `!`."""

    left: list[tuple[str, str]]
    scope: Scope

    def read_or(self) -> Any:
        value = self.read_and()
        while self._take("||"):
            other = self.read_and()
            value = value if _is_true(value) else other
        return value

    def read_and(self) -> Any:
        value = self.read_equal()
        while self._take("&&"):
            other = self.read_equal()
            value = other if _is_true(value) else value
        return value

    def read_equal(self) -> Any:
        value = self.read_one()
        while self.left and self.left[0][1] in ("==", "!="):
            wants_equal = self.left.pop(0)[1] == "=="
            value = _are_equal(value, self.read_one()) is wants_equal
        return value

    def read_one(self) -> Any:
        if self._take("!"):
            return not _is_true(self.read_one())
        if self._take("("):
            value = self.read_or()
            self._need(")")
            return value
        kind, word = self.left.pop(0) if self.left else ("end", "")
        if kind == "text":
            return word[1:-1].replace("''", "'")
        if kind != "name":
            raise UnknownExpression(f"cannot read {word!r}")
        if self._take("("):
            return self._call(word)
        return (
            {"true": True, "false": False, "null": None}[word]
            if word in ("true", "false", "null")
            else self._look(word)
        )

    def expect_end(self) -> None:
        if self.left:
            raise UnknownExpression(f"left over: {self.left}")

    def _call(self, name: str) -> Any:
        given = []
        while not self._take(")"):
            given.append(self.read_or())
            self._take(",")
        known: Mapping[str, Callable[..., Any]] = {
            "always": lambda: True,
            "failure": lambda: self.scope.has_failed,
            "format": lambda text, *values: re.sub(r"\{(\d)\}", lambda found: as_text(values[int(found[1])]), text),
            "success": lambda: not self.scope.has_failed,
            "toJSON": lambda value: json.dumps(value, indent=2),
        }
        if name not in known:
            raise UnknownExpression(f"unknown function {name}")
        return known[name](*given)

    def _look(self, name: str) -> Any:
        value = _member(self.scope.contexts, name)
        while self._take("."):
            kind, word = self.left.pop(0)
            if kind != "name":
                raise UnknownExpression(f"cannot read .{word}")
            value = _member(value, word)
        return value

    def _take(self, mark: str) -> bool:
        found = bool(self.left) and self.left[0] == ("mark", mark)
        if found:
            self.left.pop(0)
        return found

    def _need(self, mark: str) -> None:
        if not self._take(mark):
            raise UnknownExpression(f"{mark} is missing before {self.left}")


def _member(value: Any, name: str) -> Any:
    if value is None:  # below something that is missing in an open context
        return None
    if not isinstance(value, Mapping) or (name not in value and not isinstance(value, Open)):
        raise UnknownExpression(f"no context has {name}: {sorted(value) if isinstance(value, Mapping) else value!r}")
    found = value.get(name)
    return Open(found) if isinstance(value, Open) and isinstance(found, dict) else found


def _are_equal(one: Any, other: Any) -> bool:
    """GitHub compares texts without regard to case; we compare texts and truth values only."""
    if isinstance(one, bool) and isinstance(other, bool):
        return one is other
    one, other = one or "", other or ""
    if not (isinstance(one, str) and isinstance(other, str)):
        raise UnknownExpression(f"cannot compare {one!r} with {other!r}")
    return one.casefold() == other.casefold()
