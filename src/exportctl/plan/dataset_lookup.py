"""
Datasets as declared -> ids, by the eligibility listing and by what the live source connection already names.

    declared        listing says        live entry says            result
    id              listed              -                          the id
    id              not listed          has the id                 the id, finding "dataset gone"
    id              not listed          -                          error when created or changed
    name            one id              no such name, or same id   the id
    name            one id              name stands for another    refused: the name means another id now
    name            none                name stands for an id      the live id, finding "dataset gone"; if that id is
                                                                   listed under another name, finding "dataset name"
    name            none                -                          error, nearest names
    name            several ids         name stands for one        the live id
    name            several ids         -                          error, candidates
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from exportctl.errors import Finding, Level
from exportctl.model.plan import ListedDataset, Refusal
from exportctl.model.project import Dataset


@dataclass(frozen=True)
class DatasetLookup:
    """`found` pairs (id, name) sorted by id; errors stop the export they belong to, nothing else."""

    datasets: tuple[tuple[str, str], ...]
    errors: tuple[Finding, ...] = ()
    findings: tuple[Finding, ...] = ()
    refusals: tuple[Refusal, ...] = ()


def look_up_datasets(
    address: str, declared: Sequence[Dataset], listing: Sequence[ListedDataset], live: Mapping[str, str]
) -> DatasetLookup:
    """The datasets of one export. `live` maps the ids of its source connection to the names stored with them."""
    by_id = {d.id: d.name for d in listing}
    found: dict[str, str] = {}
    errors: list[Finding] = []
    findings: list[Finding] = []
    refusals: list[Refusal] = []
    for dataset in declared:
        if dataset.id is not None:
            found[dataset.id] = by_id.get(dataset.id) or live.get(dataset.id) or dataset.name or dataset.id
            if dataset.id not in by_id:
                _report_missing_id(address, dataset, live, errors, findings)
            continue
        name = dataset.name or ""
        listed = sorted(d.id for d in listing if d.name == name)
        stored = sorted(i for i, n in live.items() if n == name)
        chosen = _choose_id(address, dataset, name, listed, stored, by_id, errors, findings, refusals)
        if chosen:
            found[chosen] = name
    return DatasetLookup(tuple(sorted(found.items())), tuple(errors), tuple(findings), tuple(refusals))


def _choose_id(
    address: str,
    dataset: Dataset,
    name: str,
    listed: list[str],
    stored: list[str],
    by_id: Mapping[str, str],
    errors: list[Finding],
    findings: list[Finding],
    refusals: list[Refusal],
) -> str | None:
    if len(stored) == 1 and (not listed or stored[0] in listed):
        if not listed:
            called = by_id.get(stored[0])
            findings.append(
                _gone_finding(address, dataset, name, stored[0])
                if called is None
                else _renamed_finding(address, dataset, stored[0], called)
            )
        return stored[0]
    if len(stored) == 1:
        means = ", ".join(listed)
        refusals.append(
            Refusal(
                "dataset-renamed",
                f'the name "{name}" now means dataset {means}; the live flow exports {stored[0]} under that name',
                f"pin the one you mean: datasets: [{{id: {stored[0]}}}] or [{{id: {listed[0]}}}]",
            )
        )
        return stored[0]
    if len(listed) == 1:
        return listed[0]
    errors.append(
        _ambiguous_finding(address, dataset, name, listed)
        if listed
        else _unknown_finding(address, dataset, name, by_id)
    )
    return None


def _report_missing_id(
    address: str, dataset: Dataset, live: Mapping[str, str], errors: list[Finding], findings: list[Finding]
) -> None:
    assert dataset.id is not None
    if dataset.id in live:
        findings.append(_gone_finding(address, dataset, live[dataset.id], dataset.id))
        return
    text = f"{address}: dataset {dataset.id} does not exist in this sandbox or cannot be exported"
    errors.append(
        Finding("dataset-not-eligible", text, dataset.at, "list what can be exported with `exportctl datasets`")
    )


def _gone_finding(address: str, dataset: Dataset, name: str, dataset_id: str) -> Finding:
    text = f'{address}: dataset "{name}" ({dataset_id}) is no longer listed as exportable: dataset gone'
    hint = "the flow keeps its dataset list; take the dataset out of the export if it was deleted"
    return Finding("dataset-gone", text, dataset.at, hint, Level.WARNING)


def _renamed_finding(address: str, dataset: Dataset, dataset_id: str, name: str) -> Finding:
    text = f'{address}: dataset {dataset_id}, which the flow exports as "{dataset.name}", is called "{name}" now'
    return Finding("dataset-name", text, dataset.at, "name it so, or pin its id; both change nothing", Level.WARNING)


def _ambiguous_finding(address: str, dataset: Dataset, name: str, listed: Sequence[str]) -> Finding:
    text = f'{address}: {len(listed)} datasets are called "{name}": {", ".join(listed)}'
    return Finding("dataset-ambiguous", text, dataset.at, f"name the one you mean: {{id: {listed[0]}}}")


def _unknown_finding(address: str, dataset: Dataset, name: str, by_id: Mapping[str, str]) -> Finding:
    near = get_close_matches(name, sorted(set(by_id.values())), n=3, cutoff=0.6)
    meant = "did you mean " + " or ".join(f'"{n}"' for n in near) + "? " if near else ""
    text = f'{address}: no exportable dataset is called "{name}" in this sandbox'
    return Finding("dataset-unknown", text, dataset.at, f"{meant}list what can be exported with `exportctl datasets`")
