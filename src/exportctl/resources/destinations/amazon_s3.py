"""amazon_s3."""

from __future__ import annotations

from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.type import _S3_PATH, AuthField, AuthMethod, DestinationType, LocationField

ADOBE_ACCOUNT = "670664943635"  # the AWS account a role must trust (dataset-exports.md 4.3)


# Pattern sources: [XD-new], unescaped. Python's `re` has the lookahead they need.
S3_BUCKET = (
    r"(?=^.{3,63}$)(?!^(\d+\.)+\d+$)"
    r"(^(([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])\.)*([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])$)"
)


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
