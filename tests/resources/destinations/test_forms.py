"""The published forms of auth values: what people have is accepted, what they mistake for it is named."""

from __future__ import annotations

import pytest

from exportctl.resources.destinations.table import TYPES

KEY = "AccountKey=YWNtZQ=="
RIGHT = {
    ("amazon-s3", "role_arn"): [
        "arn:aws:iam::123456789012:role/adobe-export",
        "arn:aws-us-gov:iam::123456789012:role/adobe-export",
        "arn:aws-cn:iam::123456789012:role/path/of/it/export",
        "arn:aws-iso-b:iam::123456789012:role/export",
        "arn:aws-eusc:iam::123456789012:role/a+b=c,d.e@f_g-h",
    ],
    ("amazon-s3", "secret_access_key"): ["b" * 40, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"],
    ("google-cloud-storage", "access_key_id"): ["GOOG1E" + "A" * 55, "GOOGTS7C7FUP3AIRVJTE2BCD"],
    ("google-cloud-storage", "secret_access_key"): ["c" * 40],
    ("azure-blob", "connection_string"): [
        f"DefaultEndpointsProtocol=https;AccountName=acme;{KEY}",
        f"DefaultEndpointsProtocol=https;AccountName=acme;{KEY};EndpointSuffix=core.windows.net",
        f"{KEY};DefaultEndpointsProtocol=https;EndpointSuffix=core.chinacloudapi.cn;AccountName=acme;",
        f"accountname=acme;{KEY};BlobEndpoint=https://acme.blob.core.usgovcloudapi.net/",
        f"AccountName=acme;{KEY};SharedAccessSignature=sv=1&sig=x",
    ],
}
WRONG = {
    ("amazon-s3", "role_arn"): [
        ("adobe-export", "ARN of a role"),
        ("arn:aws:iam::12345678901:role/x", "12 digits"),
        ("arn:aws:iam::123456789012:user/x", "ARN of a role"),
        ("arn:aws:sts::123456789012:assumed-role/x/y", "ARN of a role"),
        ("arn:aws:iam::123456789012:role/x ", "ARN of a role"),
        ("arn:aws:iam::123456789012:role/", "ARN of a role"),
        ("arn:aws:iam::\uff11\uff12\uff13456789012:role/x", "12 digits"),
        ("arn:aws:iam::123456789012:role/\u00e9", "ARN of a role"),
    ],
    ("amazon-s3", "secret_access_key"): [
        ("b" * 39, "40 letters"),
        ("b" * 41, "40 letters"),
        ("b" * 39 + "=", "40 letters"),
        ("b" * 39 + " ", "40 letters"),
    ],
    ("google-cloud-storage", "access_key_id"): [
        ("GOOG1E", "HMAC"),
        ("AKIA" + "A" * 57, "HMAC"),
        ("goog" + "a" * 57, "HMAC"),
    ],
    ("azure-blob", "connection_string"): [
        (f'"AccountName=acme;{KEY}"', "quotes"),
        (f"'AccountName=acme;{KEY}'", "quotes"),
        ("UseDevelopmentStorage=true", "emulator"),
        ("BlobEndpoint=https://acme.blob.core.windows.net;SharedAccessSignature=sv=1&sig=x", "shared access signature"),
        ("DefaultEndpointsProtocol=https;AccountName=acme", "no AccountKey"),
        (f"DefaultEndpointsProtocol=https;{KEY}", "no AccountName"),
        ("AccountName=acme;AccountKey=YWNtZQ", "not base64"),
        ("AccountName=acme;AccountKey=YWNtZQ===", "not base64"),
        ("AccountName=acme;AccountKey=\u0430WNtZQ==", "not base64"),
        ("AccountName=acme;AccountKey=", "no AccountKey"),
        (f"AccountName=<name>;{KEY}", "AccountName"),
        (f"AccountName=Acme;{KEY}", "lower-case"),
        (f"\u201cAccountName=acme;{KEY}\u201d", "quotes"),
        (f"AccountName=acme;{KEY};x", "NAME=VALUE"),
        ("https://acme.blob.core.windows.net", "NAME=VALUE"),
    ],
}


@pytest.mark.parametrize(("type", "field"), RIGHT)
def test_what_people_have_is_right(type: str, field: str) -> None:
    assert [TYPES[type].form_problem(field, value) for value in RIGHT[type, field]] == [None] * len(RIGHT[type, field])


@pytest.mark.parametrize(
    ("type", "field", "value", "said"), [(*key, *case) for key, cases in WRONG.items() for case in cases]
)
def test_what_they_mistake_for_it_is_named_without_the_value(type: str, field: str, value: str, said: str) -> None:
    problem = TYPES[type].form_problem(field, value)

    assert problem is not None and said in problem
    assert value.strip() not in problem


@pytest.mark.parametrize("type", TYPES)
def test_the_placeholder_values_of_the_emulator_have_the_published_form(type: str) -> None:
    fields = TYPES[type].auth_fields.values()

    assert [field.name for field in fields if field.check and field.check(field.sample)] == []
