"""
How to read an SFTP account: host and port of the base connection, the caller's own key, agent or password. Pure.

    EXPORTCTL_SFTP_PASSWORD, or EXPORTCTL_SFTP_PRIVATE_KEY_FILE, else the agent at SSH_AUTH_SOCK
    EXPORTCTL_SFTP_USERNAME          else the one of the base connection
    EXPORTCTL_SFTP_KNOWN_HOSTS       else ~/.ssh/known_hosts; a server that is not in it gets nothing
    EXPORTCTL_SFTP_HOST, _PORT       if the server has another name from here
"""

from __future__ import annotations

import base64
import binascii

from exportctl.model.secret import Secret
from exportctl.resources.destinations.type import Part
from exportctl.storage.access_types import (
    Access,
    AuthValues,
    Sftp,
    StorageLocation,
    auth_value,
    has_auth_value,
    location_field,
    no_credentials_error,
    unusable_setting_error,
)
from exportctl.storage.environment import ReaderVariables

PASSWORD, KEY_FILE = "EXPORTCTL_SFTP_PASSWORD", "EXPORTCTL_SFTP_PRIVATE_KEY_FILE"
USERNAME, KNOWN_HOSTS = "EXPORTCTL_SFTP_USERNAME", "EXPORTCTL_SFTP_KNOWN_HOSTS"
HOST, PORT, AGENT = "EXPORTCTL_SFTP_HOST", "EXPORTCTL_SFTP_PORT", "SSH_AUTH_SOCK"
_DEFAULT_PORT = "22"


def caller_access(location: StorageLocation, variables: ReaderVariables) -> Access:
    """
    Return how the caller reads an SFTP account.

    Raises:
        StorageError: there is nothing to log in with, or host, port or user are unknown.
    """
    family = variables.group((PASSWORD, KEY_FILE))
    password, file = family.get(PASSWORD), family.get(KEY_FILE)
    if file:
        return _access(location, variables, family.prefix + KEY_FILE, key_file=file)
    if password:
        return _access(location, variables, family.prefix + PASSWORD, password=Secret(password))
    if agent := variables.plain_value(AGENT):
        return _access(location, variables, AGENT, agent=agent)
    hint = (
        f"set {KEY_FILE} or {PASSWORD}, or start an ssh-agent; for this destination alone with "
        f"{variables.prefix} in front; or {variables.prefix}FOLDER"
    )
    raise no_credentials_error(location, "nothing says how to log in to its server", hint)


def destination_access(location: StorageLocation, auth: AuthValues, variables: ReaderVariables) -> Access:
    username = auth_value(location, auth, Part.USERNAME).reveal()
    if has_auth_value(location, auth, Part.PASSWORD):
        password = auth_value(location, auth, Part.PASSWORD)
        return _access(location, variables, "the destination's own password", username=username, password=password)
    key = _pem(auth_value(location, auth, Part.PRIVATE_KEY))
    return _access(location, variables, "the destination's own key", username=username, private_key=key)


def _access(
    location: StorageLocation,
    variables: ReaderVariables,
    identity: str,
    *,
    username: str | None = None,
    password: Secret | None = None,
    private_key: Secret | None = None,
    key_file: str | None = None,
    agent: str | None = None,
) -> Access:
    host = _setting(location, variables, HOST, location.account_value(Part.HOST))
    port = _setting(location, variables, PORT, location.account_value(Part.PORT) or _DEFAULT_PORT)
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise unusable_setting_error(location, f"{port!r} is no port", f"set {PORT} to a number")
    username = username or _setting(location, variables, USERNAME, location.account_value(Part.USERNAME))
    found = variables.setting(KNOWN_HOSTS)
    known = found[1] if found else "~/.ssh/known_hosts"
    root = (
        "/" if location_field(location, Part.FOLDER).startswith("/") else ""
    )  # else in the user's own folder (assumed)
    method = Sftp(host, int(port), username, known, root, password, private_key, key_file, agent)
    return Access(f"sftp://{host}:{port}", method, identity)


def _setting(location: StorageLocation, variables: ReaderVariables, name: str, live: str | None) -> str:
    found = variables.setting(name)
    value = found[1] if found else live
    if not value:
        raise unusable_setting_error(
            location, f"its base connection shows no {name.rpartition('_')[2].lower()}", f"set {name}"
        )
    return value


def _pem(key: Secret) -> Secret:
    """Return the PEM of a key: as `normalise_private_key` returns it, as base64 of a PEM, or as a PEM."""
    try:
        return Secret(base64.b64decode(key.reveal(), validate=True).decode("ascii"))
    except (binascii.Error, ValueError):
        return key
