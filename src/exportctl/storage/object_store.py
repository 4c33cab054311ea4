"""
Read an object store through obstore: S3 and compatible stores, Azure Blob, Google Cloud Storage.

Listings come page by page, and only one page is in memory. Every setting of a store is given by name, because obstore
takes missing ones from the environment and could mix the key of one destination with the token of another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exportctl.storage.access_types import S3, Azure, FederatedToken, Google, Sas, SharedKey
from exportctl.storage.reader import PIECE, StorageError, StoredFile, read_up_to

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import AzureConfig, ClientConfig, ObjectStore, RetryConfig

_PAGE = 1000  # objects; what the services send at once
_RETRIES: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=8)}


class ObjectReader:
    """One bucket or container. The first read sends the first request."""

    def __init__(self, store: ObjectStore, where: str):
        self.label = where
        self._store = store

    def list(self, prefix: str) -> Iterator[StoredFile]:
        for found in self._objects(prefix):
            if found["size"] or not self._is_folder(found["path"]):
                written = found["last_modified"].timestamp()
                yield StoredFile(found["path"], found["size"], written, found["e_tag"])

    def folders(self, prefix: str) -> Iterator[str]:
        for found in self._objects(prefix):
            if not found["size"] and self._is_folder(found["path"]):
                yield found["path"]

    def _objects(self, prefix: str) -> Iterator[ObjectMeta]:
        import obstore

        folder = prefix.strip("/")
        with self._translate_errors(folder, listing=True):
            for page in obstore.list(self._store, folder or None, chunk_size=_PAGE):
                yield from page

    def read(self, path: str, limit: int) -> bytes:
        return read_up_to(self.chunks(path), limit)

    def tail(self, path: str, size: int, length: int) -> bytes:
        import obstore

        if length >= size:  # no range: some servers answer one that covers everything with the whole object
            return self.read(path, size)
        with self._translate_errors(path):
            return bytes(obstore.get_range(self._store, path, start=size - length, length=length))

    def chunks(self, path: str) -> Iterator[bytes]:
        import obstore

        with self._translate_errors(path):
            for piece in obstore.get(self._store, path).stream(min_chunk_size=PIECE):
                yield bytes(piece)

    def close(self) -> None:
        """Do nothing: obstore closes its connections by itself."""

    def _is_folder(self, path: str) -> bool:
        """
        Say whether an object of zero bytes stands for a folder.

        Its key ends in `/`, which obstore removes from the path and then cannot find; or it has the mark that Hadoop's
        driver and Data Lake accounts give to folders.
        """
        import obstore

        try:
            return obstore.get(self._store, path).attributes.get("hdi_isfolder") == "true"
        except FileNotFoundError:
            return True

    @contextmanager
    def _translate_errors(self, path: str, *, listing: bool = False) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError, ValueError) as error:  # obstore raises built-in ones for some answers
            raise storage_error(f"{self.label}/{path}", str(error), listing=listing) from None


def open_s3(method: S3, where: str) -> ObjectReader:
    from obstore.store import S3Store

    keys = method.keys
    given: dict[str, Any] = {}
    if keys:
        token = keys.session_token.reveal() if keys.session_token else None
        credential = {
            "access_key_id": keys.access_key_id.reveal(),
            "secret_access_key": keys.secret_access_key.reveal(),
            "token": token,
            "expires_at": None,
        }
        given["credential_provider"] = lambda: credential
    if method.metadata:
        given["metadata_endpoint"] = method.metadata
    domain = "amazonaws.com.cn" if method.region.startswith("cn-") else "amazonaws.com"
    address = method.endpoint or f"https://s3.{method.region}.{domain}"
    store = S3Store(
        method.bucket,
        prefix=method.prefix or None,
        region=method.region,
        aws_endpoint_url_s3=address,  # comes before every other way to say where
        virtual_hosted_style_request=False,
        s3_express=False,
        skip_signature=False,
        client_options=_client_options(address),
        retry_config=_RETRIES,
        **given,
    )
    return ObjectReader(store, where)


def open_azure(method: Azure, where: str) -> ObjectReader:
    from obstore.store import AzureStore

    settings: AzureConfig = {
        "account_name": method.account,
        "endpoint": method.endpoint,
        "use_emulator": False,
        "skip_signature": False,
    }
    given: dict[str, Any] = {}
    credential = method.credential
    if isinstance(credential, SharedKey):
        access_key = credential.key.reveal()
        given["credential_provider"] = lambda: {"access_key": access_key, "expires_at": None}
    elif isinstance(credential, Sas):
        signature = credential.token.reveal()
        given["credential_provider"] = lambda: {"sas_token": signature, "expires_at": None}
    else:
        settings |= {"tenant_id": credential.tenant_id, "client_id": credential.client_id}
        if isinstance(credential, FederatedToken):
            settings |= {"credential_type": "workload_identity", "federated_token_file": credential.token_file}
        else:
            settings |= {"credential_type": "client_secret", "client_secret": credential.client_secret.reveal()}
    store = AzureStore(
        method.container,
        config=settings,
        client_options=_client_options(method.endpoint),
        retry_config=_RETRIES,
        **given,
    )
    return ObjectReader(store, where)


def open_google(method: Google, where: str) -> ObjectReader:
    """Open a Google Cloud Storage bucket; a credentials file that cannot be used raises a StorageError."""
    from obstore.exceptions import BaseError
    from obstore.store import GCSStore

    file = str(Path(method.credentials_file).expanduser())
    try:
        store = GCSStore(
            method.bucket,
            application_credentials=file,
            skip_signature=False,
            client_options=_client_options("https"),
            retry_config=_RETRIES,
        )
    except (BaseError, OSError, ValueError):
        raise StorageError(
            f"{where}: the file of GOOGLE_APPLICATION_CREDENTIALS cannot be used",
            rule="storage-setup",
            hint="it is the JSON of a service account, or what `gcloud auth application-default login` writes",
        ) from None
    return ObjectReader(store, where)


def _client_options(address: str) -> ClientConfig:
    """Return options that give up on a silent server within 15 seconds. A file that keeps coming may take longer."""
    return {
        "allow_http": address.startswith("http://"),
        "connect_timeout": timedelta(seconds=3),
        "read_timeout": timedelta(seconds=10),
        "timeout": timedelta(hours=6),
    }


# -- errors -----------------------------------------------------------------------------------------------------------

# The text of an error is never shown: it holds whole requests, and with a shared access signature the URL is the
# credential. Only the status, the store's own code and the kind of network failure are taken from it.
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>|\"error\":\s*\"(\w{1,60})\"")  # S3, Azure, Google; their token services
_NAME = re.compile(r"Path \"(.+?)\" contained empty|Error parsing Path \"(.+?)\": ")
_MALFORMED = re.compile(r"credential provider: \w|Error reading federated token file")
_NO_BUCKET = {"NoSuchBucket", "ContainerNotFound", "InvalidBucketName", "InvalidResourceName", "AccountNotFound"}
_WRONG_REGION = {"AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException"}
_TOKEN_ERRORS = {"invalid_client", "invalid_grant", "unauthorized_client", "invalid_request"}  # RFC 6749 5.2
_EXPIRED = {"ExpiredToken", "RequestTimeTooSkewed", "InvalidToken"}
_NOT_FOUND = re.compile(r"^Object at location .* not found")
_NO_RANGE = re.compile(r"non-partial response")
_NETWORK_ERRORS = (  # on the way there, in this order; words of the HTTP client
    (re.compile(r"dns error|failed to lookup|Name or service not known", re.I), "its name is not known (DNS)"),
    (re.compile(r"ConnectionRefused|connection refused", re.I), "connection refused"),
    (re.compile(r"certificate|InvalidCertificate|UnknownIssuer", re.I), "its TLS certificate is not trusted"),
    (re.compile(r"kind: Timeout|timed ?out", re.I), "no answer in time"),
    (re.compile(r"HTTP error|kind: (Connect|Request|Interrupted)|connection (closed|reset)", re.I), "no connection"),
)


def storage_error(what: str, text: str, *, listing: bool = False) -> StorageError:
    """
    Return the StorageError for an answer to a request for one object, or for a `listing`.

    The codes are those of the S3, Blob and OAuth references.
    """

    def error(words: str, rule: str = "storage-read", hint: str | None = None) -> StorageError:
        return StorageError(f"cannot {'list' if listing else 'read'} {what}: {words}", rule=rule, hint=hint)

    if name := _first_match(_NAME, text):
        words = f"the object's name {name[:200]!r} has an empty part, `.` or `..`, which cannot be read"
        return error(words, "storage-read", "rename or move it; exports give no such names")
    if _MALFORMED.search(text):
        return error("the credentials are malformed or cut", "storage-setup", "copy them again, completely")
    status, code = _first_match(_STATUS, text), _first_match(_CODE, text)
    said = f"{code} ({status})" if code and status else code or status or ""
    if code in _WRONG_REGION or "redirect without LOCATION" in text:
        return error("the bucket is in another region", "storage-unreachable", "set AWS_REGION to its region")
    if code in _NO_BUCKET:
        return error(said, "storage-missing", "it was deleted, or is one of another account or endpoint")
    if status in ("401", "403") or code in _TOKEN_ERRORS | _EXPIRED:
        return error(said, "storage-denied", _denied_hint(code))
    if status == "416":
        return error("it is shorter than it was when it was listed")
    if status == "404" or _NOT_FOUND.search(text):
        if not listing:
            return error("it is not there (any more)")
        return error(said, "storage-missing", "check the bucket and the endpoint")
    if status:
        return error(said, "storage-unreachable" if status >= "500" else "storage-read")
    if _NO_RANGE.search(text):
        return error("the server does not send a part of an object")
    way = next((words for pattern, words in _NETWORK_ERRORS if pattern.search(text)), None)
    if way:
        return error(way, "storage-unreachable", "check the endpoint, the network and any proxy")
    return error("the answer has an unknown form")


def _denied_hint(code: str | None) -> str:
    if code in ("SignatureDoesNotMatch", "InvalidAccessKeyId", "AuthenticationFailed", *_TOKEN_ERRORS):
        return "the credentials are wrong, cut, or expired"
    if code == "AuthorizationFailure":  # Azure uses this code for several problems
        return "the credentials are wrong or expired, or the account's network rules keep this machine out"
    if code in _EXPIRED:
        return "the credentials have expired, or this machine's clock is wrong"
    return "reading needs listing and getting objects: docs/how-to/let-verify-read-storage.md has the policies to paste"


def _first_match(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return next(group for group in found.groups() if group) if found else None
