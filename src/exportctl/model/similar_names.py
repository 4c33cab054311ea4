"""
Names that look alike: find the one that a person meant, and say what differs where the eye cannot see it. Pure.

Two names can look the same and differ: in the way an accent is written (NFC, NFD), in letters of another alphabet, in
blanks of another kind, or in characters without any width.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
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
    names = sorted(set(known))
    same = [other for other in names if _appearance(other) == _appearance(name)]
    near = get_close_matches(name, names, n=count, cutoff=_CUTOFF)
    return list(dict.fromkeys((*same, *near)))[:count]


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
