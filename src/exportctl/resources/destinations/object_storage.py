"""Columns that several destination types share: the folder, and the bucket and access key of Amazon and Google."""

from __future__ import annotations

from dataclasses import replace

from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.type import (
    AuthField,
    FormCheck,
    IdentityRule,
    LocationField,
    Part,
    Scope,
    pattern_check,
)

PATH_RULE = "letters, digits and / ! - _ . * ' ( ) only"
FOLDER = LocationField(
    "path",
    "path",
    required=True,
    part=Part.FOLDER,
    description="The folder that contains all exports of this destination.",
    example="aep",
    is_checked_live=False,
)
# Both specs require the key and match the empty text [XD-new]. Their path pattern also allows %SEGMENT_…% macros, which
# are for audience files; its nested repeats backtrack badly, so this is the same set of characters without them.
OBJECT_FOLDER = replace(FOLDER, required=False, pattern=r"^[0-9a-zA-Z/!\-_.*'()]*$", rule=PATH_RULE, is_sent_empty=True)
BUCKET_IDENTITY = IdentityRule(Scope.WORLD, "bucket {bucket}", location=("bucket",))


def bucket(pattern: str, rule: str) -> LocationField:
    return LocationField(
        "bucket",
        "bucketName",
        required=True,
        pattern=pattern,
        rule=rule,
        part=Part.CONTAINER,
        description="the bucket.",
        example="acme-aep-${environment}",
    )


_SECRET_KEY_CHECK = pattern_check("[A-Za-z0-9/+]{40}", "a secret access key: 40 letters, digits, / and +")


def access_key(
    wire: tuple[str, str], sample: tuple[str, str], id_check: FormCheck, *, lenient: bool
) -> tuple[AuthField, ...]:
    """
    Return the id and the secret of an access key, from the names on the wire and the samples of both.

    Both providers publish secrets of 40 characters in base64 (dataset-exports.md 4.1).
    """
    return (
        AuthField(
            "access_key_id",
            wire[0],
            Secrecy.SENSITIVE,
            check=id_check,
            sample=sample[0],
            lenient=lenient,
            part=Part.KEY_ID,
            description="The access key's id.",
            example="${env:LAKE_ACCESS_KEY_ID}",
        ),
        AuthField(
            "secret_access_key",
            wire[1],
            Secrecy.SECRET,
            check=_SECRET_KEY_CHECK,
            sample=sample[1],
            part=Part.KEY_SECRET,
            description="The access key's secret.",
            example="${env:LAKE_SECRET_ACCESS_KEY}",
        ),
    )
