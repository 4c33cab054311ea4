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
# Letters of Cyrillic and Greek that look like Latin ones (Unicode UTS 39, the common ones), and dashes
_LOOK_ALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422"
    "\u0425\u0406\u0391\u0392\u0395\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a7\u03bf\u2010\u2011\u2013\u2212",
    "aeopcyxijABEKMHOPCTXIABEHIKMNOPTXo----",
)


def closest_names(name: str, known: Iterable[str], count: int = 1) -> list[str]:
    """Return the closest known names, those that look the same first."""
    names = sorted(set(known))
    same = [other for other in names if _appearance(other) == _appearance(name)]
    near = get_close_matches(name, names, n=count, cutoff=_CUTOFF)
    return list(dict.fromkeys((*same, *near)))[:count]


def did_you_mean(written: str, *meant: str) -> str:
    """Return `did you mean "…" or "…"?`, with what differs where a name looks like the written one."""
    listed = " or ".join(f'"{name}"' for name in meant)
    notes = [note for name in meant if (note := difference_note(written, name))]
    return f"did you mean {listed}?{''.join(f' {note}' for note in notes[:1])}"


def difference_note(written: str, meant: str) -> str:
    """Return `They look alike and differ: U+… here, U+… there.`; empty if the difference can be seen."""
    start = _common_length(written, meant)
    end = _common_length(written[start:][::-1], meant[start:][::-1])
    here, there = written[start : len(written) - end], meant[start : len(meant) - end]
    is_visible = (here + there).isascii() and (here + there).isprintable() and " " not in here + there
    if is_visible or _appearance(written) != _appearance(meant):
        return ""
    return f"They look alike and differ: {_code_points(here)} here, {_code_points(there)} there."


def _common_length(one: str, other: str) -> int:
    """Return how many characters both texts have in common at their start."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _appearance(text: str) -> str:
    """Return what a reader sees of a text: without accents, case, kinds of blanks, and characters without width."""
    shown = unicodedata.normalize("NFKD", text).translate(_LOOK_ALIKES)
    kept = (c for c in shown if unicodedata.category(c) not in ("Mn", "Cf", "Cc"))
    return "".join(kept).casefold().strip().replace("\u00a0", " ")


def _code_points(text: str) -> str:
    """Return the characters of a text by code and name; `nothing` for none."""
    names = [f"U+{ord(c):04X} {unicodedata.name(c, '')}".strip() for c in text[:_MAX_SHOWN]]
    return " ".join([", ".join(names) or "nothing", *(["…"] if len(text) > _MAX_SHOWN else [])])
