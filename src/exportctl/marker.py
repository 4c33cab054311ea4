"""
Description text <-> Marker: who owns an object and what was last applied, written on the object itself.

A marker is the last line of a description, after the person's own text and `Managed in Git: <repository>`:

    [exportctl/1 e acme-exports web-to-lake 1o 3f2a9c01-77d0... .t7x2k0 9b1e]
                 │ │            │           ││ │                │       └ check digest over all before it
                 │ │            │           ││ │                └ end last applied, seconds in base 36
                 │ │            │           ││ └ per managed field four hex digits; four more in g-v when the service
                 │ │            │           ││   keeps another spelling, or how often secrets were sent again under
                 │ │            │           ││   one secret_version; `-` where nothing is known
                 │ │            │           │└ p protected, r being replaced, o seen on
                 │ │            │           └ generation
                 │ project      address (KEY or KEY/PART)
                 └ e export, d destination

All of it is lower-case ASCII and at most 200 characters, so that a service which folds case or drops what is not ASCII
leaves it whole. A marker whose check digest fails still names its owner, but its digests are not believed.
"""

from __future__ import annotations

import hashlib
import re

from exportctl.model import Marker

LIMIT = 200  # characters
END = "end"  # the one field whose value, not digest, is kept: earlier and later must be told apart

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_SECOND = str.maketrans("0123456789abcdef", "ghijklmnopqrstuv")
_FIRST = str.maketrans("ghijklmnopqrstuv", "0123456789abcdef")
_MARKER = re.compile(
    r"\[exportctl/1 (?P<kind>[ed]) (?P<project>[a-z0-9-]{1,32}) (?P<name>[a-z0-9/_.-]{1,64})"
    r"(?: (?P<generation>\d{1,4})(?P<flags>[pro]{0,3}) (?P<body>[^\]\n]*) (?P<check>[0-9a-f]{4}))?[^\]\n]*\]"
)
_MANAGED = re.compile(r"(?:\A|\r?\n)Managed in Git: [^\n]*\s*\Z", re.IGNORECASE)
_BREAK = re.compile(r"\r?\n\Z")
_FIELD = re.compile(r"-|[0-9a-f]{4}(?:[g-v]{4})?")


def read(description: str | None, names: tuple[str, ...]) -> tuple[str, Marker | None]:
    """
    The person's own text, and the marker if there is one. `names` are the managed fields of its kind, in order.

    Of several markers the last counts. Text after the marker is the person's and is kept.
    """
    text = description or ""
    found = None
    for found in _MARKER.finditer(text):  # noqa: B007  the last match is what we want
        pass
    if found is None:
        return text, None
    before = _MANAGED.sub("", _BREAK.sub("", text[: found.start()]))
    after = text[found.end() :].strip("\r\n")
    own = "\n".join(part for part in (before, after) if part)
    return own, _parsed(found, names)


def _parsed(found: re.Match[str], names: tuple[str, ...]) -> Marker:
    head = found.group(0)[: found.start("check") - found.start()] if found["check"] else ""
    applied = _applied(found["body"], names) if found["check"] and _check(head) == found["check"] else None
    flags = found["flags"] or ""
    return Marker(
        project=found["project"],
        kind=found["kind"],
        name=found["name"],
        generation=int(found["generation"] or 1),
        protected="p" in flags,
        replaced="r" in flags,
        seen_on="o" in flags,
        applied=applied or {},
        damaged=applied is None,
    )


def _applied(body: str, names: tuple[str, ...]) -> dict[str, tuple[str, ...]] | None:
    digests, dot, ends = body.partition(".")
    parts = _FIELD.findall(digests)
    hashed = [n for n in names if n != END]
    if "".join(parts) != digests or len(parts) != len(hashed):
        return None
    applied: dict[str, tuple[str, ...]] = {
        name: (part[:4], part[4:].translate(_FIRST)) if len(part) == 8 else (part,)
        for name, part in zip(hashed, parts, strict=True)
        if part != "-"
    }
    if dot and ends:
        values = ends.split("~")
        if not all(re.fullmatch(r"[0-9a-z]{1,8}", v) for v in values):
            return None
        applied[END] = tuple(str(int(v, 36)) for v in values)
    return applied


def write(text: str, repository: str | None, marker: Marker, names: tuple[str, ...]) -> str:
    """The whole description: own text, the line for people, the marker."""
    lines = [text] if text else []
    if repository:
        lines.append(f"Managed in Git: {repository}")
    lines.append(line(marker, names))
    return "\n".join(lines)


def line(marker: Marker, names: tuple[str, ...]) -> str:
    """The marker alone; never longer than LIMIT."""
    flags = ("p" if marker.protected else "") + ("r" if marker.replaced else "") + ("o" if marker.seen_on else "")
    body = "".join(_field(marker.applied.get(name)) for name in names if name != END)
    if END in marker.applied:
        body += "." + "~".join(_base36(int(v)) for v in marker.applied[END])
    head = f"[exportctl/1 {marker.kind} {marker.project} {marker.name} {marker.generation}{flags} {body} "
    return f"{head}{_check(head)}]"


def _field(digests: tuple[str, ...] | None) -> str:
    if not digests:
        return "-"
    return digests[0] + "".join(d.translate(_SECOND) for d in digests[1:2])


def _check(head: str) -> str:
    return hashlib.sha256(head.encode()).hexdigest()[:4]


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"
