"""
SFTP: a folder on a server, with a password or a key.

Source: dataset-exports.md 4.1-4.3 ([XD-new] [AS]). Each user may have a home of its own.
"""

from __future__ import annotations

from dataclasses import replace

from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.object_storage import FOLDER
from exportctl.resources.destinations.type import (
    AccountKey,
    AuthField,
    AuthMethod,
    DestinationType,
    IdentityRule,
    KeyForm,
    Part,
    Protocol,
    Scope,
    constant_needs,
)

_MIN_CONNECTIONS_PERCENT = 30  # below it exports fail (dataset-exports.md 4.3)

_SERVER = (
    AuthField("host", "domain", Secrecy.PLAIN, part=Part.HOST),
    AuthField("port", "port", Secrecy.PLAIN, part=Part.PORT),
    AuthField(
        "username",
        "username",
        Secrecy.SENSITIVE,
        sample="emulated",
        part=Part.USERNAME,
        description="The user's name.",
        example="acme",
    ),
)
_PASSWORD = AuthField(
    "password",
    "password",
    Secrecy.SECRET,
    sample="emulated-password",
    part=Part.PASSWORD,
    description="The user's password.",
    example="${env:PARTNER_PASSWORD}",
)
_PRIVATE_KEY = AuthField(
    "private_key",
    "sshKey",
    Secrecy.SECRET,
    sample="ZW11bGF0ZWQtcHJpdmF0ZS1rZXk=",
    is_private_key=True,
    part=Part.PRIVATE_KEY,
    description="An RSA private key without a passphrase: a PEM, also on one line, or its base64.",
    example="${env:PARTNER_SSH_KEY}",
)

SFTP = DestinationType(
    name="sftp",
    label="SFTP",
    connection_spec="36965a81-b1c6-401b-99f8-22508f1e6a26",
    flow_spec="354d6aad-4754-46e4-a576-1b384561c440",
    audience_flow_spec="fd36aaa4-bf2b-43fb-9387-43785eeeb799",
    location=(replace(FOLDER, wire="remotePath", is_checked_live=True),),
    protocol=Protocol.SFTP,
    identity=IdentityRule(Scope.ACCOUNT, "server {host}", account=("host", "port"), login="username"),
    methods=(
        AuthMethod("password", "SFTP with Password", (*_SERVER, _PASSWORD), source="[XD-new] [AS]"),
        AuthMethod("key", "SFTP with SSH Key", (*_SERVER, _PRIVATE_KEY), source="[XD-new] [AS]"),
    ),
    account_keys=(
        AccountKey(
            "host",
            "the server.",
            "sftp.partner.example",
            hint="the server's name",
            required=True,
            form=KeyForm.HOST,
        ),
        # optional; a string in [AS], absent from the published schema
        AccountKey(
            "port",
            "the port, 22 if left out.",
            22,
            hint="the server's port",
            form=KeyForm.PORT,
            default="22",
            is_published=False,
        ),
    ),
    min_connections_percent=_MIN_CONNECTIONS_PERCENT,
    needs=constant_needs(
        "a server that takes parallel connections: one per dataset exported at the same time, "
        f"{_MIN_CONNECTIONS_PERCENT} % of that at least"
    ),
    failure_checks="host and port from outside, the user and its key, write permission in the folder, how many "
    "connections at once the server takes, free space",
    aliases=("ssh", "ftp"),
)
