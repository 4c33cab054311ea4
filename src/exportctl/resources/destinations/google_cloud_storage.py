"""
Google Cloud Storage: a bucket, with an HMAC key of a service account.

Source: dataset-exports.md 4.1-4.3 ([XD-new] [AS]). A bucket's name is unique in the world.
"""

from __future__ import annotations

from exportctl.resources.destinations.object_storage import BUCKET_IDENTITY, OBJECT_FOLDER, access_key, bucket
from exportctl.resources.destinations.type import AuthMethod, DestinationType, Protocol, constant_needs, pattern_check

# Pattern source: [XD-new], unescaped.
_BUCKET = (
    r"(?!^goog.*$)(?!^.*g(o|0)(o|0)gle.*$)"
    r"(((?=^.{3,63}$)(^([a-z0-9]|[a-z0-9][a-z0-9\-_]*)[a-z0-9]$))"
    r"|((?=^.{3,222}$)(?!^(\d+\.)+\d+$)"
    r"(^(([a-z0-9]{1,63}|[a-z0-9][a-z0-9\-_]{1,61}[a-z0-9])\.)*"
    r"([a-z0-9]{1,63}|[a-z0-9][a-z0-9\-_]{1,61}[a-z0-9])$)))"
)


_HMAC_KEY = access_key(
    wire=("accessKeyId", "secretAccessKey"),
    sample=("GOOG1E" + "EMULATED" * 6 + "EMULATE", "emulated+secret/" * 2 + "emulated"),
    id_check=pattern_check(  # 61 characters [XD-new]; a key of a user, not of a service account, has 24 [Google]
        "GOOG[A-Z0-9]{57}|GOOG[A-Z0-9]{20}", "the id of an HMAC key: GOOG and 57 (of a user: 20) capitals and digits"
    ),
    lenient=False,
)

GOOGLE_CLOUD_STORAGE = DestinationType(
    name="google-cloud-storage",
    label="Google Cloud Storage",
    connection_spec="c5d93acb-ea8b-4b14-8f53-02138444ae99",
    flow_spec="585c15c4-6cbf-4126-8f87-e26bff78b657",
    audience_flow_spec="976d663b-80b4-4193-be6b-2d0487516623",
    location=(bucket(_BUCKET, "3-63 lower-case letters, digits, - _ and dots; not goog…, no google"), OBJECT_FOLDER),
    protocol=Protocol.GCS,
    identity=BUCKET_IDENTITY,
    methods=(AuthMethod("hmac", "Google Cloud Storage authentication credentials", _HMAC_KEY, source="[XD-new]"),),
    needs=constant_needs(  # dataset-exports.md 4.3
        "interoperability switched on and an HMAC key of a service account with storage.objects.create, "
        "storage.objects.list, storage.multipartUploads.create, .abort and .listParts, storage.managedFolders.create, "
        "orgpolicy.policy.get, resourcemanager.projects.get and .list"
    ),
    failure_checks="the HMAC key and its service account, its role on the bucket, Adobe's addresses",
    aliases=("gcs", "gs", "google", "gcp"),
)
