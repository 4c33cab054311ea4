"""
The values that a plan changes, in the words that Markdown and the short text share: one `ValueChange` for each path.

A flow that is replaced has its former values in `lost`, a flow that is created has only new ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from exportctl.frozen import dataclass
from exportctl.model.plan import CHANGE_VERBS, WRITE_CAUSES, Cause, FieldChange, PlanItem, SensitiveValue, Verb
from exportctl.output import format_values
from exportctl.resources.kinds import DATASETS, FOLDER, FORMAT, LOCATION, leaf_path

WRITTEN = WRITE_CAUSES | {Cause.RENEWAL}  # the causes of values that apply writes
OF_CREATION = (DATASETS, "type", "destination", LOCATION)  # the fields that tell a new export from others
MADE_NEW = (Verb.CREATE, Verb.COMPLETE, Verb.REPLACE)
_FORMAT_TYPE = f"{FORMAT}.type"


@dataclass(frozen=True)
class ValueChange:
    """Both sides of one path as text; `before` or `after` is None where there is none to compare."""

    path: str
    before: str | None
    after: str | None


def created_values(item: PlanItem) -> list[ValueChange]:
    """Return the values that tell a new export from others."""
    shown = [c for c in item.fields if c.field in OF_CREATION or c.path == _FORMAT_TYPE]
    return [ValueChange(c.path, None, format_values.value(c.path, c.after)) for c in shown]


def written_changes(item: PlanItem) -> tuple[FieldChange, ...]:
    """Return the changes of an item that apply writes in place; none of a creation, a replacement or a deletion."""
    is_in_place = item.verb in CHANGE_VERBS | {Verb.RENEW} and item.verb not in (Verb.DELETE, *MADE_NEW)
    return tuple(change for change in item.fields if change.cause in WRITTEN) if is_in_place else ()


def replacement_reason(item: PlanItem) -> str | None:
    """Return why patches cannot change the flow of a replacement."""
    gone = (c for c in item.fields if c.cause is Cause.PENDING and c.after is None)
    return next((str(c.before) for c in gone), None)


def replaced_values(item: PlanItem) -> list[ValueChange]:
    """Return each value that the new flow of a replacement has otherwise; what is not shown before has only `after`."""
    former, found = _former_values(item), []
    for change in item.fields:
        if change.cause is Cause.CREATE:
            before = former.pop(change.path, change.before)
            if before is None and change.field in OF_CREATION:
                found.append(ValueChange(change.path, None, format_values.value(change.path, change.after)))
            elif before not in (None, _sort_pairs(change.after)):
                found.append(value_change(replace(change, before=before)))
        elif change.cause in WRITTEN and change.after is not None:
            found.append(value_change(change))
    found += [ValueChange(path, format_values.value(path, before), None) for path, before in former.items()]
    schedules = (item.lost.schedule if item.lost else None, item.schedule)
    return [*found, *([ValueChange("schedule", *schedules)] if schedules[0] not in (None, schedules[1]) else [])]


def _former_values(item: PlanItem) -> dict[str, Any]:
    """Return the values of a replaced flow by the paths of the YAML; what the service does not show is absent."""
    lost = item.lost
    if lost is None:
        return {}
    leaves = [(leaf_path(name, key), v) for name in (LOCATION, FORMAT) for key, v in getattr(lost, name).items()]
    found = [(DATASETS, [list(pair) for pair in lost.datasets]), (FOLDER, lost.folder), *leaves]
    return {path: value for path, value in found if value not in (None, [])}


def _sort_pairs(value: Any) -> Any:
    """Return the datasets in the order of `Loss`, and any other value as it is."""
    is_pairs = isinstance(value, list) and all(isinstance(pair, list | tuple) for pair in value)
    return sorted((list(pair) for pair in value), key=lambda pair: (pair[-1], pair[0])) if is_pairs else value


def value_change(change: FieldChange) -> ValueChange:
    """Return both sides of a change."""
    return ValueChange(
        change.path,
        format_values.value(change.path, change.before),
        format_values.value(change.path, change.after),
    )


def is_secret_change(change: FieldChange) -> bool:
    """Tell whether neither side of a change can be shown."""
    return isinstance(change.before, SensitiveValue) and isinstance(change.after, SensitiveValue)


def dataset_names(change: FieldChange) -> tuple[list[str], list[str]] | None:
    """Return the datasets that a flow gets and those that it loses; None for a change of something else."""
    before, after = change.before, change.after
    if change.field != DATASETS or not all(isinstance(side, list | tuple) for side in (before, after)):
        return None
    return list(_names(after, before)), list(_names(before, after))


def _names(found: Sequence[Any], others: Sequence[Any]) -> Iterator[str]:
    yield from (format_values.value(DATASETS, [one])[1:-1] for one in found if one not in others)
