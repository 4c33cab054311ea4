"""
Names that look alike: find the one that a person meant, and say what differs where the eye cannot see it. Pure.

Two names can look the same and differ: in the way an accent is written (NFC, NFD), in letters of another alphabet, in
blanks of another kind, or in characters without any width.

`difflib` decides which names are near: the ratio of the characters in its matching blocks. It takes a tenth of a
millisecond for two names, so two bounds of the ratio, which cost far less, exclude most names first:

    characters that both names have, in any order             one operation on whole numbers for each name
    the longest row of characters that both names have        one operation for each character
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from functools import lru_cache
from heapq import heapify, heappop, heappushpop
from itertools import takewhile

_CUTOFF = 0.6
_MAX_SHOWN = 6  # characters of a difference that are spelled out
_MAX_SPELLED = 2  # characters that differ in names that do not look the same, so that a note stays short
# Letters of Cyrillic, Greek and Armenian that look like Latin ones (Unicode UTS 39, the common ones), dashes, quotes
_LOOK_ALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422"
    "\u0425\u0406\u0391\u0392\u0395\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a7\u03bf\u2010\u2011\u2013\u2212"
    "\u0455\u0405\u0408\u0501\u04bb\u03a5\u0396\u0555\u0585\u2012\u2014\u2018\u2019\u02bc\u201c\u201d",
    "aeopcyxijABEKMHOPCTXIABEHIKMNOPTXo----sSJdhYZOo--'''" + '""',
)


def closest_names(name: str, known: Iterable[str], count: int = 1) -> list[str]:
    """Return the closest known names, those that look the same first."""
    index = _name_index(frozenset(known))
    same = index.by_appearance.get(_appearance(name), ())
    near = index.near_names(name, count) if len(same) < count else ()
    return list(dict.fromkeys((*same, *near)))[:count]


class _NameIndex:
    """
    Names with what their comparisons with any other name have in common.

    `_sets` has the characters of each name as the bits of a number; the second `s` of a name has a bit of its own.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = sorted(names)
        self.by_appearance: Mapping[str, list[str]] = defaultdict(list)
        for name in self._names:
            self.by_appearance[_appearance(name)].append(name)
        self._bits: dict[tuple[str, int], int] = {}
        self._sets = [(self._character_set(name), len(name)) for name in self._names]

    def _character_set(self, name: str) -> int:
        counts: dict[str, int] = defaultdict(int)
        found = 0
        for character in name:
            counts[character] += 1
            found |= 1 << self._bits.setdefault((character, counts[character]), len(self._bits))
        return found

    def near_names(self, name: str, count: int) -> list[str]:
        """Return what `difflib.get_close_matches` returns for the sorted names; of an empty name, nothing."""
        mine, length = self._character_set(name), len(name)
        left = [
            (-bound, -i)
            for i, (its, more) in enumerate(self._sets)
            if (bound := 2.0 * (mine & its).bit_count() / (length + more or 1)) >= _CUTOFF
        ]
        heapify(left)
        best = [(_CUTOFF, -1)] * count  # the worst of them first; of equal ratios the name that comes first
        masks, matcher = _positions(name), SequenceMatcher()
        matcher.set_seq2(name)
        while left and (-left[0][0], -left[0][1]) > best[0]:
            i = -heappop(left)[1]
            other = self._names[i]
            if (2.0 * _longest_row(masks, length, other) / (length + len(other)), i) > best[0]:
                matcher.set_seq1(other)
                heappushpop(best, (matcher.ratio(), i))
        return [self._names[i] for _, i in sorted(best, reverse=True) if i >= 0]


@lru_cache(maxsize=4)  # one command compares its wrong names with few lists, such as all datasets of a sandbox
def _name_index(names: frozenset[str]) -> _NameIndex:
    return _NameIndex(names)


def _positions(name: str) -> Mapping[str, int]:
    """Return where each character stands in a name, as the bits of a number."""
    found: dict[str, int] = defaultdict(int)
    for position, character in enumerate(name):
        found[character] |= 1 << position
    return dict(found)


def _longest_row(masks: Mapping[str, int], length: int, other: str) -> int:
    """
    Return how many characters two names have in common in one order; matching blocks cannot have more.

    Source: the longest common subsequence in bits, H. Hyyrö, "Bit-parallel LCS-length computation revisited", 2004.
    """
    full = rest = (1 << length) - 1
    for character in other:
        same = rest & masks.get(character, 0)
        rest = (rest + same | rest - same) & full
    return length - rest.bit_count()


def did_you_mean(written: str, *meant: str) -> str:
    """Return `did you mean "…" or "…"?`, with what differs where the eye cannot see it."""
    listed = " or ".join(f'"{name}"' for name in meant)
    notes = [note for name in meant if (note := difference_note(written, name))]
    return f"did you mean {listed}?{''.join(f' {note}' for note in notes[:1])}"


def did_you_mean_address(written: str, meant: str) -> str:
    """Return `did you mean …?` for an address or a key, with what differs; `written` may leave out the root."""
    names = (meant, meant.partition(".")[2])
    alike = next((name for name in names if _appearance(name) == _appearance(written)), meant)
    return " ".join(part for part in (f"did you mean {meant}?", difference_note(written, alike)) if part)


def difference_note(written: str, meant: str) -> str:
    """Return `They look alike and differ: U+… here, U+… there.`; empty if the difference can be seen."""
    here, there = _different_parts(written, meant)
    is_visible = (here + there).isascii() and (here + there).isprintable() and " " not in here + there
    if is_visible:
        return ""
    if _appearance(written) == _appearance(meant):
        return f"They look alike and differ: {_code_points(here)} here, {_code_points(there)} there."
    if max(len(here), len(there)) > _MAX_SPELLED:
        return ""
    return f"They differ: {_code_points(here)} here, {_code_points(there)} there."


def _different_parts(one: str, other: str) -> tuple[str, str]:
    """Return the characters that differ: each of them in texts of one length, else the middle without common ends."""
    if len(one) == len(other):
        pairs = [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]]
        return "".join(mine for mine, _ in pairs), "".join(its for _, its in pairs)
    start = _common_length(one, other)
    end = _common_length(one[start:][::-1], other[start:][::-1])
    return one[start : len(one) - end], other[start : len(other) - end]


def _common_length(one: str, other: str) -> int:
    """Return how many characters both texts have in common at their start."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _appearance(text: str) -> str:
    """Return what a reader sees of a text: without accents, case, widthless characters, and more than one blank."""
    shown = unicodedata.normalize("NFKD", text).translate(_LOOK_ALIKES)
    kept = (c for c in shown if unicodedata.category(c) not in ("Mn", "Cf", "Cc"))
    return " ".join("".join(kept).casefold().split())


def _code_points(text: str) -> str:
    """Return the characters of a text by code and name; `nothing` for none."""
    names = [f"U+{ord(c):04X} {unicodedata.name(c, '')}".strip() for c in text[:_MAX_SHOWN]]
    return " ".join([", ".join(names) or "nothing", *(["…"] if len(text) > _MAX_SHOWN else [])])
