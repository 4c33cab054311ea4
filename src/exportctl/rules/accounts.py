"""Rules on accounts: what an existing account cannot have, and the form of hosts, ports, roles and key ids."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from exportctl.errors import Level
from exportctl.model.project import AuthValue, Destination, Project
from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.destinations.type import AccountKey, KeyForm
from exportctl.resources.kinds import AUTH, leaf_path
from exportctl.rules.rule import Hit, Rule, is_unresolved, make_hit

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[?[0-9A-Fa-f:]+\]?")


def _check_encryption_account(project: Project, as_of: int) -> Iterable[Hit]:
    for destination in project.destinations.values():
        if destination.encryption is not None and not destination.account.is_ours:
            yield make_hit(destination, "sets encryption, but exportctl does not create its account", "encryption")


def _check_reader(project: Project, as_of: int) -> Iterable[Hit]:
    for destination in project.destinations.values():
        if destination.reader != "destination":
            continue
        method = destination.account.method
        if method is None:
            yield make_hit(destination, "sets `reader: destination`, but has no `auth`", "reader")
        elif not any(f.secrecy is Secrecy.SECRET for f in TYPES[destination.type].method(method).fields):
            text = "sets `reader: destination`, but a role has no secret to read with"
            yield make_hit(destination, text, "reader")


def _account_values(project: Project) -> Iterator[tuple[Destination, AccountKey, AuthValue]]:
    """Every account key that is written and has no open reference."""
    for destination in project.destinations.values():
        for key in TYPES[destination.type].account_keys:
            value = destination.account.auth.get(key.name)
            if value is not None and not is_unresolved(value.text):
                yield destination, key, value


def _check_host(project: Project, as_of: int) -> Iterable[Hit]:
    for destination, key, value in _account_values(project):
        if key.form is KeyForm.HOST and not _HOST.fullmatch(value.text):
            yield Hit(f"{key.name} {value.text!r} is not a host name", value.at, (destination.address,))


def _check_unpublished_key(project: Project, as_of: int) -> Iterable[Hit]:
    for destination, key, value in _account_values(project):
        if not key.is_published:
            text = f"sets a {key.name}, which not every version of the service takes"
            yield Hit(text, value.at, (destination.address,))


def _check_auth_form(project: Project, as_of: int) -> Iterable[Hit]:
    for destination in project.destinations.values():
        fields_by_method = {method.name: method.fields for method in TYPES[destination.type].methods}
        for field in fields_by_method.get(destination.account.method or "", ()):
            value = destination.account.auth.get(field.name)
            if field.form is None or value is None or is_unresolved(value.text) or re.fullmatch(field.form, value.text):
                continue
            text = f"{leaf_path(AUTH, field.name)} does not have the usual form"
            yield Hit(text, value.at, (destination.address,))


_SFTP = "destinations: {drop: {type: sftp, path: /in, host: %s, auth: {username: acme, password: '${env:SFTP}'}}}"

RULES = (
    Rule(
        "encryption-without-auth",
        Level.ERROR,
        "Encryption on an existing account",
        "Encryption is a setting of the base connection [AS], which exportctl does not create with `account`. The"
        " service would write the files unencrypted, without a message.",
        "Set it where the account is created, and remove it here.",
        "destinations: {lake: {auth: null, account: {existing: Lake}, encryption: {public_key: mFIEYQ==}}}",
        "destinations: {lake: {encryption: {public_key: mFIEYQ==}}}",
        check_project=_check_encryption_account,
        fixed=True,
    ),
    Rule(
        "reader-without-secret",
        Level.ERROR,
        "Reading with credentials that do not exist",
        "`reader: destination` lets verify read with the secret of `auth`. An existing account, or a role that Adobe"
        " assumes, has no secret in the config.",
        "Remove `reader`, and let verify read with the credentials of its environment.",
        "destinations: {lake: {reader: destination, auth: null, account: {existing: Lake}}}",
        "destinations: {lake: {reader: caller}}",
        check_project=_check_reader,
        fixed=True,
    ),
    Rule(
        "sftp-host",
        Level.ERROR,
        "A host that is not a host name",
        "The service's parameter is a domain [XD-new]; user, port and folder have their own keys.",
        "Write only the host name; write the rest as `port`, `path` and auth.username.",
        _SFTP % "'sftp://sftp.example.com/in'",
        _SFTP % "sftp.example.com",
        check_project=_check_host,
    ),
    Rule(
        "sftp-port",
        Level.NOTE,
        "An SFTP port is given",
        "`port` is a field of the AEP UI and (as a string) of the batch tutorial's requests [AS], but not of the"
        " published schema [XD-new]; a guide calls it deprecated for keys. exportctl sends it if it is set.",
        "Remove it if it is 22.",
        _SFTP % "sftp.example.com, port: 2222",
        _SFTP % "sftp.example.com",
        check_project=_check_unpublished_key,
    ),
    Rule(
        "auth-form",
        Level.WARNING,
        "A role or key id with an unusual form",
        "A role ARN looks like arn:aws:iam::123456789012:role/name, an access key id has 16 to 128 capitals and digits."
        " The published pattern for key ids is narrower than real ids (assumed), so this is only a warning.",
        "Look for a blank, a missing character or the value of another field; better, write ${env:NAME}.",
        "destinations: {lake: {auth: {role_arn: acme-lake-role}}}",
        "destinations: {lake: {auth: {role_arn: 'arn:aws:iam::123456789012:role/acme-lake'}}}",
        check_project=_check_auth_form,
    ),
)
