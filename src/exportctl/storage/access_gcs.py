"""
How to read a Google Cloud Storage bucket: HMAC keys over the S3-compatible API, or a service account's file. Pure.

    GCS_HMAC_ACCESS_KEY_ID + GCS_HMAC_SECRET_ACCESS_KEY    at https://storage.googleapis.com or GCS_ENDPOINT_URL
    GOOGLE_APPLICATION_CREDENTIALS                         a file, as every Google library reads it
"""

from __future__ import annotations

from exportctl.model.secret import Secret
from exportctl.resources.destinations.type import Part
from exportctl.storage.access_types import (
    S3,
    Access,
    AuthValues,
    AwsKeys,
    Google,
    StorageLocation,
    auth_value,
    location_field,
    no_credentials_error,
    parse_endpoint,
    unusable_setting_error,
)
from exportctl.storage.environment import ReaderVariables

KEYS = ("GCS_HMAC_ACCESS_KEY_ID", "GCS_HMAC_SECRET_ACCESS_KEY")
FILE, ENDPOINT = "GOOGLE_APPLICATION_CREDENTIALS", "GCS_ENDPOINT_URL"
_GOOGLE = "https://storage.googleapis.com"
_REGION = "auto"  # Google does not look at the region in a signature


def caller_access(location: StorageLocation, variables: ReaderVariables) -> Access:
    """
    Return how the caller reads a bucket.

    Raises:
        StorageError: credentials are missing, or half of them.
    """
    family = variables.group((*KEYS, FILE))
    if family.get(KEYS[0]) or family.get(KEYS[1]):
        if missing := family.missing_names(*KEYS):
            raise unusable_setting_error(
                location, f"{missing[0]} is not set, the other half of the key is", f"set {missing[0]} too"
            )
        keys = AwsKeys(Secret(family.values[KEYS[0]]), Secret(family.values[KEYS[1]]))
        return _hmac_access(location, variables, keys, family.prefix + KEYS[0])
    if file := family.get(FILE):
        bucket = location_field(location, Part.CONTAINER)
        return Access(f"gs://{bucket}", Google(bucket, file), family.prefix + FILE)
    hint = (
        f"set {FILE}, or {KEYS[0]} and {KEYS[1]}; for this destination alone with {variables.prefix} in front; "
        f"or {variables.prefix}FOLDER"
    )
    raise no_credentials_error(location, "nothing says how to read its bucket", hint)


def destination_access(location: StorageLocation, auth: AuthValues, variables: ReaderVariables) -> Access:
    keys = AwsKeys(auth_value(location, auth, Part.KEY_ID), auth_value(location, auth, Part.KEY_SECRET))
    return _hmac_access(location, variables, keys, "the destination's own HMAC key")


def _hmac_access(location: StorageLocation, variables: ReaderVariables, keys: AwsKeys, identity: str) -> Access:
    found = variables.setting(ENDPOINT)
    address = parse_endpoint(location, found[1], found[0]) if found else _GOOGLE
    bucket = location_field(location, Part.CONTAINER)
    return Access(f"gs://{bucket}", S3(bucket, _REGION, address, keys), identity)
