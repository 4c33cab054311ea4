"""
Connection specs and flow specs as the service serves them: six destinations, the data lake, dataset and audience flows.

Data only, built once per process and shared; callers must not change what they get. What a body must look like to be
accepted is `validation.py`, which reads these. Source: [XD-new] [AS] [D], flow-service.md 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

from exportctl.emulator.storage import addresses
from exportctl.emulator.storage.sink import StorageRefused
from exportctl.emulator.switches import Switches
from exportctl.emulator.wire import Json
from exportctl.frozen import dataclass

DRAFT_07 = "http://json-schema.org/draft-07/schema#"
PROVIDER = "14e34fac-d307-11e9-bb65-2a2ae2dbcce4"
VERSION = "1.0"

DATA_LAKE = "23598e46-f560-407b-88d5-ea6207e49db0"
PROFILE_STORE = "8a9c3494-9708-43d7-ae3f-cda01e5030e1"
LANDING_ZONE = "10440537-2a7b-4583-ac39-ed38d4b848e8"

S3_BUCKET = (
    r"(?=^.{3,63}$)(?!^(\d+\.)+\d+$)"
    r"(^(([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])\.)*([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])$)"
)
GCS_BUCKET = (
    r"(?!^goog.*$)(?!^.*g(o|0)(o|0)gle.*$)(((?=^.{3,63}$)(^([a-z0-9]|[a-z0-9][a-z0-9\-_]*)[a-z0-9]$))"
    r"|((?=^.{3,222}$)(?!^(\d+\.)+\d+$)(^(([a-z0-9]{1,63}|[a-z0-9][a-z0-9\-_]{1,61}[a-z0-9])\.)*"
    r"([a-z0-9]{1,63}|[a-z0-9][a-z0-9\-_]{1,61}[a-z0-9])$)))"
)
MACRO_PATH = r"^[0-9a-zA-Z/\!\-_\.\*\''\(\)]*((\%SEGMENT_(NAME|ID)\%)?/?)+$"
BLOB_PATH = r"^[0-9a-zA-Z/\!\-_\.\*\'\(\)]+$"
CONTAINER = r"^[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]$"

# The published path pattern nests an empty repeat and can take exponential time. This one accepts the same strings.
SAFE_PATTERNS = {MACRO_PATH: r"^[0-9a-zA-Z/!\-_.*'()]*(?:%SEGMENT_(?:NAME|ID)%|/)*$"}


@dataclass(frozen=True)
class Auth:
    """One way to authenticate: the params are (name, JSON schema) in the order of the spec."""

    name: str
    type: str
    params: tuple[tuple[str, Json], ...]


def _bucket_folder(auth: Json, location: Json) -> str:
    return str(location["bucketName"])


def _lake_folder(auth: Json, location: Json) -> str:
    try:
        return "@".join(addresses.parse_lake_url(auth["url"]))
    except StorageRefused:
        return str(auth["url"])  # any address will do to tell folders apart


@dataclass(frozen=True)
class EncryptionForm:
    """One entry of `encryptionSpecs`, and the names of its two params."""

    name: str
    algorithm: str
    key: str


PUBLISHED_ENCRYPTION = EncryptionForm("File PGP/GPG Encryption", "encryptionAlgo", "publicKey")


@dataclass(frozen=True)
class DestinationSpec:
    """What distinguishes one destination card from another."""

    name: str
    id: str
    dataset_flow: str
    audience_flow: str
    auths: tuple[Auth, ...]
    location: tuple[tuple[str, Json], ...]  # the folder is the last
    storage: str  # names its local folder, and its endpoint in the storage settings
    folder_name: Callable[[Json, Json], str]  # of auth and target params: what tells two storages of it apart
    encryption: EncryptionForm | None = PUBLISHED_ENCRYPTION

    @property
    def folder_param(self) -> str:
        """The param of a target that is the folder."""
        return self.location[-1][0]


def _text(title: str, **more: object) -> Json:
    return {"type": "string", "title": title, **more}


def _secret(title: str, **more: object) -> Json:
    return _text(title, format="password", **more)


_SFTP_LOGIN = (("domain", _text("Domain")), ("username", _text("Username")))

DESTINATIONS = (
    DestinationSpec(
        "Amazon S3",
        "4fce964d-3f37-408f-9778-e597338a21ee",
        "269ba276-16fc-47db-92b0-c1049a3c131f",
        "1a0514a6-33d4-4c7f-aff8-594799c47549",
        (
            Auth(
                "Access Key",
                "KeyBased",
                (
                    ("s3AccessKey", _text("S3 access key", pattern="^[A-Z2-7]{20}$")),
                    ("s3SecretKey", _secret("S3 secret key", pattern=r"^[A-Za-z0-9\/\+]{40}$")),
                ),
            ),
            Auth("Assumed Role", "S3RoleBased", (("s3Role", _secret("Role")),)),
        ),
        (("bucketName", _text("Bucket name", pattern=S3_BUCKET)), ("path", _text("Folder path", pattern=MACRO_PATH))),
        "amazon-s3",
        _bucket_folder,
    ),
    DestinationSpec(
        "Azure Blob Storage",
        "6d6b59bf-fb58-4107-9064-4d246c0e5bb2",
        "95bd8965-fc8a-4119-b9c3-944c2c2df6d2",
        "752d422f-b16f-4f0d-b1c6-26e448e3b388",
        (Auth("ConnectionString", "ConnectionString", (("connectionString", _secret("Connection string")),)),),
        (("container", _text("Container", pattern=CONTAINER)), ("path", _text("Folder path", pattern=BLOB_PATH))),
        "azure-blob",
        lambda auth, location: str(location["container"]),
    ),
    DestinationSpec(
        "Azure Data Lake Gen2",
        "be2c3209-53bc-47e7-ab25-145db8b873e1",
        "17be2013-2549-41ce-96e7-a70363bec293",
        "db060570-a155-418a-a6d3-b4d97698e5dc",
        (
            Auth(
                "Azure Service Principal Auth",
                "AzureServicePrincipal",
                (
                    ("url", _text("URL")),
                    ("servicePrincipalId", _text("Service principal id")),
                    ("servicePrincipalKey", _secret("Service principal key")),
                    ("tenant", _text("Tenant")),
                ),
            ),
        ),
        (("path", _text("Folder path")),),
        "azure-data-lake",
        _lake_folder,
    ),
    DestinationSpec(
        "Data Landing Zone",
        LANDING_ZONE,
        "cd2fc47e-e838-4f38-a581-8fff2f99b63a",
        "7e635b9f-e59b-4546-8ba8-fce6496693c8",
        (),
        (("path", _text("Folder path")),),
        "data-landing-zone",
        lambda auth, location: addresses.LANDING_ZONE,
        encryption=None,  # since September 2025 by switch landing_zone_encryption
    ),
    DestinationSpec(
        "Google Cloud Storage",
        "c5d93acb-ea8b-4b14-8f53-02138444ae99",
        "585c15c4-6cbf-4126-8f87-e26bff78b657",
        "976d663b-80b4-4193-be6b-2d0487516623",
        (
            Auth(
                "Google Cloud Storage authentication credentials",
                "GoogleCloudStorageAuth",
                (("accessKeyId", _text("Access key id")), ("secretAccessKey", _secret("Secret access key"))),
            ),
        ),
        (("bucketName", _text("Bucket name", pattern=GCS_BUCKET)), ("path", _text("Folder path", pattern=MACRO_PATH))),
        "google-cloud-storage",
        _bucket_folder,
    ),
    DestinationSpec(
        "SFTP",
        "36965a81-b1c6-401b-99f8-22508f1e6a26",
        "354d6aad-4754-46e4-a576-1b384561c440",
        "fd36aaa4-bf2b-43fb-9387-43785eeeb799",
        (
            Auth("SFTP with Password", "SFTP", (*_SFTP_LOGIN, ("password", _secret("Password")))),
            Auth("SFTP with SSH Key", "SFTP", (*_SFTP_LOGIN, ("sshKey", _secret("SSH key", contentEncoding="base64")))),
        ),
        (("remotePath", _text("Folder path")),),
        "sftp",
        lambda auth, location: f"{auth['domain'].lower()}_{auth.get('port', addresses.SFTP_PORT)}",
    ),
)

_AZURE_BLOB = DESTINATIONS[1].id

# What Adobe announced without names, by setting of the switch: as the nearest relative, or under other names.
_ENCRYPTION_BY_SETTING: dict[str, EncryptionForm | None] = {
    "listed": PUBLISHED_ENCRYPTION,
    "renamed": EncryptionForm("PGP encryption", "algorithm", "pgpPublicKey"),
    "absent": None,
}
_PRINCIPALS_BY_SETTING: dict[str, tuple[Auth, ...]] = {
    "listed": (
        Auth(
            "Azure Service Principal Auth",
            "AzureServicePrincipal",
            (
                ("url", _text("URL")),
                ("servicePrincipalId", _text("Service principal id")),
                ("servicePrincipalKey", _secret("Service principal key")),
                ("tenant", _text("Tenant")),
            ),
        ),
    ),
    "renamed": (
        Auth(
            "Microsoft Entra ID",
            "OAuth2ClientCredential",
            (
                ("accountName", _text("Storage account")),
                ("tenantId", _text("Tenant id")),
                ("clientId", _text("Client id")),
                ("clientSecret", _secret("Client secret")),
            ),
        ),
    ),
    "absent": (),
}


def offered_card(card: DestinationSpec, switches: Switches) -> DestinationSpec:
    """Return a card with what the switches say that its connection spec lists."""
    if card.id == LANDING_ZONE:
        return replace(card, encryption=_ENCRYPTION_BY_SETTING[switches.landing_zone_encryption])
    if card.id == _AZURE_BLOB:
        return replace(card, auths=(*card.auths, *_PRINCIPALS_BY_SETTING[switches.blob_service_principal]))
    return card


BY_CONNECTION_SPEC = {card.id: card for card in DESTINATIONS}
DATASET_FLOWS = {card.dataset_flow: card for card in DESTINATIONS}


# Destinations whose migrated audience flows have the flow spec of datasets (Adobe's migration guide).
MIGRATED_STORAGES = ("amazon-s3", "azure-blob", "sftp")


def exports_datasets(flow: Json) -> bool:
    """Whether a stored flow is a dataset export: it has the flow spec of one, and no source shows that it is not."""
    # rule: dataset-source
    sources = (flow.get("inheritedAttributes") or {}).get("sourceConnections") or ()
    profiles = any(source["connectionSpec"]["id"] == PROFILE_STORE for source in sources)
    return (flow.get("flowSpec") or {}).get("id") in DATASET_FLOWS and not profiles


def allowed_sources(flow_spec: str) -> tuple[str, ...]:
    """Return the ids of the connection specs that a flow of this spec may read."""
    card = DATASET_FLOWS.get(flow_spec)
    if card is None:
        return (PROFILE_STORE,)
    return (DATA_LAKE, PROFILE_STORE) if card.storage in MIGRATED_STORAGES else (DATA_LAKE,)


def add_destination(card: DestinationSpec) -> None:
    """Serve one more destination in this process; call it before the first emulator is opened."""
    BY_CONNECTION_SPEC[card.id] = card
    DATASET_FLOWS[card.dataset_flow] = card


def _schema(properties: Json, required: Iterable[str]) -> Json:
    return {"$schema": DRAFT_07, "type": "object", "properties": properties, "required": list(required)}


def _auth_spec(auth: Auth) -> Json:
    params = dict(auth.params)
    return {"name": auth.name, "type": auth.type, "spec": _schema(params, params)}


def encryption_params(form: EncryptionForm) -> dict[str, Json]:
    """Return the params of an encryption by name."""
    return {
        form.algorithm: _text("Algorithm", enum=["PGPGPG", "NONE"], default="PGPGPG"),
        form.key: _text("Public key", contentEncoding="base64"),
    }


def _encryption_spec(form: EncryptionForm) -> Json:
    params = encryption_params(form)
    return {"name": form.name, "type": "FileAsymmetric", "spec": _schema(params, params)}


def _target_spec(card: DestinationSpec, manifest: bool) -> Json:
    dataset = {"field": "flowSpec.attributes._workflow", "operator": "CONTAINS", "value": "DATASETS"}
    audience = dataset | {"operator": "NOT_CONTAINS"}
    properties = {
        **dict(card.location),
        "fileType": _text("File type", enum=["CSV", "JSON", "PARQUET"], conditional=audience),
        "csvOptions": {"type": "object", "title": "CSV options", "conditional": audience},
        "datasetFileType": _text("File type", enum=["JSON", "PARQUET"], conditional=dataset),
        "compression": _text("Compression format", enum=["NONE", "GZIP"]),
    }
    if manifest:
        properties["includeFileManifest"] = {"type": "boolean", "title": "Include manifest file"}
    # rule: target-spec-quirk
    required = [*(name for name, _ in card.location), "datasetFileType", "compression", "fileType"]
    return {"name": "User based target", "type": "UserNamespace", "spec": _schema(properties, required)}


def _spec(id: str, name: str, resource: str, **more: object) -> Json:
    """Return the members that all specs have, and more; `resource` names what its permissions are for."""
    kinds = {"view": "read", "manage": "write", "delete": "delete"}
    permissions = {
        kind: [{"@type": "lowLevel", "name": resource, "permissions": [verb]}] for kind, verb in kinds.items()
    }
    head = {"id": id, "name": name, "providerId": PROVIDER, "version": VERSION}
    return {**head, **more, "permissionsInfo": permissions}


def _connection_spec(card: DestinationSpec, manifest: bool) -> Json:
    return _spec(
        card.id,
        card.name,
        "Destinations",
        authSpec=[_auth_spec(auth) for auth in card.auths],
        encryptionSpecs=[_encryption_spec(card.encryption)] if card.encryption else [],
        targetSpec=_target_spec(card, manifest),
        attributes={"isDestination": True, "category": "cloudStorage"},
    )


def _data_lake_spec() -> Json:
    entry = {"type": "object", "properties": {"dataSetId": _text("Id"), "name": _text("Name")}}
    params = {"datasets": {"type": "array", "items": {**entry, "required": ["dataSetId"]}}}
    source = {"name": "Data lake", "type": "Datasets", "spec": {"type": "object", "properties": params}}
    attributes = {"isSource": True}
    return _spec(DATA_LAKE, "activation-datalake", "Datasets", authSpec=[], sourceSpec=source, attributes=attributes)


def _flow_spec(card: DestinationSpec, dataset: bool) -> Json:
    return _spec(
        card.dataset_flow if dataset else card.audience_flow,
        f"{card.name} {'dataset' if dataset else 'audience'} export",
        "Destinations",
        sourceConnectionSpecIds=[DATA_LAKE if dataset else PROFILE_STORE],
        targetConnectionSpecIds=[card.id],
        attributes={"isDestinationFlow": True, "_workflow": ["DATASETS"] if dataset else ["SEGMENTS"]},
    )


def connection_specs(switches: Switches) -> dict[str, Json]:
    """Return the connection specs by id."""
    names = ("manifest", "landing_zone_encryption", "blob_service_principal")  # the switches that change them
    return _connection_specs(Switches(**{name: getattr(switches, name) for name in names}))


@cache
def _connection_specs(switches: Switches) -> dict[str, Json]:
    manifest = switches.manifest == "accepted"
    served = [_connection_spec(offered_card(card, switches), manifest) for card in BY_CONNECTION_SPEC.values()]
    profiles = _spec(PROFILE_STORE, "activation-profile-store", "Profiles", authSpec=[], attributes={"isSource": True})
    return {spec["id"]: spec for spec in (*served, _data_lake_spec(), profiles)}


@cache
def flow_specs() -> dict[str, Json]:
    """Flow specs by id: a dataset and an audience flow per destination."""
    served = BY_CONNECTION_SPEC.values()
    return {spec["id"]: spec for card in served for spec in (_flow_spec(card, True), _flow_spec(card, False))}
