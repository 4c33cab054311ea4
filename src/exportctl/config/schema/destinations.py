"""
The part of the config's schema about destinations: accounts, ways to authenticate, places.

Which keys belong to which type, and their words, come from resources/destinations; the other words are here. Once
`type` is written, keys of other types are refused, so that an editor can say so. The program says it itself, after all
files are merged.
"""

from __future__ import annotations

from exportctl.config.schema.parts import EXAMPLE_ID, WHOLE_NOTE, Schema, choice, list_schema, map_schema, ref, text
from exportctl.model.project import READERS
from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.destinations.type import KeyForm

_SECRECY_WORDS = {
    Secrecy.SECRET: "Secret: exactly one reference, read only when it is sent.",
    Secrecy.SENSITIVE: "Sensitive: a literal or references, masked everywhere.",
    Secrecy.PLAIN: "Shown.",
}


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
            **_type_keys(),
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


def _type_keys() -> Schema:
    """The keys of all locations and accounts, each with the types that have it; the folder is the same for all."""
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
    """What a type does not have is refused once `type` is known."""
    kind = TYPES[name]
    own = {f.name for f in kind.location} | set(kind.account_key_names)
    others = {f.name for t in TYPES.values() for f in t.location} | {
        k for t in TYPES.values() for k in t.account_key_names
    }
    fields = {f.name for m in kind.methods for f in m.written_fields}
    then: dict[str, object] = {key: {"type": "null"} for key in sorted(others - own)}
    if fields:
        then["auth"] = {"propertyNames": {"enum": [*sorted(fields), "secret_version", "drop"]}}
    else:
        then["auth"] = {"type": "null"}
    if not kind.encryption:
        then["encryption"] = {"type": "null"}
    return {"if": {"properties": {"type": {"const": name}}, "required": ["type"]}, "then": {"properties": then}}
