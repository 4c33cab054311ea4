"""How much a full export sent so far: which flows tell it, and only what their runs say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exportctl.model.plan import Address, Inventory, LiveObject, Plan
from exportctl.model.project import RemovedEntry, Schedule
from exportctl.model.volume import SentRuns, UnknownVolume, Volume
from exportctl.plan.ownership import Ownership, build_ownership
from exportctl.plan.volumes import (
    MAX_FLOWS,
    NO_FLOW,
    NO_RUN,
    TOO_MANY,
    add_unread_volumes,
    add_volumes,
    volume_questions,
)
from exportctl.resources.run import Run, RunStatus
from tests.plan.plan_builders import account, build_plan, build_project, export, flow, sftp_lake
from tests.plan.value_builders import AT, NOW

EIGHT = Schedule("day", 1, 8 * 3600)
ORDERS = Address("exports", "orders")


def ownership_of(*objects: LiveObject) -> Ownership:
    every = (account(), *objects)
    kinds = {o.kind for o in every}
    return build_ownership(Inventory({k: tuple(o for o in every if o.kind == k) for k in kinds}, (), {}), "acme")


def planned(*objects: LiveObject, project: Any = None, **changes: Any) -> Plan:
    given = build_project(export("orders", **{"schedule": EIGHT, **changes}), **(project or {}))
    return build_plan(given, account(), *objects)


def run(name: str = "orders", rows: int | None = 10, size: int | None = 100, **changes: Any) -> Run:
    made = Run(f"r-{name}-{rows}-{changes.get('started')}", f"f-{name}", RunStatus.DONE, NOW - 60, NOW, rows, 1, size)
    return replace(made, **changes)


def volume(plan: Plan, ownership: Ownership, *runs: Run, is_whole: bool = True) -> Volume | None:
    shown = add_volumes(plan, volume_questions(plan, ownership), ownership, runs, is_whole=is_whole)
    (item,) = [i for i in shown.items if i.address == ORDERS]
    return item.volume


# -- what is asked ----------------------------------------------------------------------------------------------------

OWN, OTHER = flow("orders", ["d1", "d2"]), flow("other", ["d2", "d3"], owner="theirs")
ALONE = flow("alone", ["d3"], owner="theirs")
# what is live, what the export declares, the flows that are asked about
ASKED: dict[str, tuple[tuple[LiveObject, ...], dict[str, Any], tuple[str, ...]]] = {
    "a creation, of datasets that no flow exports": ((), {"datasets": ("d1",)}, ()),
    "a creation, of datasets that others export": (OTHER, {"datasets": ("d1", "d2")}, ("f-other",)),
    "the flow with the fewest other datasets": ((*OTHER, *ALONE), {"datasets": ("d3",)}, ("f-alone",)),
    "a replacement": (OWN, {"datasets": ("d1", "d2"), "project": {"destinations": [sftp_lake()]}}, ("f-orders",)),
    "an added dataset": ((*OWN, *ALONE), {"datasets": ("d1", "d2", "d3")}, ("f-alone",)),
    "another interval": (OWN, {"datasets": ("d1", "d2"), "schedule": Schedule("hour", 6, 0)}, ("f-orders",)),
    "a dataset taken out": (OWN, {"datasets": ("d1",)}, ()),
    "another path": (OWN, {"datasets": ("d1", "d2"), "subpath": "x"}, ()),
    "nothing": (OWN, {"datasets": ("d1", "d2")}, ()),
}


@pytest.mark.parametrize("row", ASKED)
def test_only_a_full_export_asks_and_the_flow_that_tells_most(row: str) -> None:
    live, changes, flows = ASKED[row]

    assert volume_questions(planned(*live, **changes), ownership_of(*live)).flows == flows


def test_a_deletion_asks_nothing() -> None:
    removed = (RemovedEntry("exports", "orders", "delete", "decided", AT),)
    plan = build_plan(build_project(export("x"), removed=removed), account(), *OWN, *flow("x"))

    assert volume_questions(plan, ownership_of(*OWN, *flow("x"))).flows == ()


def test_one_list_asks_about_so_many_flows_and_says_what_it_left_out() -> None:
    others = [flow(f"n{n:02}", [f"d{n}"], owner="theirs") for n in range(MAX_FLOWS + 1)]
    live = tuple(o for one in others for o in one)
    ids = [f"d{n}" for n in range(1, 10)]
    made = planned(*live, datasets=ids)
    (item,) = [i for i in made.items if i.address == ORDERS]
    listed = [replace(c, after=[[f"d{n}", f"D{n}"] for n in range(MAX_FLOWS + 1)]) for c in item.fields]
    fields = tuple(new if old.field == "datasets" else old for old, new in zip(item.fields, listed, strict=True))
    plan = replace(made, items=tuple(replace(i, fields=fields) if i is item else i for i in made.items))
    ownership = ownership_of(*live)

    assert len(volume_questions(plan, ownership).flows) == MAX_FLOWS
    found = volume(plan, ownership, *(run(f"n{n:02}") for n in range(MAX_FLOWS + 1)))
    assert found is not None
    assert (len(found.sent), found.unknown) == (MAX_FLOWS, (UnknownVolume(f"D{MAX_FLOWS}", TOO_MANY),))


# -- what is said -----------------------------------------------------------------------------------------------------

REPLACED = planned(*OWN, datasets=("d1", "d2"), project={"destinations": [sftp_lake()]})
TWO = ("D1", "D2")
SAID: dict[str, tuple[tuple[Run, ...], SentRuns | None]] = {
    "no run": ((), None),
    "runs": (
        (run(), run(rows=5, size=50, started=NOW - 3600)),
        SentRuns("f-orders", "orders", 2, NOW - 3600, 15, 150, True, TWO),
    ),
    "a run that failed does not count": (
        (run(), run(rows=5, status=RunStatus.FAILED)),
        SentRuns("f-orders", "orders", 1, NOW - 60, 10, 100, True, TWO),
    ),
    "only failed runs": ((run(status=RunStatus.FAILED),), None),
    "runs of others do not count": (
        (run(), run("other", 99)),
        SentRuns("f-orders", "orders", 1, NOW - 60, 10, 100, True, TWO),
    ),
    "runs that say nothing": (
        (run(rows=None, size=None),),
        SentRuns("f-orders", "orders", 1, NOW - 60, None, None, True, TWO),
    ),
}


@pytest.mark.parametrize("row", SAID)
def test_only_what_runs_say_is_said(row: str) -> None:
    runs, expected = SAID[row]

    found = volume(REPLACED, ownership_of(*OWN), *runs)

    unknown = () if expected else tuple(UnknownVolume(name, NO_RUN) for name in TWO)
    assert found == Volume((expected,) if expected else (), unknown)


def test_the_rows_of_other_datasets_are_left_out_where_the_runs_tell_them_apart() -> None:
    plan = planned(*OTHER, datasets=("d2",))
    apart = volume(plan, ownership_of(*OTHER), run("other", 30, dataset_rows={"d2": 7, "d3": 23}))
    together = volume(plan, ownership_of(*OTHER), run("other", 30))

    assert apart == Volume((SentRuns("f-other", "other", 1, NOW - 60, 7, None, True, ("D2",), 0),))
    assert together == Volume((SentRuns("f-other", "other", 1, NOW - 60, 30, 100, True, ("D2",), 1),))


def test_a_dataset_that_no_flow_exports_is_not_known() -> None:
    plan = planned(*OTHER, datasets=("d1", "d2"))

    found = volume(plan, ownership_of(*OTHER), run("other"), is_whole=False)

    assert found is not None
    assert [(one.flow, one.is_whole) for one in found.sent] == [("f-other", False)]
    assert found.unknown == (UnknownVolume("D1", NO_FLOW),)


def test_a_list_that_cannot_be_read_leaves_every_volume_unknown() -> None:
    ownership = ownership_of(*OWN)

    shown = add_unread_volumes(REPLACED, volume_questions(REPLACED, ownership), "why")

    assert [i.volume for i in shown.items if i.volume] == [
        Volume((), (UnknownVolume("D1", "why"), UnknownVolume("D2", "why")))
    ]
