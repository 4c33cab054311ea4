"""
How a Google Cloud Storage bucket is read: HMAC keys over the S3-compatible API, or a service account's file. Pure.

    GCS_HMAC_ACCESS_KEY_ID + GCS_HMAC_SECRET_ACCESS_KEY    at https://storage.googleapis.com or GCS_ENDPOINT_URL
    GOOGLE_APPLICATION_CREDENTIALS                         a file, as every Google library reads it
"""

from __future__ import annotations

from exportctl.secret import Secret
from exportctl.storage.methods import (
    S3,
    Access,
    Auth,
    AwsKeys,
    Google,
    Place,
    auth_of,
    endpoint,
    field_of,
    not_given,
    unusable,
)
from exportctl.storage.variables import Variables

KEYS = ("GCS_HMAC_ACCESS_KEY_ID", "GCS_HMAC_SECRET_ACCESS_KEY")
FILE, ENDPOINT = "GOOGLE_APPLICATION_CREDENTIALS", "GCS_ENDPOINT_URL"
_GOOGLE = "https://storage.googleapis.com"
_REGION = "auto"  # Google does not look at the region in a signature


def by_caller(place: Place, variables: Variables) -> Access:
    """Raises StorageError: no credentials are given, or half of them."""
    family = variables.family((*KEYS, FILE))
    if family.get(KEYS[0]) or family.get(KEYS[1]):
        if missing := family.missing(*KEYS):
            raise unusable(place, f"{missing[0]} is not set, the other half of the key is", f"set {missing[0]} too")
        keys = AwsKeys(Secret(family.values[KEYS[0]]), Secret(family.values[KEYS[1]]))
        return _by_keys(place, variables, keys, family.prefix + KEYS[0])
    if file := family.get(FILE):
        bucket = field_of(place, "bucket")
        return Access(f"gs://{bucket}", Google(bucket, file), family.prefix + FILE)
    hint = (
        f"set {FILE}, or {KEYS[0]} and {KEYS[1]}; for this destination alone with {variables.prefix} in front; "
        f"or {variables.prefix}FOLDER"
    )
    raise not_given(place, "nothing says how to read its bucket", hint)


def by_destination(place: Place, auth: Auth, variables: Variables) -> Access:
    keys = AwsKeys(auth_of(place, auth, "access_key_id"), auth_of(place, auth, "secret_access_key"))
    return _by_keys(place, variables, keys, "the destination's own HMAC key")


def _by_keys(place: Place, variables: Variables, keys: AwsKeys, identity: str) -> Access:
    found = variables.setting(ENDPOINT)
    address = endpoint(place, found[1], found[0]) if found else _GOOGLE
    bucket = field_of(place, "bucket")
    return Access(f"gs://{bucket}", S3(bucket, _REGION, address, keys), identity)
