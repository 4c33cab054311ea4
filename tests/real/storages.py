"""All storages of one config together: what its environment says of them, and how the emulator finds them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.real.deliveries import CommandLineProcess, RealSandbox
from tests.real.processes import HOST
from tests.real.readers import Rclone
from tests.real.servers import HMAC, LANDING_CONTAINER, READER, ROLE, WRITER, BlobStore, ObjectStore, SftpServer

ROLE_ARN = "arn:aws:iam::123456789012:role/exports"
CLIENT_ID, CLIENT_SECRET = "acme-exporter", "acme-client-secret"


@dataclass(frozen=True)
class Storages:
    objects: ObjectStore
    blobs: BlobStore
    partner: SftpServer
    warehouse: SftpServer

    def env(self) -> Mapping[str, str]:
        """The variables that exports.yaml refers to."""
        assert self.partner.password and self.warehouse.private_key
        return {
            "LAKE_KEY_ID": WRITER.id,
            "LAKE_SECRET": WRITER.secret,
            "LAKE_ROLE_ARN": ROLE_ARN,
            "BLOB_CONNECTION_STRING": self.blobs.connection_string("blobacct"),
            "GEN2_CLIENT_SECRET": CLIENT_SECRET,
            "HMAC_KEY_ID": HMAC.id,
            "HMAC_SECRET": HMAC.secret,
            "EXPORTCTL_VAR_PARTNER_PORT": str(self.partner.port),
            "PARTNER_PASSWORD": self.partner.password,
            "EXPORTCTL_VAR_WAREHOUSE_PORT": str(self.warehouse.port),
            "WAREHOUSE_USER": self.warehouse.user,
            "WAREHOUSE_KEY": self.warehouse.private_key.read_text(encoding="utf-8"),
        }

    def endpoints(self) -> dict[str, dict[str, Any]]:
        """Where the emulator writes each type; roles and principals stand in for the clouds' identity services."""
        keys = self.blobs.keys
        role = {"access_key_id": ROLE.id, "secret_access_key": ROLE.secret}
        principal = {"key": CLIENT_SECRET, "account_key": keys["lakeacct"]}
        zone = {"account": "blobacct", "container": LANDING_CONTAINER, "account_key": keys["blobacct"]}
        return {
            "amazon-s3": {"url": self.objects.url, "roles": {ROLE_ARN: role}},
            "google-cloud-storage": {"url": self.objects.url},
            "azure-blob": {"url": self.blobs.url("blobacct")},
            "azure-data-lake": {"url": self.blobs.url("lakeacct"), "principals": {CLIENT_ID: principal}},
            "data-landing-zone": {"url": self.blobs.url("blobacct"), **zone},
            "sftp": {"host": HOST},  # each destination's own port
        }

    def set_endpoints(self, run: CommandLineProcess) -> None:
        """Tell the emulator of `run` to write to these."""
        for type, endpoint in self.endpoints().items():
            options = {key: value for key, value in endpoint.items() if key not in ("url", "host")}
            url = endpoint.get("url", f"sftp://{endpoint.get('host')}")
            _set_endpoint(run, type, url, **{k: v if isinstance(v, str) else json.dumps(v) for k, v in options.items()})

    def reader_env(self) -> Mapping[str, str]:
        """Who reads, for `verify`: other keys than those that write, where there are any. The landing zone asks."""
        reader = {"AWS_ACCESS_KEY_ID": READER.id, "AWS_SECRET_ACCESS_KEY": READER.secret}
        reader |= {"AWS_ENDPOINT_URL_S3": self.objects.url}
        hmac = {"GCS_HMAC_ACCESS_KEY_ID": READER.id, "GCS_HMAC_SECRET_ACCESS_KEY": READER.secret}
        partner = {"PASSWORD": str(self.partner.password), "KNOWN_HOSTS": str(self.partner.known_hosts)}
        key = {"PRIVATE_KEY_FILE": str(self.warehouse.private_key), "KNOWN_HOSTS": str(self.warehouse.known_hosts)}
        given = {
            "LAKE": reader,
            "LAKE_BY_ROLE": reader,
            "BLOB": self._account("blobacct"),
            "GEN2": self._account("lakeacct"),
            "ANALYTICS": hmac | {"GCS_ENDPOINT_URL": self.objects.url},
            "PARTNER": {f"EXPORTCTL_SFTP_{name}": value for name, value in partner.items()},
            "WAREHOUSE": {f"EXPORTCTL_SFTP_{name}": value for name, value in key.items()},
        }
        return {f"EXPORTCTL_READER_{key}_{name}": v for key, values in given.items() for name, v in values.items()}

    def _account(self, name: str) -> dict[str, str]:
        where = {"AZURE_STORAGE_ACCOUNT": name, "AZURE_STORAGE_ENDPOINT": self.blobs.url(name)}
        return {**where, "AZURE_STORAGE_KEY": self.blobs.keys[name]}

    def open_landing_zone(self, world: RealSandbox, rclone: Rclone) -> None:
        """Give rclone the remote `landing`: what the platform hands out to whoever reads the landing zone."""
        given = world.get("/data/foundation/connectors/landingzone/credentials", type="dlz_destination")
        rclone.add("landing", {"type": "azureblob", "sas_url": given["SASUri"]})


def _set_endpoint(run: CommandLineProcess, type: str, url: str, **options: str) -> None:
    """Values go by the environment: no key on a command line."""
    names = {name: f"STORAGE_{name.upper()}" for name in options}
    words = [word for name in options for word in ("--option", f"{name}=env:{names[name]}")]
    env = {names[name]: value for name, value in options.items()}
    run("emulator", "storage", "set", type, url, *words, env=env)
