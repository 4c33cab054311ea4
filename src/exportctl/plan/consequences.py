"""
Describe what follows from a change: what may be sent again, where later files go, what stops. Pure.

Sources: dataset-exports.md 5.3, 7, 14. A text says "may" where Adobe documents nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exportctl.model import schedule as schedules
from exportctl.model.plan import WRITE_CAUSES, Cause, Consequence, FieldChange
from exportctl.model.schedule import ONCE, format_moment
from exportctl.plan.dataset_lookup import DatasetLookup
from exportctl.plan.desired import DesiredExport
from exportctl.resources.kinds import (
    DATASETS,
    DESCRIPTION,
    ENABLED,
    END,
    EVERY,
    FLOW,
    FOLDER,
    FORMAT,
    LOCATION,
    TARGET_CONNECTION,
    TITLE,
    leaf_path,
)


@dataclass(frozen=True)
class CreationPreview:
    """What a plan shows of a new export. Without an end in the YAML, `ends` is six months from now (assumed)."""

    fields: tuple[FieldChange, ...]
    consequences: tuple[Consequence, ...]
    ends: int | None
    schedule: str
    next_after: tuple[int, ...]


def creation_preview(export: DesiredExport, lookup: DatasetLookup, as_of: int) -> CreationPreview:
    """Describe an export that does not exist yet."""
    declared = export.declared
    every = export.flow_fields[EVERY]
    start = schedules.first_start(every, declared.schedule.at, declared.schedule.start, as_of)
    end = schedules.first_end(declared.end, as_of)
    ends = schedules.default_end(as_of) if end is None and every != ONCE else end
    rows: list[tuple[str, str, object]] = [
        (TITLE, TITLE, declared.title),
        (DATASETS, DATASETS, [list(pair) for pair in lookup.datasets]),
        ("destination", "destination", declared.destination),
        *(
            (name, leaf_path(name, key), value)
            for name in (LOCATION, FORMAT)
            for key, value in export.target_fields[name].items()
        ),
        (EVERY, EVERY, every),
        (FOLDER, FOLDER, declared.folder),
        *((name, name, value) for name, value in declared.plain.items()),
    ]
    if declared.description:
        rows.append((DESCRIPTION, DESCRIPTION, declared.description))
    if end is not None:
        rows.append((END, END, end))
    if declared.enabled is False:
        rows.append((ENABLED, ENABLED, False))
    if declared.protect:
        rows.append(("protect", "protect", True))
    where = export.positions
    fields = tuple(
        FieldChange(path, name, None, value, Cause.CREATE, at=where.get(path) or where.get(name))
        for name, path, value in rows
    )
    size = "every dataset in full" if every == ONCE else "every dataset in full, later runs only the data added since"
    first = Consequence("first-run", f"the first run sends {size}", "cost")
    runs = schedules.next_runs(every, start, ends, as_of) if declared.enabled is not False else ()
    return CreationPreview(fields, (first,), ends, schedule_phrase(every, declared.schedule.at), runs)


def schedule_phrase(every: str, at: int) -> str:
    """Format a schedule: `every 6 hours from 02:00 UTC`, `every 1 day at 08:00:17 UTC`, `once, at 02:00 UTC`."""
    clock = f"{schedules.time_of_day(at)} UTC"
    if every == ONCE:
        return f"once, at {clock}"
    return f"every {every} {'at' if every == '1 day' else 'from'} {clock}"


def change_consequences(
    changes: Sequence[FieldChange], folder: str, names: Mapping[str, str]
) -> tuple[Consequence, ...]:
    """
    Describe the consequences of the written changes of an existing export, most costly first.

    `folder` is the folder template, `names` are the names of datasets by id.
    """
    written = {c.field: c for c in changes if c.cause in WRITE_CAUSES or c.cause is Cause.RENEWAL}
    found = [c for name, change in written.items() for c in _field_consequences(name, change, folder, names)]
    order = {"cost": 0, "warning": 1, "info": 2}
    return tuple(sorted(found, key=lambda c: order[c.level]))


def _field_consequences(name: str, change: FieldChange, folder: str, names: Mapping[str, str]) -> list[Consequence]:
    if name == DATASETS:
        return _dataset_consequences(change, names)
    rule = next((rule for kind in (FLOW, TARGET_CONNECTION) for rule in kind.fields if rule.name == name), None)
    if rule and rule.consequence and (rule.only_for_macro is None or rule.only_for_macro in folder):
        return [rule.consequence]
    if name == ENABLED and change.after is False:
        text = "skips runs while the flow is disabled; Adobe does not document whether they are caught up"
        return [Consequence("runs-skipped", text, "warning")]
    if name == END and isinstance(change.before, int) and isinstance(change.after, int):
        return _end_consequences(change.before, change.after)
    return []


def _end_consequences(before: int, after: int) -> list[Consequence]:
    if after >= before:
        return []
    text = f"ends earlier: {format_moment(after)} instead of {format_moment(before)}"
    return [Consequence("ends-earlier", text, "warning")]


def _dataset_consequences(change: FieldChange, names: Mapping[str, str]) -> list[Consequence]:
    before, after = set(change.before or ()), set(change.after or ())
    found = []
    if after - before:
        text = "a new dataset list may cause a full re-export, at least of the added datasets"
        found.append(Consequence("may-cause-full-re-export", text, "cost"))
    if before - after:
        lost = ", ".join(f'"{names.get(i, i)}"' for i in sorted(before - after))
        text = f"stops the export of {lost}; the other datasets may be sent again in full"
        found.append(Consequence("datasets-lost", text, "warning"))
    return found
