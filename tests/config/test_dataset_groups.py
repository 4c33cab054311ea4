"""Dataset groups inside groups: each counts once, circles are named, and no file makes exportctl work for long."""

from __future__ import annotations

import pytest

from exportctl.config.resolve import datasets as resolving
from exportctl.errors import Finding, SourcePosition
from exportctl.model.combine import Combine
from tests.config.example_config import SMALL, finding_locations, read_project

LEVELS = 60  # of 8 references each: 8^60 members if each reference were followed


def resolve(groups: str, used: str = "[g0]") -> tuple[list[tuple[str | None, str | None]], tuple[Finding, ...]]:
    """Return name and alias of the datasets of one export, and the findings."""
    text = SMALL.replace("datasets: [App Events]", f"datasets: {used}")
    made, findings = read_project(f"{text}datasets:\n{groups}")
    return [(d.name, d.alias) for e in made.exports.values() for d in e.datasets] if made else [], findings


def nested(levels: int, inner: str) -> str:
    rows = [f"  g{n}: [{', '.join([f'g{n + 1}'] * 8)}]\n" for n in range(levels)]
    return "".join(rows) + f"  g{levels}: {inner}\n"


def test_groups_of_groups_take_one_visit_each() -> None:
    assert resolve(nested(LEVELS, "[Orders, Returns]")) == ([("Orders", None), ("Returns", None)], ())


def test_a_circle_below_many_groups_is_named_once() -> None:
    made, findings = resolve(nested(LEVELS, "[g58, Orders]"))
    assert made == []
    assert [f.message for f in findings] == ["dataset groups contain each other: g58 -> g59 -> g60 -> g58"]
    assert finding_locations(findings) == [("group-cycle", "exports.yaml:73:3")]


def test_a_chain_of_groups_may_be_longer_than_the_stack_of_python() -> None:
    rows = "".join(f"  g{n}: [g{n + 1}]\n" for n in range(3000))
    assert resolve(f"{rows}  g3000: [Orders]\n") == ([("Orders", None)], ())
    _, findings = resolve(f"{rows}  g3000: [g0]\n")
    assert [f.message for f in findings] == [f"dataset groups contain each other: {' -> '.join(CIRCLE)}"]


CIRCLE = (*(f"g{n}" for n in range(10)), "…", "g0")


def test_of_two_entries_of_one_dataset_the_one_with_an_alias_counts() -> None:
    assert resolve("  g0: [Orders, g1]\n  g1: [o]\n  o: Orders\n") == ([("Orders", "o")], ())


@pytest.mark.parametrize(("limit", "words"), [("MAX_DATASETS", "more than 3 datasets"), ("MAX_VISITS", "all exports")])
def test_more_datasets_than_the_limit_are_an_error_with_its_place(
    monkeypatch: pytest.MonkeyPatch, limit: str, words: str
) -> None:
    monkeypatch.setattr(resolving, limit, 3)
    made, findings = resolve("  g0: [A, B, C, D, E]\n")
    assert made == []
    assert [f.rule for f in findings] == ["group-too-large"]
    assert words in findings[0].message
    assert str(findings[0].at).startswith("exports.yaml:")


ROWS = [
    ("[web]", "web: {name: App Events, key: _id, combine: upsert}"),
    ("[App Events]", "web: {name: App Events, key: _id, combine: upsert}"),
    ("[{name: App Events, key: _id, combine: upsert}]", "web: App Events"),
    ("[all]", "all: [{name: App Events, key: _id}], web: {name: App Events, combine: upsert}"),
    ("[web, {id: x, name: App Events}]", "web: {id: x, key: _id, combine: upsert}"),
]


@pytest.mark.parametrize(("used", "declared"), ROWS)
def test_what_is_said_of_rows_counts_wherever_the_dataset_is_used(used: str, declared: str) -> None:
    text = f"{SMALL.replace('datasets: [App Events]', f'datasets: {used}')}datasets: {{{declared}}}\n"
    made, findings = read_project(text)
    assert (made is not None, findings) == (True, ())
    assert made is not None
    one = made.exports["web"].datasets[0]
    assert (one.key, one.combine) == ("_id", Combine.UPSERT)
    assert (text_at(text, one.key_at), text_at(text, one.combine_at)) == ("_id", "upsert")


def text_at(text: str, at: SourcePosition | None) -> str:
    assert at is not None and at.line and at.column
    return text.splitlines()[at.line - 1][at.column - 1 :].replace("}", ",").split(",")[0]


def test_datasets_of_one_name_and_two_ids_are_two_datasets() -> None:
    declared = "a: {id: x, name: Orders, key: _id}, b: {id: y, name: Orders, key: id}"
    text = SMALL.replace("datasets: [App Events]", "datasets: [a, b]")
    made, findings = read_project(f"{text}datasets: {{{declared}}}\n")
    assert made is not None
    assert [one.key for one in made.exports["web"].datasets] == ["_id", "id"]
    assert findings == ()
