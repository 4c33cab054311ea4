"""Which two writes are compared with each other: all that may break a rule, once, and hardly any other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import yaml
from hypothesis import given, note
from hypothesis import strategies as st

from exportctl.config import load
from exportctl.model.project import Project
from exportctl.rules.shared_locations import DatasetWrite, broken_rule, dataset_writes, pairs

HEAD = {
    "version": 1,
    "project": "acme",
    "platform": {"organization": "0123456789ABCDEF01234567@AdobeOrg", "url": "http://127.0.0.1:1"},
    "defaults": {"destination": "lake", "schedule": {"every": "1 day"}, "end": "2028-01-01"},
    "destinations": {"lake": {"type": "amazon-s3", "bucket": "acme", "path": "aep", "account": {"existing": "x"}}},
    "environments": {"one": {"platform": {"sandbox": "one"}}, "two": {"platform": {"sandbox": "two"}}},
}
LEVELS = st.sampled_from(["a", "b", "%DATASET_ID%", "%DATASET_NAME%", "x%EXPORT_TIME%", "%SANDBOX_NAME%"])
FOLDERS = st.lists(LEVELS, min_size=1, max_size=3).map("/".join)
EXPORTS = st.lists(
    st.fixed_dictionaries(
        {
            "datasets": st.lists(st.sampled_from(["Orders", "Returns"]), min_size=1, max_size=2, unique=True),
            "folder": FOLDERS,
            "subpath": st.sampled_from(["a", "a/b", "c"]),
        }
    ),
    min_size=2,
    max_size=12,
)


def projects(exports: Sequence[dict[str, object]]) -> tuple[Project, ...]:
    text = yaml.safe_dump({**HEAD, "exports": {f"e{n}": one for n, one in enumerate(exports)}})
    made, findings = load.load_projects(load.parse_config({"exports.yaml": text.encode()}), {})
    assert len(made) == 2, findings
    return tuple(made.values())


def pair_names(found: Sequence[tuple[DatasetWrite, DatasetWrite]]) -> list[tuple[object, ...]]:
    return [(a.number, a.export.key, a.dataset.name, b.number, b.export.key, b.dataset.name) for a, b in found]


@given(EXPORTS)
def test_every_two_that_break_a_rule_are_compared_once(exports: list[dict[str, object]]) -> None:
    every = projects(exports)
    note(str(exports))
    whole = [
        (one, other)
        for one, other in combinations(list(dataset_writes(every)), 2)
        if broken_rule(one, other) and (one.number != other.number or one.export.key != other.export.key)
    ]

    found = [(one, other) for one, other in pairs(every) if broken_rule(one, other)]

    assert sorted(pair_names(found)) == sorted(pair_names(whole))


def test_folders_that_differ_in_a_level_are_not_compared() -> None:
    exports: list[dict[str, object]] = [{"datasets": ["Orders"], "subpath": f"e{n}/x"} for n in range(50)]

    assert len(list(pairs(projects(exports)))) == 50  # each with itself in the other environment
