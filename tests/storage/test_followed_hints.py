"""Whoever follows the hints of a storage that cannot be read ends with a way to read it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from exportctl.storage.access import storage_access
from exportctl.storage.access_types import Access
from exportctl.storage.reader import StorageError
from tests.storage.test_access import GIVEN, LOCATIONS, caller_access

PREFIX = "EXPORTCTL_READER_LAKE_"
VALUES = {name.removeprefix(PREFIX): value for _, given, _ in GIVEN.values() for name, value in given.items()}
SECRET_PAIRS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), ("GCS_HMAC_ACCESS_KEY_ID", "GCS_HMAC_SECRET_ACCESS_KEY")
AZURE = (
    ("AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY"),
    ("AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_SAS_TOKEN"),
    ("AZURE_STORAGE_CONNECTION_STRING",),
    ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"),
    ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE"),
)
# The ways that the hint of a storage without credentials offers: each is a set of variables that it names.
WAYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "amazon-s3": (
        SECRET_PAIRS[0],
        ("AWS_WEB_IDENTITY_TOKEN_FILE",),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI",),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT",),
    ),
    "azure-blob": AZURE,
    "azure-data-lake": AZURE,
    "data-landing-zone": ((f"{PREFIX}AZURE_STORAGE_ACCOUNT", f"{PREFIX}AZURE_STORAGE_SAS_TOKEN"),),
    "google-cloud-storage": (("GOOGLE_APPLICATION_CREDENTIALS",), SECRET_PAIRS[1]),
    "sftp": (("EXPORTCTL_SFTP_PRIVATE_KEY_FILE",), ("EXPORTCTL_SFTP_PASSWORD",)),
}
OF_THE_LAKE = {"AZURE_STORAGE_ACCOUNT": "lakeaccount", "AZURE_STORAGE_CONNECTION_STRING": "AccountName=lakeaccount"}
CASES = [(type, way) for type, ways in WAYS.items() for way in ways]


def value_of(type: str, variable: str) -> str:
    """Return a value of the right form: a lake takes only those of its own account."""
    name = variable.removeprefix(PREFIX)
    if type == "azure-data-lake" and name in OF_THE_LAKE:
        return OF_THE_LAKE[name] + (";AccountKey=a2V5" if name.endswith("STRING") else "")
    return VALUES.get(name, "some-value")


def named_variables(hint: str) -> Iterator[str]:
    """Yield the variables of a hint, but not a prefix that stands alone."""
    yield from (name for name in re.findall(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+", hint) if f"{name}_" != PREFIX)


def follow(type: str, variables: tuple[str, ...]) -> Access:
    """Set variables, then what the hints of further errors ask for, until there is access."""
    given = {name: value_of(type, name) for name in variables}
    for _ in range(3):
        try:
            return caller_access(LOCATIONS[type], given)
        except StorageError as error:
            asked = {name: value_of(type, name) for name in named_variables((error.hint or "").partition(", or ")[0])}
            assert not asked.keys() <= given.keys(), error.hint
            given |= asked
    return caller_access(LOCATIONS[type], given)


def first_hint(type: str) -> str:
    with pytest.raises(StorageError) as caught:
        storage_access(LOCATIONS[type])
    return caught.value.hint or ""


@pytest.mark.parametrize("type", LOCATIONS)
def test_every_variable_that_a_hint_names_belongs_to_a_way_that_is_followed(type: str) -> None:
    followed = {name for way in WAYS[type] for name in way} | {f"{PREFIX}FOLDER"}

    assert set(named_variables(first_hint(type))) <= followed
    assert {name for way in WAYS[type] for name in way} <= set(named_variables(first_hint(type)))


@pytest.mark.parametrize(("type", "way"), CASES, ids=str)
def test_every_way_of_a_hint_gives_access_also_for_one_destination(type: str, way: tuple[str, ...]) -> None:
    assert follow(type, way).identity in way
    if "in front" in first_hint(type):
        assert follow(type, tuple(f"{PREFIX}{name}" for name in way)).identity.startswith(PREFIX)
