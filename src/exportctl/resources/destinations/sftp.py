"""sftp."""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.model.project import Destination
from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.type import AuthField, AuthMethod, DestinationType, LocationField

_SFTP_ACCOUNT = (
    AuthField("host", "domain", Secrecy.PLAIN),
    AuthField("port", "port", Secrecy.PLAIN),  # optional; a string in [AS], absent from the published schema
)


SFTP = DestinationType(
    name="sftp",
    label="SFTP",
    connection_spec="36965a81-b1c6-401b-99f8-22508f1e6a26",
    flow_spec="354d6aad-4754-46e4-a576-1b384561c440",
    audience_flow_spec="fd36aaa4-bf2b-43fb-9387-43785eeeb799",
    location=(LocationField("path", "remotePath", True),),
    methods=(
        AuthMethod(
            "password",
            "SFTP with Password",
            (
                *_SFTP_ACCOUNT,
                AuthField("username", "username", Secrecy.SENSITIVE, sample="emulated"),
                AuthField("password", "password", Secrecy.SECRET, hidden=True, sample="emulated-password"),
            ),
        ),
        AuthMethod(
            "key",
            "SFTP with SSH Key",
            (
                *_SFTP_ACCOUNT,
                AuthField("username", "username", Secrecy.SENSITIVE, sample="emulated"),
                AuthField("private_key", "sshKey", Secrecy.SECRET, hidden=True, sample="ZW11bGF0ZWQtcHJpdmF0ZS1rZXk="),
            ),
        ),
    ),
    account_keys=("host", "port"),
)


def _sftp(destination: Destination) -> Iterator[str]:
    yield "a server that takes parallel connections: one per dataset exported at the same time, 30 % of that at least"
