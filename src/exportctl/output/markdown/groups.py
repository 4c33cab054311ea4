"""
Lists in which equal entries are one: each says to how many resources it applies, and names them.

    few    - `path`: `"aep"` → `"aep-v2"` (2 exports: `exports.orders`, `exports.returns`)
    many   - `path`: `"aep"` → `"aep-v2"` (97 exports)      and below it a fold with the names

Where room is short, folds go first and then whole entries. What is left out always has a number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from exportctl.frozen import dataclass
from exportctl.model.plan import DESTINATIONS, Address
from exportctl.model.schedule import format_count
from exportctl.output.markdown_escape import code

FEW = 5  # names in the line; more are folded
DIFFERENT = 5  # texts of one kind in the list; more are folded
_NAMED = 200  # names in a fold
_END = 3  # the sign before an entry and its line end


@dataclass(frozen=True)
class Entry:
    """One entry of a list. `below` may be left out: the line has its number."""

    line: str
    below: str = ""


def group_section(title: str, entries: Sequence[Entry], room: int) -> list[str]:
    """Return a list under a title, as far as it fits: the lines first, then what is below them."""
    if not entries:
        return []
    kept: list[Entry] = []
    for entry in entries:
        room -= len(entry.line) + _END
        if room < 0:
            break
        kept.append(entry)
    lines = [f"**{title}**\n"]
    for entry in kept:
        fits = bool(entry.below) and len(entry.below) < room
        room -= len(entry.below) + 1 if fits else 0
        lines += [f"- {entry.line}", *([entry.below] if fits else [])]
    cut = [f"- _{len(kept)} of {len(entries)} shown_"] if len(kept) < len(entries) else []
    return [*lines, *cut, ""]


def named_entry(text: str, addresses: Sequence[Address]) -> Entry:
    """Return an entry with the resources to which it applies."""
    if len(addresses) == 1:
        return Entry(f"{text} ({code(addresses[0])})")
    if len(addresses) <= FEW:
        return Entry(f"{text} ({count_addresses(addresses)}: {_address_list(addresses)})")
    return Entry(f"{text} ({count_addresses(addresses)})", _fold_names(addresses))


def kind_entries(kind: str, texts: Mapping[str, Sequence[Address]], most: int = DIFFERENT) -> list[Entry]:
    """
    Return one entry for each text of a kind; of more than `most`, one for the kind, with the other texts in a fold.

    `kind` begins each entry; a text comes with the resources that it applies to.
    """
    if len(texts) <= most:
        before = f"{kind}: " if kind else ""
        return [named_entry(before + text, addresses) for text, addresses in texts.items()]
    every = list(dict.fromkeys(a for addresses in texts.values() for a in addresses))
    lines = [_nest_entry(named_entry(text, addresses)) for text, addresses in texts.items()]
    head = f"{kind or 'different'} ({count_addresses(every)}, {len(texts)} different):"
    more = fold(f"{len(lines) - most} more", lines[most:], indent="  ")
    return [Entry("\n".join([head, *lines[:most]]), more)]


def _nest_entry(entry: Entry) -> str:
    return f"  - {entry.line}"


def fold(title: str, lines: Iterable[str], indent: str = "") -> str:
    """Return lines that are collapsed under a title of ours."""
    return "\n".join([f"{indent}<details><summary>{title}</summary>\n", *lines, f"\n{indent}</details>"])


def count_addresses(addresses: Sequence[Address]) -> str:
    """Return `1 destination, 3 exports`."""
    found = Counter("destination" if a.root == DESTINATIONS else "export" for a in addresses)
    return ", ".join(format_count(number, label) for label, number in sorted(found.items()))


def _fold_names(addresses: Sequence[Address]) -> str:
    more = f" and {len(addresses) - _NAMED} more" if len(addresses) > _NAMED else ""
    return fold(count_addresses(addresses), [f"  {_address_list(addresses[:_NAMED])}{more}"], indent="  ")


def _address_list(addresses: Sequence[Address]) -> str:
    return ", ".join(map(code, addresses))
