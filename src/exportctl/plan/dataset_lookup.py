"""
Look up declared datasets: names and ids -> ids, with the list of exportable datasets and the live source connection.

    declared    list of the sandbox        live source connection     result
    id          has the id                 -                          the id
    id          does not have it           has the id                 the id, finding `dataset-gone`
    id          does not have it           -                          error
    name        one id                     no such name, or same id   the id
    name        one id                     name of another id         refused: the name means another dataset now
    name        none                       name of one id             the live id, finding `dataset-gone`; if that id is
                                                                      listed under another name, finding `dataset-name`
    name        none                       -                          error with the nearest names
    name        several ids                name of one of them        the live id
    name        several ids                -                          error with the candidates

Without the list, a name is the id that the live source connection has under it, or else a source connection of this
export that no flow uses; nothing is checked. What is in neither has no id then: such a plan is only for reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property

from exportctl.errors import Finding, Level
from exportctl.frozen import dataclass
from exportctl.model.plan import ListedDataset, PlanHeader, Refusal
from exportctl.model.project import Dataset
from exportctl.model.similar_names import closest_names, did_you_mean
from exportctl.model.urls import EMBEDDED
from exportctl.plan.grouping import group_by_key

LIST_HINT = (
    "run `exportctl datasets` to list what can be exported; an access label can hide a dataset from this credential"
)
NO_ID = "no id, not listed: "  # in place of the id of a dataset of which only the name is known


@dataclass(frozen=True)
class ListedDatasets:
    """The datasets that a sandbox lists, with an index for each question that every export asks."""

    datasets: tuple[ListedDataset, ...]
    is_read: bool = True  # False: the list was not read, so nothing can be looked up in it

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The name of each dataset by id."""
        return {d.id: d.name for d in self.datasets}

    @cached_property
    def known_names(self) -> Mapping[str, str]:
        """The same, without the datasets that have no name."""
        return {d.id: d.name for d in self.datasets if d.name}

    @cached_property
    def ids(self) -> Mapping[str, Sequence[str]]:
        """The sorted ids of the datasets by name."""
        return {
            name: sorted(d.id for d in same) for name, same in group_by_key(self.datasets, lambda d: d.name).items()
        }


@dataclass(frozen=True)
class DatasetLookup:
    """Pairs (id, name) sorted by id. Errors stop only the export that they belong to."""

    datasets: tuple[tuple[str, str], ...]
    errors: tuple[Finding, ...] = ()
    findings: tuple[Finding, ...] = ()
    refusals: tuple[Refusal, ...] = ()


def seed_hint(environment: str | None) -> str:
    """Return the hint for a dataset that the embedded emulator does not have: the command that adds it."""
    where = f" --env {environment}" if environment else ""
    return f"to add it to the embedded emulator, run: exportctl emulator seed --from-config{where}"


def listing_hint(header: PlanHeader) -> str:
    """Return what to do about a dataset that this sandbox does not list."""
    return f"{seed_hint(header.environment)}; {LIST_HINT}" if header.platform == EMBEDDED else LIST_HINT


@dataclass
class _Search:
    """The search for the datasets of one export, and what it found so far."""

    address: str
    listing: ListedDatasets
    live: Mapping[str, str]
    hint: str
    errors: list[Finding] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def by_id(self) -> Mapping[str, str]:
        return self.listing.names

    def look_up_id(self, dataset: Dataset, dataset_id: str) -> tuple[str, str]:
        """Return id and name of a dataset that is declared by id."""
        if dataset_id not in self.by_id and dataset_id in self.live:
            self.findings.append(self._gone_dataset_finding(dataset, self.live[dataset_id], dataset_id))
        elif dataset_id not in self.by_id:
            text = f"{self.address}: dataset {dataset_id} does not exist in this sandbox or cannot be exported"
            self.errors.append(Finding("dataset-not-eligible", text, dataset.at, self.hint))
        return dataset_id, self.by_id.get(dataset_id) or self.live.get(dataset_id) or dataset.name or dataset_id

    def look_up_name(self, dataset: Dataset, name: str) -> str | None:
        """Return the id of a dataset that is declared by name, None after an error."""
        listed = self.listing.ids.get(name, ())
        stored = sorted(i for i, n in self.live.items() if n == name)
        if len(stored) == 1:
            if not listed:
                self.findings.append(self._gone_or_renamed(dataset, name, stored[0]))
            elif stored[0] not in listed:
                self.refusals.append(_other_meaning_refusal(name, stored[0], listed))
            return stored[0]
        if len(listed) == 1:
            return listed[0]
        self.errors.append(self._not_unique_finding(dataset, name, listed))
        return None

    def _gone_or_renamed(self, dataset: Dataset, name: str, dataset_id: str) -> Finding:
        if dataset_id not in self.by_id:
            return self._gone_dataset_finding(dataset, name, dataset_id)
        text = f'{self.address}: the dataset "{name}" ({dataset_id}) has the name "{self.by_id[dataset_id]}" now'
        hint = "write the new name or the id; the flow stays the same"
        return Finding("dataset-name", text, dataset.at, hint, Level.WARNING)

    def _gone_dataset_finding(self, dataset: Dataset, name: str, dataset_id: str) -> Finding:
        text = f'{self.address}: dataset "{name}" ({dataset_id}) is no longer in the list of exportable datasets'
        hint = (
            "remove it from the export if it was deleted; the flow keeps it until then. An access label can hide a "
            "dataset from this credential"
        )
        return Finding("dataset-gone", text, dataset.at, hint, Level.WARNING)

    def _not_unique_finding(self, dataset: Dataset, name: str, listed: Sequence[str]) -> Finding:
        if listed:
            text = f'{self.address}: {len(listed)} datasets have the name "{name}": {", ".join(listed)}'
            hint = f"write the id instead of the name: {{id: {listed[0]}}}"
            return Finding("dataset-ambiguous", text, dataset.at, hint)
        text = f'{self.address}: no exportable dataset in this sandbox has the name "{name}"'
        return Finding("dataset-unknown", text, dataset.at, f"{nearest_phrase(name, self.by_id.values())}{self.hint}")


def nearest_phrase(name: str, known: Iterable[str]) -> str:
    """Return `did you mean …? ` with the nearest names, empty if none is near."""
    near = closest_names(name, known, count=3)
    return f"{did_you_mean(name, *near)} " if near else ""


def look_up_datasets(
    address: str,
    declared: Sequence[Dataset],
    listing: ListedDatasets,
    live: Mapping[str, str],
    hint: str = LIST_HINT,
) -> DatasetLookup:
    """
    Look up the datasets of one export.

    `live` maps the ids of its source connection to the names stored there; `hint` says what to do about a dataset that
    the sandbox does not list.
    """
    if not listing.is_read:
        return DatasetLookup(tuple(sorted(_unlisted_dataset(dataset, live) for dataset in declared)))
    search = _Search(address, listing, live, hint)
    found: dict[str, str] = {}
    for dataset in declared:
        if dataset.id is not None:
            found.update([search.look_up_id(dataset, dataset.id)])
        elif (chosen := search.look_up_name(dataset, dataset.name or "")) is not None:
            found[chosen] = dataset.name or ""
    return DatasetLookup(
        tuple(sorted(found.items())), tuple(search.errors), tuple(search.findings), tuple(search.refusals)
    )


def _unlisted_dataset(dataset: Dataset, live: Mapping[str, str]) -> tuple[str, str]:
    """Return id and name of a dataset as far as the live source connection tells them."""
    if dataset.id is not None:
        return dataset.id, live.get(dataset.id) or dataset.name or dataset.id
    name = dataset.name or ""
    stored = sorted(i for i, n in live.items() if n == name)
    return (stored[0] if stored else f"{NO_ID}{name}"), name


def _other_meaning_refusal(name: str, stored: str, listed: Sequence[str]) -> Refusal:
    means = ", ".join(listed)
    text = f'the name "{name}" now means dataset {means}; the live flow exports {stored} under that name'
    allow = f"write the id that you mean: datasets: [{{id: {stored}}}] or [{{id: {listed[0]}}}]"
    return Refusal("dataset-renamed", text, allow)
