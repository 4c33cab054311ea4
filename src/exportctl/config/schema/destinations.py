"""
The part of the config's schema about destinations: accounts, ways to authenticate, places.

Which keys belong to which type comes from `destination_types`; here are the words. Once `type` is written, keys of
other types are refused, so that an editor can say so; the program says it itself, after all files are laid over each
other.
"""

from __future__ import annotations

from exportctl.config.schema.parts import EXAMPLE_ID, WHOLE_NOTE, Schema, choice, list_schema, map_schema, ref, text
from exportctl.model.project import READERS
from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.table import TYPES

_AUTH_WORDS = {
    "role_arn": ("The IAM role that Adobe assumes.", "${env:LAKE_ROLE_ARN}"),
    "access_key_id": ("The access key's id.", "${env:LAKE_ACCESS_KEY_ID}"),
    "secret_access_key": ("The access key's secret.", "${env:LAKE_SECRET_ACCESS_KEY}"),
    "connection_string": ("The storage account's connection string.", "${env:BLOB_CONNECTION_STRING}"),
    "tenant_id": ("The Entra tenant's id.", "${env:AZURE_TENANT_ID}"),
    "client_id": ("The service principal's id.", "${env:AZURE_CLIENT_ID}"),
    "client_secret": ("The service principal's secret.", "${env:AZURE_CLIENT_SECRET}"),
    "username": ("The user's name.", "acme"),
    "password": ("The user's password.", "${env:PARTNER_PASSWORD}"),
    "private_key": ("An RSA private key without a passphrase, PEM or base64 of it.", "${env:PARTNER_SSH_KEY}"),
}
_SECRECY_WORDS = {
    Secrecy.SECRET: "Secret: exactly one reference, read only when it is sent.",
    Secrecy.SENSITIVE: "Sensitive: a literal or references, masked everywhere.",
    Secrecy.PLAIN: "Shown.",
}


def auth() -> Schema:
    fields: Schema = {}
    for kind in TYPES.values():
        for method in kind.methods:
            for field in method.fields:
                if field.name in _AUTH_WORDS and field.name not in fields:
                    described, example = _AUTH_WORDS[field.name]
                    fields[field.name] = text(f"{described} {_SECRECY_WORDS[field.secrecy]}", example, min_length=1)
    fields["secret_version"] = {
        "description": "Any text or number; change it to send the secrets again.",
        "type": ["string", "integer"],
        "examples": ["2026-12"],
    }
    fields["drop"] = list_schema(
        "Keys of the live account that may be lost when it is written.", text("A key.", "authorizedDate")
    )
    described = f"How Adobe signs in; the keys say which way. {WHOLE_NOTE}"
    return map_schema(
        "Authentication", described, fields, example={"role_arn": "${env:LAKE_ROLE_ARN}"}, min_properties=1
    )


def account() -> Schema:
    described = f"Instead of `auth`: an account that exists, made by others or by another destination. {WHOLE_NOTE}"
    schema = map_schema(
        "Account",
        described,
        {
            "existing": text("The title of an account made by others; never changed.", "Partner SFTP", min_length=1),
            "id": text("The id of an account made by others; never changed.", EXAMPLE_ID, min_length=1),
            "of": text("Another destination of this config, whose account is shared.", "lake"),
        },
        example={"of": "lake"},
        min_properties=1,
    )
    return {**schema, "maxProperties": 1}


def destination(shape: Schema) -> Schema:
    """`shape` is the key `format`, which exports have too."""
    schema = map_schema(
        "Destination",
        "An account and a place to which exports are written.",
        {
            "type": choice("The kind of storage.", *TYPES),
            "title": text("The account's name in the AEP UI.", "Data lake of the analytics team"),
            "description": text("For people; shown in the AEP UI.", "Owned by the analytics team"),
            "bucket": text("Amazon S3, Google Cloud Storage: the bucket.", "acme-aep-${environment}"),
            "container": text("Azure Blob, Azure Data Lake: the container.", "exports"),
            "path": text("The folder under which all exports of this destination lie.", "aep"),
            "storage_account": text("Azure Data Lake: the storage account, with `container`.", "acmelake"),
            "endpoint": text(
                "Azure Data Lake: the abfss URL, instead.", "abfss://exports@acmelake.dfs.core.windows.net"
            ),
            "host": text("SFTP: the server.", "sftp.partner.example"),
            "port": {
                "description": "SFTP: the port, 22 if left out.",
                "type": ["integer", "string"],
                "minimum": 1,
                "maximum": 65535,
                "examples": [22],
            },
            "auth": ref("auth"),
            "account": ref("account"),
            "format": shape,
            "encryption": map_schema(
                "Encryption",
                "Files are encrypted with this key (PGP) before they are sent.",
                {"public_key": text("The public key, base64.", "LS0tLS1CRUdJTiBQR1AgUFVCTElDIEtFWSBCTE9DSy0tLS0t")},
                example={"public_key": "LS0tLS1CRUdJTiBQR1AgUFVCTElDIEtFWSBCTE9DSy0tLS0t"},
                required=("public_key",),
            ),
            "reader": choice("Whose credentials `verify` reads the storage with.", *READERS),
            "renamed_from": text("The key it had before, so that it is renamed and not made again.", "old-lake"),
        },
        example={
            "type": "amazon-s3",
            "bucket": "acme-aep",
            "path": "aep",
            "auth": {"role_arn": "${env:LAKE_ROLE_ARN}"},
        },
    )
    return {**schema, "allOf": [_type_condition(name) for name in TYPES]}


def _type_condition(name: str) -> Schema:
    """What a type does not have is refused once `type` is known."""
    kind = TYPES[name]
    own = {f.name for f in kind.location} | set(kind.account_keys)
    others = {f.name for t in TYPES.values() for f in t.location} | {k for t in TYPES.values() for k in t.account_keys}
    fields = {f.name for m in kind.methods for f in m.fields if f.secrecy is not Secrecy.PLAIN}
    then: dict[str, object] = {key: {"type": "null"} for key in sorted(others - own)}
    if fields:
        then["auth"] = {"propertyNames": {"enum": [*sorted(fields), "secret_version", "drop"]}}
    else:
        then["auth"] = {"type": "null"}
    if not kind.encryption:
        then["encryption"] = {"type": "null"}
    return {"if": {"properties": {"type": {"const": name}}, "required": ["type"]}, "then": {"properties": then}}
