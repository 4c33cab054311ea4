"""
Rows of a record dataset: customers, one row each. A row that comes again later differs only in when it was modified.

A row's number is a person, the same in every dataset, so that events and profiles can be joined. All of it is made up:
mail goes to example.com, and phone numbers are of the range kept for fiction, which has a hundred.
Put together from JSON fragments, as events are. Which fields there are is assumed; their names are those of
the XDM schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from exportctl.emulator.data.columns import BOOLEAN, DATE, INTEGER, TEXT, TIME, MapType, Shape, member, rfc3339_time

PEOPLE = 100_000  # events are of the people numbered below this

IDENTITY_MAP: Shape = MapType([{"id": TEXT, "authenticatedState": TEXT, "primary": BOOLEAN}])

_SPREAD = 61803398874989484820458683436563811773  # no common factor with ten: no two people share an ECID

_CHOICE: Shape = {"val": TEXT}
COLUMNS: Mapping[str, Shape] = {
    "_id": TEXT,
    "_repo": {"createDate": TIME, "modifyDate": TIME},
    "person": {"name": {"firstName": TEXT, "lastName": TEXT}, "birthDate": DATE, "gender": TEXT},
    "personalEmail": {"address": TEXT},
    "mobilePhone": {"number": TEXT},
    "homeAddress": {"street1": TEXT, "city": TEXT, "postalCode": TEXT, "countryCode": TEXT},
    "identityMap": IDENTITY_MAP,
    "consents": {"collect": _CHOICE, "marketing": {"email": _CHOICE, "push": _CHOICE}},
    "loyalty": {"loyaltyID": [TEXT], "tier": TEXT, "points": INTEGER, "joinDate": DATE},
}

_FIRST_NAMES = (  # name, gender where given
    ("Anna", "female"),
    ("Zoë", "female"),
    ("Łukasz", "male"),
    ("美咲", "female"),
    ("Øystein", "male"),
    ("José", "male"),
    ("İpek", None),
    ("Дмитрий", "male"),
    ("Siobhán", "female"),
    ("Noor", "not_specified"),
    ("Sam", None),
)
_LAST_NAMES = (
    "Müller",
    "O'Brien",
    "Nowak",
    "佐藤",
    "García",
    "Smith",
    "Ångström",
    "Nguyễn",
    "Çelik",
    "Иванова",
    "Dupont",
)
_HOMES = (
    ("12 Main Street", "Springfield", "01101", "US"),
    ("Lindenstraße 4", "Köln", "50667", "DE"),
    ("7 rue de l'Église", "Orléans", "45000", "FR"),
    ("ul. Długa 21", "Kraków", "31-147", "PL"),
    ("Rua São Bento 88", "São Paulo", "01011-100", "BR"),
    ("Storgata 3", "Tromsø", "9008", "NO"),
    ("9 High Street", "Bath", "BA1 1AA", "GB"),
)
_TIERS = ("bronze", "silver", "gold")
_EARLIEST_CREATION = 1_546_300_800  # 2019-01-01T00:00:00Z; all are created in the four years and a half after it
_SPAN = 1640 * 86_400


def email(person: int) -> str:
    return f"person{person}@example.com"


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


def line(stem: str, number: int, chance: bytes, ms: int) -> str:
    """Return the row as one line of JSON, modified at `ms`; `stem` is the dataset id, `chance` gives ten bytes."""
    created = 1000 * (_EARLIEST_CREATION + int.from_bytes(chance[:4]) % _SPAN)
    phone = f',"mobilePhone":{{"number":"+120255501{number % 100:02d}"}}' if chance[4] % 4 else ""
    return (
        f'{{"_id":"{stem}-{number:012d}","_repo":{{"createDate":"{rfc3339_time(created)}","modifyDate":"{rfc3339_time(ms)}"}}'
        f',"person":{{"name":{{{_name(chance[5])}}}{_birthday(chance[6])}{_gender(chance[5])}}}'
        f',"personalEmail":{{"address":"{email(number)}"}}{phone}{_home(chance[7])}'
        f',"identityMap":{identity_map(number, known=True)}{_consent(chance[8])}'
        f"{_loyalty(number, chance[9])}}}"
    )


def _loyalty(number: int, chance: int) -> str:
    """Three in five have joined."""
    if chance >= 154:
        return ""
    joined = f"{2019 + chance % 5}-{1 + chance % 12:02d}-{1 + chance % 28:02d}"
    return (
        f',"loyalty":{{"loyaltyID":["L{number:09d}"],"tier":"{_TIERS[chance % 3]}",'
        f'"points":{37 * chance},"joinDate":"{joined}"}}'
    )


@cache
def _name(chance: int) -> str:
    """Return the fields of the name, without a comma in front."""
    first, last = chance % len(_FIRST_NAMES), chance // len(_FIRST_NAMES) % len(_LAST_NAMES)
    return (member("firstName", _FIRST_NAMES[first][0]) + member("lastName", _LAST_NAMES[last]))[1:]


@cache
def _gender(chance: int) -> str:
    """Return the value that the same byte as the name selects."""
    return member("gender", _FIRST_NAMES[chance % len(_FIRST_NAMES)][1])


@cache
def _birthday(chance: int) -> str:
    """Absent for one in eight."""
    day = f"{1940 + chance % 66}-{1 + chance % 12:02d}-{1 + chance % 28:02d}"
    return member("birthDate", day if chance % 8 else None)


@cache
def _home(chance: int) -> str:
    """Absent for one in eight."""
    home = dict(zip(("street1", "city", "postalCode", "countryCode"), _HOMES[chance % len(_HOMES)], strict=True))
    return member("homeAddress", home if chance % 8 else None)


@cache
def _consent(chance: int) -> str:
    """Absent for one in sixteen: never asked."""
    email, push = ({"val": "y" if chance & bit else "n"} for bit in (64, 128))
    consent = {"collect": {"val": "y"}, "marketing": {"email": email, "push": push}}
    return member("consents", consent if chance % 16 else None)
