"""
The people in the data: who a number is, the same in every dataset, so that events and profiles can be joined.

All of it is made up. Mail goes to example.com, and phone numbers are of the range kept for fiction.
"""

from __future__ import annotations

from exportctl.emulator.data.columns import BOOLEAN, TEXT, MapType, Shape

COUNT = 100_000
"""Events are of the people numbered below this."""

IDENTITY_MAP: Shape = MapType([{"id": TEXT, "authenticatedState": TEXT, "primary": BOOLEAN}])

_SPREAD = 61803398874989484820458683436563811773  # no common factor with ten: no two people share an ECID


def email(person: int) -> str:
    return f"person{person}@example.com"


def phone(person: int) -> str:
    """One of a hundred: more numbers are not kept for fiction."""
    return f"+120255501{person % 100:02d}"


def identity_map(person: int, known: bool) -> str:
    """Return the JSON of the identities: the device's always (38 digits), those of the person only where `known`."""
    device = f"{(person + 1) * _SPREAD % 10**38:038d}"
    if not known:
        return f'{{"ECID":[{{"id":"{device}","authenticatedState":"ambiguous","primary":true}}]}}'
    return (
        f'{{"ECID":[{{"id":"{device}","authenticatedState":"ambiguous","primary":false}}],'
        f'"Email":[{{"id":"{email(person)}","authenticatedState":"authenticated","primary":true}}],'
        f'"CRMID":[{{"id":"C-{person:09d}","authenticatedState":"authenticated","primary":false}}]}}'
    )
