"""Rules on the folder template of an export and its macros."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from exportctl.errors import Level
from exportctl.model.project import Export, Project
from exportctl.model.schedule import ONCE
from exportctl.patterns import compile_on_use
from exportctl.resources.destinations.table import TYPES, folder_of
from exportctl.rules.rule import Hit, Rule, closest_match, is_unresolved, make_hit

DATETIME = "DATETIME"
MACROS = (  # flow-service.md 10.2: [XD-new] [D]
    "DESTINATION",
    "DATASET_ID",
    "DATASET_NAME",
    "DESTINATION_INSTANCE_ID",
    "DESTINATION_INSTANCE_NAME",
    "SANDBOX_NAME",
    "ORGANIZATION_NAME",
    "EXPORT_TIME",
    DATETIME,
)
TIME_MACROS = ("EXPORT_TIME", DATETIME)
DATASET_MACROS = ("DATASET_ID", "DATASET_NAME")
MACRO = compile_on_use(r"%(?P<name>[A-Za-z_]+)(?P<pattern>\([^%()]*\))?%")
SEGMENT = compile_on_use(r"%SEGMENT_\w*%?", re.IGNORECASE)
_LITERAL = compile_on_use(r"[0-9a-zA-Z/!\-_.*'()=]*")


@lru_cache(maxsize=1024)  # most exports of a config have one folder
def macros(folder: str) -> tuple[str, ...]:
    """Return the known macros in a template, in order."""
    return tuple(m["name"] for m in MACRO.finditer(folder) if is_known_macro(m["name"], m["pattern"]))


def is_known_macro(name: str, pattern: str | None) -> bool:
    """Return whether this is a known macro; DATETIME needs a pattern, and no other macro takes one."""
    return name in MACROS and (pattern is not None and pattern != "()") == (name == DATETIME)


def has_dataset_macro(folder: str) -> bool:
    return any(name in DATASET_MACROS for name in macros(folder))


def _resolved_exports(project: Project) -> Iterable[Export]:
    return (e for e in project.exports.values() if not is_unresolved(e.folder))


def _check_segment_macro(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        destination = project.destinations.get(export.destination)
        if found := SEGMENT.search(export.folder):
            yield make_hit(export, f"{found[0]} in folder is for audience files", "folder")
        if found := SEGMENT.search(export.subpath):
            yield make_hit(export, f"{found[0]} in subpath is for audience files", "subpath", subject="subpath")
        if destination and (found := SEGMENT.search(folder_of(destination.type, destination.location))):
            key = TYPES[destination.type].folder_key
            yield make_hit(destination, f"{found[0]} in {key} is for audience files", key)


def _macro_hint(name: str, pattern: str | None) -> str | None:
    """Return the hint that names the closest macro."""
    if name.upper() == DATETIME:
        return "DATETIME takes a pattern: %DATETIME(YYYYMMdd_HHmmss)%"
    if name.upper() in MACROS:
        return f"write %{name.upper()}%"
    if name.upper() == "DESTINATION_NAME":  # only in an example of [D]; of the audience macros
        return "did you mean %DESTINATION%?"
    guess = closest_match(name.upper(), MACROS)
    if guess == DATETIME:
        return "did you mean %DATETIME(YYYYMMdd_HHmmss)%?"
    return f"did you mean %{guess}%?" if guess else None


def _check_unknown_macro(project: Project, as_of: int) -> Iterable[Hit]:
    for export in _resolved_exports(project):
        rest = SEGMENT.sub("", export.folder)
        for found in MACRO.finditer(rest):
            name, pattern = found["name"], found["pattern"]
            if not is_known_macro(name, pattern):
                text, hint = f"folder has the unknown macro {found[0]}", _macro_hint(name, pattern)
                yield make_hit(export, text, "folder", hint=hint, subject=found[0])
        if "%" in MACRO.sub("", rest):
            yield make_hit(export, "folder has a % that belongs to no macro", "folder", subject="%")


def _check_characters(project: Project, as_of: int) -> Iterable[Hit]:
    for export in _resolved_exports(project):
        literal = MACRO.sub("", export.folder).replace("%", "")
        odd = sorted(set(_LITERAL.sub("", literal)))
        if odd:
            shown = ", ".join("a blank" if c == " " else repr(c) for c in odd)
            yield make_hit(export, f"folder contains {shown}, which storage paths cannot have", "folder")


def _check_time_macro(project: Project, as_of: int) -> Iterable[Hit]:
    for export in _resolved_exports(project):
        if export.schedule.unit != ONCE and not any(name in TIME_MACROS for name in macros(export.folder)):
            yield make_hit(export, "folder has no time macro: the files of all runs are in one folder", "folder")


def _check_dataset_macro(project: Project, as_of: int) -> Iterable[Hit]:
    for export in _resolved_exports(project):
        if len(export.datasets) > 1 and not has_dataset_macro(export.folder):
            text = f"folder has no dataset macro: the files of {len(export.datasets)} datasets are in one folder"
            yield make_hit(export, text, "folder")


RULES = (
    Rule(
        "segment-macro",
        Level.ERROR,
        "%SEGMENT_…% in a path, subpath or folder",
        "The published path patterns allow %SEGMENT_NAME% and %SEGMENT_ID%, but these are for audience files; a dataset"
        " export has no segment [XD-new].",
        "Remove the macro; in `folder`, use %DATASET_ID% or %DATASET_NAME%.",
        'exports: {orders: {folder: "%SEGMENT_NAME%/%DATASET_ID%/%EXPORT_TIME%"}}',
        'exports: {orders: {folder: "%DATASET_NAME%/%DATASET_ID%/%EXPORT_TIME%"}}',
        check_project=_check_segment_macro,
    ),
    Rule(
        "folder-unknown-macro",
        Level.ERROR,
        "An unknown macro in a folder",
        "The service knows " + ", ".join(f"%{m}%" for m in MACROS[:-1]) + " and %DATETIME(pattern)% [XD-new] [D]. What"
        " it does with other macros is not documented (assumed: it writes them as they are).",
        "Use " + ", ".join(f"%{m}%" for m in MACROS[:-1]) + " or %DATETIME(YYYYMMdd_HHmmss)%.",
        'exports: {orders: {folder: "%DATASET_ID%/%EXPORT_DATE%"}}',
        'exports: {orders: {folder: "%DATASET_ID%/%EXPORT_TIME%"}}',
        check_project=_check_unknown_macro,
    ),
    Rule(
        "folder-characters",
        Level.WARNING,
        "Characters in a folder that paths cannot have",
        "No pattern is published for the template. The published path pattern allows letters, digits and / ! - _ . * '"
        " ( ). This rule also allows `=`, because the service itself writes exportTime=… (assumed).",
        "Use letters, digits and - _ . = ! * ' ( ) between the slashes.",
        'exports: {orders: {folder: "all orders/%DATASET_ID%/%EXPORT_TIME%"}}',
        'exports: {orders: {folder: "all-orders/%DATASET_ID%/%EXPORT_TIME%"}}',
        check_project=_check_characters,
    ),
    Rule(
        "folder-without-time",
        Level.WARNING,
        "A folder without a time macro",
        "The files of different runs are mixed, so a loader cannot know if a run is complete, and `verify` can assign"
        " the files to runs only with a manifest (ours). The rule does not apply to an export that runs once.",
        "Add %EXPORT_TIME% or %DATETIME(…)%, usually as the last level.",
        'exports: {orders: {folder: "%DATASET_ID%"}}',
        'exports: {orders: {folder: "%DATASET_ID%/%EXPORT_TIME%"}}',
        check_project=_check_time_macro,
    ),
    Rule(
        "folder-without-dataset",
        Level.WARNING,
        "Several datasets in one folder",
        "File names are random and do not name the dataset [XD-new]; the user guide advises against one folder for"
        " several datasets [UI].",
        "Add %DATASET_ID% or %DATASET_NAME%, or write split_by: dataset.",
        'exports: {orders: {datasets: [Orders, Returns], folder: "%EXPORT_TIME%"}}',
        'exports: {orders: {datasets: [Orders, Returns], folder: "%DATASET_NAME%/%EXPORT_TIME%"}}',
        check_project=_check_dataset_macro,
    ),
)
