"""Rules on buckets, containers and paths: the service's own patterns, and what a destination type does with files."""

from __future__ import annotations

import re
from collections.abc import Iterable

from exportctl.errors import Level
from exportctl.model.project import Destination, Project
from exportctl.resources.destinations.table import TYPES, folder_of
from exportctl.resources.destinations.type import LocationField, Scope
from exportctl.rules.folder_templates import MACRO, SEGMENT
from exportctl.rules.rule import Hit, ProjectCheck, Rule, is_unresolved, make_hit


def join_paths(*parts: str) -> str:
    """Join paths with one slash between them and none at the ends."""
    return "/".join(p for p in (part.strip("/") for part in parts) if p)


def _folder_field(destination: Destination) -> LocationField | None:
    kind = TYPES[destination.type]
    return kind.location_field(kind.folder_key)


def _is_malformed(field: LocationField, value: str) -> bool:
    return field.pattern is not None and re.fullmatch(field.pattern, value) is None


def _name_check(*, unique: bool) -> ProjectCheck:
    """Make the check of the names that are unique in the world, or of all others, against their published patterns."""

    def check(project: Project, as_of: int) -> Iterable[Hit]:
        for destination in project.destinations.values():
            kind = TYPES[destination.type]
            for field in kind.location if (kind.identity.scope is Scope.WORLD) is unique else ():
                value = destination.location.get(field.name, "")
                if field.name != kind.folder_key and not is_unresolved(value) and _is_malformed(field, value):
                    text = f"{field.name} {value!r} is not allowed: {field.rule}"
                    yield make_hit(destination, text, field.name)

    return check


def _check_path_form(project: Project, as_of: int) -> Iterable[Hit]:
    for destination in project.destinations.values():
        field = _folder_field(destination)
        found = destination.location.get(field.name) if field else None
        if field is None or found is None or is_unresolved(found) or "%" in found:
            continue
        if _is_malformed(field, found):
            text = f"{field.name} {found!r} is not allowed: {field.rule}"
            yield make_hit(destination, text, field.name)
    for export in project.exports.values():
        owner = project.destinations.get(export.destination)
        field = _folder_field(owner) if owner else None
        value = export.subpath
        if field and value and not is_unresolved(value) and "%" not in value and _is_malformed(field, value):
            text = f"subpath {value!r} is not allowed: {field.rule}"
            yield make_hit(export, text, "subpath")


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


RULES = (
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
