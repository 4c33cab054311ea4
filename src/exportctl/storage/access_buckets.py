"""
How to read a bucket of Amazon S3 or Google Cloud Storage: from the variables that the tools of each cloud know. Pure.

    Amazon   keys             AWS_ACCESS_KEY_ID + AWS_SECRET_ACCESS_KEY (+ AWS_SESSION_TOKEN)
             role of a job    AWS_WEB_IDENTITY_TOKEN_FILE + AWS_ROLE_ARN
             role of a task   AWS_CONTAINER_CREDENTIALS_RELATIVE_URI
             role of a pod    AWS_CONTAINER_CREDENTIALS_FULL_URI + AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
             of an instance   AWS_EC2_METADATA_SERVICE_ENDPOINT
    Google   HMAC keys        GCS_HMAC_ACCESS_KEY_ID + GCS_HMAC_SECRET_ACCESS_KEY (over the S3-compatible API)
             a file           GOOGLE_APPLICATION_CREDENTIALS, as every Google library reads it

The address of an instance's metadata is used only if it is set: elsewhere nothing answers there, and a laptop would
wait.
"""

from __future__ import annotations

from exportctl.model.secret import Secret
from exportctl.resources.destinations.type import Part
from exportctl.storage.access_types import S3, Access, AccessInputs, AwsKeys, Google, VariableGroup

AWS_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_INSTANCE = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
_ROLES = {  # the variable that says where a role's keys come from -> the one it needs beside it
    "AWS_WEB_IDENTITY_TOKEN_FILE": "AWS_ROLE_ARN",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": None,
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    _INSTANCE: None,
}
DEFAULT_REGION = "us-east-1"
_EXPORT_KEYS_COMMAND = "aws configure export-credentials --format env"

GCS_KEYS = ("GCS_HMAC_ACCESS_KEY_ID", "GCS_HMAC_SECRET_ACCESS_KEY")
_FILE, _GCS_ENDPOINT = "GOOGLE_APPLICATION_CREDENTIALS", "GCS_ENDPOINT_URL"
_GOOGLE = "https://storage.googleapis.com"
_GOOGLE_REGION = "auto"  # Google does not look at the region in a signature


def amazon_access(inputs: AccessInputs) -> Access:
    """Return how an S3 bucket is read; the errors are those of `storage_access`."""
    if inputs.auth is not None:
        return _amazon_access(inputs, _destination_keys(inputs), "the destination's own access key")
    family = inputs.group((*AWS_KEYS, "AWS_SESSION_TOKEN", *_ROLES, "AWS_PROFILE"))
    if keys := _key_pair(inputs, family, AWS_KEYS, token="AWS_SESSION_TOKEN"):
        return _amazon_access(inputs, keys, family.prefix + AWS_KEYS[0])
    if family.prefix and family.values:
        named = family.prefix + next(iter(family.values))
        hint = f"set {' and '.join(family.missing_names(*AWS_KEYS))}, or the plain variables without {family.prefix}"
        raise inputs.setting_error(f"{named}: only keys can be given for one destination", hint)
    for name, beside in _ROLES.items():
        if value := family.values.get(name):
            if beside and not inputs.plain_value(beside):
                hint = f"set {beside}; the tool that sets one usually sets both"
                raise inputs.setting_error(f"{name} needs {beside}", hint)
            return _amazon_access(inputs, None, name, metadata=value if name == _INSTANCE else None)
    if "AWS_PROFILE" in family.values:
        hint = f'profiles are not read; put its keys into the environment: eval "$({_EXPORT_KEYS_COMMAND})"'
        raise inputs.no_credentials_error("only AWS_PROFILE says how to read its bucket", hint)
    hint = (
        f"set {AWS_KEYS[0]} and {AWS_KEYS[1]} (or a role: {', '.join(_ROLES)}), "
        f"for this destination alone with {inputs.prefix} in front; or {inputs.prefix}FOLDER"
    )
    raise inputs.no_credentials_error("nothing says how to read its bucket", hint)


def google_access(inputs: AccessInputs) -> Access:
    """Return how a Google Cloud Storage bucket is read; the errors are those of `storage_access`."""
    if inputs.auth is not None:
        return _hmac_access(inputs, _destination_keys(inputs), "the destination's own HMAC key")
    family = inputs.group((*GCS_KEYS, _FILE))
    if keys := _key_pair(inputs, family, GCS_KEYS):
        return _hmac_access(inputs, keys, family.prefix + GCS_KEYS[0])
    if file := family.values.get(_FILE):
        bucket = inputs.location_value(Part.CONTAINER)
        return Access(f"gs://{bucket}", Google(bucket, file), family.prefix + _FILE)
    hint = (
        f"set {_FILE}, or {GCS_KEYS[0]} and {GCS_KEYS[1]}; for this destination alone with {inputs.prefix} in front; "
        f"or {inputs.prefix}FOLDER"
    )
    raise inputs.no_credentials_error("nothing says how to read its bucket", hint)


def _destination_keys(inputs: AccessInputs) -> AwsKeys:
    if inputs.has_auth_value(Part.ROLE):
        hint = "the role trusts Adobe's account, not yours: leave `reader: destination` out and give your own identity"
        raise inputs.setting_error("its role cannot be used to read", hint)
    return AwsKeys(inputs.auth_value(Part.KEY_ID), inputs.auth_value(Part.KEY_SECRET))


def _key_pair(
    inputs: AccessInputs, family: VariableGroup, names: tuple[str, str], token: str | None = None
) -> AwsKeys | None:
    """Return the keys under two names; None if neither is set."""
    missing = family.missing_names(*names)
    if len(missing) == len(names):
        return None
    if missing:
        raise inputs.setting_error(f"{missing[0]} is not set, the other half of the key is", f"set {missing[0]} too")
    session = family.values.get(token or "")
    key_id, secret = (Secret(family.values[name]) for name in names)
    return AwsKeys(key_id, secret, Secret(session) if session else None)


def _amazon_access(inputs: AccessInputs, keys: AwsKeys | None, identity: str, metadata: str | None = None) -> Access:
    address = inputs.setting("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    region = inputs.setting("AWS_REGION", "AWS_DEFAULT_REGION")
    bucket = inputs.location_value(Part.CONTAINER)
    endpoint = inputs.parse_endpoint(address[1], address[0]) if address else None
    return Access(
        f"s3://{bucket}", S3(bucket, region[1] if region else DEFAULT_REGION, endpoint, keys, metadata), identity
    )


def _hmac_access(inputs: AccessInputs, keys: AwsKeys, identity: str) -> Access:
    address = inputs.setting(_GCS_ENDPOINT)
    endpoint = inputs.parse_endpoint(address[1], address[0]) if address else _GOOGLE
    bucket = inputs.location_value(Part.CONTAINER)
    return Access(f"gs://{bucket}", S3(bucket, _GOOGLE_REGION, endpoint, keys), identity)
