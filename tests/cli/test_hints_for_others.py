"""Hints that only a person outside exportctl can follow, each with the reason; none names a command of exportctl."""

from __future__ import annotations

import pytest

from tests.cli.test_printed_commands import GAP, OPTION, commands_in, texts

NETWORK = "the network and its proxy belong to whoever runs them"
CREDENTIALS = "only the owner of the credentials of the storage can give them"
PERSON = "only a person in the AEP UI, or the owner of the account, can do it"
ADOBE = "only Adobe can change or explain its service"
OUTSIDE = {
    "check the network, HTTPS_PROXY and AEP_IMS_URL": NETWORK,
    "check HTTPS_PROXY and ALL_PROXY (http:// addresses), SSL_CERT_FILE and SSL_CERT_DIR (must exist)": NETWORK,
    "behind a company proxy, set SSL_CERT_FILE to the CA bundle of the proxy": NETWORK,
    "check the path and its permissions": "the file system belongs to its administrator",
    "upgrade exportctl: this version may misread the config": "who runs exportctl installs another version",
    "change its secrets in the UI, or ask its owner": PERSON,
    "delete flows that are not needed: Adobe documents the limit as a hard one": PERSON,
    f"{GAP} the sandbox": "an administrator gives permissions",
    f"{GAP} both before the first apply": "an administrator gives permissions",
    "profiles are not read; put its keys into the environment: ": CREDENTIALS,
    "copy it from the account's page `Access keys`; the Azurite shortcut is not known here": CREDENTIALS,
    "it is the JSON of a service account, or what `gcloud auth application-default login` writes": CREDENTIALS,
    "user name, password or key are wrong, or the server does not accept this way to log in": CREDENTIALS,
    f"the user {GAP} must be able to list the folder and to read its files": CREDENTIALS,
    "is the mount there, or the path misspelt?": "the file system belongs to its administrator",
    "the account that runs this must be able to read it": "the file system belongs to its administrator",
    "the object does not exist (any more), or an access label hides it from this credential": ADOBE,
    "ask Adobe why this sandbox drops or cuts descriptions: exportctl needs them for its ownership markers": ADOBE,
}


@pytest.mark.parametrize("hint", OUTSIDE)
def test_a_hint_for_others_is_printed_and_names_no_command_and_no_option(hint: str) -> None:
    assert any(hint in text for _, text in texts())
    assert commands_in(hint) == []
    assert OPTION.findall(hint) == []
