"""Two exports, one place: the whole truth table, what counts as one storage, and what folders may be equal."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from exportctl.errors import Level
from exportctl.model.project import Account, Dataset, Destination, Project
from exportctl.model.secret import Secrecy
from exportctl.rules.storage_identity import ANY, TIME, Overlap, account_owner, can_be_equal, overlap, storage_identity
from tests.rules.rules_builder import (
    BLOB,
    COPY,
    OTHER,
    adls,
    all_findings,
    auth,
    dataset,
    destination,
    environment,
    export,
    platform,
    project,
    sftp,
)

OVERLAPS = (
    "two-exports-one-location",
    "two-datasets-one-folder",
    "environments-one-location",
    "environments-near-location",
)
ID = "5ef3e3259ad2a1191ab7dd7d"

# Two datasets as each of the two exports writes them: by one id, by one name, by two names.
DATASETS: dict[str, tuple[Dataset, Dataset]] = {
    "equal id": (dataset(None, ID), dataset(None, ID)),
    "same name": (dataset("Orders"), dataset("Orders")),
    "different": (dataset("Orders"), dataset("Returns")),
}
# Folder templates that may be equal, one inside the other, or neither, by what they say of the dataset.
FOLDERS: dict[tuple[str, str], tuple[str, str]] = {
    ("equal", "id"): ("%DATASET_ID%/%EXPORT_TIME%", "%DATASET_ID%/%EXPORT_TIME%"),
    ("equal", "name"): ("%DATASET_NAME%/%EXPORT_TIME%", "%DATASET_NAME%/%EXPORT_TIME%"),
    ("equal", "no"): ("%EXPORT_TIME%", "%EXPORT_TIME%"),
    ("nested", "id"): ("%DATASET_ID%", "%DATASET_ID%/%EXPORT_TIME%"),
    ("nested", "name"): ("%DATASET_NAME%", "%DATASET_NAME%/%EXPORT_TIME%"),
    ("nested", "no"): ("/", "%EXPORT_TIME%"),
    ("apart", "id"): ("a/%DATASET_ID%/%EXPORT_TIME%", "b/%DATASET_ID%/%EXPORT_TIME%"),
    ("apart", "name"): ("a/%DATASET_NAME%/%EXPORT_TIME%", "b/%DATASET_NAME%/%EXPORT_TIME%"),
    ("apart", "no"): ("a/%EXPORT_TIME%", "b/%EXPORT_TIME%"),
}
WHERE = ("one environment", "two environments", "two environments, uncertain", "two storages", "embedded")


def expected_relation(where: str, datasets: str, relation: str, macro: str) -> str | None:
    """The table of the module, written down a second time."""
    if where in ("two storages", "embedded") or relation == "apart":
        return None
    here = where == "one environment"
    if datasets == "different":  # a dataset macro keeps different datasets apart
        return "two-datasets-one-folder" if (relation, macro) == ("equal", "no") else None
    if here:
        return "two-exports-one-location"
    if where.endswith("uncertain"):
        return "environments-near-location"
    return "environments-near-location" if datasets == "same name" and macro == "id" else "environments-one-location"


def blob(reference: str = "${env:BLOB}") -> Destination:
    account = replace(BLOB, auth={"connection_string": auth(reference, Secrecy.SECRET)})
    return destination(type="azure-blob", location={"container": "acme", "path": "aep"}, account=account)


def two_projects(where: str, one: Dataset, other: Dataset, folders: tuple[str, str]) -> tuple[Project, ...]:
    first = export(datasets=(one,), folder=folders[0])
    second = export("copy", COPY, datasets=(other,), folder=folders[1])
    if where == "one environment":
        return (project(first, second),)
    if where == "two storages":
        elsewhere = destination("other", OTHER, location={"bucket": "acme-other", "path": "aep"})
        return (project(first, replace(second, destination="other"), destination(), elsewhere),)
    if where == "embedded":
        emulated = environment("local", second, platform=platform("dev", "embedded"))
        return environment("dev", first), emulated
    place = (blob(),) if where.endswith("uncertain") else ()
    return environment("dev", first, *place), environment("prod", second, *place)


TABLE = [(w, d, *f) for w, d, f in product(WHERE, DATASETS, FOLDERS)]


@pytest.mark.parametrize(("where", "datasets", "relation", "macro"), TABLE, ids=[", ".join(row) for row in TABLE])
def test_two_exports_one_place(where: str, datasets: str, relation: str, macro: str) -> None:
    one, other = DATASETS[datasets]

    findings = all_findings(*two_projects(where, one, other, FOLDERS[relation, macro]))

    rule = expected_relation(where, datasets, relation, macro)
    assert ([rule] if rule else []) == [f.rule for f in findings if f.rule in OVERLAPS]


def test_folders_that_begin_with_different_texts_before_a_macro_are_apart() -> None:
    one, other = "daily-%EXPORT_TIME%", "weekly-%EXPORT_TIME%"

    findings = all_findings(project(export(folder=one), export("copy", COPY, folder=other)))

    assert [f.rule for f in findings if f.rule in OVERLAPS] == []


@pytest.mark.parametrize("relation", ["equal", "nested"])
def test_the_order_of_the_two_does_not_matter(relation: str) -> None:
    one, other = FOLDERS[relation, "id"]
    here = (export(folder=one), export("copy", COPY, folder=other))

    (forward,) = [f for f in all_findings(project(*here)) if f.rule in OVERLAPS]
    (backward,) = [f for f in all_findings(project(*reversed(here))) if f.rule in OVERLAPS]

    assert forward == backward


def overlap_texts(*projects: Project) -> list[str]:
    return [f.rule for f in all_findings(*projects) if f.rule in OVERLAPS]


def pair(one: Destination, other: Destination, *more: Destination) -> Project:
    return project(export(), export("copy", COPY, destination=other.key), one, other, *more)


def other_destination(**changes: object) -> Destination:
    return destination("other", OTHER, **changes)


def drop_destination(name: str, line: int, path: str = "/in", **account: str) -> Destination:
    return destination(name, line, type="sftp", location={"path": path}, account=sftp(**account))


S3 = {"bucket": "acme-lake", "path": "aep"}
BLOB_LOCATION = {"container": "acme", "path": "aep"}
LAKE_ADLS: dict[str, Any] = {"type": "azure-data-lake", "location": {"path": "aep"}}
ENDPOINT = "abfss://exports@acme.dfs.core.windows.net"

ONE_STORAGE = {
    "a bucket is one, whatever the account": pair(
        destination(), other_destination(location=S3, account=Account(existing="Lake"))
    ),
    "slashes at the ends do not count": pair(
        destination(), other_destination(location={"bucket": "acme-lake", "path": "/aep/"})
    ),
    "path and subpath together": project(
        export(),
        export("copy", COPY, destination="other", subpath="aep"),
        destination(),
        other_destination(location={"bucket": "acme-lake"}),
    ),
    "one connection string and container": pair(
        blob(), other_destination(type="azure-blob", location=BLOB_LOCATION, account=BLOB)
    ),
    "the account of another": pair(
        blob(), other_destination(type="azure-blob", location=BLOB_LOCATION, account=Account(of="lake"))
    ),
    "one endpoint": pair(
        destination(**LAKE_ADLS, account=adls(ENDPOINT)), other_destination(**LAKE_ADLS, account=adls(ENDPOINT + "/"))
    ),
    "one account of others by id": pair(
        destination(**LAKE_ADLS, account=Account(id="x")), other_destination(**LAKE_ADLS, account=Account(id="x"))
    ),
    "one host, port 22 written or not": pair(
        drop_destination("lake", 300), drop_destination("other", OTHER, host="SFTP.example.com", port="22")
    ),
    "two landing zones of one sandbox": pair(
        destination(type="data-landing-zone", location={"path": "aep"}, account=Account()),
        other_destination(type="data-landing-zone", location={"path": "aep"}, account=Account()),
    ),
}
TWO_STORAGES = {
    "two buckets": pair(destination(), other_destination(location={"bucket": "acme-two", "path": "aep"})),
    "a bucket of another cloud": pair(destination(), other_destination(type="google-cloud-storage", location=S3)),
    "two connection strings": pair(blob(), replace(blob("${env:TWO}"), key="other")),
    "two containers": pair(
        blob(), other_destination(type="azure-blob", location={"container": "two", "path": "aep"}, account=BLOB)
    ),
    "two endpoints": pair(
        destination(**LAKE_ADLS, account=adls(ENDPOINT)),
        other_destination(**LAKE_ADLS, account=adls("abfss://two@acme")),
    ),
    "two accounts of others": pair(
        destination(**LAKE_ADLS, account=Account(existing="A")),
        other_destination(**LAKE_ADLS, account=Account(existing="B")),
    ),
    "two ports": pair(drop_destination("lake", 300), drop_destination("other", OTHER, port="2222")),
    "two users": pair(drop_destination("lake", 300), drop_destination("other", OTHER, user="${env:WHO}")),
    "an open reference": pair(
        destination(location={"bucket": "${env:EXPORTCTL_VAR_B}"}),
        other_destination(location={"bucket": "${env:EXPORTCTL_VAR_B}"}),
    ),
    "an open reference in the path": pair(
        destination(location={"bucket": "b-b", "path": "${x}"}),
        other_destination(location={"bucket": "b-b", "path": "${x}"}),
    ),
    "an account that cannot be identified": pair(
        destination(**LAKE_ADLS, account=Account()), other_destination(**LAKE_ADLS, account=Account())
    ),
    "accounts in a circle": pair(
        destination(**LAKE_ADLS, account=Account(of="other")),
        other_destination(**LAKE_ADLS, account=Account(of="lake")),
    ),
}


@pytest.mark.parametrize("given", ONE_STORAGE.values(), ids=ONE_STORAGE)
def test_one_storage(given: Project) -> None:
    assert overlap_texts(given) == ["two-exports-one-location"]


@pytest.mark.parametrize("given", TWO_STORAGES.values(), ids=TWO_STORAGES)
def test_two_storages(given: Project) -> None:
    assert overlap_texts(given) == []


def test_landing_zones_of_two_sandboxes_are_two() -> None:
    zone = destination(type="data-landing-zone", location={"path": "aep"}, account=Account())

    assert overlap_texts(environment("dev", zone), environment("prod", zone)) == []


def test_an_existing_account_is_only_a_warning_across_environments() -> None:
    lake = destination(**LAKE_ADLS, account=Account(existing="Lake"))
    flat = export(folder="%EXPORT_TIME%")

    assert overlap_texts(environment("dev", flat, lake), environment("prod", flat, lake)) == [
        "environments-near-location"
    ]


def test_the_sandbox_in_the_folder_keeps_environments_apart() -> None:
    named = export(folder="%SANDBOX_NAME%/%EXPORT_TIME%")

    assert overlap_texts(environment("dev", named), environment("prod", named)) == []


def test_the_flow_id_in_the_folder_keeps_exports_apart() -> None:
    named = [export(n, line, folder="%DESTINATION_INSTANCE_ID%/%EXPORT_TIME%") for n, line in (("a", 1), ("b", 30))]

    assert overlap_texts(project(*named)) == []


def test_pinned_ids_keep_environments_apart() -> None:
    dev, prod = (environment(n, export(datasets=(dataset("Orders", n * 8),))) for n in ("dev", "prod"))

    assert overlap_texts(dev, prod) == []


def test_one_sandbox_twice_is_said_once() -> None:
    twice = environment("dev"), environment("test", platform=platform("dev", line=950))

    assert [f.rule for f in all_findings(*twice)] == ["project-twice"]


def test_a_sandbox_by_an_open_reference_is_not_compared() -> None:
    open_ones = [environment(n, platform=platform("${env:AEP_SANDBOX}")) for n in ("dev", "test")]

    assert "project-twice" not in [f.rule for f in all_findings(*open_ones)]


def test_three_environments_on_one_place_are_one_finding() -> None:
    flat = export(folder="%EXPORT_TIME%")

    (finding,) = [
        f for f in all_findings(*(environment(n, flat) for n in ("dev", "test", "prod"))) if f.rule in OVERLAPS
    ]

    assert Level.ERROR is finding.level
    assert "(in dev, test, prod)" in finding.message


def test_several_datasets_of_two_exports_are_one_finding() -> None:
    both = (dataset("A"), dataset("B"))

    assert overlap_texts(project(export(datasets=both), export("copy", COPY, datasets=both))) == [
        "two-exports-one-location"
    ]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("a", "a", True),
        ("a", "b", False),
        (ANY, "b", True),
        (f"a{ANY}", "abc", True),
        (f"a{ANY}", "bc", False),
        (f"a{ANY}c", f"{ANY}bc", True),
        (TIME, "20240101_0000", True),
        (TIME, "orders", False),
        (f"exportTime={TIME}", TIME, False),
        (f"exportTime={TIME}", f"exportTime={TIME}", True),
        (f"exportTime={TIME}", f"{ANY}", True),
        (f"{TIME}-x", f"{TIME}-y", False),
        ("a", f"{TIME}a", True),
        ("", ANY, True),
    ],
)
def test_two_levels_may_be_equal(one: str, other: str, equal: bool) -> None:
    assert (equal, equal) == (can_be_equal(one, other), can_be_equal(other, one))


def test_overlap_of_levels() -> None:
    assert Overlap.EQUAL is overlap(("a", ANY), ("a", "b"))
    assert Overlap.NESTED is overlap(("a",), ("a", "b"))
    assert Overlap.NESTED is overlap((), ("a",))
    assert Overlap.NONE is overlap(("a", "c"), ("a", "b"))


def test_an_account_of_something_undeclared_has_no_owner() -> None:
    lost = destination(account=Account(of="nowhere"), **LAKE_ADLS)

    assert account_owner(project(lost), lost) is None
    assert storage_identity(project(lost), lost) is None
