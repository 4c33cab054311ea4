"""
Masks: find secrets, and long parts of them, in texts from outside, however these texts spell them.

In: the values to mask. Out: a function over one text. It knows a value that was cut, wrapped, written in upper or lower
case, or escaped once or several times (JSON, URL, HTML), and a value inside longer base64 or hex.

    text ─▶ itself, unescaped once, unescaped twice, … ─▶ views without case, line ends and backslashes ─▶ windows

A window is a whole value below 16 characters, or any 16 characters in a row of a longer one. The search looks at every
fifth place of a view and compares more only where four characters fit. So it takes time in proportion to the text, and
nothing that the text holds can slow it down. Pure.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from exportctl.frozen import dataclass
from exportctl.patterns import compile_on_use

MASKED_TEXT = "(secret)"
MIN_SECRET_LENGTH = 8  # characters; a shorter value cannot be a secret
PART_LENGTH = 16  # characters of a part of a secret that no text may show
MAX_SHOWN_LENGTH = 500  # characters of a text from outside
MAX_READ_LENGTH = 20_000  # characters of a text from outside that are looked at at all

Mask = Callable[[str], str]

_SHORT_PART = 12  # what 16 characters may come to without blanks and backslashes
_ROUNDS = 4  # how often a text may be escaped
_GRAM = 4  # characters that are compared first
_STRIDE = MIN_SECRET_LENGTH - _GRAM + 1  # every window holds a gram that begins at a multiple of this
_PRIVATE_KEY = compile_on_use(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----")
_BLANKS = compile_on_use(r"\s+")
_DROPPED = compile_on_use(r"[\s\\]")  # what views leave out
_ESCAPED = compile_on_use(  # each way begins with a character as it is: then the search skips all others at once
    r"%(?P<percent>[0-9a-f]{2}(?:%[0-9a-f]{2})*)"
    r"|&(?:\#\d{1,7}|\#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});"
    r"|\\\\{0,7}u(?P<high>d[89ab][0-9a-f]{2})\\{1,8}u(?P<low>d[c-f][0-9a-f]{2})"
    r"|\\\\{0,7}u(?:(?P<long>000[0-9a-f]{5})|(?P<code>[0-9a-f]{4})|\{(?P<braced>[0-9a-f]{1,6})\})"
    r"|\\\\{0,7}x(?P<byte>[0-9a-f]{2})"
    r"|\\\\{0,7}(?P<letter>[nrt])"
    r"|<(?P<line>br\s{0,4}/?>)",
    re.IGNORECASE,
)


class Piece(NamedTuple):
    """A piece of an unescaped text, and the range of the text before that it stands for."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, eq=False)  # equal to itself only, so that what it finds in a text can be kept
class MaskIndex:
    """What a search compares: the first characters of all windows, and the windows by their length."""

    heads: Collection[str]  # the first eight characters of each window
    grams: Collection[str]  # any four characters in a row of a head
    views: Mapping[int, Collection[str]]  # the texts that the windows are cut from, by the length of these
    spaced: MaskIndex | None = None  # of the values with blanks, to search views without any

    @cached_property
    def windows(self) -> Mapping[int, Collection[str]]:
        """The windows, cut when a head is found: most texts that are searched hold none."""
        return {size: {w for view in views for w in _pieces(view, size)} for size, views in self.views.items()}


def clean_text(text: str, mask: Mask) -> str:
    """Make a text from outside fit to show: one line, no control characters, masked, then cut at 500 characters."""
    shown = mask(text[:MAX_READ_LENGTH])
    clean = mask(" ".join("".join(c if c.isprintable() else " " for c in shown).split()))
    return clean if len(clean) <= MAX_SHOWN_LENGTH else clean[: MAX_SHOWN_LENGTH - 1] + "…"


def build_mask(secrets: Iterable[str], *, parts: bool = True) -> Mask:
    """
    Build a function that masks `secrets` of at least 8 characters, and their parts of at least 16, in a text.

    Without `parts` it masks whole values only, and the lines of private keys. It returns a text without a secret as
    it is.
    """
    index = build_index(secrets, parts=parts)
    return lambda text: mask_spans(text, find_spans(text, index))


def mask_spans(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Replace ranges of a text, in order and apart from each other, by `(secret)`."""
    shown, done = [], 0
    for start, end in spans:
        shown += [text[done:start], MASKED_TEXT]
        done = end
    return "".join([*shown, text[done:]]) if shown else text


# -- what is searched for ---------------------------------------------------------------------------------------------


def build_index(secrets: Iterable[str], *, parts: bool = True) -> MaskIndex:
    """Collect the windows of all values with at least 8 characters."""
    known = {secret for secret in secrets if len(secret) >= MIN_SECRET_LENGTH}
    values = {text for secret in known for text in _masked_texts(secret, PART_LENGTH if parts else len(secret))}
    spaced = {value for value in values if _BLANKS.search(value)}
    made = _index_of((form for value in values for form in (*_spelt_forms(value), *_coded_forms(value))), parts=parts)
    if not spaced:
        return made
    return replace(made, spaced=_index_of((form for value in spaced for form in _spelt_forms(value)), parts=parts))


def _index_of(forms: Iterable[str], *, parts: bool) -> MaskIndex:
    views: dict[int, set[str]] = {}
    heads: set[str] = set()
    grams: set[str] = set()
    for view, size in {view for form in forms for view in _form_views(form)}:
        length = min(size, len(view)) if parts else len(view)
        views.setdefault(length, set()).add(view)
        heads.update(_pieces(view, MIN_SECRET_LENGTH, length - MIN_SECRET_LENGTH))
        grams.update(_pieces(view, _GRAM))
    return MaskIndex(frozenset(heads), frozenset(grams), views)


def _pieces(view: str, size: int, after: int = 0) -> list[str]:
    """Return all pieces of a size that at least `after` characters follow."""
    return [view[i : i + size] for i in range(len(view) - size - after + 1)]


def _masked_texts(secret: str, below: int) -> Iterator[str]:
    """Yield a value with and without the blanks around it, and the lines of a private key that are shorter."""
    yield secret
    lines = [line.strip() for line in secret.splitlines()] if _PRIVATE_KEY.search(secret) else []
    short = [line for line in lines if len(line) < below]
    yield from (text for text in (secret.strip(), *short) if len(text) >= MIN_SECRET_LENGTH)


def _spelt_forms(value: str) -> set[str]:
    """Return a value as it is, and unescaped as far as it can be."""
    forms = {value, value.replace(" ", "+"), *_unescaped_layers(value)}
    if len(value) < PART_LENGTH:  # a view without backslashes may be too short to be searched for
        escaped = json.dumps(value)[1:-1]
        forms |= {escaped, json.dumps(escaped)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    return forms


def _coded_forms(value: str) -> set[str]:
    """Return a value in base64 and hex, as a part of something longer."""
    forms: set[str] = set()
    for text in {value, json.dumps(value)[1:-1]}:
        data = text.encode("utf-8", "surrogatepass")
        forms |= {data.hex(), *_base64_forms(data), *_base64_forms(b64encode(data).rstrip(b"="))}
    return forms


def _base64_forms(data: bytes) -> Iterator[str]:
    """Yield the characters of base64 that `data` alone decides, for each of the three places where it can begin."""
    for before in range(3):
        coded = b64encode(b"\0" * before + data).decode("ascii")
        yield coded[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]


def _form_views(form: str) -> Iterator[tuple[str, int]]:
    """Yield the views of a form, each with the length of its windows: fewer characters where others are left out."""
    folded = _fold(form)
    views = {folded: PART_LENGTH}
    if _DROPPED.search(form):
        for shorter in (_fold(_without_line_ends(form)), _fold(_without_blanks(form))):
            views.setdefault(shorter, _SHORT_PART)
    yield from ((view, size) for view, size in views.items() if len(view) >= MIN_SECRET_LENGTH)


# -- the search -------------------------------------------------------------------------------------------------------


def find_spans(text: str, index: MaskIndex) -> list[tuple[int, int]]:
    """Return the ranges of a text that hold a secret, in order and apart from each other."""
    if not has_secret(text, index):
        return []
    found: list[tuple[int, int]] = []
    for layer in _locate_layers(text):
        for view, known in _locate_views(layer, index):
            found += _found_ranges(view, known)
    return _merge_ranges(found, text)


def has_secret(text: str, index: MaskIndex) -> bool:
    """Say whether a text holds a secret, without asking where: that is much quicker."""
    if not index.heads or len(text) < MIN_SECRET_LENGTH:
        return False
    for layer in (text, *_unescaped_layers(text)):
        for view, known in _views(layer, index):
            if any(True for _ in _hits(view, known)):
                return True
    return False


def _views(layer: str, index: MaskIndex) -> Iterator[tuple[str, MaskIndex]]:
    """Yield the views of a text, each with what is searched for in it."""
    yield _fold(layer), index
    if "\\" in layer or "\n" in layer or "\r" in layer:
        yield _fold(_without_line_ends(layer)), index
    if index.spaced:
        yield _fold(_without_blanks(layer)), index.spaced


def _hits(view: str, index: MaskIndex) -> Iterator[tuple[int, int]]:
    """Yield the range of each window in a view."""
    grams, heads = index.grams, index.heads
    for place in [i for i in range(0, len(view), _STRIDE) if view[i : i + _GRAM] in grams]:
        for start in range(max(0, place - _STRIDE + 1), place + 1):
            if view[start : start + MIN_SECRET_LENGTH] in heads:
                sizes = [size for size, known in index.windows.items() if view[start : start + size] in known]
                yield from ((start, start + size) for size in sizes)


def _unescaped_layers(text: str) -> Iterator[str]:
    """Yield the text with its line ends unescaped, then unescaped once, and so on: a value may hold escapes itself."""
    for _ in range(_ROUNDS):
        split = _ESCAPED.sub(lambda found: _unescaped_text(found) if _is_line_end(found) else found.group(), text)
        before, text = text, _ESCAPED.sub(_unescaped_text, text)
        if text == before:
            return
        yield from dict.fromkeys((split, text))


def _unescaped_text(found: re.Match[str]) -> str:
    return "".join(piece.text for piece in _decode_escape(found))


def _is_line_end(found: re.Match[str]) -> bool:
    return bool(found["letter"] or found["line"])


def _fold(text: str) -> str:
    """Return a text without case, in which both alphabets of base64 look alike."""
    return text.casefold().replace("-", "+").replace("_", "/")


def _without_line_ends(text: str) -> str:
    first, *others = text.replace("\r", "\n").split("\n")
    if not others:
        return text.replace("\\", "")
    *middle, last = others
    return "".join([first.rstrip(), *(line.strip() for line in middle), last.lstrip()]).replace("\\", "")


def _without_blanks(text: str) -> str:
    return _BLANKS.sub("", text).replace("\\", "")


def _holds_line_end(blanks: str) -> bool:
    return "\n" in blanks or "\r" in blanks


def _decode_escape(found: re.Match[str]) -> list[Piece]:
    """Return the characters that an escape stands for."""
    at, end = found.span()
    if found["percent"]:
        return list(_decode_bytes(found["percent"], at))
    if _is_line_end(found):
        return [Piece({"n": "\n", "r": "\r", "t": "\t"}[(found["letter"] or "n").lower()], at, end)]
    if found["high"]:
        pair = (int(found["high"], 16), int(found["low"], 16))
        return [Piece(chr(0x10000 + ((pair[0] - 0xD800) << 10) + pair[1] - 0xDC00), at, end)]
    code = found["long"] or found["code"] or found["braced"] or found["byte"]
    if code:
        return [Piece(chr(min(int(code, 16), 0x10FFFF)), at, end)]
    import html  # its table of names takes long to load, and most texts hold none

    named = html.unescape(found.group())
    return [Piece(named if named != found.group() else html.unescape(found.group().lower()), at, end)]


def _decode_bytes(escaped: str, at: int) -> Iterator[Piece]:
    for char in bytes.fromhex(escaped.replace("%", "")).decode("utf-8", "surrogateescape"):
        end = at + 3 * len(char.encode("utf-8", "surrogateescape"))
        yield Piece(char, at, end)
        at = end


# -- where it is ------------------------------------------------------------------------------------------------------


def _locate_layers(text: str) -> Iterator[list[Piece]]:
    """Yield the text and the layers of `_unescaped_layers`, each piece with its range in the text."""
    layer = [Piece(char, i, i + 1) for i, char in enumerate(text)]
    yield layer
    for _ in range(_ROUNDS):
        found = list(_ESCAPED.finditer("".join(piece.text for piece in layer)))
        if not found:
            return
        line_ends = [one for one in found if _is_line_end(one)]
        if line_ends and len(line_ends) < len(found):
            yield _locate_unescaped(layer, line_ends)
        layer = _locate_unescaped(layer, found)
        yield layer


def _locate_unescaped(layer: list[Piece], escapes: list[re.Match[str]]) -> list[Piece]:
    """Return a layer with these escapes replaced by what they stand for."""
    joined, made, done = "".join(piece.text for piece in layer), list[Piece](), 0
    owners = [piece for piece in layer for _ in piece.text]
    for found in escapes:
        made += _chars(owners, joined, done, found.start())
        made += [Piece(one.text, owners[one.start].start, owners[one.end - 1].end) for one in _decode_escape(found)]
        done = found.end()
    return [*made, *_chars(owners, joined, done, len(joined))]


def _chars(owners: list[Piece], joined: str, start: int, end: int) -> Iterator[Piece]:
    return (Piece(joined[i], owners[i].start, owners[i].end) for i in range(start, end))


def _locate_views(layer: list[Piece], index: MaskIndex) -> Iterator[tuple[list[Piece], MaskIndex]]:
    yield layer, index
    without_blanks = [piece for piece in layer if not piece.text.isspace() and piece.text != "\\"]
    if index.spaced:
        yield without_blanks, index.spaced
    if len(without_blanks) != len(layer):
        joined = "".join(piece.text for piece in layer)
        owners = [piece for piece in layer for _ in piece.text]
        ends = [found.span() for found in _BLANKS.finditer(joined) if _holds_line_end(found.group())]
        dropped = {i for start, end in ends for i in range(start, end)} | {i for i, c in enumerate(joined) if c == "\\"}
        kept = [Piece(c, owners[i].start, owners[i].end) for i, c in enumerate(joined) if i not in dropped]
        yield kept, index


def _found_ranges(view: list[Piece], index: MaskIndex) -> Iterator[tuple[int, int]]:
    folded = [(_fold(piece.text), piece) for piece in view]
    owners = [piece for text, piece in folded for _ in text]
    for start, end in _hits("".join(text for text, _ in folded), index):
        yield owners[start].start, owners[end - 1].end


def _merge_ranges(found: Iterable[tuple[int, int]], text: str) -> list[tuple[int, int]]:
    """Join ranges that touch or have only blanks and backslashes between them."""
    made: list[tuple[int, int]] = []
    for start, end in sorted(set(found)):
        if made and not text[made[-1][1] : start].strip(" \t\r\n\\"):
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((start, end))
    return made
