"""
The six destination types as one table: spec ids, ways to authenticate, places, patterns. Data only, no behaviour.

Sources: flow-service.md 5 and dataset-exports.md 4 in the facts this project was built on, which restate Adobe's
`help/destinations/api/export-datasets.md` ([XD-new]), the batch activation tutorial ([AS]) and `destinations.yaml`
([D]). Ids are the same in every organisation and sandbox. Adobe has moved customers to new specs before (2022-23), so
nothing outside this table knows an id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exportctl.model.secret import Secrecy

SPEC_VERSION = "1.0"  # [D] answers 422 when it is missing
DATA_LAKE_SPEC = "23598e46-f560-407b-88d5-ea6207e49db0"  # source side of every dataset export [D] [XD-new]
PROFILE_STORE_SPEC = "8a9c3494-9708-43d7-ae3f-cda01e5030e1"  # source side of every audience export [D] [AE]

# Pattern sources: [XD-new], unescaped. Python's `re` has the lookahead they need.
S3_BUCKET = (
    r"(?=^.{3,63}$)(?!^(\d+\.)+\d+$)"
    r"(^(([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])\.)*([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])$)"
)
GCS_BUCKET = (
    r"(?!^goog.*$)(?!^.*g(o|0)(o|0)gle.*$)"
    r"(((?=^.{3,63}$)(^([a-z0-9]|[a-z0-9][a-z0-9\-_]*)[a-z0-9]$))"
    r"|((?=^.{3,222}$)(?!^(\d+\.)+\d+$)"
    r"(^(([a-z0-9]{1,63}|[a-z0-9][a-z0-9\-_]{1,61}[a-z0-9])\.)*"
    r"([a-z0-9]{1,63}|[a-z0-9][a-z0-9\-_]{1,61}[a-z0-9])$)))"
)
BLOB_CONTAINER = r"^[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]$"
# The published S3/GCS path pattern also allows %SEGMENT_…% macros, which are for audience files; its nested repeats
# backtrack badly, so this is the same set of characters without them.
OBJECT_PATH = r"^[0-9a-zA-Z/!\-_.*'()]*$"
BLOB_PATH = r"^[0-9a-zA-Z/!\-_.*'()]+$"


@dataclass(frozen=True)
class AuthField:
    """
    One key of `auth` in YAML and its name on the wire.

    `hidden`: the published spec says `format: password`, so a GET may mask or omit it. `form` is a pattern its real
    values have, used to tell a value from a mask; `sample` is a made-up value of that form for the embedded emulator.
    """

    name: str
    wire: str
    secrecy: Secrecy
    hidden: bool = False
    form: str | None = None
    sample: str = "emulated-value"
    lenient: bool = False  # what breaks the live spec's pattern only warns: the published one refuses real keys


@dataclass(frozen=True)
class AuthMethod:
    """One way to authenticate: `spec_name` goes out as auth.specName."""

    name: str
    spec_name: str
    fields: tuple[AuthField, ...]


@dataclass(frozen=True)
class LocationField:
    """One key of a place in YAML and its name in the target connection's params."""

    name: str
    wire: str
    required: bool
    pattern: str | None = None
    rule: str | None = None  # what the pattern asks for, in words


@dataclass(frozen=True)
class DestinationType:
    name: str
    label: str
    connection_spec: str
    flow_spec: str
    audience_flow_spec: str
    location: tuple[LocationField, ...]
    methods: tuple[AuthMethod, ...] = ()
    account_keys: tuple[str, ...] = ()  # YAML keys that describe the account, not the place
    encryption: bool = True
    notes: tuple[str, ...] = field(default=())

    @property
    def path_key(self) -> str:
        """The YAML key of the folder, always `path`; named here so that callers need no literal."""
        return "path"

    def method(self, name: str) -> AuthMethod:
        return next(m for m in self.methods if m.name == name)

    def method_by_spec_name(self, spec_name: str | None) -> AuthMethod | None:
        return next((m for m in self.methods if m.spec_name == spec_name), None)

    def wire_names(self) -> Mapping[str, str]:
        """YAML key -> wire name of the place."""
        return {f.name: f.wire for f in self.location}


_PATH_WORDS = "letters, digits and / ! - _ . * ' ( ) only"
_S3_PATH = LocationField("path", "path", False, OBJECT_PATH, _PATH_WORDS)

AMAZON_S3 = DestinationType(
    name="amazon-s3",
    label="Amazon S3",
    connection_spec="4fce964d-3f37-408f-9778-e597338a21ee",
    flow_spec="269ba276-16fc-47db-92b0-c1049a3c131f",
    audience_flow_spec="1a0514a6-33d4-4c7f-aff8-594799c47549",
    location=(
        LocationField("bucket", "bucketName", True, S3_BUCKET, "3-63 lower-case letters, digits, hyphens and dots"),
        _S3_PATH,
    ),
    methods=(
        AuthMethod(  # [AS] [S3P]; the dataset tutorial lists only the key (known conflict, accept both)
            "role",
            "Assumed Role",
            (
                AuthField(
                    "role_arn",
                    "s3Role",
                    Secrecy.SENSITIVE,
                    hidden=True,
                    form=r"^arn:aws[\w-]*:iam::\d{12}:role/.+$",
                    sample="arn:aws:iam::123456789012:role/emulated",
                ),
            ),
        ),
        AuthMethod(
            "key",
            "Access Key",
            (
                AuthField(
                    "access_key_id",
                    "s3AccessKey",
                    Secrecy.SENSITIVE,
                    form=r"^[A-Z0-9]{16,128}$",
                    sample="AKIAEMULATEDEMULATED",
                    lenient=True,
                ),
                AuthField(
                    "secret_access_key",
                    "s3SecretKey",
                    Secrecy.SECRET,
                    hidden=True,
                    sample="emulated/secret+" * 2 + "emulated",
                ),
            ),
        ),
    ),
)

AZURE_BLOB = DestinationType(
    name="azure-blob",
    label="Azure Blob Storage",
    connection_spec="6d6b59bf-fb58-4107-9064-4d246c0e5bb2",
    flow_spec="95bd8965-fc8a-4119-b9c3-944c2c2df6d2",
    audience_flow_spec="752d422f-b16f-4f0d-b1c6-26e448e3b388",
    location=(
        LocationField(
            "container", "container", True, BLOB_CONTAINER, "3-63 lower-case letters, digits and single hyphens"
        ),
        LocationField("path", "path", True, BLOB_PATH, f"not empty; {_PATH_WORDS}"),
    ),
    methods=(
        AuthMethod(
            "connection-string",
            "ConnectionString",
            (
                AuthField(
                    "connection_string",
                    "connectionString",
                    Secrecy.SECRET,
                    hidden=True,
                    sample="DefaultEndpointsProtocol=https;AccountName=emulated;AccountKey=ZW11bGF0ZWQ=",
                ),
            ),
        ),
    ),
)

AZURE_DATA_LAKE = DestinationType(
    name="azure-data-lake",
    label="Azure Data Lake Gen2",
    connection_spec="be2c3209-53bc-47e7-ab25-145db8b873e1",
    flow_spec="17be2013-2549-41ce-96e7-a70363bec293",
    audience_flow_spec="db060570-a155-418a-a6d3-b4d97698e5dc",
    location=(LocationField("path", "path", True),),
    methods=(
        AuthMethod(
            "service-principal",
            "Azure Service Principal Auth",
            (
                AuthField("endpoint", "url", Secrecy.PLAIN),  # from storage_account + container, or endpoint
                AuthField("tenant_id", "tenant", Secrecy.SENSITIVE, sample="00000000-0000-4000-8000-000000000000"),
                AuthField(
                    "client_id", "servicePrincipalId", Secrecy.SENSITIVE, sample="00000000-0000-4000-8000-000000000001"
                ),
                AuthField(
                    "client_secret", "servicePrincipalKey", Secrecy.SECRET, hidden=True, sample="emulated-client-secret"
                ),
            ),
        ),
    ),
    account_keys=("storage_account", "container", "endpoint"),
)

DATA_LANDING_ZONE = DestinationType(
    name="data-landing-zone",
    label="Data Landing Zone",
    connection_spec="10440537-2a7b-4583-ac39-ed38d4b848e8",
    flow_spec="cd2fc47e-e838-4f38-a581-8fff2f99b63a",
    audience_flow_spec="7e635b9f-e59b-4546-8ba8-fce6496693c8",
    location=(LocationField("path", "path", True),),
    encryption=False,
    notes=("files are deleted after 7 days",),  # hard limit [DLZ]
)

GOOGLE_CLOUD_STORAGE = DestinationType(
    name="google-cloud-storage",
    label="Google Cloud Storage",
    connection_spec="c5d93acb-ea8b-4b14-8f53-02138444ae99",
    flow_spec="585c15c4-6cbf-4126-8f87-e26bff78b657",
    audience_flow_spec="976d663b-80b4-4193-be6b-2d0487516623",
    location=(
        LocationField(
            "bucket",
            "bucketName",
            True,
            GCS_BUCKET,
            "3-63 lower-case letters, digits, - _ and dots; not goog…, no google",
        ),
        _S3_PATH,
    ),
    methods=(
        AuthMethod(
            "hmac",
            "Google Cloud Storage authentication credentials",
            (
                AuthField(
                    "access_key_id", "accessKeyId", Secrecy.SENSITIVE, sample="GOOG1E" + "EMULATED" * 6 + "EMULATE"
                ),
                AuthField(
                    "secret_access_key",
                    "secretAccessKey",
                    Secrecy.SECRET,
                    hidden=True,
                    sample="emulated+secret/" * 2 + "emulated",
                ),
            ),
        ),
    ),
)

_SFTP_ACCOUNT = (
    AuthField("host", "domain", Secrecy.PLAIN),
    AuthField("port", "port", Secrecy.PLAIN),  # optional; a string in [AS], absent from the published schema
)

SFTP = DestinationType(
    name="sftp",
    label="SFTP",
    connection_spec="36965a81-b1c6-401b-99f8-22508f1e6a26",
    flow_spec="354d6aad-4754-46e4-a576-1b384561c440",
    audience_flow_spec="fd36aaa4-bf2b-43fb-9387-43785eeeb799",
    location=(LocationField("path", "remotePath", True),),
    methods=(
        AuthMethod(
            "password",
            "SFTP with Password",
            (
                *_SFTP_ACCOUNT,
                AuthField("username", "username", Secrecy.SENSITIVE, sample="emulated"),
                AuthField("password", "password", Secrecy.SECRET, hidden=True, sample="emulated-password"),
            ),
        ),
        AuthMethod(
            "key",
            "SFTP with SSH Key",
            (
                *_SFTP_ACCOUNT,
                AuthField("username", "username", Secrecy.SENSITIVE, sample="emulated"),
                AuthField("private_key", "sshKey", Secrecy.SECRET, hidden=True, sample="ZW11bGF0ZWQtcHJpdmF0ZS1rZXk="),
            ),
        ),
    ),
    account_keys=("host", "port"),
)

TYPES: Mapping[str, DestinationType] = {
    t.name: t for t in (AMAZON_S3, AZURE_BLOB, AZURE_DATA_LAKE, DATA_LANDING_ZONE, GOOGLE_CLOUD_STORAGE, SFTP)
}
BY_CONNECTION_SPEC: Mapping[str, DestinationType] = {t.connection_spec: t for t in TYPES.values()}
BY_FLOW_SPEC: Mapping[str, DestinationType] = {t.flow_spec: t for t in TYPES.values()}
