"""
Signatures against vectors: the SAS was accepted by azurite 3.35 and equals that of azure-storage-blob; the S3 headers
were accepted by SeaweedFS 4.48, and equal botocore's.
"""

from __future__ import annotations

import base64

import pytest

from exportctl.emulator.storage import signing

KEY = base64.b64encode(b"k" * 32).decode()
S3_SIGNATURE = "13b1d32519991be7615fefe8eeac30273f9f30a7da3fe87c465f29d96877a636"


def test_a_container_sas_has_the_published_signature() -> None:
    sas = signing.container_sas("blobacct", KEY, "dlz-destination", "rcwl", 1893456000)

    assert sas == (
        "sv=2020-12-06&se=2030-01-01T00%3A00%3A00Z&sr=c&sp=rcwl&sig=2tPhy21V3MuxDWAkvAeD9eGRiQ0MHeneTjZK2xInR%2F8%3D"
    )


def test_an_account_key_that_is_none_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="not base64") as error:
        signing.container_sas("blobacct", "hush!", "c", "r", 0)

    assert "hush" not in str(error.value)
    assert error.value.__suppress_context__


def test_the_headers_of_an_s3_request_have_the_published_signature() -> None:
    address = f"http://127.0.0.1:9000/exports/{signing.quote_key('aep/ü x/(1)~/')}"
    headers = signing.s3_headers("PUT", address, "eu-west-1", "AKIAEXAMPLE", "examplesecret", 1893456000)

    assert address == "http://127.0.0.1:9000/exports/aep/%C3%BC%20x/%281%29~/"
    assert headers["x-amz-date"] == "20300101T000000Z"
    assert headers["authorization"].endswith(f"Signature={S3_SIGNATURE}")
