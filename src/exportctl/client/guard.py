"""
The values that one run must not show, and the places where texts from outside get in.

Texts are masked where they enter: errors of the service, of storage and of libraries by `mask`, texts of live objects
by `note` and `mask_echoes`. A finished document is never masked: no word that a pull request declares to be a secret
hides a line of a plan. `holds_secret` and `repeats_secret` are for files that are refused instead.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache, lru_cache
from typing import Any, TypeVar

from exportctl.errors import SourcePosition
from exportctl.model.masking import (
    MASKED_TEXT,
    MAX_READ_LENGTH,
    MIN_SECRET_LENGTH,
    MaskIndex,
    build_index,
    find_spans,
    has_secret,
    mask_spans,
)
from exportctl.model.secret import Secret

_UNSHOWN = frozenset({"auth", "etag", "id"})  # members of the wire form that no output repeats
_SEPARATOR = "\0"
_KEPT_TEXTS = 512  # for which a guard keeps what it found: answers repeat ids, states and names of members
_SEARCHED_LENGTH = 200_000  # characters that one search is about, except of longer texts
_KEPT_LENGTH = 10_000  # longer ones are searched each time, so that what is kept stays small
_Value = TypeVar("_Value")


class SecretGuard:
    """The values of one run that nothing may show; safe to use from several threads."""

    def __init__(self, secrets: Iterable[str] = ()):
        self._secrets: set[str] = set()
        self._literals: set[str] = set()
        self._echoes: set[str] = set()
        self._indexes: dict[bool, MaskIndex] = {}
        self._spans = lru_cache(_KEPT_TEXTS)(find_spans)
        self._lock = threading.Lock()
        self.hide(secrets)

    def __repr__(self) -> str:
        return f"SecretGuard({len(self._secrets)} values)"

    def hide(self, values: Iterable[str]) -> None:
        """Mask these values from now on. Shorter ones than a secret can be are left out: they are ordinary words."""
        added = {value for value in values if len(value) >= MIN_SECRET_LENGTH}
        with self._lock:
            if not added <= self._secrets:
                self._secrets |= added
                self._indexes.clear()

    def hide_in_errors(self, values: Iterable[str]) -> None:
        """Mask these values in errors only: the config may hold them as they are, and live objects too."""
        with self._lock:
            self._literals.update(values)
            self._indexes.pop(True, None)

    def mask(self, text: str) -> str:
        """Mask a text from outside before it becomes part of a message."""
        return mask_spans(text, self._find(text, self._index(with_literals=True)))

    def holds_secret(self, text: str) -> bool:
        """Say whether a text that is about to be written to a file holds a whole secret or a line of a private key."""
        with self._lock:
            whole = build_index(self._secrets, parts=False)
        return has_secret(text, whole)

    def repeats_secret(self, text: str) -> bool:
        """Say whether a text that is about to be written to the config holds a secret, or an echo of a part of one."""
        with self._lock:
            echoes = tuple(self._echoes)
        return any(echo in text for echo in echoes) or self.holds_secret(text)

    def note(self, answer: object) -> None:
        """Remember which secrets the texts of an answer of the service repeat, so that `mask_echoes` masks them."""
        index = self._index(with_literals=False)
        if not index.heads:
            return
        texts = [text[:MAX_READ_LENGTH] for text in _texts(answer) if len(text) >= MIN_SECRET_LENGTH]
        found = [block for block in _blocks(texts) if has_secret(_SEPARATOR.join(block), index)]
        if not found:
            return
        echoes = {text[start:end] for block in found for text in block for start, end in self._find(text, index)}
        lines = {line.strip() for echo in echoes for line in echo.splitlines()}
        with self._lock:
            self._echoes |= {text for text in echoes | lines if len(text) >= MIN_SECRET_LENGTH}

    def mask_echoes(self, value: _Value) -> _Value:
        """Return a plan or a report in which the texts that repeat a secret are masked; the value itself if none do."""
        with self._lock:
            echoes = sorted(self._echoes, key=lambda text: (-len(text), text))
        return _without_echoes(value, echoes) if echoes else value

    def _find(self, text: str, index: MaskIndex) -> list[tuple[int, int]]:
        return (self._spans if len(text) <= _KEPT_LENGTH else find_spans)(text, index)

    def _index(self, *, with_literals: bool) -> MaskIndex:
        with self._lock:
            if with_literals not in self._indexes:
                searched = self._secrets | self._literals if with_literals else self._secrets
                self._indexes[with_literals] = build_index(searched)
            return self._indexes[with_literals]


def _texts(answer: object) -> list[str]:
    """Return the texts of JSON that an output may show, in any order: no keys, and nothing below `auth`."""
    texts, rest = list[str](), [answer]
    while rest:
        part = rest.pop()
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, list | tuple):
            rest += part
        elif isinstance(part, Mapping):
            rest += [value for name, value in part.items() if name not in _UNSHOWN]
    return texts


def _blocks(texts: list[str]) -> Iterator[list[str]]:
    """Split texts for one search each: an answer rarely holds a secret, and a search needs several copies of a text."""
    block, length = list[str](), 0
    for text in texts:
        block.append(text)
        length += len(text)
        if length > _SEARCHED_LENGTH:
            yield block
            block, length = [], 0
    if block:
        yield block


def _without_echoes(value: Any, echoes: list[str]) -> Any:
    if isinstance(value, _exact_types()):
        return value
    if isinstance(value, str):
        for echo in echoes:
            value = value.replace(echo, MASKED_TEXT)
        return value
    if isinstance(value, tuple):
        parts = [_without_echoes(part, echoes) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, list):
        return [_without_echoes(part, echoes) for part in value]
    if isinstance(value, dict):
        return {key: _without_echoes(part, echoes) for key, part in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        # Of a difference only the live side is the service's; the other side is what the reviewer must read.
        own = {"before", "actor"} if _is_field_change(value) else {f.name for f in fields(value) if f.init}
        changed = {name: _without_echoes(getattr(value, name), echoes) for name in own}
        changed = {name: part for name, part in changed.items() if part is not getattr(value, name)}
        return replace(value, **changed) if changed else value
    return value


@cache
def _exact_types() -> tuple[type, ...]:
    """Return the types of what the config, addresses and requests say: exact whatever a text of the service holds."""
    from exportctl.model.plan import Address, Inventory, LiveObject, Marker, PlanHeader, Step  # `--help` needs none

    return (Address, Inventory, LiveObject, Marker, PlanHeader, SourcePosition, Step, Secret, Enum)


def _is_field_change(value: object) -> bool:
    from exportctl.model.plan import FieldChange

    return isinstance(value, FieldChange)
