"""Each rule: the case that triggers it, exactly where, and the nearest case that must not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from exportctl.errors import Level, SourcePosition
from exportctl.model.project import (
    AcceptEntry,
    Account,
    BackupPolicy,
    End,
    Expect,
    Format,
    FormerLocation,
    FormerSchedule,
    Policy,
    Project,
    RemovedEntry,
    Schedule,
)
from exportctl.model.secret import Secrecy
from exportctl.rules.engine import BY_ID, RULES
from exportctl.rules.rule import CheckStage
from tests.rules.rules_builder import (
    BLOB,
    COPY,
    DAY,
    FILE,
    HOUR,
    LAKE,
    NOW,
    ORDERS,
    OTHER,
    ROLE,
    all_findings,
    allow,
    auth,
    dataset,
    destination,
    environment,
    export,
    findings_of,
    key_location,
    location_at,
    platform,
    project,
    setting,
    sftp,
)

FLOW = "11111111-2222-4333-8444-555555555555"
JWT = "eyJhbGciOiJSUzI1NiJ9" + ".eyJzdWIiOiJhY21lIn0.c2ln"
S3 = {"bucket": "acme-other", "path": "x"}


@dataclass(frozen=True)
class Case:
    rule: str
    says: str
    bad: Project | tuple[Project, ...]
    where: SourcePosition
    good: Project | tuple[Project, ...]
    words: str = ""  # part of the message or the hint


def lake(**changes: Any) -> Project:
    return project(destination(**changes))


def project_with(**changes: Any) -> Project:
    return project(export(**changes))


def blob(container: str, path: str = "aep", **changes: Any) -> Project:
    return lake(type="azure-blob", location={"container": container, "path": path}, account=BLOB, **changes)


def server(account: Account, **changes: Any) -> Project:
    return lake(type="sftp", location={"path": "/in"}, account=account, **changes)


def sharing_project(of_lake: Account, **changes: Any) -> Project:
    """`lake` beside `other`, which says how it comes by its account."""
    other = destination("other", OTHER, location=S3, account=of_lake, **changes)
    return project(export(), export("copy", COPY, destination="other"), destination(), other)


def removed_entries(name: str, do: str = "delete", root: str = "exports") -> tuple[RemovedEntry, ...]:
    return (RemovedEntry(root, name, do, "moved", location_at(500)),)


def project_with_removed(name: str, do: str = "delete", **changes: Any) -> Project:
    return project(export(**changes), removed=removed_entries(name, do))


def former_entries(*until: int, **storage: str) -> tuple[FormerLocation, ...]:
    return tuple(FormerLocation(one, "aep/former", None, location_at(520), storage) for one in until)


def former_schedules(*until: int) -> tuple[FormerSchedule, ...]:
    return tuple(FormerSchedule(one, Schedule("day", 1, 0), location_at(520)) for one in until)


def accepted_entries(
    address: str = "exports.orders", field: str = "folder", until: int | None = NOW + 1
) -> tuple[AcceptEntry, ...]:
    return (AcceptEntry(address, field, "agreed", "data-team", until, location_at(510)),)


def starting_project(end: End) -> Project:
    """Daily at 02:00 from a moment on whose first run is two hours later."""
    return project_with(schedule=Schedule("day", 1, 2 * HOUR, start=1_800_000_000 - 1_800_000_000 % DAY), end=end)


START = 1_800_000_000 - 1_800_000_000 % DAY
EIGHT = Schedule("hour", 8, 0)
ONCE = Schedule("once", 0, 0)
BACKED_UP = Expect(backup=BackupPolicy(max_age=DAY))
BACKED_UP_BY_DEFAULT = Expect(backup=BackupPolicy(max_age=DAY, at=location_at(520)))
ZONE = destination(type="data-landing-zone", location={"path": "aep"}, account=Account())

CASES = (
    # places
    Case(
        "bucket-name",
        "an upper-case letter",
        lake(location={"bucket": "Acme", "path": "aep"}),
        key_location(LAKE, "bucket"),
        lake(location={"bucket": "acme", "path": "aep"}),
    ),
    Case(
        "bucket-name",
        "an address in place of a name",
        lake(location={"bucket": "10.0.0.1"}),
        key_location(LAKE, "bucket"),
        lake(location={"bucket": "10.0.0.a"}),
    ),
    Case(
        "bucket-name",
        "two characters",
        lake(location={"bucket": "ab"}),
        key_location(LAKE, "bucket"),
        lake(location={"bucket": "abc"}),
    ),
    Case(
        "bucket-name",
        "a name with google in a Google bucket",
        lake(type="google-cloud-storage", location={"bucket": "my-g00gle"}, account=Account("hmac", {})),
        key_location(LAKE, "bucket"),
        lake(type="google-cloud-storage", location={"bucket": "my_gogle"}, account=Account("hmac", {})),
    ),
    Case(
        "bucket-name",
        "a reference that is not filled in says nothing",
        lake(location={"bucket": "ACME"}),
        key_location(LAKE, "bucket"),
        lake(location={"bucket": "${env:EXPORTCTL_VAR_BUCKET}"}),
    ),
    Case(
        "bucket-name",
        "a line break at the end",
        lake(location={"bucket": "acme\n"}),
        key_location(LAKE, "bucket"),
        lake(location={"bucket": "acme"}),
    ),
    Case("container-name", "two hyphens", blob("acme--lake"), key_location(LAKE, "container"), blob("acme-lake")),
    Case("container-name", "a hyphen at the end", blob("acme-"), key_location(LAKE, "container"), blob("acme")),
    Case(
        "path-characters",
        "a blank",
        lake(location={"bucket": "acme", "path": "a b"}),
        key_location(LAKE, "path"),
        lake(location={"bucket": "acme", "path": "a-b"}),
    ),
    Case("empty-path", "an empty Blob path", blob("acme", ""), key_location(LAKE, "path"), blob("acme", "a")),
    *(
        Case(
            "empty-path",
            f"an empty path of {type}",
            lake(type=type, location={"path": path}),
            key_location(LAKE, "path"),
            lake(type=type, location={"path": "a"}),
        )
        for type, path in (("azure-data-lake", ""), ("data-landing-zone", ""), ("sftp", "  "))
    ),
    Case(
        "dot-level",
        "a level above in a path",
        lake(location={"bucket": "acme", "path": "aep/../x"}),
        key_location(LAKE, "path"),
        lake(location={"bucket": "acme", "path": "aep/..x/.y"}),
    ),
    Case(
        "dot-level",
        "a subpath of its own level",
        project_with(subpath="./a"),
        key_location(ORDERS, "subpath"),
        project_with(subpath="a.b"),
    ),
    Case(
        "dot-level",
        "a level above behind a backslash",
        lake(location={"bucket": "acme", "path": "aep\\.. \\x"}),
        key_location(LAKE, "path"),
        lake(location={"bucket": "acme", "path": "aep\\..x"}),
    ),
    Case(
        "dot-level",
        "a folder above",
        project_with(folder="%DATASET_ID%/.."),
        key_location(ORDERS, "folder"),
        project_with(folder="x..y"),
    ),
    Case(
        "path-characters",
        "a subpath",
        project_with(subpath="a b"),
        key_location(ORDERS, "subpath"),
        project_with(subpath="a/b!-_.*'()"),
    ),
    Case(
        "path-characters",
        "a landing zone has no published pattern",
        lake(location={"bucket": "acme", "path": "ä"}),
        key_location(LAKE, "path"),
        lake(type="data-landing-zone", location={"path": "ä"}, account=Account()),
    ),
    Case(
        "macro-in-path",
        "a macro in a path",
        lake(location={"bucket": "acme", "path": "%SANDBOX_NAME%"}),
        key_location(LAKE, "path"),
        lake(location={"bucket": "acme", "path": "SANDBOX_NAME"}),
        "%SANDBOX_NAME% in path",
    ),
    Case(
        "macro-in-path",
        "a lone % in a subpath",
        project_with(subpath="100%"),
        key_location(ORDERS, "subpath"),
        project_with(subpath="100"),
    ),
    Case("landing-zone-retention", "a landing zone", project(ZONE), location_at(LAKE), project()),
    # folders
    Case(
        "segment-macro",
        "in the folder",
        project_with(folder="%SEGMENT_ID%/%DATASET_ID%/%EXPORT_TIME%"),
        key_location(ORDERS, "folder"),
        project_with(),
    ),
    Case(
        "segment-macro",
        "in the subpath",
        project_with(subpath="%SEGMENT_NAME%"),
        key_location(ORDERS, "subpath"),
        project_with(subpath="s"),
    ),
    Case(
        "segment-macro",
        "in the path",
        lake(location={"bucket": "acme", "path": "a%SEGMENT_NAME%/"}),
        key_location(LAKE, "path"),
        lake(location={"bucket": "acme", "path": "SEGMENT_NAME"}),
    ),
    Case(
        "folder-unknown-macro",
        "a name close to a known one",
        project_with(folder="%DATASET_IDS%/%EXPORT_TIME%"),
        key_location(ORDERS, "folder"),
        project_with(folder="%DATASET_ID%/%EXPORT_TIME%"),
        "did you mean %DATASET_ID%?",
    ),
    Case(
        "folder-unknown-macro",
        "DATETIME without its pattern",
        project_with(folder="%DATETIME%"),
        key_location(ORDERS, "folder"),
        project_with(folder="%DATETIME(YYYY)%"),
        "takes a pattern",
    ),
    Case(
        "folder-unknown-macro",
        "a name close to DATETIME",
        project_with(folder="%DATETIMES%"),
        key_location(ORDERS, "folder"),
        project_with(),
        "%DATETIME(YYYYMMdd_HHmmss)%?",
    ),
    Case(
        "folder-unknown-macro",
        "the audience macro for the destination",
        project_with(folder="%DESTINATION_NAME%/%EXPORT_TIME%"),
        key_location(ORDERS, "folder"),
        project_with(folder="%DESTINATION%/%EXPORT_TIME%"),
        "did you mean %DESTINATION%?",
    ),
    Case(
        "folder-unknown-macro",
        "lower case",
        project_with(folder="%dataset_id%"),
        key_location(ORDERS, "folder"),
        project_with(folder="%DATASET_ID%"),
        "write %DATASET_ID%",
    ),
    Case(
        "folder-unknown-macro",
        "nothing near",
        project_with(folder="%QQQ%"),
        key_location(ORDERS, "folder"),
        project_with(folder="QQQ"),
    ),
    Case(
        "folder-unknown-macro",
        "a lone %",
        project_with(folder="50%/a"),
        key_location(ORDERS, "folder"),
        project_with(folder="50/a"),
        "no macro",
    ),
    Case(
        "folder-characters",
        "a blank",
        project_with(folder="all orders/%EXPORT_TIME%"),
        key_location(ORDERS, "folder"),
        project_with(folder="all=orders/%EXPORT_TIME%"),
        "a blank",
    ),
    Case(
        "folder-characters",
        "a backslash",
        project_with(folder="a\\b"),
        key_location(ORDERS, "folder"),
        project_with(folder="a/b"),
    ),
    Case(
        "folder-without-time",
        "no time macro",
        project_with(folder="%DATASET_ID%"),
        key_location(ORDERS, "folder"),
        project_with(folder="%DATETIME(YYYYMMdd_HHmmss)%"),
    ),
    Case(
        "folder-without-time",
        "one that runs once needs none",
        project_with(folder="/"),
        key_location(ORDERS, "folder"),
        project_with(folder="/", schedule=ONCE, end=End()),
    ),
    Case(
        "folder-without-dataset",
        "two datasets",
        project_with(folder="%EXPORT_TIME%", datasets=(dataset("A"), dataset("B"))),
        key_location(ORDERS, "folder"),
        project_with(folder="%EXPORT_TIME%", datasets=(dataset("A"),)),
        "2 datasets",
    ),
    Case(
        "folder-without-dataset",
        "the name of the dataset is enough",
        project_with(folder="%SANDBOX_NAME%", datasets=(dataset("A"), dataset("B"))),
        key_location(ORDERS, "folder"),
        project_with(folder="%DATASET_NAME%", datasets=(dataset("A"), dataset("B"))),
    ),
    # overlaps: the whole table is in test_rules_overlaps
    Case(
        "two-exports-one-location",
        "one dataset twice",
        project(export(), export("copy", COPY)),
        key_location(COPY, "folder"),
        project(export(), export("copy", COPY, subpath="copy")),
        "exports.orders (at exports.yaml:100:1): bucket acme-lake, folder aep/%DATASET_ID%/%EXPORT_TIME%",
    ),
    Case(
        "two-datasets-one-folder",
        "two datasets, no dataset macro",
        project(
            export(folder="%EXPORT_TIME%"), export("copy", COPY, folder="%EXPORT_TIME%", datasets=(dataset("Returns"),))
        ),
        key_location(COPY, "folder"),
        project(export(folder="%EXPORT_TIME%"), export("copy", COPY, datasets=(dataset("Returns"),))),
    ),
    Case(
        "environments-one-location",
        "no dataset id in the folder",
        (environment("dev", export(folder="%EXPORT_TIME%")), environment("prod", export(folder="%EXPORT_TIME%"))),
        key_location(ORDERS, "folder"),
        (environment("dev", export()), environment("prod", export())),
        "(in dev, prod)",
    ),
    Case(
        "environments-near-location",
        "folders that differ by the dataset id only",
        (environment("dev"), environment("prod")),
        key_location(ORDERS, "folder"),
        (environment("dev"), environment("prod", destination(location={"bucket": "acme-prod", "path": "aep"}))),
    ),
    Case(
        "project-twice",
        "two environments in one sandbox",
        (environment("dev"), environment("test", platform=platform("dev", line=950))),
        location_at(950),
        (environment("dev"), environment("test")),
        "(in dev, test)",
    ),
    Case(
        "project-twice",
        "embedded is compared with nothing",
        (environment("dev"), environment("test", platform=platform("dev", line=950))),
        location_at(950),
        (
            environment("dev", platform=platform("dev", "embedded")),
            environment("test", platform=platform("dev", "embedded")),
        ),
    ),
    # schedules
    Case(
        "schedule-8-hours",
        "every 8 hours",
        project_with(schedule=EIGHT),
        key_location(ORDERS, "schedule.every"),
        project_with(schedule=Schedule("hour", 12, 0)),
    ),
    Case(
        "unlisted-value",
        "every 5 hours",
        project_with(schedule=Schedule("hour", 5, 0)),
        key_location(ORDERS, "schedule.every"),
        project_with(schedule=Schedule("hour", 1, 0)),
    ),
    Case(
        "unlisted-value",
        "a file type",
        project_with(format=Format("avro", "gzip")),
        key_location(ORDERS, "format"),
        project_with(format=Format("json", "gzip")),
    ),
    Case(
        "unlisted-value",
        "a compression",
        project_with(format=Format("parquet", "zstd")),
        key_location(ORDERS, "format.compression"),
        project_with(format=Format("parquet", "gzip")),
    ),
    Case(
        "format-csv",
        "CSV",
        project_with(format=Format("csv", "gzip")),
        key_location(ORDERS, "format"),
        project_with(format=Format("json", "gzip")),
    ),
    Case(
        "missing-end",
        "a daily export",
        project_with(end=End()),
        key_location(ORDERS, "end"),
        project_with(end=End(), schedule=ONCE),
    ),
    Case(
        "missing-end",
        "none, on purpose",
        project_with(end=End(none=True)),
        key_location(ORDERS, "end"),
        project_with(end=End(none=True), allow=(allow("missing-end"),)),
        "has no end (`end: none`)",
    ),
    Case(
        "end-before-start",
        "the end is the first run",
        starting_project(End(moment=START + 2 * HOUR)),
        key_location(ORDERS, "end"),
        starting_project(End(moment=START + 2 * HOUR + 1)),
    ),
    Case(
        "end-before-start",
        "a rolling end",
        starting_project(End(rolling=START + 2 * HOUR - (NOW - NOW % DAY), renew_before=DAY)),
        key_location(ORDERS, "end"),
        starting_project(End(rolling=START + 3 * HOUR - (NOW - NOW % DAY), renew_before=DAY)),
    ),
    Case(
        "end-passed",
        "now",
        project_with(end=End(moment=NOW)),
        key_location(ORDERS, "end"),
        project_with(end=End(moment=NOW + 1)),
    ),
    Case(
        "end-passed",
        "one that runs once is finished after its run",
        project_with(end=End(moment=NOW)),
        key_location(ORDERS, "end"),
        project_with(end=End(moment=NOW), schedule=ONCE),
    ),
    Case(
        "renew-before-too-short",
        "under two days",
        project_with(end=End(rolling=60 * DAY, renew_before=47 * HOUR)),
        key_location(ORDERS, "end.renew_before"),
        project_with(end=End(rolling=60 * DAY, renew_before=2 * DAY)),
        "47 hours",
    ),
    Case(
        "rolling-too-short",
        "under one interval and a day",
        project_with(end=End(rolling=2 * DAY - 1, renew_before=HOUR)),
        key_location(ORDERS, "end.rolling"),
        project_with(end=End(rolling=2 * DAY, renew_before=HOUR)),
    ),
    Case(
        "end-warning-before-renewal",
        "warned earlier than renewed",
        project(policy=Policy(end_warning=31 * DAY)),
        key_location(ORDERS, "end.renew_before"),
        project(policy=Policy(end_warning=30 * DAY)),
    ),
    Case(
        "run-distance-too-long",
        "half of the interval",
        project(export(schedule=Schedule("hour", 3, 0)), policy=Policy(run_distance=90 * 60)),
        key_location(ORDERS, "schedule"),
        project(export(schedule=Schedule("hour", 3, 0)), policy=Policy(run_distance=90 * 60 - 1)),
    ),
    Case(
        "json-uncompressed",
        "JSON",
        project_with(format=Format("json", "none")),
        key_location(ORDERS, "format.compression"),
        project_with(format=Format("json", "gzip")),
    ),
    Case(
        "parquet-uncompressed",
        "Parquet",
        project_with(format=Format("parquet", "none")),
        key_location(ORDERS, "format.compression"),
        project_with(format=Format("json", "none")),
    ),
    Case(
        "expect-beyond-retention",
        "more than a week",
        project(ZONE, export(expect=Expect(within=7 * DAY + 1))),
        key_location(ORDERS, "expect.within"),
        project(ZONE, export(expect=Expect(within=7 * DAY))),
    ),
    Case(
        "expect-beyond-retention",
        "other storage keeps its files",
        project(ZONE, export(expect=Expect(within=8 * DAY))),
        key_location(ORDERS, "expect.within"),
        project_with(expect=Expect(within=8 * DAY)),
    ),
    Case(
        "backup-beyond-retention",
        "in a landing zone",
        project(ZONE, export(expect=BACKED_UP)),
        key_location(ORDERS, "expect.backup"),
        project_with(expect=BACKED_UP),
    ),
    Case(
        "backup-beyond-retention",
        "in a landing zone, by the defaults",
        project(ZONE, export(expect=BACKED_UP_BY_DEFAULT), export("copy", COPY, expect=BACKED_UP_BY_DEFAULT)),
        location_at(520),
        project_with(expect=BACKED_UP_BY_DEFAULT),
    ),
    Case(
        "expect-on-once",
        "once",
        project_with(expect=Expect(non_empty=True), schedule=ONCE, end=End()),
        key_location(ORDERS, "expect"),
        project_with(expect=Expect(non_empty=True)),
    ),
    # accounts
    Case(
        "encryption-key-form",
        "the key itself",
        lake(account=ROLE, encryption=auth("-----BEGIN PGP PUBLIC KEY BLOCK-----")),
        key_location(LAKE, "auth"),
        lake(account=ROLE, encryption=auth("a2V5")),
    ),
    Case(
        "encryption-without-auth",
        "an account of others",
        lake(account=Account(existing="Lake"), encryption=auth("a2V5")),
        key_location(LAKE, "encryption"),
        lake(account=ROLE, encryption=auth("a2V5")),
    ),
    Case(
        "reader-without-secret",
        "an account of others",
        lake(account=Account(existing="Lake"), reader="destination"),
        key_location(LAKE, "reader"),
        lake(type="azure-blob", location={"container": "aep", "path": "x"}, account=BLOB, reader="destination"),
    ),
    Case(
        "reader-without-secret",
        "a role",
        lake(account=ROLE, reader="destination"),
        key_location(LAKE, "reader"),
        lake(account=ROLE, reader="none"),
        "a role has no secret",
    ),
    Case("sftp-host", "a URL", server(sftp("sftp://x")), key_location(LAKE, "auth"), server(sftp("x"))),
    Case(
        "sftp-host",
        "an IPv6 address is a host",
        server(sftp("a b")),
        key_location(LAKE, "auth"),
        server(sftp("[2001:db8::1]")),
    ),
    Case("sftp-port", "a port", server(sftp(port="2222")), key_location(LAKE, "auth"), server(sftp())),
    Case(
        "auth-form",
        "a role that is no ARN",
        lake(account=Account("role", {"role_arn": auth("acme", Secrecy.SENSITIVE)})),
        key_location(LAKE, "auth"),
        lake(account=Account("role", {"role_arn": auth("arn:aws:iam::123456789012:role/acme", Secrecy.SENSITIVE)})),
    ),
    Case(
        "auth-form",
        "a role of another partition is an ARN too",
        lake(account=Account("role", {"role_arn": auth("arn:aws:iam::12345:role/acme", Secrecy.SENSITIVE)})),
        key_location(LAKE, "auth"),
        lake(
            account=Account("role", {"role_arn": auth("arn:aws-us-gov:iam::123456789012:role/a/b", Secrecy.SENSITIVE)})
        ),
    ),
    Case(
        "auth-form-unusual",
        "a key id in small letters",
        lake(account=Account("key", {"access_key_id": auth("akia", Secrecy.SENSITIVE)})),
        key_location(LAKE, "auth"),
        lake(account=Account("key", {"access_key_id": auth("AKIA0189ABCDEFGHIJKL", Secrecy.SENSITIVE)})),
    ),
    # characters
    *(
        Case(
            "invisible-character",
            what,
            project_with(title=f"Orders{char}"),
            key_location(ORDERS, "title"),
            project_with(description="two\n\tlines"),
        )
        for what, char in {
            "NUL": "\0",
            "a line end in a title": "\n",
            "a control character of the second block": "\x85",
            "a byte order mark": "\ufeff",
            "half of a surrogate pair": "\ud83d",
        }.items()
    ),
    Case(
        "invisible-character",
        "a control character in a literal that is not shown",
        lake(account=Account("role", {"role_arn": auth("arn:aws:iam::123456789012:role/a\0", Secrecy.SENSITIVE)})),
        key_location(LAKE, "auth"),
        lake(account=ROLE),
    ),
    Case(
        "invisible-character",
        "a control character in the repository",
        project(repository="https://github.com/a\x1bcme/x"),
        location_at(1),
        project(repository="https://github.com/acme/x"),
    ),
    Case(
        "invisible-character",
        "NUL in a public key",
        lake(account=ROLE, encryption=auth("a2V5\0")),
        key_location(LAKE, "auth"),
        lake(account=ROLE, encryption=auth("a2V5")),
    ),
    # secrets
    Case(
        "secret-in-plain-field",
        "the base64 of a private key where the public one belongs",
        lake(account=ROLE, encryption=auth("LS0tLS1CRUdJTiBQR1AgUFJJVkFURSBLRVkgQkxPQ0stLS0tLQ==")),
        key_location(LAKE, "auth"),
        lake(account=ROLE, encryption=auth("LS0tLS1CRUdJTiBQR1AgUFVCTElDIEtFWSBCTE9DSy0tLS0t")),
    ),
    Case(
        "secret-in-plain-field",
        "an AWS key id",
        project_with(description="key AKIA" + "ABCDEFGHIJKLMNOP"),
        key_location(ORDERS, "description"),
        project_with(description="key AKIA"),
        "Rotate it now",
    ),
    Case(
        "secret-in-plain-field",
        "an account key in a path",
        blob("acme", "AccountKey=x"),
        key_location(LAKE, "path"),
        blob("acme", "AccountKey"),
    ),
    Case(
        "secret-in-plain-field",
        "a private key in a title",
        project_with(title="-----BEGIN RSA PRIVATE KEY-----"),
        key_location(ORDERS, "title"),
        project_with(title="-----BEGIN PUBLIC KEY-----"),
    ),
    Case(
        "secret-in-plain-field",
        "a token",
        project_with(folder=JWT),
        key_location(ORDERS, "folder"),
        project_with(folder="eyJhbGciOiJSUzI1NiJ9"),
    ),
    Case(
        "secret-in-plain-field",
        "a password in a host, which is plain",
        server(sftp("ftp://me:pass@x")),
        key_location(LAKE, "auth"),
        server(sftp("ftp://me@x")),
    ),
    Case(
        "secret-in-plain-field",
        "a reason",
        project(accept=(AcceptEntry("exports.orders", "folder", JWT, "me", NOW + 1, location_at(510)),)),
        location_at(510),
        project(accept=accepted_entries()),
    ),
    Case(
        "secret-in-plain-field",
        "a key id belongs into its sensitive field",
        project_with(subpath="AKIA" + "ABCDEFGHIJKLMNOP"),
        key_location(ORDERS, "subpath"),
        lake(account=Account("key", {"access_key_id": auth("AKIA" + "ABCDEFGHIJKLMNOP", Secrecy.SENSITIVE)})),
    ),
    Case(
        "repository-form",
        "no URL",
        project(repository="acme/x"),
        location_at(1),
        project(repository="git@github.com:acme/x"),
    ),
    Case(
        "repository-form",
        "http",
        project(repository="http://x.io/a"),
        location_at(1),
        project(repository="ssh://git@x.io/a"),
    ),
    Case(
        "repository-credentials",
        "user and password",
        project(repository="https://me:token@x.io/a"),
        location_at(1),
        project(repository="https://x.io/a"),
    ),
    Case(
        "repository-credentials",
        "a user alone, with https often a token",
        project(repository="https://token@x.io/a"),
        location_at(1),
        project(repository="ssh://git@x.io/a"),
    ),
    # declarations
    Case(
        "removed-still-declared",
        "an export",
        project_with_removed("orders", "release"),
        location_at(500),
        project_with_removed("orders-before"),
    ),
    Case(
        "removed-still-declared",
        "a destination",
        project(removed=removed_entries("lake", root="destinations")),
        location_at(500),
        project(removed=removed_entries("lake")),
    ),
    Case(
        "removed-still-declared",
        "the export before it was split",
        project(export("sales/a"), removed=removed_entries("sales/a")),
        location_at(500),
        project(export("sales/a"), removed=removed_entries("sales")),
    ),
    Case(
        "former-schedule-order",
        "two that end together",
        project(export(former_schedules=former_schedules(NOW - DAY, NOW - DAY))),
        location_at(520),
        project(export(former_schedules=former_schedules(NOW - 2 * DAY, NOW - DAY))),
    ),
    Case(
        "former-schedule-future",
        "a second after now",
        project(export(former_schedules=former_schedules(NOW + 1))),
        location_at(520),
        project(export(former_schedules=former_schedules(NOW))),
    ),
    Case(
        "former-schedule-future",
        "not on the emulator, which has a clock of its own",
        project(export(former_schedules=former_schedules(NOW + 1))),
        location_at(520),
        project(export(former_schedules=former_schedules(NOW + 1)), platform=platform(url="embedded")),
    ),
    Case(
        "former-location-order",
        "two that end together",
        project(export(former_locations=former_entries(NOW - DAY, NOW - DAY))),
        location_at(520),
        project(export(former_locations=former_entries(NOW - 2 * DAY, NOW - DAY))),
    ),
    Case(
        "former-location-future",
        "a second after now",
        project(export(former_locations=former_entries(NOW + 1))),
        location_at(520),
        project(export(former_locations=former_entries(NOW))),
    ),
    Case(
        "former-location-future",
        "not on the emulator, which has a clock of its own",
        project(export(former_locations=former_entries(NOW + 1))),
        location_at(520),
        project(export(former_locations=former_entries(NOW + 1)), platform=platform(url="embedded")),
    ),
    Case(
        "former-location-field",
        "a container of a type with buckets",
        project(export(former_locations=former_entries(NOW, container="a"))),
        location_at(520),
        project(export(former_locations=former_entries(NOW, bucket="a"))),
        "its fields are bucket, path, folder",
    ),
    Case(
        "removed-protected",
        "a protected export",
        project_with_removed("orders", protect=True),
        location_at(500),
        project_with_removed("orders", protect=False),
    ),
    Case(
        "accept-expired",
        "at its date",
        project(accept=accepted_entries(until=NOW)),
        location_at(510),
        project(accept=accepted_entries(until=NOW + 1)),
    ),
    Case(
        "accept-expired",
        "for good",
        project(accept=accepted_entries(until=NOW)),
        location_at(510),
        project(accept=accepted_entries(until=None)),
    ),
    Case(
        "accept-unknown-address",
        "a slip",
        project(accept=accepted_entries("exports.ordes")),
        location_at(510),
        project(accept=accepted_entries("exports.orders")),
        "did you mean exports.orders?",
    ),
    Case(
        "accept-unknown-address",
        "a split export by its key",
        project(export("sales/a"), accept=accepted_entries("exports.sales/b")),
        location_at(510),
        project(export("sales/a"), accept=accepted_entries("exports.sales")),
    ),
    Case(
        "accept-unknown-address",
        "declared in another environment",
        (environment("dev", accept=accepted_entries("exports.x")), environment("prod", export("x"))),
        location_at(510),
        (
            environment("dev", accept=accepted_entries("exports.x")),
            environment("prod", export("x"), accept=accepted_entries("exports.x")),
        ),
        "(in dev)",
    ),
    Case(
        "accept-unknown-field",
        "a key of a map",
        project(accept=accepted_entries(field="every")),
        location_at(510),
        project(accept=accepted_entries(field="schedule")),
        "did you mean schedule.every?",
    ),
    Case(
        "accept-unknown-field",
        "a slip",
        project(accept=accepted_entries(field="foldr")),
        location_at(510),
        project(accept=accepted_entries(field="path")),
        "did you mean folder?",
    ),
    Case(
        "accept-unknown-field",
        "a field of exports on a destination",
        project(accept=accepted_entries("destinations.lake", "zzz")),
        location_at(510),
        project(accept=accepted_entries("destinations.lake", "auth.role_arn")),
        "fields are auth, auth.secret_version",
    ),
    Case(
        "flow-id-form",
        "adopt",
        project_with(adopt="orders-flow"),
        key_location(ORDERS, "adopt"),
        project_with(adopt=FLOW),
    ),
    Case(
        "flow-id-form",
        "allow_replace",
        project_with(allow_replace="1"),
        key_location(ORDERS, "allow_replace"),
        project_with(allow_replace=FLOW),
    ),
    Case("flow-id-form", "keep", project_with(keep=FLOW[:-1]), key_location(ORDERS, "keep"), project_with(keep=FLOW)),
    Case(
        "adopt-twice",
        "one flow",
        project(export(adopt=FLOW), export("copy", COPY, adopt=FLOW)),
        key_location(COPY, "adopt"),
        project(export(adopt=FLOW), export("copy", COPY, adopt=FLOW[:-1] + "6")),
    ),
    Case(
        "title-twice",
        "but for case",
        project(export(title="Sales"), export("copy", COPY, title="sales")),
        key_location(COPY, "title"),
        project(export(title="Sales"), export("copy", COPY, title="sales 2")),
    ),
    Case(
        "renamed-from-declared",
        "an export",
        project(export(), export("copy", COPY, renamed_from="orders")),
        key_location(COPY, "renamed_from"),
        project(export(), export("copy", COPY, renamed_from="before")),
        f"still declared at {location_at(ORDERS)}",
    ),
    Case(
        "renamed-from-declared",
        "a destination",
        project(destination(), destination("other", OTHER, renamed_from="lake")),
        key_location(OTHER, "renamed_from"),
        project(destination(), destination("other", OTHER, renamed_from="before")),
        f"still declared at {location_at(LAKE)}",
    ),
    Case(
        "renamed-from-declared",
        "one that is itself renamed",
        project(export(renamed_from="before"), export("copy", COPY, renamed_from="orders")),
        key_location(COPY, "renamed_from"),
        project(export(renamed_from="before"), export("copy", COPY)),
        "rename in two steps: first apply a config that does not declare orders",
    ),
    Case(
        "renamed-from-declared",
        "itself",
        project_with(renamed_from="orders"),
        key_location(ORDERS, "renamed_from"),
        project_with(renamed_from="before"),
        "or the earlier declaration",
    ),
    Case(
        "renamed-from-declared",
        "a split export from itself",
        project(export("sales/orders", renamed_from="sales/orders")),
        key_location(ORDERS, "renamed_from"),
        project(export("sales/orders", renamed_from="sales")),
        "to let one part continue the whole, write `renamed_from: {orders: sales}`",
    ),
    Case(
        "renamed-from-declared",
        "a part",
        project(export("sales/orders"), export("copy", COPY, renamed_from="sales/orders")),
        key_location(COPY, "renamed_from"),
        project(export("sales/orders"), export("copy", COPY, renamed_from="sales")),
    ),
    Case(
        "renamed-from-twice",
        "exports",
        project(export(renamed_from="before"), export("copy", COPY, renamed_from="before")),
        key_location(COPY, "renamed_from"),
        project(export(renamed_from="before"), export("copy", COPY, renamed_from="earlier")),
        f"but so is exports.orders at {key_location(ORDERS, 'renamed_from')}",
    ),
    Case(
        "renamed-from-twice",
        "destinations",
        project(destination(renamed_from="before"), destination("other", OTHER, renamed_from="before")),
        key_location(OTHER, "renamed_from"),
        project(export(renamed_from="before"), destination(), destination("other", OTHER, renamed_from="before")),
    ),
    Case(
        "unused-destination",
        "in no environment",
        project(destination(), destination("other", OTHER, location=S3)),
        location_at(OTHER),
        sharing_project(Account(of="lake")),
    ),
    Case(
        "unused-destination",
        "used in another environment only",
        (environment("dev", destination(), destination("other", OTHER, location=S3)), environment("prod")),
        location_at(OTHER),
        (
            environment("dev", destination(), destination("other", OTHER, location=S3)),
            environment("prod", export(destination="other"), destination("other", OTHER, location=S3)),
        ),
    ),
    # the engine's own
    Case(
        "unknown-rule",
        "in rules",
        project(rules={"folder-without-tim": setting("off")}),
        location_at(70),
        project(rules={"folder-without-time": setting("error")}),
        "did you mean folder-without-time?",
    ),
    Case(
        "unknown-rule",
        "in allow",
        project_with(allow=(allow("zzz"),)),
        location_at(60),
        project_with(allow=(allow("title-twice"),)),
    ),
    Case(
        "fixed-rule",
        "in allow",
        project_with(allow=(allow("project-twice"),)),
        location_at(60),
        project_with(allow=(allow("title-twice"),)),
    ),
    Case(
        "fixed-rule",
        "lowered",
        project(rules={"project-twice": setting("warning")}),
        location_at(70),
        project(rules={"project-twice": setting("error")}),
    ),
    Case(
        "unused-allow",
        "in allow",
        project_with(allow=(allow("schedule-8-hours"),)),
        location_at(60),
        project_with(allow=(allow("schedule-8-hours"),), schedule=EIGHT),
    ),
    Case(
        "unused-allow",
        "in rules",
        project(rules={"schedule-8-hours": setting("off")}),
        location_at(70),
        project(export(schedule=EIGHT), rules={"schedule-8-hours": setting("off")}),
    ),
    Case(
        "unused-allow",
        "a raised rule is a policy, not an exception",
        project(rules={"schedule-8-hours": setting("off")}),
        location_at(70),
        project(rules={"schedule-8-hours": setting("error")}),
    ),
)


def _ids(case: Case) -> str:
    return f"{case.rule}: {case.says}"


def _projects(given: Project | tuple[Project, ...]) -> Sequence[Project]:
    return given if isinstance(given, tuple) else (given,)


@pytest.mark.parametrize("case", CASES, ids=_ids)
def test_a_mistake_is_found_where_it_is(case: Case) -> None:
    (finding,) = findings_of(case.rule, all_findings(*_projects(case.bad)))

    assert (case.where, BY_ID[case.rule].level) == (finding.at, finding.level)
    assert finding.hint
    assert case.words in f"{finding.message}\n{finding.hint}\n{BY_ID[case.rule].how_to_fix}"


@pytest.mark.parametrize("case", CASES, ids=_ids)
def test_the_nearest_right_config_is_not_touched(case: Case) -> None:
    assert findings_of(case.rule, all_findings(*_projects(case.good))) == []


def test_two_unlisted_values_of_one_format_are_two_findings() -> None:
    found = findings_of("unlisted-value", all_findings(project_with(format=Format("avro", "zstd"))))

    assert [finding.message.split()[1] for finding in found] == ['"avro"', '"zstd"']


def test_every_rule_has_a_case() -> None:
    of_projects = {rule.id for rule in RULES if rule.stage is CheckStage.RULES and rule.check_tree is None}

    assert of_projects == {case.rule for case in CASES}


def test_the_builder_makes_a_config_without_findings() -> None:
    assert all_findings(project()) == ()


def test_no_finding_repeats_a_secret() -> None:
    for case in CASES:
        if case.rule in ("secret-in-plain-field", "repository-credentials"):
            for finding in findings_of(case.rule, all_findings(*_projects(case.bad))):
                assert not any(part in str(finding) for part in ("ABCDEFGH", "AccountKey=", "eyJ", "pass@", "token@"))


def test_findings_of_an_error_are_errors() -> None:
    assert Level.ERROR is findings_of("missing-end", all_findings(project_with(end=End())))[0].level


def test_a_project_without_files_blames_the_platform_for_its_repository() -> None:
    (finding,) = findings_of("repository-form", all_findings(project(repository="x", files=())))

    assert location_at(900) == finding.at
    assert location_at(900).file == FILE
