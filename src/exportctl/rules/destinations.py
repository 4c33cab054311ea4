"""Rules on destinations: buckets, containers and paths by the service's own patterns, retention, and accounts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from exportctl.errors import Level
from exportctl.model.project import AuthValue, Destination, Project
from exportctl.model.secret import Secrecy
from exportctl.patterns import compile_on_use
from exportctl.resources.destinations.table import TYPES, folder_of
from exportctl.resources.destinations.type import AccountKey, KeyForm, LocationField, Scope
from exportctl.resources.kinds import AUTH, leaf_path
from exportctl.rules.folder_templates import MACRO, SEGMENT
from exportctl.rules.rule import Hit, ProjectCheck, Rule, is_unresolved, make_hit

_HOST = compile_on_use(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[?[0-9A-Fa-f:]+\]?")


# -- locations --------------------------------------------------------------------------------------------------------


def _name_check(*, unique: bool) -> ProjectCheck:
    """Make the check of the names that are unique in the world, or of all others, against their published patterns."""

    def check(project: Project, as_of: int) -> Iterable[Hit]:
        for destination in project.destinations.values():
            kind = TYPES[destination.type]
            for field in kind.location if (kind.identity.scope is Scope.WORLD) is unique else ():
                text = _malformed_text(field, field.name, destination.location.get(field.name, ""))
                if text and field.name != kind.folder_key:
                    yield make_hit(destination, text, field.name)

    return check


def _malformed_text(field: LocationField, key: str, value: str) -> str | None:
    """Return what is wrong with a value that breaks the pattern of a field; None if it fits or has a reference."""
    if field.pattern is None or is_unresolved(value) or re.fullmatch(field.pattern, value):
        return None
    return f"{key} {value!r} is not allowed: {field.rule}"


def _check_path_form(project: Project, as_of: int) -> Iterable[Hit]:
    """Check paths and subpaths. A value with a % breaks `macro-in-path` instead, an empty one `empty-path`."""
    fields = {kind.name: {f.name: f for f in kind.location}.get(kind.folder_key) for kind in TYPES.values()}
    for destination in project.destinations.values():
        field = fields[destination.type]
        path = destination.location.get(field.name) if field else None
        if (
            field
            and path is not None
            and not _is_missing(field, path)
            and "%" not in path
            and (text := _malformed_text(field, field.name, path))
        ):
            yield make_hit(destination, text, field.name)
    for export in project.exports.values():
        owner, subpath = project.destinations.get(export.destination), export.subpath
        field = fields[owner.type] if owner else None
        if field and subpath and "%" not in subpath and (text := _malformed_text(field, "subpath", subpath)):
            yield make_hit(export, text, "subpath")


def _is_missing(field: LocationField, path: str) -> bool:
    return field.required and not path.strip()


def _check_empty_path(project: Project, as_of: int) -> Iterable[Hit]:
    for destination in project.destinations.values():
        kind = TYPES[destination.type]
        for field in kind.location:
            if field.name == kind.folder_key and _is_missing(field, destination.location.get(field.name, "-")):
                yield make_hit(destination, f"{field.name} is empty: {kind.label} needs a folder", field.name)


def _check_dot_levels(project: Project, as_of: int) -> Iterable[Hit]:
    for destination in project.destinations.values():
        key, path = TYPES[destination.type].folder_key, folder_of(destination.type, destination.location)
        if found := dot_level(path):
            yield make_hit(destination, f"{key} contains a level named {found}", key)
    for export in project.exports.values():
        for key, text in (("subpath", export.subpath), ("folder", export.folder)):
            if found := dot_level(text):
                yield make_hit(export, f"{key} contains a level named {found}", key, subject=key)


def dot_level(path: str) -> str | None:
    """
    Return the first level that is `.` or `..`, or None. References that have no value are text like any other.

    A backslash ends a level too, and blanks around one do not count: servers of Windows and Azure read them so.
    """
    levels = (level.strip() for level in re.split(r"[/\\]", path))
    return next((level for level in levels if level in (".", "..")), None)


def _check_macro_in_path(project: Project, as_of: int) -> Iterable[Hit]:
    for destination in project.destinations.values():
        key, value = TYPES[destination.type].folder_key, folder_of(destination.type, destination.location)
        if "%" in SEGMENT.sub("", value) and not is_unresolved(value):
            yield make_hit(destination, _percent_text(key, value), key)
    for export in project.exports.values():
        if "%" in SEGMENT.sub("", export.subpath) and not is_unresolved(export.subpath):
            yield make_hit(export, _percent_text("subpath", export.subpath), "subpath")


def _percent_text(key: str, value: str) -> str:
    found = MACRO.search(value)
    return f"{found[0]} in {key}: macros are for `folder` only" if found else f"{key} {value!r} contains a %"


def _check_retention(project: Project, as_of: int) -> Iterable[Hit]:
    for destination in project.destinations.values():
        kind = TYPES[destination.type]
        if kind.retention_days:
            text = f"is a {kind.noun}: Adobe deletes every file after {kind.retention_days} days"
            yield Hit(text, destination.at, (destination.address,))


# -- accounts ---------------------------------------------------------------------------------------------------------


def _check_encryption_account(project: Project, as_of: int) -> Iterable[Hit]:
    for destination in project.destinations.values():
        if destination.encryption is not None and not destination.account.is_ours:
            yield make_hit(destination, "sets encryption, but exportctl does not create its account", "encryption")


def _check_encryption_key(project: Project, as_of: int) -> Iterable[Hit]:
    """Check the alphabet only: what kind of key the service takes is not published."""
    for destination in project.destinations.values():
        key = destination.encryption
        if key is not None and not is_unresolved(key.text) and not re.fullmatch("[A-Za-z0-9+/]+={0,2}", key.text):
            text = "encryption.public_key is not base64 on one line"
            yield Hit(text, key.at, (destination.address,))


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


def _auth_form_check(*, lenient: bool) -> ProjectCheck:
    """Make the check of written auth values: of forms that only warn, or of all others."""

    def check(project: Project, as_of: int) -> Iterable[Hit]:
        for destination in project.destinations.values():
            kind = TYPES[destination.type]
            for name, value in destination.account.auth.items():
                field = kind.auth_fields.get(name)
                if field is None or field.lenient is not lenient or is_unresolved(value.text):
                    continue
                if problem := kind.form_problem(name, value.text):
                    yield Hit(f"{leaf_path(AUTH, name)} {problem}", value.at, (destination.address,))

    return check


LOCATION_RULES = (
    Rule(
        "bucket-name",
        Level.ERROR,
        "A bucket name that the storage does not allow",
        "The published patterns: S3 allows 3-63 lower-case letters, digits, hyphens and dots, but no address like"
        " 10.0.0.1; Google also allows underscores, but no goog at the beginning and no google inside [XD-new].",
        "Correct the name; exportctl fills in references before it checks.",
        "destinations: {lake: {bucket: Acme_Lake}}",
        "destinations: {lake: {bucket: acme-lake}}",
        check_project=_name_check(unique=True),
    ),
    Rule(
        "container-name",
        Level.ERROR,
        "A container name that the storage does not allow",
        "The published pattern: 3-63 lower-case letters, digits and single hyphens, a letter or digit at both ends"
        " [XD-new].",
        "Correct the name; exportctl fills in references before it checks.",
        "destinations: {blob: {type: azure-blob, container: acme--lake, path: aep,"
        " auth: {connection_string: '${env:BLOB}'}}}",
        "destinations: {blob: {type: azure-blob, container: acme-lake, path: aep,"
        " auth: {connection_string: '${env:BLOB}'}}}",
        check_project=_name_check(unique=False),
    ),
    Rule(
        "path-characters",
        Level.ERROR,
        "A path or subpath that the service does not allow",
        "S3, Google and Blob paths have only letters, digits and / ! - _ . * ' ( ), and Blob paths are not empty"
        " [XD-new]. The S3 page lists more characters than the pattern [S3P]; the pattern decides.",
        "Use letters, digits, hyphens and slashes.",
        "destinations: {lake: {path: aep exports}}",
        "destinations: {lake: {path: aep/exports}}",
        check_project=_check_path_form,
    ),
    Rule(
        "empty-path",
        Level.ERROR,
        "An empty path where the storage needs a folder",
        "The service requires the folder of Blob, Data Lake, landing zone and SFTP [XD-new]. It refuses an empty one"
        " only when the target connection is created, after the account (assumed).",
        "Write a folder, for example aep, or /incoming on an SFTP server.",
        "destinations: {zone: {type: data-landing-zone, path: ''}}",
        "destinations: {zone: {type: data-landing-zone, path: aep}}",
        check_project=_check_empty_path,
    ),
    Rule(
        "dot-level",
        Level.ERROR,
        "A level named . or .. in a path, subpath or folder",
        "A writer may keep such a level, drop it, or leave the folder that contains it, even into the folder of others"
        " (not documented).",
        "Write the folder itself.",
        "destinations: {lake: {path: aep/../other}}",
        "destinations: {lake: {path: other}}",
        check_project=_check_dot_levels,
    ),
    Rule(
        "macro-in-path",
        Level.ERROR,
        "A macro or % in a path or subpath",
        "The service fills in macros only in the folder template and uses the path of the target connection as it is"
        " (assumed: the S3 and Blob patterns forbid % [XD-new], the other types publish no pattern).",
        "Move the macro to `folder`, which follows the path.",
        'destinations: {lake: {path: "aep/%SANDBOX_NAME%"}}',
        'destinations: {lake: {path: "aep/${sandbox}"}}',
        check_project=_check_macro_in_path,
    ),
    Rule(
        "landing-zone-retention",
        Level.NOTE,
        "Files in a landing zone exist for 7 days",
        "Adobe deletes every file in a data landing zone after 7 days, a hard limit [DLZ].",
        "Copy the files before that, or export to your own storage.",
        "destinations: {zone: {type: data-landing-zone, path: aep}}\nexports: {orders: {destination: zone}}",
        "exports: {orders: {destination: lake}}",
        check_project=_check_retention,
    ),
)

_SFTP = "destinations: {drop: {type: sftp, path: /in, host: %s, auth: {username: acme, password: '${env:SFTP}'}}}"

ACCOUNT_RULES = (
    Rule(
        "encryption-key-form",
        Level.ERROR,
        "A public key that is not base64",
        "The service takes the public key as base64 [AS]. What the bytes are is not published, so nothing else is"
        " checked.",
        "Write the base64 of the whole key on one line: base64 -w0 < KEY.",
        "destinations: {lake: {encryption: {public_key: '-----BEGIN PGP PUBLIC KEY BLOCK-----'}}}",
        "destinations: {lake: {encryption: {public_key: mFIEYQ==}}}",
        check_project=_check_encryption_key,
    ),
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
        Level.ERROR,
        "An auth value of another form than the published one",
        "A role ARN looks like arn:aws:iam::123456789012:role/name, in every partition of AWS. The id of a Google HMAC"
        " key is GOOG and 57 or 20 more characters. apply and `doctor` check values behind references by the same"
        " forms, before the first write.",
        'Look for a blank, a missing character or the value of another field; better, write "${env:NAME}".',
        "destinations: {lake: {auth: {role_arn: acme-lake-role}}}",
        "destinations: {lake: {auth: {role_arn: 'arn:aws:iam::123456789012:role/acme-lake'}}}",
        check_project=_auth_form_check(lenient=False),
    ),
    Rule(
        "auth-form-unusual",
        Level.WARNING,
        "A key id with an unusual form",
        "An access key id has 16 to 128 capitals and digits. The published pattern for key ids is narrower than real"
        " ids (assumed), so this is only a warning.",
        'Look for a blank, a missing character or the value of another field; better, write "${env:NAME}".',
        "destinations: {lake: {auth: {role_arn: null, access_key_id: acme-key, secret_access_key: '${env:KEY}'}}}",
        "destinations: {lake: {auth: {role_arn: null, access_key_id: AKIAIOSFODNN7EXAMPLE,"
        " secret_access_key: '${env:KEY}'}}}",
        check_project=_auth_form_check(lenient=True),
    ),
)
