"""
A destination type that Adobe does not have: all that exportctl needs to know of a seventh type stands in this file.

It uses no key, no param and no id of the six, so that a place in the code which knows one of theirs shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.type import (
    AccountKey,
    AuthField,
    AuthMethod,
    DestinationType,
    IdentityRule,
    KeyForm,
    LocationField,
    Part,
    Protocol,
    Scope,
)


def _needs(location: Mapping[str, str], method: str | None, organization: str) -> Iterator[str]:
    yield f"write access to the share {location['share']} by {method}"


FILE_SHARE = DestinationType(
    name="file-share",
    label="File Share",
    connection_spec="77777777-0000-4000-8000-000000000001",
    flow_spec="77777777-0000-4000-8000-000000000002",
    audience_flow_spec="77777777-0000-4000-8000-000000000003",
    location=(
        LocationField(
            "share",
            "shareName",
            required=True,
            pattern=r"[a-z]{3,12}",
            rule="3-12 lower-case letters",
            part=Part.CONTAINER,
            description="the share.",
            example="exports",
        ),
        LocationField(
            "directory",
            "directoryName",
            required=True,
            part=Part.FOLDER,
            description="The directory under which all exports of this destination lie.",
            example="aep",
        ),
    ),
    protocol=Protocol.SFTP,
    identity=IdentityRule(Scope.ACCOUNT, "share {share}", location=("share",), account=("server",), login="login"),
    methods=(
        AuthMethod(
            "ticket",
            "Ticket",
            (
                AuthField("server", "serverName", Secrecy.PLAIN, part=Part.HOST),
                AuthField(
                    "login",
                    "loginName",
                    Secrecy.SENSITIVE,
                    part=Part.USERNAME,
                    description="The login.",
                    example="acme",
                ),
                AuthField(
                    "ticket",
                    "ticketText",
                    Secrecy.SECRET,
                    part=Part.PASSWORD,
                    description="The ticket.",
                    example="${env:TICKET}",
                ),
            ),
        ),
    ),
    account_keys=(
        AccountKey("server", "the server.", "files.example", "the server's name", required=True, form=KeyForm.HOST),
    ),
    folder_key="directory",
    retention_days=30,
    noun="file share",
    min_connections_percent=50,
    needs=_needs,
    failure_checks="the ticket and the share",
    aliases=("smb",),
)
