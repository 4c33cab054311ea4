"""Markers of all versions to draw from, and text as the first version wrote it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from exportctl.model.plan import Marker
from exportctl.resources.kinds import BASE_CONNECTION, FLOW, START, Kind
from exportctl.resources.marker import END

NAMES = FLOW.managed_fields
FAR = 253402300799  # the last second of the year 9999
DOUBLED = {n: (str(FAR), str(FAR)) if n == END else ("ffff", "0000") for n in NAMES}

projects = st.from_regex(r"[a-z0-9][a-z0-9-]{0,31}", fullmatch=True)
keys = st.from_regex(r"[a-z0-9][a-z0-9-]{0,30}(/[a-z0-9][a-z0-9_.-]{0,30})?", fullmatch=True)
digests = st.from_regex(r"[0-9a-f]{4}", fullmatch=True)
more_digits = st.from_regex(r"[0-9a-f]{12}", fullmatch=True)
pairs = st.one_of(st.tuples(digests), st.tuples(digests, digests))
moments = st.integers(0, FAR).map(str)
ends = st.one_of(st.tuples(moments), st.tuples(moments, moments))
texts = st.text(alphabet=st.characters(codec=None)).filter(lambda t: not t.endswith("\r"))  # no line ends so


@st.composite
def markers(draw: st.DrawFn, kind: Kind) -> Marker:
    applied = {name: draw(ends if name == END else pairs) for name in kind.managed_fields if draw(st.booleans())}
    is_long = kind is BASE_CONNECTION and draw(st.booleans())  # of a flow's fields there would be no room for all
    return Marker(
        project=draw(projects),
        kind=kind.letter,
        name=draw(keys),
        generation=draw(st.integers(1, 9999)),
        protected=draw(st.booleans()),
        being_replaced=draw(st.booleans()),
        last_seen_enabled=draw(st.booleans()),
        disables=draw(st.booleans()),
        enables=draw(st.booleans()),
        applied=applied,
        long_digests={name: first + draw(more_digits) for name, (first, *_) in applied.items() if is_long},
    )


def whole(**changes: Any) -> Marker:
    """A marker that knows every field of a flow."""
    applied = {name: ("1815000000",) if name == END else ("ab12",) for name in NAMES}
    made = Marker("acme", "e", "orders/returns", 2, protected=True, last_seen_enabled=True, applied=applied)
    return replace(made, **changes)


def checked(head: str) -> str:
    """A marker that begins with `head`, under a check digest that fits."""
    return f"{head}{hashlib.sha256(head.encode('utf-8', 'surrogatepass')).hexdigest()[:4]}]"


def fields_of_version_1(kind: Kind) -> tuple[str, ...]:
    """The managed fields that version 1 knew."""
    return tuple(name for name in kind.managed_fields if name != START)


def of_version_1(marker: Marker, kind: Kind) -> Marker:
    """What version 1 can say of a marker."""
    kept = {name: digests for name, digests in marker.applied.items() if name in fields_of_version_1(kind)}
    return replace(marker, applied=kept, disables=False, enables=False)


def version_1(marker: Marker, kind: Kind) -> str:
    """The marker as exportctl 0.1 wrote it: digests of all fields by position, `-` for none, ends after a dot."""
    letters = str.maketrans("0123456789abcdef", "ghijklmnopqrstuv")
    parts = [marker.applied.get(name, ("-",)) for name in fields_of_version_1(kind) if name != END]
    body = "".join(first + "".join(d.translate(letters) for d in more) for first, *more in parts)
    if END in marker.applied:
        body += "." + "~".join(_base36(int(value)) for value in marker.applied[END])
    flags = (
        ("p" if marker.protected else "")
        + ("r" if marker.being_replaced else "")
        + ("o" if marker.last_seen_enabled else "")
    )
    return checked(f"[exportctl/1 {marker.kind} {marker.project} {marker.name} {marker.generation}{flags} {body} ")


def _base36(number: int) -> str:
    high, low = divmod(number, 36)
    return (_base36(high) if high else "") + "0123456789abcdefghijklmnopqrstuvwxyz"[low]
