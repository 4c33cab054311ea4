"""
Object stores: S3 and what speaks its language, and Azure Blob, written through obstore.

A large file goes up in parts, and its object appears when the last is in; an upload that breaks leaves none. The
environment of this process decides neither the place nor the credentials: obstore would read both from there.

A refusal names the place and the service's own code, and nothing else of what the library or the server said: the text
of either may hold a signed address.

    server                          code of the service              word
    SeaweedFS 4.48, rclone 1.75     SignatureDoesNotMatch            denied
    SeaweedFS                       InvalidAccessKeyId               denied
    SeaweedFS                       AccessDenied                     denied
    SeaweedFS                       NoSuchBucket                     no-such-bucket
    azurite 3.35                    AuthorizationFailure             denied (wrong key, expired SAS)
    azurite                         AuthorizationPermissionMismatch  denied (SAS without the permission)
    azurite                         ContainerNotFound                no-such-bucket

Those were seen from these servers on 2026-11-25; the other codes of the table are from the services' error lists.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from exportctl.emulator.storage.sink import StorageRefused, key_segments
from exportctl.patterns import compile_on_use

if TYPE_CHECKING:
    from obstore.store import AzureStore, S3Store

PART = 8 * 2**20  # bytes of one part of an upload
PARTS_AT_ONCE = 4  # so that an upload holds 32 MiB
SECONDS = 10.0

_BY_SERVICE_CODE = {
    "AccessDenied": "denied",
    "AccountIsDisabled": "denied",
    "AuthenticationFailed": "denied",
    "AuthorizationFailure": "denied",
    "AuthorizationPermissionMismatch": "denied",
    "ExpiredToken": "denied",
    "InsufficientAccountPermissions": "denied",
    "InvalidAccessKeyId": "denied",
    "InvalidAuthenticationInfo": "denied",
    "SignatureDoesNotMatch": "denied",
    "NoSuchBucket": "no-such-bucket",
    "ContainerNotFound": "no-such-bucket",
    "QuotaExceeded": "full",
    "InsufficientStorage": "full",
    "AccountIsReadOnly": "read-only",
}
_BY_STATUS = {401: "denied", 403: "denied", 404: "no-such-bucket", 507: "full"}

_SERVICE_CODE = compile_on_use(r"<Code>\s*([A-Za-z0-9.]{1,64})\s*</Code>")
_STATUS = compile_on_use(r"(?:non-2xx status code: |\(code: )(\d{3})")

FolderRequest = Callable[[str], tuple[str, Mapping[str, str]]]


class ObjectSink:
    """
    Writes to one bucket or container.

    `where` names it for people. `folder_request` gives address and headers of the PUT that makes a folder: obstore
    has no keys that end in a slash.
    """

    def __init__(self, store: S3Store | AzureStore, where: str, folder_request: FolderRequest) -> None:
        self._store = store
        self._where = where
        self._folder_request = folder_request
        self._begun = False

    def put(self, key: str, source: Path) -> None:
        key_segments(key)
        # A small file is read before anything is sent, a large one only after its upload has begun.
        large = source.stat().st_size > PART
        with source.open("rb") as file, self._translate_errors(lambda: large and file.tell() > 0):
            self._store.put(key, file, chunk_size=PART, max_concurrency=PARTS_AT_ONCE)
        self._begun = True

    def make_folder(self, key: str) -> None:
        key_segments(key.rstrip("/"))
        url, headers = self._folder_request(f"{key.rstrip('/')}/")
        try:
            status, body = _send_empty_put(url, headers)
        except (OSError, http.client.HTTPException) as error:
            raise StorageRefused("cut" if self._begun else "unreachable", f"{self._where} does not answer") from error
        if status not in (200, 201):
            raise _answer_refusal(status, body, self._where)

    def remove(self, key: str) -> None:
        key_segments(key)
        with self._translate_errors(lambda: False), suppress(FileNotFoundError):
            self._store.delete(key)

    def close(self) -> None:
        """Do nothing: the library lets its connections go by itself."""

    @contextmanager
    def _translate_errors(self, sent: Callable[[], bool]) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            # The text of the error may hold a signed address: no traceback may show it.
            raise library_refusal(error, self._where, self._begun or sent()) from None


def s3_store(url: str, bucket: str, region: str, access_key: str, secret_key: str) -> S3Store:
    """Return a bucket, addressed in the path of the URL."""
    store = _import_obstore()
    credential = {"access_key_id": access_key, "secret_access_key": secret_key, "token": None, "expires_at": None}
    return store.S3Store(  # type: ignore[no-any-return]
        bucket,
        endpoint=url,
        aws_endpoint_url_s3=url,  # else AWS_ENDPOINT_URL_S3 would send everything somewhere else
        region=region,
        virtual_hosted_style_request=False,
        skip_signature=False,
        disable_bulk_delete=True,  # which Google's dialect lacks
        credential_provider=lambda: credential,
        **_client_settings(url),
    )


def azure_store(url: str, container: str, account: str, credential: Mapping[str, str]) -> AzureStore:
    """Return a container of the account at `url`; the credential is `{"access_key"}` or `{"sas_token"}`."""
    store = _import_obstore()
    return store.AzureStore(  # type: ignore[no-any-return]
        container,
        account_name=account,
        endpoint=url,
        use_emulator=False,
        use_fabric_endpoint=False,
        skip_signature=False,
        credential_provider=lambda: {**credential, "expires_at": None},
        **_client_settings(url),
    )


def _import_obstore() -> Any:
    try:
        from obstore import store
    except ImportError:
        reason = "writing to object stores needs another package: pip install 'exportctl[emulator]'"
        raise StorageRefused("extra-missing", reason) from None
    return store


def _client_settings(url: str) -> dict[str, Any]:
    """Patience, in all: an unreachable storage is given up within ten seconds, a silent one within thirty."""
    pause = {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2}
    plain = url.startswith("http:")  # on loopback only: settings.py sees to it
    client = {"connect_timeout": timedelta(seconds=3), "timeout": timedelta(seconds=30), "allow_http": plain}
    if plain:
        # A proxy of its own, which nothing goes through, keeps the library from those of the environment.
        client |= {"proxy_url": url, "proxy_excludes": urlsplit(url).hostname}
    return {
        "client_options": client,
        "retry_config": {"max_retries": 2, "retry_timeout": timedelta(seconds=8), "backoff": pause},
    }


def _send_empty_put(url: str, headers: Mapping[str, str]) -> tuple[int, str]:
    """Status and body of a PUT without body; goes where the address says, past proxies and redirects."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=SECONDS)
    try:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request("PUT", target, body=b"", headers=dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read(65536).decode(errors="replace")
    finally:
        connection.close()


def library_refusal(error: Exception, where: str, begun: bool) -> StorageRefused:
    """Explain an error of obstore, which tells kinds apart only in its text; `begun`: the storage had answered."""
    text = str(error)
    status = _STATUS.search(text)
    if status is not None:
        return _answer_refusal(int(status[1]), text, where)
    if "kind: Connect" in text and not begun:
        if "dns error" in text:
            return StorageRefused("unknown-host", f"{where} cannot be reached: the host name is unknown")
        return StorageRefused("unreachable", f"{where} cannot be reached: it accepts no connection")
    if "kind: Timeout" in text and not begun:
        return StorageRefused("unreachable", f"{where} does not answer")
    if "HttpError" in text:
        return StorageRefused("cut", f"{where}: the connection broke in the middle")
    return StorageRefused("failed", f"{where} did not take it ({type(error).__name__})")


def _answer_refusal(status: int, body: str, where: str) -> StorageRefused:
    """Return an HTTP status that is no success, and the body with the service's code, where there is one."""
    found = _SERVICE_CODE.search(body)
    if found is None:
        return StorageRefused(_BY_STATUS.get(status, "failed"), f"{where} answered {status}")
    return StorageRefused(_BY_SERVICE_CODE.get(found[1], "failed"), f"{where} refused: {found[1]}")
