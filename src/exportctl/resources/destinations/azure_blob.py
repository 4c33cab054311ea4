"""
Azure Blob Storage: a container of a storage account, with a connection string or a service principal.

Source: dataset-exports.md 4.1-4.3 ([XD-new] [AS]). The account's name is inside the connection string, which is secret.
A service principal needs it beside `auth` (assumed): nothing else says which account is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.azure_data_lake import AZURE_PRINCIPAL, PRINCIPAL_NEEDS
from exportctl.resources.destinations.object_storage import FOLDER, PATH_RULE
from exportctl.resources.destinations.type import (
    AccountKey,
    AuthField,
    AuthMethod,
    DestinationType,
    IdentityRule,
    LocationField,
    Part,
    Protocol,
    Scope,
    is_base64,
)

# Pattern sources: [XD-new], unescaped.
_CONTAINER = r"^[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]$"
_PATH = r"^[0-9a-zA-Z/!\-_.*'()]+$"


def _connection_string_problem(text: str) -> str | None:
    """
    Say why a text is no connection string with the account key, the only form that is published [XD-new].

    Pairs may stand in any order, and EndpointSuffix may name another cloud. Azure compares the names without case.
    """
    bare = text.strip()
    if bare[:1] in ("'", '"', "\u2018", "\u201c"):
        return "is in quotes: pass it without them"
    pairs = [pair.partition("=") for pair in bare.split(";") if pair.strip()]
    values = {name.strip().lower(): value for name, _, value in pairs}
    if "usedevelopmentstorage" in values:
        return "is the shortcut of the storage emulator, which only this machine can reach"
    if not pairs or not all(equals for _, equals, _ in pairs):
        return "is not a connection string: NAME=VALUE pairs with ; between them"
    if "sharedaccesssignature" in values and "accountkey" not in values:
        return "has a shared access signature and no AccountKey: the published form has the account key"
    missing = [name for name in ("AccountName", "AccountKey") if not values.get(name.lower())]
    if missing:
        return f"has no {missing[0]}: copy the whole string from the account's page `Access keys`"
    if not re.fullmatch("[a-z0-9]{3,24}", values["accountname"]):
        return "has an AccountName that no storage account can have: 3 to 24 lower-case letters and digits"
    return None if is_base64(values["accountkey"]) else "has an AccountKey that is not base64: it is cut or changed"


# Names on the wire: assumed, as Azure Data Lake Gen2 has them. The live spec has the ones that are sent.
_PRINCIPAL = (
    AuthField(
        "storage_account",
        "url",
        Secrecy.PLAIN,
        part=Part.ENDPOINT,
        url="https://{}.blob.core.windows.net",
    ),
    *(field for field in AZURE_PRINCIPAL if field.secrecy is not Secrecy.PLAIN),
)

_PRINCIPAL_METHOD = "service-principal"


def _needs(location: Mapping[str, str], method: str | None, organization: str) -> Iterator[str]:
    """Yield what the way to authenticate needs; source: dataset-exports.md 4.3, and for a service principal none."""
    if method == _PRINCIPAL_METHOD:
        yield PRINCIPAL_NEEDS
    else:
        yield "a connection string with the account key; no finer right is documented"


AZURE_BLOB = DestinationType(
    name="azure-blob",
    label="Azure Blob Storage",
    connection_spec="6d6b59bf-fb58-4107-9064-4d246c0e5bb2",
    flow_spec="95bd8965-fc8a-4119-b9c3-944c2c2df6d2",
    audience_flow_spec="752d422f-b16f-4f0d-b1c6-26e448e3b388",
    location=(
        LocationField(
            "container",
            "container",
            required=True,
            pattern=_CONTAINER,
            rule="3-63 lower-case letters, digits and single hyphens",
            part=Part.CONTAINER,
            description="the container.",
            example="exports",
        ),
        replace(FOLDER, pattern=_PATH, rule=f"not empty; {PATH_RULE}"),
    ),
    protocol=Protocol.AZURE_CONTAINER,
    identity=IdentityRule(
        Scope.ACCOUNT,
        "container {container}",
        location=("container",),
        login="connection_string",
        other_login="storage_account",
    ),
    methods=(
        AuthMethod(
            "connection-string",
            "ConnectionString",
            (
                AuthField(
                    "connection_string",
                    "connectionString",
                    Secrecy.SECRET,
                    check=_connection_string_problem,
                    sample="DefaultEndpointsProtocol=https;AccountName=emulated;AccountKey=ZW11bGF0ZWQ=",
                    part=Part.CONNECTION_STRING,
                    description="The storage account's connection string.",
                    example="${env:BLOB_CONNECTION_STRING}",
                ),
            ),
            source="[XD-new] [AS]",
        ),
        AuthMethod(
            _PRINCIPAL_METHOD,
            "Azure Service Principal Auth",
            _PRINCIPAL,
            source="Release notes of September 2026; names: the live connection spec",
            is_named_by_spec=True,
        ),
    ),
    account_keys=(
        AccountKey(
            "storage_account",
            "the storage account, for a service principal.",
            "acmelake",
            hint="the name of the storage account",
        ),
    ),
    needs=_needs,
    failure_checks="the key in the connection string or the client secret, the container, the account's firewall",
    aliases=("blob", "azure"),
)
