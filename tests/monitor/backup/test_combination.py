"""How the runs of a dataset combine: by the YAML, by the Catalog, or not known; and the key of an upsert."""

from __future__ import annotations

import pytest

from exportctl.errors import SourcePosition
from exportctl.model.combine import CatalogEntry, Combine
from exportctl.model.project import Dataset
from exportctl.model.schedule import DAY
from exportctl.monitor.backup.combination import add_combination, asks_for_identity, combination
from exportctl.monitor.backup.report import Chain, ChainRun, ChainState

AT = SourcePosition("exports.yaml", 3, 9)
KEY_AT = SourcePosition("exports.yaml", 3, 20)
EVENTS, RECORDS = CatalogEntry("time-series", "CUSTOMER"), CatalogEntry("record", "CUSTOMER")
STATES = "; state `combine:` of the dataset in the YAML"
A, U, S, UNKNOWN = Combine.APPEND, Combine.UPSERT, Combine.SNAPSHOT, Combine.UNKNOWN


def dataset(combine: Combine | None = None, key: str | None = None) -> Dataset:
    return Dataset("d-1", "Orders", None, AT, key=key, combine=combine, combine_at=AT, key_at=KEY_AT)


TABLE = {  # what the YAML states, what the Catalog says -> combine, words of the source, number of warnings
    "events": (None, EVENTS, A, "Catalog: dataBehavior time-series", 0),
    "records": (None, RECORDS, U, "Catalog: dataBehavior record", 0),
    "records, whoever manages them": (None, CatalogEntry("record"), U, "Catalog: dataBehavior record", 0),
    "records of the system": (None, CatalogEntry("record", "SYSTEM"), UNKNOWN, "each run may be a whole copy", 0),
    "events of the system": (None, CatalogEntry("time-series", "SYSTEM"), A, "dataBehavior time-series", 0),
    "another word": (None, CatalogEntry("adhoc"), UNKNOWN, f"dataBehavior adhoc, of which nothing is known{STATES}", 0),
    "no word": (None, CatalogEntry(), UNKNOWN, f"the Catalog does not say the behavior of its schema{STATES}", 0),
    "no answer": (None, CatalogEntry(problem="403"), UNKNOWN, f"the Catalog could not be read: 403{STATES}", 0),
    "stated, and the Catalog agrees": (U, RECORDS, U, "stated in exports.yaml:3:9", 0),
    "stated, and the Catalog says another": (S, RECORDS, S, "stated in exports.yaml:3:9", 1),
    "stated, and the Catalog says nothing": (A, CatalogEntry(problem="403"), A, "stated in exports.yaml:3:9", 0),
    "stated for records of the system": (S, CatalogEntry("record", "SYSTEM"), S, "stated in exports.yaml:3:9", 0),
    "stated for another word": (A, CatalogEntry("adhoc"), A, "stated in exports.yaml:3:9", 0),
}


@pytest.mark.parametrize("case", TABLE)
def test_the_yaml_decides_and_else_the_catalog(case: str) -> None:
    stated, entry, combine, source, warnings = TABLE[case]
    found = combination(dataset(stated), entry)
    assert (found.combine, source in found.source, len(found.warnings)) == (combine, True, warnings)
    assert found.is_time_series == (entry.behavior == "time-series")


def test_a_contradiction_shows_both_sides() -> None:
    (warning,) = combination(dataset(U), EVENTS).warnings
    yaml, catalog = "the YAML states `combine: upsert` at exports.yaml:3:9", "Catalog: dataBehavior time-series"
    assert warning == f"{yaml}, but by the {catalog} it is append"
    (unused,) = combination(dataset(None, "_id"), EVENTS).warnings
    assert unused == "the key at exports.yaml:3:20 has no effect: only `combine: upsert` compares keys"


IDENTITY = CatalogEntry("record", primary_identity="_acme.id")
KEYS = {  # the YAML's key, what the service says -> key, words of its source
    "stated": ("_id", IDENTITY, "_id", "stated in exports.yaml:3:20"),
    "the primary identity": (None, IDENTITY, "_acme.id", "Schema Registry: primary identity of its schema"),
    "none in the schema": (
        None,
        CatalogEntry("record", key_problem="its schema has no primary identity"),
        None,
        "no key is known: its schema has no primary identity; state `key:` of the dataset in the YAML",
    ),
    "the Catalog was refused": (None, CatalogEntry(problem="403"), None, "the Catalog could not be read: 403"),
}


@pytest.mark.parametrize("case", KEYS)
def test_the_key_of_an_upsert_has_its_source(case: str) -> None:
    stated, entry, key, source = KEYS[case]
    found = combination(dataset(U, stated), entry)
    assert (found.key, source in found.key_source) == (key, True)
    others = [combination(dataset(combine, stated), entry) for combine in (A, S)]
    assert {(one.key, one.key_source) for one in others} == {(None, "")}


@pytest.mark.parametrize(
    ("declared", "entry", "asks"),
    [
        (dataset(), RECORDS, True),
        (dataset(U), EVENTS, True),
        (dataset(None, "_id"), RECORDS, False),
        (dataset(S), RECORDS, False),
        (dataset(), EVENTS, False),
        (dataset(U), CatalogEntry(problem="403"), False),
    ],
)
def test_the_identity_is_read_only_for_an_upsert_without_a_key(
    declared: Dataset, entry: CatalogEntry, asks: bool
) -> None:
    assert asks_for_identity(declared, entry) is asks


@pytest.mark.parametrize(
    ("entry", "first", "rows_from"),
    [
        (EVENTS, ChainState.WHOLE, -365 * DAY),
        (EVENTS, ChainState.GAP, None),
        (EVENTS, None, None),
        (RECORDS, ChainState.WHOLE, None),
    ],
    ids=["events", "the first full export is gone", "no run yet", "records"],
)
def test_events_go_back_a_year_before_the_first_full_export(
    entry: CatalogEntry, first: ChainState | None, rows_from: int | None
) -> None:
    due = 1_800_000_000
    runs = (ChainRun(due, "r", first, 1, ()), ChainRun(due + DAY, "s", ChainState.WHOLE, 1, ())) if first else ()
    chain = Chain("Orders", "d-1", ChainState.WHOLE, "", (), due, due, 1, 1, 1, 1, (), runs)
    found = add_combination(chain, combination(dataset(), entry))
    assert found.rows_from == (None if rows_from is None else due + rows_from)
    assert add_combination(chain, None) == chain
