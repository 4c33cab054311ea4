"""
The part of the config's schema about destinations: accounts, ways to authenticate, locations, and the class of values.

The keys of a type and their descriptions come from resources/destinations. If `type` is set, the schema refuses keys of
other types, so that an editor can report them. exportctl reports them after it merges all files.
"""

from __future__ import annotations

from collections.abc import Sequence

from exportctl.config.schema.parts import EXAMPLE_ID, WHOLE_NOTE, Schema, choice, list_schema, map_schema, ref, text
from exportctl.model.project import READERS
from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.destinations.type import KeyForm

AUTH_OPTIONS = ("secret_version", "drop")  # keys of an `auth` that are not fields of the account
_SECRET_FIELDS = {f.name for t in TYPES.values() for f in t.auth_fields.values() if f.secrecy is Secrecy.SECRET}
_SECRECY_WORDS = {
    Secrecy.SECRET: "Secret: exactly one reference, read only when it is sent.",
    Secrecy.SENSITIVE: "Sensitive: a literal or references, masked in output.",
    Secrecy.PLAIN: "Shown in output.",
}


def secrecy(path: Sequence[str | int]) -> Secrecy:
    """
    Return the class of the value at a path such as `destinations.lake.auth.role_arn`, also in an environment.

    It decides who may see the value and what the value may contain. All values are plain except the fields of an `auth`
    and the platform's credentials.
    """
    keys = [key for key in path if isinstance(key, str)]
    if keys[:1] == ["environments"]:
        keys = keys[2:]
    if keys[:2] == ["platform", "credentials"]:
        return Secrecy.SECRET
    if len(keys) > 2 and keys[0] == "destinations" and keys[2] == "auth" and not set(keys[3:4]) & set(AUTH_OPTIONS):
        return Secrecy.SECRET if set(keys[3:4]) & _SECRET_FIELDS else Secrecy.SENSITIVE
    return Secrecy.PLAIN


def auth() -> Schema:
    fields: Schema = {}
    for kind in TYPES.values():
        for method in kind.methods:
            for field in method.written_fields:
                words = f"{field.description} {_SECRECY_WORDS[field.secrecy]}"
                fields.setdefault(field.name, text(words, field.example, min_length=1))
    fields["secret_version"] = {
        "description": "Any text or number; change it to send the secrets again.",
        "type": ["string", "integer"],
        "examples": ["2026-12"],
    }
    fields["drop"] = list_schema(
        "Keys of the live account that an update of the account may delete.", text("A key.", "authorizedDate")
    )
    described = f"How Adobe signs in to the storage; the keys decide which method. {WHOLE_NOTE}"
    return map_schema(
        "Authentication", described, fields, example={"role_arn": "${env:LAKE_ROLE_ARN}"}, min_properties=1
    )


def account() -> Schema:
    described = f"Instead of `auth`: an existing account, or the account of another destination. {WHOLE_NOTE}"
    schema = map_schema(
        "Account",
        described,
        {
            "existing": text(
                "The title of an existing account, which exportctl never changes.", "Partner SFTP", min_length=1
            ),
            "id": text("The id of an existing account, which exportctl never changes.", EXAMPLE_ID, min_length=1),
            "of": text("Another destination of this config: share its account.", "lake"),
        },
        example={"of": "lake"},
        min_properties=1,
    )
    return {**schema, "maxProperties": 1}


def destination(shape: Schema) -> Schema:
    """Return the schema of a destination; `shape` is the schema of its key `format`."""
    schema = map_schema(
        "Destination",
        "An account and a location to which exports write.",
        {
            "type": choice("The kind of storage.", *TYPES),
            "title": text("The account's name in the AEP UI.", "Data lake of the analytics team"),
            "description": text("A note for people, shown in the AEP UI.", "Owned by the analytics team"),
            **_type_keys(),
            "auth": ref("auth"),
            "account": ref("account"),
            "format": shape,
            "encryption": map_schema(
                "Encryption",
                "Adobe encrypts the files with this PGP key before it sends them.",
                {"public_key": text("The public key, base64.", "LS0tLS1CRUdJTiBQR1AgUFVCTElDIEtFWSBCTE9DSy0tLS0t")},
                required=("public_key",),
            ),
            "reader": choice(
                "The credentials with which `verify` reads the storage: those of your environment (`caller`), or the "
                "`auth` of this destination.",
                *READERS,
            ),
            "renamed_from": text("Its former key: exportctl then renames it instead of creating it again.", "old-lake"),
        },
        example={
            "type": "amazon-s3",
            "bucket": "acme-aep",
            "path": "aep",
            "auth": {"role_arn": "${env:LAKE_ROLE_ARN}"},
        },
    )
    return {**schema, "allOf": [_type_condition(name) for name in TYPES]}


def _type_keys() -> Schema:
    """Return the keys of all locations and accounts; each description names the types, except for the folder."""
    labels: dict[str, list[str]] = {}
    found: dict[str, tuple[str, str | int, KeyForm]] = {}
    folders: dict[str, tuple[str, str | int, KeyForm]] = {}
    for kind in TYPES.values():
        for field in kind.location:
            into = folders if field.name == kind.folder_key else found
            into.setdefault(field.name, (field.description, field.example, KeyForm.TEXT))
            labels.setdefault(field.name, []).append(kind.label)
        for key in kind.account_keys:
            found.setdefault(key.name, (key.description, key.example, key.form))
            labels.setdefault(key.name, []).append(kind.label)
    schemas = {name: _key_schema(f"{', '.join(labels[name])}: {words[0]}", *words[1:]) for name, words in found.items()}
    return schemas | {name: _key_schema(*words) for name, words in folders.items()}


def _key_schema(described: str, example: str | int, form: KeyForm) -> Schema:
    if form is KeyForm.PORT:
        types = ["integer", "string"]
        return {"description": described, "type": types, "minimum": 1, "maximum": 65535, "examples": [example]}
    return text(described, str(example))


def _type_condition(name: str) -> Schema:
    """Refuse the keys of other types once `type` is known."""
    kind = TYPES[name]
    keys = {t.name: {*(f.name for f in t.location), *t.account_key_names} for t in TYPES.values()}
    fields = {f.name for m in kind.methods for f in m.written_fields}
    refused: Schema = {"type": "null"}
    then: Schema = dict.fromkeys(sorted(set().union(*keys.values()) - keys[name]), refused)
    then["auth"] = {"propertyNames": {"enum": [*sorted(fields), *AUTH_OPTIONS]}} if fields else refused
    if not kind.encryption:
        then["encryption"] = refused
    return {"if": {"properties": {"type": {"const": name}}, "required": ["type"]}, "then": {"properties": then}}
