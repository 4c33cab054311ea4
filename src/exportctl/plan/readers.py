"""
Say who reads the files that a change of format, location or folder moves away from them. Pure.

    change                                                   said
    location, folder, file type or compression               a consequence, which names the `readers`
    the same of a protected export                           that, and a finding whose level the config can raise
    `title`, while the folder contains the flow's name       as a change of the folder
    a value that was edited by hand and is restored          nothing: readers know the declared place
    a replacement that writes elsewhere                      a consequence

The files that are already there stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.errors import Finding
from exportctl.frozen import dataclass
from exportctl.model.plan import WRITE_CAUSES, Cause, Consequence, Fields
from exportctl.plan.desired import DesiredExport, finding
from exportctl.plan.export_diff import ExportDiff
from exportctl.plan.ownership import LiveFlow
from exportctl.resources.destinations.type import DestinationType
from exportctl.resources.kinds import FOLDER, FORMAT, LOCATION, NAME_MACRO, TITLE
from exportctl.resources.place import format_phrase, place_phrase

RULE = "readers-break"
_DECIDED = WRITE_CAUSES - {Cause.DRIFT}


@dataclass(frozen=True)
class _FileFacts:
    """What readers must know of the files of an export, in words."""

    place: str
    form: str
    folder: str

    def changes_to(self, after: _FileFacts) -> Iterator[str]:
        """Yield what readers find of the later files."""
        if self.place != after.place:
            yield f"go to {after.place}"
        if self.folder != after.folder:
            yield f"are in folders {after.folder}"
        if self.form != after.form:
            yield f"are {after.form}"


def update_consequences(diff: ExportDiff) -> tuple[Consequence, ...]:
    """Name the readers that an update takes later files away from."""
    changes = _update_changes(diff)
    return _consequences(diff.export, _live_files(diff.live_flow), changes) if changes else ()


def update_findings(diff: ExportDiff) -> tuple[Finding, ...]:
    """Report the same of a protected export, so that the config can make an error of it."""
    marker = diff.live_flow.marker
    changes = _update_changes(diff)
    if not changes or not (diff.export.declared.protect or (marker and marker.protected)):
        return ()
    text = f"it is protected, and readers must change with it: later files {' and '.join(changes)}"
    hint = "apply it when its readers are ready, or keep the location and the format"
    return (finding(diff.export, "protected-export-moves", text, hint, key=_first_changed_key(diff)),)


def replacement_consequences(export: DesiredExport, replaced: LiveFlow) -> tuple[Consequence, ...]:
    """Name the readers that a replacement takes later files away from."""
    if replaced.target is None:
        return ()
    before = _live_files(replaced)
    after = _files(export.type, export.target_fields, export.declared.folder)
    return _consequences(export, before, tuple(before.changes_to(after)))


def _update_changes(diff: ExportDiff) -> tuple[str, ...]:
    written = {name: c for name, c in diff.written_changes.items() if c.cause in _DECIDED}
    if not written.keys() & {LOCATION, FORMAT, FOLDER, TITLE}:
        return ()
    live = diff.live_flow.target_fields
    target = {name: diff.target_fields.get(name, live.get(name)) for name in (LOCATION, FORMAT)}
    folder = str(diff.value_after(FOLDER, diff.live[FOLDER]) or "")
    changes = tuple(_live_files(diff.live_flow).changes_to(_files(diff.export.type, target, folder)))
    is_renamed = TITLE in written and NAME_MACRO in folder and FOLDER not in written
    return (*changes, f"are in folders with the new title: {folder}") if is_renamed else changes


def _first_changed_key(diff: ExportDiff) -> str:
    changed = (c.path for c in diff.changes if c.field in (LOCATION, FORMAT, FOLDER) and c.cause in _DECIDED)
    return next(changed, TITLE)


def _live_files(live_flow: LiveFlow) -> _FileFacts:
    return _files(live_flow.type, live_flow.target_fields, str(live_flow.fields[FOLDER] or ""))


def _files(type: DestinationType | None, target: Fields, folder: str) -> _FileFacts:
    return _FileFacts(place_phrase(type, target.get(LOCATION) or {}), format_phrase(target.get(FORMAT) or {}), folder)


def _consequences(export: DesiredExport, before: _FileFacts, changes: tuple[str, ...]) -> tuple[Consequence, ...]:
    if not changes:
        return ()
    readers = export.declared.readers
    source = f"{before.form} from {before.place}/{before.folder}"
    who = f"{', '.join(readers)} must change too: they read {source}"
    if not readers:
        who = f"whatever reads {source} must change too (no `readers` are declared)"
    text = f"{who}; later files {' and '.join(changes)}; files that are already there stay where they are"
    return (Consequence(RULE, text, "warning", readers),)
