"""
Google Cloud Storage: a bucket, with an HMAC key of a service account.

Source: dataset-exports.md 4.1-4.3 ([XD-new] [AS]). A bucket's name is unique in the world.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.object_storage import KEY_ID_WORDS, KEY_SECRET_WORDS, OBJECT_FOLDER
from exportctl.resources.destinations.type import (
    AuthField,
    AuthMethod,
    DestinationType,
    IdentityRule,
    LocationField,
    Part,
    Protocol,
    Scope,
)

# Pattern source: [XD-new], unescaped.
_BUCKET = (
    r"(?!^goog.*$)(?!^.*g(o|0)(o|0)gle.*$)"
    r"(((?=^.{3,63}$)(^([a-z0-9]|[a-z0-9][a-z0-9\-_]*)[a-z0-9]$))"
    r"|((?=^.{3,222}$)(?!^(\d+\.)+\d+$)"
    r"(^(([a-z0-9]{1,63}|[a-z0-9][a-z0-9\-_]{1,61}[a-z0-9])\.)*"
    r"([a-z0-9]{1,63}|[a-z0-9][a-z0-9\-_]{1,61}[a-z0-9])$)))"
)


def _needs(location: Mapping[str, str], method: str | None) -> Iterator[str]:
    """Yield the rights of the HMAC key's service account. Source: dataset-exports.md 4.3."""
    yield (
        "interoperability switched on and an HMAC key of a service account with storage.objects.create, "
        "storage.objects.list, storage.multipartUploads.create, .abort and .listParts, storage.managedFolders.create, "
        "orgpolicy.policy.get, resourcemanager.projects.get and .list"
    )


_KEY_ID = AuthField(
    "access_key_id",
    "accessKeyId",
    Secrecy.SENSITIVE,
    sample="GOOG1E" + "EMULATED" * 6 + "EMULATE",
    part=Part.KEY_ID,
    description=KEY_ID_WORDS[0],
    example=KEY_ID_WORDS[1],
)
_KEY_SECRET = AuthField(
    "secret_access_key",
    "secretAccessKey",
    Secrecy.SECRET,
    hidden=True,
    sample="emulated+secret/" * 2 + "emulated",
    part=Part.KEY_SECRET,
    description=KEY_SECRET_WORDS[0],
    example=KEY_SECRET_WORDS[1],
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
            required=True,
            pattern=_BUCKET,
            rule="3-63 lower-case letters, digits, - _ and dots; not goog…, no google",
            part=Part.CONTAINER,
            description="the bucket.",
            example="acme-aep-${environment}",
        ),
        OBJECT_FOLDER,
    ),
    protocol=Protocol.GCS,
    identity=IdentityRule(Scope.WORLD, "bucket {bucket}", location=("bucket",)),
    methods=(AuthMethod("hmac", "Google Cloud Storage authentication credentials", (_KEY_ID, _KEY_SECRET)),),
    needs=_needs,
    failure_checks="the HMAC key and its service account, its role on the bucket, Adobe's addresses",
    aliases=("gcs", "gs", "google", "gcp"),
)
