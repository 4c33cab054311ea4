"""
Amazon S3: a bucket, with a role that Adobe assumes or an access key.

Source: dataset-exports.md 4.1-4.3 ([S3P] [AS] [XD-new]). A bucket's name is unique in the world.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.object_storage import BUCKET_IDENTITY, OBJECT_FOLDER, access_key, bucket
from exportctl.resources.destinations.type import AuthField, AuthMethod, DestinationType, Part, Protocol, pattern_check

_ADOBE_ACCOUNT = "670664943635"  # the AWS account a role must trust (dataset-exports.md 4.3)
_ROLE = "role"

# Pattern source: [XD-new], unescaped. Python's `re` has the lookahead it needs.
_BUCKET = (
    r"(?=^.{3,63}$)(?!^(\d+\.)+\d+$)"
    r"(^(([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])\.)*([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])$)"
)


def _needs(location: Mapping[str, str], method: str | None, organization: str) -> Iterator[str]:
    """
    Yield the bucket policy, and for a role its trust.

    Source: dataset-exports.md 4.3. Since August 2026 Adobe sends the organization as `sts:ExternalId` in every
    AssumeRole call. Without the condition, any other tenant that learns the ARN can use the role.
    """
    bucket, path = location.get("bucket", ""), location.get("path", "").strip("/")
    below = f"arn:aws:s3:::{bucket}/{path + '/' if path else ''}*"
    objects = ["PutObject", "GetObject", "DeleteObject", "GetBucketLocation", "ListMultipartUploadParts"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": [f"s3:{a}" for a in objects], "Resource": below},
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket", "s3:GetBucketLocation"],
                "Resource": f"arn:aws:s3:::{bucket}",
            },
        ],
    }
    yield f"policy {json.dumps(policy)}"
    if method == _ROLE:
        principal = {"AWS": f"arn:aws:iam::{_ADOBE_ACCOUNT}:root"}
        trust = {
            "Effect": "Allow",
            "Principal": principal,
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": organization}},
        }
        yield f"trust of the role {json.dumps({'Version': '2012-10-17', 'Statement': [trust]})}"


# Every partition has its own: aws, aws-cn, aws-us-gov, aws-iso-b, aws-eusc … [AWS]
_ROLE_FORM = r"arn:aws(-[a-z]+)*:iam::\d{12}:role/[\w+=,.@/-]+"

_ROLE_ARN = AuthField(
    "role_arn",
    "s3Role",
    Secrecy.SENSITIVE,
    hidden=True,
    form=f"^{_ROLE_FORM}$",
    check=pattern_check(_ROLE_FORM, "the ARN of a role: arn:aws:iam::<12 digits>:role/<name>, or of another partition"),
    sample="arn:aws:iam::123456789012:role/emulated",
    part=Part.ROLE,
    description="The IAM role that Adobe assumes.",
    example="${env:LAKE_ROLE_ARN}",
    aliases=("arn",),
)
_ACCESS_KEY = access_key(
    wire=("s3AccessKey", "s3SecretKey"),
    sample=("AKIAEMULATEDEMULATED", "emulated/secret+" * 2 + "emulated"),
    id_check=pattern_check("[A-Z0-9]{16,128}", "of the usual form: 16 to 128 capitals and digits"),
    lenient=True,  # the published pattern is base32 and refuses real ids with 0, 1, 8 or 9
)

AMAZON_S3 = DestinationType(
    name="amazon-s3",
    label="Amazon S3",
    connection_spec="4fce964d-3f37-408f-9778-e597338a21ee",
    flow_spec="269ba276-16fc-47db-92b0-c1049a3c131f",
    audience_flow_spec="1a0514a6-33d4-4c7f-aff8-594799c47549",
    location=(bucket(_BUCKET, "3-63 lower-case letters, digits, hyphens and dots"), OBJECT_FOLDER),
    protocol=Protocol.S3,
    identity=BUCKET_IDENTITY,
    methods=(
        # [AS] [S3P]; the dataset tutorial lists only the key (known conflict, accept both)
        AuthMethod(_ROLE, "Assumed Role", (_ROLE_ARN,), source="[AS] [S3P]"),
        AuthMethod("key", "Access Key", _ACCESS_KEY, source="[XD-new] [D] [AS]"),
    ),
    needs=_needs,
    failure_checks="the role's trust or the access key, the bucket and its policy, Adobe's addresses in it",
    aliases=("s3", "aws", "aws-s3"),
)
