"""Turn errors of asyncssh or the network into a StorageError. Of the original text only the server's code is shown."""

from __future__ import annotations

import socket

from exportctl.storage.access_types import Sftp
from exportctl.storage.reader import StorageError

_UNREACHABLE = "check host, port and network; from here it may have another name: EXPORTCTL_SFTP_HOST"


def sftp_error(method: Sftp, where: str, path: str | None, error: Exception) -> StorageError:
    """Return the StorageError for an error. `path` None: while connecting."""
    import asyncssh

    what = f"{where}/{path.lstrip('/')}" if path else where
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return _unknown_host_error(method, where, "its host key is not the one in")
    if isinstance(error, asyncssh.PermissionDenied):
        hint = "user name, password or key are wrong, or the server does not accept this way to log in"
        return StorageError(f"{where}: the server refuses {method.username}", rule="storage-denied", hint=hint)
    if isinstance(error, asyncssh.SFTPPermissionDenied):
        hint = f"the user {method.username} must be able to list the folder and to read its files"
        return StorageError(f"{what}: permission denied", rule="storage-denied", hint=hint)
    if isinstance(error, asyncssh.SFTPNoSuchFile | asyncssh.SFTPNoSuchPath):
        return StorageError(f"{what}: it is not there (any more)", rule="storage-read")
    if isinstance(error, socket.gaierror):
        return _unreachable_error(what, "its name is not known (DNS)")
    if isinstance(error, TimeoutError | asyncssh.TimeoutError):
        return _unreachable_error(what, "no answer in time")
    if isinstance(error, ConnectionRefusedError):
        return _unreachable_error(what, "connection refused")
    if isinstance(error, OSError | asyncssh.DisconnectError | asyncssh.SFTPConnectionLost | asyncssh.SFTPNoConnection):
        return _unreachable_error(what, "the connection failed")
    code = f" (code {error.code})" if isinstance(error, asyncssh.SFTPError) else ""
    return StorageError(f"{what}: the server failed{code}", rule="storage-read")


def known_hosts_error(method: Sftp, where: str) -> StorageError:
    return _unknown_host_error(method, where, "nothing vouches for its host key: there is no")


def private_key_error(where: str, error: Exception) -> StorageError:
    """Say why a private key cannot be used, without its path or content."""
    import asyncssh

    if isinstance(error, asyncssh.KeyEncryptionError) or "assphrase" in str(error):
        words, hint = "has a passphrase", "load it into an ssh-agent and leave EXPORTCTL_SFTP_PRIVATE_KEY_FILE out"
    elif isinstance(error, OSError):
        words, hint = f"cannot be read: {error.strerror}", "EXPORTCTL_SFTP_PRIVATE_KEY_FILE is the path of its file"
    else:
        words, hint = "is none that OpenSSH writes", "pass the private key, not the .pub and not a PuTTY file"
    return StorageError(f"{where}: the private key {words}", rule="storage-setup", hint=hint)


def ssh_agent_error(where: str, words: str) -> StorageError:
    hint = "load a key: ssh-add; or set EXPORTCTL_SFTP_PRIVATE_KEY_FILE or EXPORTCTL_SFTP_PASSWORD"
    return StorageError(f"{where}: the ssh-agent at SSH_AUTH_SOCK {words}", rule="storage-setup", hint=hint)


def _unknown_host_error(method: Sftp, where: str, words: str) -> StorageError:
    port = "" if method.port == 22 else f"-p {method.port} "
    hint = (
        f"ssh-keyscan {port}{method.host} >> {method.known_hosts}, after comparing the fingerprint with the one its "
        "owner gives you; another file: EXPORTCTL_SFTP_KNOWN_HOSTS"
    )
    return StorageError(f"{where}: {words} {method.known_hosts}", rule="storage-host-key", hint=hint)


def _unreachable_error(what: str, words: str) -> StorageError:
    return StorageError(f"cannot read {what}: {words}", rule="storage-unreachable", hint=_UNREACHABLE)
