"""The block that a plan prints when it moves exports of which a backup is asked for."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from exportctl.errors import SourcePosition
from exportctl.model.next_steps import NextStep
from exportctl.model.project import BackupPolicy, Expect, FormerLocation
from tests.plan.plan_builders import account, build_plan, build_project, export, flow
from tests.plan.value_builders import lake

BACKUP = Expect(backup=BackupPolicy(max_age=3600))


def steps(*, location: dict[str, str], environment: str | None = None, **changes: Any) -> tuple[NextStep, ...]:
    made = export("old", **{"expect": BACKUP, **changes})
    project = build_project(made, destinations=(lake(location=location),), environment=environment)
    return build_plan(project, account(), *flow()).next_steps


def test_every_export_that_moves_stands_in_one_block() -> None:
    exports = [export(key, expect=BACKUP, subpath=key) for key in ("one", "two")]
    project = build_project(*exports, destinations=(lake(location={"bucket": "acme", "path": "new"}),))

    (step,) = build_plan(project, account(), *flow("one"), *flow("two")).next_steps

    assert step.text == "so that `backup` finds the earlier files of the exports, add this to the config"
    block = yaml.safe_load(step.yaml)["exports"]
    assert {key: [list(e) for e in one["former_locations"]] for key, one in block.items()} == {
        "one": [["until", "path"]],
        "two": [["until", "path"]],
    }
    assert block["one"]["former_locations"][0]["path"] == "aep"


def test_in_an_environment_the_block_stands_in_its_overlay() -> None:
    (step,) = steps(location={"bucket": "acme", "path": "new"}, environment="prod")

    assert list(yaml.safe_load(step.yaml)["environments"]["prod"]["exports"]) == ["old"]
    assert "of the export," in step.text


@pytest.mark.parametrize(
    ("location", "changes"),
    [
        ({"bucket": "acme", "path": "aep"}, {}),
        ({"bucket": "acme", "path": "new"}, {"expect": None}),
        ({"bucket": "acme", "path": "new"}, {"expect": Expect(within=60)}),
        (
            {"bucket": "acme", "path": "new"},
            {"former_locations": (FormerLocation(1, "aep", None, SourcePosition("a.yaml")),)},
        ),
    ],
    ids=["nothing moves", "no expect", "no backup", "stated already"],
)
def test_there_is_no_block(location: dict[str, str], changes: dict[str, Any]) -> None:
    assert steps(location=location, **changes) == ()


def test_an_older_entry_is_not_the_one_that_is_missing() -> None:
    older = FormerLocation(1, "elsewhere", None, SourcePosition("a.yaml"))
    (step,) = steps(location={"bucket": "acme", "path": "new"}, former_locations=(older,))
    assert '"aep"' in step.yaml


def test_a_former_bucket_is_stated_too() -> None:
    (step,) = steps(location={"bucket": "other", "path": "aep"})
    (entry,) = yaml.safe_load(step.yaml)["exports"]["old"]["former_locations"]
    assert (entry["bucket"], list(entry)) == ("acme", ["until", "bucket"])
