"""azure_blob."""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.model.project import Destination
from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.type import _PATH_WORDS, AuthField, AuthMethod, DestinationType, LocationField

BLOB_CONTAINER = r"^[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]$"


BLOB_PATH = r"^[0-9a-zA-Z/!\-_.*'()]+$"


AZURE_BLOB = DestinationType(
    name="azure-blob",
    label="Azure Blob Storage",
    connection_spec="6d6b59bf-fb58-4107-9064-4d246c0e5bb2",
    flow_spec="95bd8965-fc8a-4119-b9c3-944c2c2df6d2",
    audience_flow_spec="752d422f-b16f-4f0d-b1c6-26e448e3b388",
    location=(
        LocationField(
            "container", "container", True, BLOB_CONTAINER, "3-63 lower-case letters, digits and single hyphens"
        ),
        LocationField("path", "path", True, BLOB_PATH, f"not empty; {_PATH_WORDS}"),
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
                    hidden=True,
                    sample="DefaultEndpointsProtocol=https;AccountName=emulated;AccountKey=ZW11bGF0ZWQ=",
                ),
            ),
        ),
    ),
)


def _blob(destination: Destination) -> Iterator[str]:
    yield "a connection string with the account key; no finer right is documented"
