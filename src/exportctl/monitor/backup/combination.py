"""
Decide how the runs of a dataset come together as one table. Pure.

    the YAML      the Catalog                            combine
    says it       anything                               as the YAML says; a warning where the Catalog says another
    says nothing  time-series                            append
    says nothing  record                                 upsert: "upsert fashion" [doc]; that a consumer merges by the
                                                         primary identity is inferred (dataset-exports.md 10)
    says nothing  record, managed by the system          unknown: each run may be a whole copy (Profile Snapshot)
    says nothing  another word, nothing, or no answer    unknown

The key of an upsert is that of the YAML, else the primary identity of the dataset's schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from exportctl.errors import SourcePosition
from exportctl.model.combine import CatalogEntry, Combination, Combine
from exportctl.model.project import Dataset
from exportctl.model.schedule import DAY
from exportctl.monitor.backup.report import Chain, ChainState

EVENT_DAYS = 365  # the events that a first full export of a dataset holds
TIME_SERIES, RECORD, SYSTEM = "time-series", "record", "SYSTEM"
_BY_BEHAVIOR = {TIME_SERIES: Combine.APPEND, RECORD: Combine.UPSERT}
_STATE_COMBINE = "state `combine:` of the dataset in the YAML"
_STATE_KEY = "state `key:` of the dataset in the YAML"


def combination(declared: Dataset, entry: CatalogEntry) -> Combination:
    """Return how a dataset combines, by what the config declares and by what the Catalog says."""
    by_catalog, said = _by_catalog(entry)
    combine, source = by_catalog, said
    if declared.combine is not None:
        combine, source = declared.combine, _stated_source(declared.combine_at or declared.at)
    key, key_source = _key(declared, entry) if combine is Combine.UPSERT else (None, "")
    return Combination(
        combine,
        source,
        key,
        key_source,
        tuple(_warnings(declared, combine, by_catalog, said)),
        is_time_series=entry.behavior == TIME_SERIES,
    )


def add_combination(chain: Chain, found: Combination | None) -> Chain:
    """
    Return the chain with how it combines; `rows_from` is 365 days before its first full export.

    A full export of a dataset with an XDM ExperienceEvent schema leaves out events that are older than 365 days
    (dataset-exports.md 9, news-2026.md 2025-10). The Catalog names the behaviour of a schema and not its class, so of
    another class with the same behaviour nothing may be left out.
    """
    first = next((run for run in chain.runs if run.carrier is None), None)
    begins_whole = first is not None and first.state is ChainState.WHOLE
    rows_from = first.due - EVENT_DAYS * DAY if first and begins_whole and found and found.is_time_series else None
    return replace(chain, combination=found, rows_from=rows_from)


def asks_for_identity(declared: Dataset, entry: CatalogEntry) -> bool:
    """Say whether the key is that of the schema, so that it must be read."""
    combine = declared.combine or _by_catalog(entry)[0]
    return combine is Combine.UPSERT and declared.key is None and not entry.problem


def _by_catalog(entry: CatalogEntry) -> tuple[Combine, str]:
    """Return how a dataset combines by the Catalog alone, and its words; or why it does not say so, and what to do."""
    if entry.problem:
        return Combine.UNKNOWN, f"the Catalog could not be read: {entry.problem}; {_STATE_COMBINE}"
    if entry.behavior is None:
        return Combine.UNKNOWN, f"the Catalog does not say the behavior of its schema; {_STATE_COMBINE}"
    said = f"Catalog: dataBehavior {entry.behavior}"
    if entry.behavior == RECORD and entry.manager == SYSTEM:
        why = "managed by the system, so each run may be a whole copy, as of the Profile Snapshot dataset"
        return Combine.UNKNOWN, f"{said}, {why}; {_STATE_COMBINE}"
    found = _BY_BEHAVIOR.get(entry.behavior)
    return (found, said) if found else (Combine.UNKNOWN, f"{said}, of which nothing is known; {_STATE_COMBINE}")


def _key(declared: Dataset, entry: CatalogEntry) -> tuple[str | None, str]:
    if declared.key is not None:
        return declared.key, _stated_source(declared.key_at or declared.at)
    if entry.primary_identity is not None:
        return entry.primary_identity, "Schema Registry: primary identity of its schema"
    reason = entry.key_problem or f"the Catalog could not be read: {entry.problem}"
    return None, f"no key is known: {reason}; {_STATE_KEY}"


def _warnings(declared: Dataset, combine: Combine, by_catalog: Combine, said: str) -> Iterator[str]:
    if by_catalog not in (combine, Combine.UNKNOWN):
        at = declared.combine_at or declared.at
        yield f"the YAML states `combine: {combine}` at {at}, but by the {said} it is {by_catalog}"
    if declared.key is not None and declared.combine is None and combine is not Combine.UPSERT:
        yield f"the key at {declared.key_at or declared.at} has no effect: only `combine: upsert` compares keys"


def _stated_source(at: SourcePosition) -> str:
    return f"stated in {at}"
