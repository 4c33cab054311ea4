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
from dataclasses import replace

from exportctl.model.secret import Secret
from exportctl.resources.destinations.type import Part
from exportctl.storage.access_types import Access, AccessInputs, Sftp

PASSWORD, KEY_FILE = "EXPORTCTL_SFTP_PASSWORD", "EXPORTCTL_SFTP_PRIVATE_KEY_FILE"
USERNAME, KNOWN_HOSTS = "EXPORTCTL_SFTP_USERNAME", "EXPORTCTL_SFTP_KNOWN_HOSTS"
HOST, PORT, AGENT = "EXPORTCTL_SFTP_HOST", "EXPORTCTL_SFTP_PORT", "SSH_AUTH_SOCK"
DEFAULT_PORT = "22"


def sftp_access(inputs: AccessInputs) -> Access:
    """Return how an SFTP account is read; the errors are those of `storage_access`."""
    if inputs.auth is not None:
        username = inputs.auth_value(Part.USERNAME).reveal()
        if inputs.has_auth_value(Part.PASSWORD):
            password = inputs.auth_value(Part.PASSWORD)
            return _access("the destination's own password", replace(_server(inputs, username), password=password))
        key = _pem(inputs.auth_value(Part.PRIVATE_KEY))
        return _access("the destination's own key", replace(_server(inputs, username), private_key=key))
    family = inputs.group((PASSWORD, KEY_FILE))
    if file := family.values.get(KEY_FILE):
        return _access(family.prefix + KEY_FILE, replace(_server(inputs), key_file=file))
    if word := family.values.get(PASSWORD):
        return _access(family.prefix + PASSWORD, replace(_server(inputs), password=Secret(word)))
    if agent := inputs.plain_value(AGENT):
        return _access(AGENT, replace(_server(inputs), agent=agent))
    hint = (
        f"set {KEY_FILE} or {PASSWORD}, or start an ssh-agent; for this destination alone with "
        f"{inputs.prefix} in front; or {inputs.prefix}FOLDER"
    )
    raise inputs.no_credentials_error("nothing says how to log in to its server", hint)


def _access(identity: str, method: Sftp) -> Access:
    return Access(f"sftp://{method.host}:{method.port}", method, identity)


def _server(inputs: AccessInputs, username: str | None = None) -> Sftp:
    """Return the server and the user, without anything to log in with."""
    host = _setting(inputs, HOST, inputs.account_value(Part.HOST))
    port = _setting(inputs, PORT, inputs.account_value(Part.PORT) or DEFAULT_PORT)
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise inputs.setting_error(f"{port!r} is no port", f"set {PORT} to a number")
    username = username or _setting(inputs, USERNAME, inputs.account_value(Part.USERNAME))
    known_hosts = _setting(inputs, KNOWN_HOSTS, "~/.ssh/known_hosts")
    is_absolute = inputs.location_value(Part.FOLDER).startswith("/")  # else in the user's own folder (assumed)
    return Sftp(host, int(port), username, known_hosts, "/" if is_absolute else "")


def _setting(inputs: AccessInputs, name: str, default: str | None) -> str:
    given = inputs.setting(name)
    value = given[1] if given else default
    if not value:
        shown = name.rpartition("_")[2].lower()
        raise inputs.setting_error(f"its base connection shows no {shown}", f"set {name}")
    return value


def _pem(key: Secret) -> Secret:
    """Return the PEM of a key: as `normalise_private_key` returns it, as base64 of a PEM, or as a PEM."""
    try:
        return Secret(base64.b64decode(key.reveal(), validate=True).decode("ascii"))
    except (binascii.Error, ValueError):
        return key
