"""google_cloud_storage."""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.model.project import Destination
from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.type import _S3_PATH, AuthField, AuthMethod, DestinationType, LocationField

GCS_BUCKET = (
    r"(?!^goog.*$)(?!^.*g(o|0)(o|0)gle.*$)"
    r"(((?=^.{3,63}$)(^([a-z0-9]|[a-z0-9][a-z0-9\-_]*)[a-z0-9]$))"
    r"|((?=^.{3,222}$)(?!^(\d+\.)+\d+$)"
    r"(^(([a-z0-9]{1,63}|[a-z0-9][a-z0-9\-_]{1,61}[a-z0-9])\.)*"
    r"([a-z0-9]{1,63}|[a-z0-9][a-z0-9\-_]{1,61}[a-z0-9])$)))"
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


def _gcs(destination: Destination) -> Iterator[str]:
    yield (
        "interoperability switched on and an HMAC key of a service account with storage.objects.create, "
        "storage.objects.list, storage.multipartUploads.create, .abort and .listParts, storage.managedFolders.create, "
        "orgpolicy.policy.get, resourcemanager.projects.get and .list"
    )
