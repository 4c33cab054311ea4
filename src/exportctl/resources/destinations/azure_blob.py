"""
Azure Blob Storage: a container of a storage account, with a connection string.

Source: dataset-exports.md 4.1-4.3 ([XD-new] [AS]). The account's name is inside the connection string, which is secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.object_storage import FOLDER_WORDS, PATH_RULE
from exportctl.resources.destinations.type import (
    AuthField,
    AuthMethod,
    DestinationType,
    IdentityRule,
    LocationField,
    Part,
    Protocol,
    Scope,
)

# Pattern sources: [XD-new], unescaped.
_CONTAINER = r"^[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]$"
_PATH = r"^[0-9a-zA-Z/!\-_.*'()]+$"


def _needs(location: Mapping[str, str], method: str | None) -> Iterator[str]:
    """Yield what the account needs. Source: dataset-exports.md 4.3."""
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
        LocationField(
            "path",
            "path",
            required=True,
            pattern=_PATH,
            rule=f"not empty; {PATH_RULE}",
            part=Part.FOLDER,
            description=FOLDER_WORDS[0],
            example=FOLDER_WORDS[1],
            is_checked_live=False,
        ),
    ),
    protocol=Protocol.AZURE_CONTAINER,
    identity=IdentityRule(Scope.ACCOUNT, "container {container}", location=("container",), login="connection_string"),
    methods=(
        AuthMethod(
            "connection-string",
            "ConnectionString",
            (
                AuthField(
                    "connection_string",
                    "connectionString",
                    Secrecy.SECRET,
                    hidden=True,
                    sample="DefaultEndpointsProtocol=https;AccountName=emulated;AccountKey=ZW11bGF0ZWQ=",
                    part=Part.CONNECTION_STRING,
                    description="The storage account's connection string.",
                    example="${env:BLOB_CONNECTION_STRING}",
                ),
            ),
        ),
    ),
    needs=_needs,
    failure_checks="the key in the connection string, the container, the account's firewall",
    aliases=("blob", "azure"),
)
