"""The example of the documentation as files, and the few ways in which tests read a config."""

from __future__ import annotations

from collections.abc import Mapping

from exportctl.config import load as config
from exportctl.errors import Finding
from exportctl.model.project import Project

EXAMPLE = """\
# yaml-language-server: $schema=./schemas/exports.schema.json
version: 1
project: acme-exports                       # owner name written on what we create
repository: https://github.com/acme/aep-exports   # shown to people in the AEP UI
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg}

defaults:
  destination: lake
  schedule: nightly
  format: parquet                           # parquet and json (both gzip) exist without being declared
  end: {rolling: 180 days, renew_before: 30 days}

formats:
  parquet-manifest: {type: parquet, compression: gzip, manifest: true}

schedules:
  nightly: {every: 1 day, at: "02:00"}      # UTC
  frequent: {every: 3 hours, at: "00:00"}

destinations:                               # an account and a place
  lake:
    type: amazon-s3
    bucket: acme-aep-${environment}
    path: aep
    auth: {role_arn: "${env:LAKE_ROLE_ARN}"}
  partner:
    type: sftp
    host: sftp.partner.example
    path: /incoming
    format: json
    auth: {username: acme, private_key: "${env:PARTNER_SSH_KEY}"}
  shared: {type: data-landing-zone, path: exports}

datasets:                                   # optional aliases; a dataset's exact name may stand in an export
  web: {id: "5ef3e3259ad2a1191ab7dd7d"}
  sales: [Orders, Order Lines, Returns]     # a group

exports:
  sales-to-lake: {datasets: [sales], split_by: dataset, format: parquet-manifest}   # one flow each
  web-to-lake: {datasets: [web, App Events], schedule: frequent}                     # one flow
  orders-to-partner:
    datasets: [Orders]
    destination: partner
    environments: [prod]
    protect: true
    expect: {within: 2 hours, non_empty: true}

environments:                               # overlays; then --env or EXPORTCTL_ENV is always needed
  dev: {platform: {sandbox: dev}, exports: {web-to-lake: null}}
  prod: {platform: {sandbox: prod}}
  local: {platform: {url: embedded, sandbox: dev}}
"""

SMALL = """\
version: 1
project: acme
platform: {organization: AB12@AdobeOrg, sandbox: dev}
destinations:
  zone: {type: data-landing-zone, path: exports}
schedules:
  nightly: {every: 1 day}
exports:
  web:
    datasets: [App Events]
    destination: zone
    schedule: nightly
    end: 2027-01-01
"""


def with_export(more: str) -> str:
    """SMALL with further keys of the export `web`; the first of them stands at line 14, column 5."""
    return SMALL + "".join(f"    {line}\n" for line in more.splitlines())


def with_destination(body: str) -> str:
    """SMALL with a destination `other`, in flow style, whose brace stands at line 6, column 10."""
    return SMALL.replace("schedules:\n", f"  other: {body}\nschedules:\n")


def read_project(
    *texts: str, env: str | None = None, variables: Mapping[str, str] | None = None, **files: str
) -> tuple[Project | None, tuple[Finding, ...]]:
    """The project of texts named exports.yaml, b.yaml, c.yaml …"""
    names = ["exports.yaml", "b.yaml", "c.yaml", "d.yaml"]
    data = {name: text.encode() for name, text in zip(names, texts, strict=False)}
    data |= {f"{name}.yaml": text.encode() for name, text in files.items()}
    return config.load_project(config.parse_config(data), env, variables or {})


def project(*texts: str, env: str | None = None, variables: Mapping[str, str] | None = None) -> Project:
    made, findings = read_project(*texts, env=env, variables=variables)
    assert made is not None, "\n".join(map(str, findings))
    return made


def finding_locations(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    """(rule, file:line:column) of each."""
    return [(f.rule, str(f.at)) for f in findings]
