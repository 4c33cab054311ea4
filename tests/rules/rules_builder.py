"""Small Projects for the tests of the rules. Every key of an object stands on a line of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from exportctl.errors import Finding, SourcePosition
from exportctl.model.project import (
    Account,
    AllowEntry,
    AuthValue,
    Dataset,
    Destination,
    End,
    Export,
    Format,
    PlatformSettings,
    Project,
    RuleSetting,
    Schedule,
)
from exportctl.model.secret import Secrecy
from exportctl.rules.engine import run_rules

FILE = "exports.yaml"
NOW = 1_700_000_000  # 2023-11-14 22:13:20 UTC
HOUR = 3600
DAY = 86400
ORDERS = 100  # the line `orders` begins at, and so on
COPY = 200
LAKE = 300
OTHER = 400
KEYS = (
    *("title", "description", "datasets", "destination", "schedule", "schedule.every", "end", "end.rolling"),
    *("end.renew_before", "format", "format.compression", "folder", "subpath", "expect", "expect.within", "adopt"),
    *("allow_replace", "keep", "renamed_from", "bucket", "container", "path", "account", "account.of", "auth"),
    *("encryption", "host", "port", "endpoint", "auth.role_arn", "reader", "expect.backup"),
)


def location_at(line: int, column: int = 1, file: str = FILE) -> SourcePosition:
    return SourcePosition(file, line, column)


def key_location(line: int, name: str) -> SourcePosition:
    """Where the key `name` of the object that begins at `line` is set."""
    return location_at(line + 1 + KEYS.index(name), 5)


def auth(text: str, secrecy: Secrecy = Secrecy.PLAIN, where: SourcePosition | None = None) -> AuthValue:
    return AuthValue(text, secrecy, where or key_location(LAKE, "auth"))


ROLE = Account("role", {"role_arn": auth("${env:LAKE_ROLE_ARN}", Secrecy.SENSITIVE)})
BLOB = Account("connection-string", {"connection_string": auth("${env:BLOB}", Secrecy.SECRET)})


def sftp(host: str = "sftp.example.com", user: str = "acme", **more: str) -> Account:
    values = {"host": auth(host), **{name: auth(text) for name, text in more.items()}}
    secret = {"username": auth(user, Secrecy.SENSITIVE), "password": auth("${env:SFTP}", Secrecy.SECRET)}
    return Account("password", {**values, **secret})


def adls(endpoint: str) -> Account:
    return Account("service-principal", {"endpoint": auth(endpoint), "client_secret": auth("${env:X}", Secrecy.SECRET)})


def dataset(name: str | None = "Orders", id: str | None = None, alias: str | None = None) -> Dataset:
    return Dataset(id, name, alias, location_at(50))


def destination(name: str = "lake", line: int = LAKE, **changes: Any) -> Destination:
    where = changes.pop("positions", {k: key_location(line, k) for k in KEYS if k not in ("host", "port", "endpoint")})
    made = Destination(
        key=name,
        type="amazon-s3",
        title=None,
        description="",
        location={"bucket": "acme-lake", "path": "aep"},
        account=ROLE,
        at=location_at(line),
        positions=where,
    )
    return replace(made, **changes)


def export(name: str = "orders", line: int = ORDERS, **changes: Any) -> Export:
    made = Export(
        key=name,
        declared_key=name.partition("/")[0],
        title=name,
        description="",
        destination="lake",
        datasets=(dataset(),),
        schedule=Schedule("day", 1, 2 * HOUR),
        end=End(rolling=180 * DAY, renew_before=30 * DAY),
        format=Format("parquet", "gzip"),
        folder="%DATASET_ID%/%EXPORT_TIME%",
        subpath="",
        at=location_at(line),
        positions={k: key_location(line, k) for k in KEYS},
    )
    return replace(made, **changes)


def platform(sandbox: str = "dev", url: str = "https://platform.adobe.io", line: int = 900) -> PlatformSettings:
    return PlatformSettings("0123456789ABCDEF01234567@AdobeOrg", sandbox, url, {}, location_at(line))


def project(*things: Export | Destination, **changes: Any) -> Project:
    """A project without findings: export `orders` to `lake`, unless exports or destinations are given."""
    exports = [t for t in things if isinstance(t, Export)] or [export()]
    destinations = [t for t in things if isinstance(t, Destination)]
    if not any(d.key == "lake" for d in destinations) and any(e.destination == "lake" for e in exports):
        destinations.append(destination())
    made = Project(
        name="acme-exports",
        repository="https://github.com/acme/aep-exports",
        environment=None,
        platform=platform(),
        destinations={d.key: d for d in destinations},
        exports={e.key: e for e in exports},
        files=(FILE,),
    )
    return replace(made, **changes)


def environment(name: str, *things: Export | Destination, **changes: Any) -> Project:
    changes.setdefault("platform", platform(sandbox=name))
    return project(*things, environment=name, **changes)


def allow(rule: str, line: int = 60) -> AllowEntry:
    return AllowEntry(rule, "agreed", location_at(line))


def setting(level: str | None, *only: str, line: int = 70) -> RuleSetting:
    return RuleSetting(level, "agreed", only, location_at(line))


def all_findings(*projects: Project, as_of: int = NOW) -> tuple[Finding, ...]:
    return run_rules(projects, as_of=as_of)


def findings_of(rule: str, findings: Iterable[Finding]) -> list[Finding]:
    return [f for f in findings if f.rule == rule]
