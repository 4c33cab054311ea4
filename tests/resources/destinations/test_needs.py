"""What `doctor` says the customer's storage needs, for each destination type."""

from __future__ import annotations

import json

import pytest

from exportctl.resources.destinations.table import TYPES

ORGANIZATION = "0123456789ABCDEF01234567@AdobeOrg"
NEEDS: dict[str, str] = {
    "azure-blob": "a connection string with the account key;",
    "azure-data-lake": "the service principal as Storage Blob Data Contributor on the container ",
    "data-landing-zone": "nothing; every file is deleted after 7 days",
    "google-cloud-storage": "interoperability switched on and an HMAC key of a service account ",
    "sftp": "a server that takes parallel connections: one per dataset exported at the same time, 30 % ",
}


def s3_needs(location: dict[str, str], method: str | None) -> dict[str, dict[str, object]]:
    """Each JSON document of Amazon S3, by the words before it."""
    shown = (words.partition("{") for words in TYPES["amazon-s3"].needs(location, method, ORGANIZATION))
    return {name.strip(): json.loads(brace + rest) for name, brace, rest in shown}


@pytest.mark.parametrize("name", NEEDS)
def test_a_type_says_in_one_line_what_its_storage_needs(name: str) -> None:
    (words,) = TYPES[name].needs({}, None, ORGANIZATION)

    assert words.startswith(NEEDS[name])


def test_a_service_principal_of_a_blob_account_needs_a_role_and_no_connection_string() -> None:
    (words,) = TYPES["azure-blob"].needs({}, "service-principal", ORGANIZATION)

    assert words.startswith(NEEDS["azure-data-lake"])


def test_every_type_says_what_its_storage_needs() -> None:
    assert set(TYPES) == {*NEEDS, "amazon-s3"}


@pytest.mark.parametrize(
    ("path", "below"),
    [("aep", "acme-lake/aep/*"), ("/aep/daily/", "acme-lake/aep/daily/*"), ("", "acme-lake/*")],
    ids=["a folder", "a folder between slashes", "the whole bucket"],
)
def test_a_bucket_policy_lets_adobe_write_below_the_folder_only(path: str, below: str) -> None:
    policy = s3_needs({"bucket": "acme-lake", "path": path}, "key")["policy"]

    statements = policy["Statement"]
    assert isinstance(statements, list)
    assert [statement["Resource"] for statement in statements] == [f"arn:aws:s3:::{below}", "arn:aws:s3:::acme-lake"]
    assert "s3:PutObject" in statements[0]["Action"]
    assert "s3:PutObject" not in statements[1]["Action"]


def test_only_a_role_needs_a_trust_and_it_lets_in_only_the_own_organization() -> None:
    with_role = s3_needs({"bucket": "acme-lake"}, "role")

    assert set(with_role) == {"policy", "trust of the role"}
    assert with_role["trust of the role"]["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::670664943635:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": ORGANIZATION}},
        }
    ]
    assert set(s3_needs({"bucket": "acme-lake"}, "key")) == {"policy"}
