"""
How to read an S3 bucket: the caller's keys or role from the variables that every AWS tool knows. Pure.

    keys             AWS_ACCESS_KEY_ID + AWS_SECRET_ACCESS_KEY (+ AWS_SESSION_TOKEN)
    role of a job    AWS_WEB_IDENTITY_TOKEN_FILE + AWS_ROLE_ARN
    role of a task   AWS_CONTAINER_CREDENTIALS_RELATIVE_URI
    role of a pod    AWS_CONTAINER_CREDENTIALS_FULL_URI + AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
    of an instance   AWS_EC2_METADATA_SERVICE_ENDPOINT

The address of an instance's metadata is used only if it is set: elsewhere nothing answers there, and a laptop would
wait.
"""

from __future__ import annotations

from exportctl.model.secret import Secret
from exportctl.resources.destinations.type import Part
from exportctl.storage.access_types import (
    S3,
    Access,
    AuthValues,
    AwsKeys,
    StorageLocation,
    auth_value,
    has_auth_value,
    location_field,
    no_credentials_error,
    parse_endpoint,
    unusable_setting_error,
)
from exportctl.storage.environment import ReaderVariables, VariableGroup

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_INSTANCE = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
_ROLES = {  # the variable that says where a role's keys come from -> the one it needs beside it
    "AWS_WEB_IDENTITY_TOKEN_FILE": "AWS_ROLE_ARN",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": None,
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    _INSTANCE: None,
}
_FAMILY = (*KEYS, "AWS_SESSION_TOKEN", *_ROLES, "AWS_PROFILE")
_DEFAULT_REGION = "us-east-1"
_EXPORT_KEYS_COMMAND = "aws configure export-credentials --format env"


def caller_access(location: StorageLocation, variables: ReaderVariables) -> Access:
    """
    Return how the caller reads a bucket.

    Raises:
        StorageError: credentials are missing, or half of them.
    """
    family = variables.group(_FAMILY)
    if family.get(KEYS[0]) or family.get(KEYS[1]):
        return _access(location, variables, _keys(location, family), family.prefix + KEYS[0])
    if family.prefix and family.values:
        named = family.prefix + next(iter(family.values))
        hint = f"set {' and '.join(family.missing_names(*KEYS))}, or the plain variables without {family.prefix}"
        raise unusable_setting_error(location, f"{named}: only keys can be given for one destination", hint)
    for name, beside in _ROLES.items():
        if value := family.get(name):
            if beside and not variables.plain_value(beside):
                raise unusable_setting_error(
                    location, f"{name} needs {beside}", f"set {beside}; the tool that sets one usually sets both"
                )
            return _access(location, variables, None, name, metadata=value if name == _INSTANCE else None)
    raise _no_credentials_error(location, variables, family)


def destination_access(location: StorageLocation, auth: AuthValues, variables: ReaderVariables) -> Access:
    """
    Return how a bucket is read with the destination's own key.

    Raises:
        StorageError: the destination has a role, which only Adobe can assume.
    """
    if has_auth_value(location, auth, Part.ROLE):
        hint = "the role trusts Adobe's account, not yours: leave `reader: destination` out and give your own identity"
        raise unusable_setting_error(location, "its role cannot be used to read", hint)
    keys = AwsKeys(auth_value(location, auth, Part.KEY_ID), auth_value(location, auth, Part.KEY_SECRET))
    return _access(location, variables, keys, "the destination's own access key")


def _access(
    location: StorageLocation,
    variables: ReaderVariables,
    keys: AwsKeys | None,
    identity: str,
    metadata: str | None = None,
) -> Access:
    found = variables.setting("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    region = variables.setting("AWS_REGION", "AWS_DEFAULT_REGION")
    bucket = location_field(location, Part.CONTAINER)
    method = S3(
        bucket,
        region[1] if region else _DEFAULT_REGION,
        parse_endpoint(location, found[1], found[0]) if found else None,
        keys,
        metadata,
    )
    return Access(f"s3://{bucket}", method, identity)


def _keys(location: StorageLocation, family: VariableGroup) -> AwsKeys:
    if missing := family.missing_names(*KEYS):
        raise unusable_setting_error(
            location, f"{missing[0]} is not set, the other half of the key is", f"set {missing[0]} too"
        )
    token = family.get("AWS_SESSION_TOKEN")
    return AwsKeys(Secret(family.values[KEYS[0]]), Secret(family.values[KEYS[1]]), Secret(token) if token else None)


def _no_credentials_error(location: StorageLocation, variables: ReaderVariables, family: VariableGroup) -> Exception:
    if family.get("AWS_PROFILE"):
        hint = f'profiles are not read; put its keys into the environment: eval "$({_EXPORT_KEYS_COMMAND})"'
        return no_credentials_error(location, "only AWS_PROFILE says how to read its bucket", hint)
    hint = (
        f"set {KEYS[0]} and {KEYS[1]} (or a role: {', '.join(_ROLES)}), "
        f"for this destination alone with {variables.prefix} in front; or {variables.prefix}FOLDER"
    )
    return no_credentials_error(location, "nothing says how to read its bucket", hint)
