"""
Description text <-> Marker: who owns an object and what was last applied, written on the object itself.

A marker is the last line of a description, after the person's own text and `Managed in Git: <repository>`:

    [exportctl/2 e acme-exports web-to-lake 1o t3f2ad9c01klqr e=u89s00 c=t8k2p0 fa48]
     │           │ │            │           ││ │              │                 └ check digest over all before it
     │           │ │            │           ││ │              └ words KEY=VALUE; numbers are in base 36
     │           │ │            │           ││ └ digests of the managed fields; `-` where there are none
     │           │ │            │           │└ flags: p protected, r being replaced, o seen on, d and u below
     │           │ │            │           └ generation
     │           │ │            └ address (KEY or KEY/PART)
     │           │ └ project
     │           └ kind: e export, d destination
     └ version of the format

    digests = { CODE HEX HEX HEX HEX [ SECOND ] }     CODE: the field's letter in the kind table
    SECOND  = four of g-v: the hex digits of a second digest, when the service keeps another spelling, or of how often
              secrets were sent again under one secret_version
    words   = { " " KEY "=" VALUE }                   printable ASCII without spaces and brackets
    e       = END [ "~" END ]                         the end last applied, and the service's spelling of it; seconds
    c       = SECONDS                                 the commit time of the config last applied
    mv      = six of 0-9a-z                           trace of the project and the address that the flow came from
    wo      = { CODE and thirteen of 0-9a-z }         long digests, 16 hex digits each, of write-only values

The service does not return `secret_version` and may hide the ARN of a role, so nothing but a digest shows that they
changed. Four hex digits of two values may be the same; 16 are not, in practice. A long digest begins with the four
digits of its field. It is believed only then: an older version that applies another value writes new digits, and `wo`
back as it was. Without a long digest the four digits decide, and its lack is no reason for a write. No secret is part
of it. It shows, however, whether a guess of an ARN is right.

The flags d and u are an intent: they are written before the action that disables (d) or enables (u) the flow, so that
no later run takes an interrupted action of exportctl for one of a person. d stays while the flow is disabled.

After four hex digits either four letters g-v follow or the next code and a hex digit, so the digests read in one way
only. A field without a digest is one of which nothing is known. All of it is lower-case ASCII and at most 240
characters, so that a service that folds case or drops what is not ASCII leaves it whole.

Every version reads the markers of all others:

    version   owner, kind, address   digests and flags
    1         read                   read: digests without codes, in the order of CODES_1; the next write is version 2
    2         read                   read; codes, flags and words that this table does not know are written back
    later     read                   never: whoever finds the project's own on an object must upgrade first

A marker with a wrong check digest is damaged: it still names its owner, but its digests are not believed. A marker that
the service cut off is damaged too; the lines of exportctl above it are not taken for the person's text. A service that
drops line ends, or puts blanks in their place, leaves all of them readable.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from exportctl.errors import Finding, NewerMarker
from exportctl.model.digests import LONG_DIGITS
from exportctl.model.plan import MARKER_VERSION, LiveObject, Marker
from exportctl.patterns import compile_on_use
from exportctl.resources.kinds import BASE_CONNECTION, FLOW, KINDS, TARGET_CONNECTION, FieldRule, Kind, Treat

MAX_LENGTH = 240  # characters
END = "end"  # the one field whose value, not digest, is kept: earlier and later must be distinguished
# Of version 1, frozen.
CODES_1: Mapping[str, str] = {FLOW.name: "tdsyhfo", TARGET_CONNECTION.name: "lm", BASE_CONNECTION.name: "an"}

_LINE = "Managed in Git: "
_NONE = "-"
_NUMBERS = "0123456789abcdefghijklmnopqrstuvwxyz"
_SECOND = str.maketrans("0123456789abcdef", "ghijklmnopqrstuv")
_FIRST = str.maketrans("ghijklmnopqrstuv", "0123456789abcdef")
_FLAGS = "produ"

# Bounded, so that no description, however long, costs more than one pass.
_OWNER = r"(?P<kind>[ed]) (?P<project>[a-z0-9-]{1,32}) (?P<name>[a-z0-9/_.-]{1,64})"
_MARKER = compile_on_use(rf"\[exportctl/(?P<version>0*[012]) {_OWNER}(?P<rest>(?: [^\]\n]{{0,300}})?)\]")
_WORD = r"[!-Z\\^-~]{1,200}"
_LATER = compile_on_use(
    rf"\[exportctl/(?P<version>0*(?:[3-9]|[1-9][0-9]+))[^\S\n]+(?P<kind>{_WORD})[^\S\n]+(?P<project>{_WORD})"
    rf"[^\S\n]+(?P<name>{_WORD})[^\]\n]{{0,2000}}\]?",
    re.IGNORECASE,
)
# What is left of a marker at the end of a description that the service cut off.
_CUT = compile_on_use(r"\[exportctl(?:/[^\]\n]{0,300})?\Z")
_CUT_OWNER = compile_on_use(rf"\[exportctl/0*[12] {_OWNER} ")
_STATE = compile_on_use(r" (?P<generation>[0-9]{1,4})(?P<flags>[a-z]*)(?: |\Z)")
_CHECKED = compile_on_use(r"(?P<head>[ -~]+ )(?P<check>[0-9a-f]{4})\]")
_DIGEST = compile_on_use(r"(?P<code>[a-z])(?P<first>[0-9a-f]{4})(?P<second>[g-v]{4})?")
_DIGEST_1 = compile_on_use(r"-|[0-9a-f]{4}(?:[g-v]{4})?")
_NUMBER = compile_on_use(r"[0-9a-z]{1,8}")
_MOVED_FROM = "mv"
_TRACE = compile_on_use(rf"{_MOVED_FROM}=[0-9a-z]{{6}}")
_WRITE_ONLY = "wo"
_LONG_DIGEST = compile_on_use(r"(?P<code>[a-z])(?P<number>[0-9a-z]{13})")
_LONG_DIGESTS = compile_on_use(rf"{_WRITE_ONLY}=(?:[a-z][0-9a-z]{{13}})+")
_COMMITTED_AT = "c"  # in every kind: no managed field has this letter
_COMMIT = compile_on_use(rf"{_COMMITTED_AT}={_NUMBER.pattern}")
SHORTEST_CUT = 80  # characters of a description that a marker fits into; a shorter one was not cut by the service
_ABSURD = 9  # digits of a version

Applied = dict[str, tuple[str, ...]]
Unread = tuple[str, str, tuple[str, ...]]  # flags, digests, words
_ALL_READ: Unread = ("", "", ())


def trace(project: str, name: str) -> str:
    """
    Return six characters that stand for an address of a project, too few to hold both names.

    A flow that moved has it in its marker, so that the former project knows where its export went.
    """
    number = int(hashlib.sha256(f"{project} {name}".encode()).hexdigest(), 16) % 36**6
    return _to_base36(number).rjust(6, "0")


# -- read -------------------------------------------------------------------------------------------------------------


def parse_marker(description: str | None, kind: Kind) -> tuple[str, Marker | None]:
    """
    Return the person's own text, and the marker if there is one.

    `kind` is the object's: its fields give the codes a meaning. Of several markers the last counts. Text after the
    marker is the person's and is kept. No text is refused.
    """
    text = description or ""
    found = max((*_MARKER.finditer(text), *_LATER.finditer(text)), key=lambda match: match.start(), default=None)
    if found is None:
        return _parse_cut(text)
    before = _without_line(_without_break(text[: found.start()]))
    after = text[found.end() :].strip("\r\n")
    own = "\n".join(part for part in (before, after) if part)
    if found.re.pattern == _MARKER.pattern:
        return own, _readable_marker(found, kind)
    # Every later version says owner, kind and address in the same position. Case is the service's.
    project, letter, name = (found[part].lower() for part in ("project", "kind", "name"))
    return own, Marker(project, letter, name, damaged=True, version=_version(found))


def _parse_cut(text: str) -> tuple[str, Marker | None]:
    """Return the person's own text, and the owner if the service cut the description off behind it."""
    cut = _CUT.search(text)
    owner = _CUT_OWNER.match(cut.group()) if cut else None
    if cut is None or (owner is None and len(text) < SHORTEST_CUT):
        return text, None  # also of a person who ends a short text with the first word of a marker
    own = _without_line(_without_break(text[: cut.start()]))
    return own, Marker(owner["project"], owner["kind"], owner["name"], damaged=True) if owner else None


def _without_break(text: str) -> str:
    """Return the text without the line end before a line of exportctl, or the blank that the service put there."""
    return text.removesuffix("\n").rstrip("\r") if text.endswith(("\n", "\r")) else text.removesuffix(" ")


def _without_line(text: str) -> str:
    """Return the text without the line for people at its end, and without the white space below that."""
    body = text.rstrip()
    start = body.rfind("\n") + 1
    if body[start : start + len(_LINE)].lower() == _LINE.lower():
        return _without_break(body[:start])
    at = body.lower().rfind(_LINE.lower(), start)
    if at < 0 or re.search(r"\s", body[at + len(_LINE) :]):
        return text
    own = body[:at]  # the service dropped the line end, or put a blank in its place
    return own[:-1] if own.endswith(" ") else own


def _version(found: re.Match[str]) -> int:
    digits = found["version"].lstrip("0") or "0"
    return int(digits) if len(digits) <= _ABSURD else 10**_ABSURD


def _readable_marker(found: re.Match[str], kind: Kind) -> Marker:
    state = _STATE.match(found["rest"])
    flags = state["flags"] if state else ""
    version = _version(found)
    contents = _contents(found, kind, version)
    applied, unread = contents or ({}, _ALL_READ)
    moved_from, words = _split_word(unread[2], _TRACE)
    commit, words = _split_word(words, _COMMIT)
    write_only, words = _split_word(words, _LONG_DIGESTS)
    return Marker(
        project=found["project"],
        kind=found["kind"],
        name=found["name"],
        generation=int(state["generation"]) if state else 1,
        protected="p" in flags,
        being_replaced="r" in flags,
        last_seen_enabled="o" in flags,
        disables="d" in flags,
        enables="u" in flags,
        applied=applied,
        damaged=contents is None,
        version=version,
        unread=("".join(sorted({*flags} - {*_FLAGS})), unread[1], words),
        moved_from=moved_from,
        committed_at=int(commit, 36) if commit else None,
        long_digests=_read_long_digests(write_only or "", kind, applied),
    )


def _read_long_digests(text: str, kind: Kind, applied: Applied) -> dict[str, str]:
    """Return the long digests that belong to the four digits of their field."""
    codes = {one["code"]: f"{int(one['number'], 36):0{LONG_DIGITS}x}" for one in _LONG_DIGEST.finditer(text)}
    return _select_fitting({rule.name: codes[rule.code] for rule in kind.fields if rule.code in codes}, applied)


def _select_fitting(found: Mapping[str, str], applied: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return the long digests of this length that begin with the digest of their field."""
    whole = {name: one for name, one in found.items() if len(one) == LONG_DIGITS}
    return {name: one for name, one in whole.items() if applied.get(name) and one.startswith(applied[name][0])}


def _split_word(words: tuple[str, ...], form: re.Pattern[str]) -> tuple[str | None, tuple[str, ...]]:
    """Return the value of the first word of this form, and the other words."""
    found = next((w for w in words if form.fullmatch(w)), None)
    return (found.partition("=")[2], tuple(w for w in words if w != found)) if found else (None, words)


def _contents(found: re.Match[str], kind: Kind, version: int) -> tuple[Applied, Unread] | None:
    """Return the digests and what is not known beside them; None if they cannot be trusted."""
    checked = _CHECKED.fullmatch(found.group())
    words = found["rest"].split(" ")[2:-1]  # before them an empty text and the state, behind them the check digest
    if checked is None or not words or _check_digest(checked["head"]) != checked["check"]:
        return None
    if version == 1:
        applied = _contents_1(" ".join(words), kind)
        return None if applied is None else (applied, _ALL_READ)
    return _contents_2(words, kind) if version == MARKER_VERSION else None


def _contents_1(body: str, kind: Kind) -> Applied | None:
    """Digests by position. Fewer than there are fields: of the others nothing is known; more: the tail is ignored."""
    digests, _, end = body.partition(".")
    parts = _DIGEST_1.findall(digests)
    if "".join(parts) != digests:
        return None
    names = {rule.code: rule.name for rule in kind.fields}
    pairs = zip(CODES_1.get(kind.name, ""), parts, strict=False)
    applied = {names[code]: _digests(part[:4], part[4:]) for code, part in pairs if part != _NONE and code in names}
    ends = _ends(end) if end else ()
    return None if ends is None else applied | {rule.name: ends for rule in kind.fields if ends and _by_value(rule)}


def _contents_2(words: list[str], kind: Kind) -> tuple[Applied, Unread] | None:
    """Digests and words by their codes."""
    digests, *values = words
    found = [*_DIGEST.finditer(digests)]
    if "".join(one.group() for one in found) != digests and digests != _NONE:
        return None
    rules = {rule.code: rule for rule in kind.fields}
    codes = [one["code"] for one in found]
    if len({*codes}) < len(codes) or any(_by_value(rules[code]) for code in codes if code in rules):
        return None
    applied = {rules[o["code"]].name: _digests(o["first"], o["second"]) for o in found if o["code"] in rules}
    others = []
    for word in values:
        code, equals, value = word.partition("=")
        if not (equals and code in rules):
            others.append(word)
            continue
        ends = _ends(value)
        if not _by_value(rules[code]) or ends is None:
            return None
        applied[rules[code].name] = ends
    return applied, ("", "".join(one.group() for one in found if one["code"] not in rules), tuple(others))


def _by_value(rule: FieldRule) -> bool:
    return rule.treat is Treat.ENDING


@lru_cache(4096)  # exports with equal settings have equal digests: they share one text
def _digests(first: str, second: str | None) -> tuple[str, ...]:
    return (first, second.translate(_FIRST)) if second else (first,)


def _ends(text: str) -> tuple[str, ...] | None:
    values = text.split("~")
    return tuple(str(int(v, 36)) for v in values) if all(_NUMBER.fullmatch(v) for v in values) else None


# -- write ------------------------------------------------------------------------------------------------------------


def format_description(text: str, repository: str | None, marker: Marker, kind: Kind) -> str:
    """
    Return the whole description: own text, the line for people, the marker.

    Own text that ends like the line for people gets one below it in any case: reading takes off one, and that is ours.
    """
    lines = [text] if text else []
    if repository or _without_line(text) != text:
        lines.append(f"{_LINE}{repository or 'exportctl'}")
    lines.append(marker_line(marker, kind))
    return "\n".join(lines)


def marker_line(marker: Marker, kind: Kind) -> str:
    """Return the marker alone; beyond MAX_LENGTH what is not known goes, then the trace and the long digests."""
    whole = _line(marker, kind)
    if len(whole) <= MAX_LENGTH:
        return whole
    known = _line(replace(marker, unread=_ALL_READ), kind)
    bare = replace(marker, unread=_ALL_READ, moved_from=None, long_digests={})
    return known if len(known) <= MAX_LENGTH else _line(bare, kind)


def is_cut(live: LiveObject, text: str, written: str, repository: str | None, *, sent_more: bool = False) -> bool:
    """
    Say whether a description is the beginning of `written`, which has the person's `text` first.

    A person who removes whole lines by hand leaves the same as a cut between them. So such a beginning counts only if
    the last write of the object `sent_more` than it shows; any other ends inside the text, the line for people or the
    marker.
    """
    shown = str(live.raw.get("description") or "")
    if (
        (live.marker is not None and not live.marker.damaged)
        or not written.startswith(shown)
        or len(shown) < SHORTEST_CUT
    ):
        return False
    line = f"\n{_LINE}{repository or ''}"
    if shown.rstrip("\n") in (text.rstrip("\n"), text + line, written):
        is_line_cut = shown.endswith(tuple(line[:size] for size in range(len(_LINE), len(line)))) and shown == text
        return is_line_cut or (sent_more and len(shown) < len(written))
    return True


def keep_unread(marker: Marker, before: Marker | None) -> Marker:
    """`marker` with what `before`, its predecessor, holds for another version or for the former project, and `wo`."""
    if before is None or before.damaged:
        return marker
    long_digests = {**before.long_digests, **marker.long_digests}
    moved_from = marker.moved_from or before.moved_from
    return replace(marker, unread=before.unread, moved_from=moved_from, long_digests=long_digests)


def _line(marker: Marker, kind: Kind) -> str:
    more_flags, more_digests, more_words = marker.unread
    is_set = (marker.protected, marker.being_replaced, marker.last_seen_enabled, marker.disables, marker.enables)
    flags = "".join(flag for flag, shown in zip(_FLAGS, is_set, strict=True) if shown)
    known = [(rule, marker.applied[rule.name]) for rule in kind.fields if marker.applied.get(rule.name)]
    digests = "".join(_code_digests(rule, values) for rule, values in known if not _by_value(rule)) + more_digests
    ends = [f"{rule.code}={'~'.join(_to_base36(int(v)) for v in values)}" for rule, values in known if _by_value(rule)]
    traces = [f"{_MOVED_FROM}={marker.moved_from}"] if marker.moved_from else []
    write_only = _write_only_words(_select_fitting(marker.long_digests, marker.applied), kind)
    commits = [] if marker.committed_at is None else [f"{_COMMITTED_AT}={_to_base36(marker.committed_at)}"]
    state = f"{marker.generation}{flags}{more_flags}"
    owner = f"exportctl/{MARKER_VERSION} {marker.kind} {marker.project} {marker.name}"
    head = f"[{' '.join((owner, state, digests or _NONE, *ends, *commits, *traces, *write_only, *more_words))} "
    return f"{head}{_check_digest(head)}]"


def _write_only_words(long_digests: Mapping[str, str], kind: Kind) -> list[str]:
    known = [(rule.code, long_digests[rule.name]) for rule in kind.fields if rule.name in long_digests]
    value = "".join(code + _to_base36(int(one, 16)).rjust(13, "0") for code, one in known)
    return [f"{_WRITE_ONLY}={value}"] if value else []


def _code_digests(rule: FieldRule, digests: tuple[str, ...]) -> str:
    return rule.code + digests[0] + "".join(d.translate(_SECOND) for d in digests[1:2])


def _check_digest(head: str) -> str:
    return hashlib.sha256(head.encode("ascii")).hexdigest()[:4]


def _to_base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _NUMBERS[rest] + digits
    return digits or "0"


def refuse_newer_markers(objects: Iterable[LiveObject], project: str | None = None) -> None:
    """
    Check that no later exportctl wrote these objects; with `project` None, check the objects of every project.

    Raises:
        NewerMarker: a later exportctl did; it names each object with its address, id and marker version.
    """
    marked = [(o.marker, o) for o in objects if o.marker and project in (None, o.marker.project)]
    newer = [(marker, o) for marker, o in marked if marker.version > MARKER_VERSION]
    if newer:
        newer.sort(key=lambda pair: (str(pair[0].address), pair[1].id))
        raise NewerMarker([_newer_finding(marker, o) for marker, o in newer])


def _newer_finding(marker: Marker, live: LiveObject) -> Finding:
    which = f"{marker.address}: the {KINDS[live.kind].label} {live.id}"
    text = f"{which} was written by a newer exportctl: upgrade (its marker is exportctl/{marker.version})"
    hint = f"upgrade exportctl: this one reads markers up to exportctl/{MARKER_VERSION}; nothing was written"
    return Finding("newer-marker", text, None, hint)
