"""The files that `init` writes, as text. A test plans them on the embedded emulator as they are."""

from __future__ import annotations

EXAMPLE_CONFIG = """\
# yaml-language-server: $schema=./schemas/exports.schema.json
# (`exportctl schema --write schemas` writes that file; editors then complete keys and show mistakes.)
version: 1
project: my-exports # exportctl writes this name on everything it creates; choose it once

platform:
  organization: 0123456789ABCDEF01234567@AdobeOrg
  sandbox: dev
  # `embedded` is an emulator that comes with exportctl: no account, no credentials, nothing reaches Adobe.
  # To use the real service: write your organization and sandbox above, remove `url`, and set AEP_CLIENT_ID and
  # AEP_CLIENT_SECRET (Developer Console, OAuth Server-to-Server). `exportctl doctor` lists what is missing.
  url: embedded

defaults:
  destination: lake
  schedule: {every: 1 day, at: "02:00"} # UTC
  format: parquet
  end: {rolling: 180 days, renew_before: 30 days} # run `exportctl renew` every night to move it on

destinations:
  lake:
    type: amazon-s3
    bucket: my-aep-exports
    path: aep
    auth: {role_arn: "${env:LAKE_ROLE_ARN}"} # read when it is sent; the emulator uses a placeholder value

exports:
  orders-to-lake:
    datasets: [Orders] # exact names; `exportctl datasets` lists the datasets that you can export

# One config for several sandboxes: move `sandbox` (and `url`) into environments, and choose one with --env.
#
# environments:
#   local: {platform: {url: embedded, sandbox: dev}}
#   dev: {platform: {sandbox: dev}}
#   prod: {platform: {sandbox: prod}}
"""

GITIGNORE = "# what the embedded emulator keeps\n.exportctl/\n"
STATE_LINE = ".exportctl/"

NEXT_STEPS = """\
Next:
  exportctl plan                # what would be created; nothing is written
  exportctl apply               # create it in the embedded emulator, and check the result
  exportctl emulator ui path orders-to-lake somewhere/else && exportctl drift   # change it by hand, and see it
"""


def gitignore_text(text: str | None) -> str | None:
    """Return the new text of `.gitignore`, which keeps its lines; None if nothing is missing."""
    if text is None:
        return GITIGNORE
    if STATE_LINE in (line.strip() for line in text.splitlines()):
        return None
    return text + ("" if text.endswith("\n") or not text else "\n") + GITIGNORE
