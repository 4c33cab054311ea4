"""
Read an object store through obstore: S3 and compatible stores, Azure Blob, Google Cloud Storage.

Listings come page by page, and only one page is in memory. Every setting of a store is given by name, because obstore
takes missing ones from the environment and could mix the key of one destination with the token of another.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exportctl.storage.access_types import S3, Azure, FederatedToken, Google, Sas, SharedKey
from exportctl.storage.object_store_errors import StorageRequest, storage_error
from exportctl.storage.reader import PIECE, StorageError, StoredFile, read_up_to

if TYPE_CHECKING:
    from obstore.store import AzureConfig, ClientConfig, ObjectStore, RetryConfig

_PAGE = 1000  # objects; what the services send at once
_RETRIES: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=8)}


class ObjectReader:
    """One bucket or container. The first read sends the first request."""

    def __init__(self, store: ObjectStore, where: str):
        self.label = where
        self._store = store

    def list(self, prefix: str) -> Iterator[StoredFile]:
        import obstore

        folder = prefix.strip("/")
        with self._translate_errors(StorageRequest("list", f"{self.label}/{folder}")):
            for page in obstore.list(self._store, folder or None, chunk_size=_PAGE):
                for found in page:
                    if found["size"] or not self._is_folder(found["path"]):
                        yield StoredFile(found["path"], found["size"], int(found["last_modified"].timestamp()))

    def read(self, path: str, limit: int) -> bytes:
        return read_up_to(self.chunks(path), limit)

    def tail(self, path: str, size: int, length: int) -> bytes:
        import obstore

        if length >= size:  # no range: some servers answer one that covers everything with the whole object
            return self.read(path, size)
        with self._translate_errors(self._read_request(path)):
            return bytes(obstore.get_range(self._store, path, start=size - length, length=length))

    def chunks(self, path: str) -> Iterator[bytes]:
        import obstore

        with self._translate_errors(self._read_request(path)):
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

    def _read_request(self, path: str) -> StorageRequest:
        return StorageRequest("read", f"{self.label}/{path}", single=True)

    @contextmanager
    def _translate_errors(self, asked: StorageRequest) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError, ValueError) as error:  # obstore raises built-in ones for some answers
            raise storage_error(asked, str(error)) from None


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
    address = method.endpoint or f"https://s3.{method.region}.{_amazon_domain(method.region)}"
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
    """
    Open a Google Cloud Storage bucket with a credentials file.

    Raises:
        StorageError: the file is missing or unusable.
    """
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


def _amazon_domain(region: str) -> str:
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
