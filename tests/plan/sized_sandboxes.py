"""Configs and sandboxes of any size, one for each way in which all of their exports can change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from exportctl.model.plan import Inventory, ListedDataset, LiveObject, Plan, PlanHeader
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import (
    AcceptEntry,
    Account,
    AllowEntry,
    Dataset,
    MoveEntry,
    Policy,
    Project,
    RemovedEntry,
)
from exportctl.plan import planner
from exportctl.plan.desired import DesiredState, build_desired_state
from exportctl.resources.kinds import KINDS
from tests.plan.plan_builders import ROLE, SFTP, account, build_project, export, flow
from tests.plan.value_builders import AT, NOW, lake, make_object

HEADER = PlanHeader("org", "demo", None, "acme", "embedded")
YOUNG = NOW - 3600


@dataclass(frozen=True)
class SizedSandbox:
    """A config, and the live objects and datasets of its sandbox."""

    project: Project
    objects: tuple[LiveObject, ...]
    datasets: tuple[ListedDataset, ...]
    options: PlanOptions = field(default_factory=PlanOptions)
    has_values: bool = True  # False: the variables of the accounts are not set

    @property
    def inventory(self) -> Inventory:
        return Inventory({k: tuple(o for o in self.objects if o.kind == k) for k in KINDS}, self.datasets, {})

    @property
    def desired(self) -> DesiredState:
        names = self.project.destinations if self.has_values else ()
        values = {(f"destinations.{name}", "role_arn"): f"{ROLE}{_number(name)}" for name in names}
        return build_desired_state(self.project, values, {})

    def build_plan(self) -> Plan:
        return planner.build_plan(self.desired, self.inventory, HEADER, self.options, NOW)


def _number(name: str) -> str:
    return name.rpartition("-")[2] if "-" in name else ""


def _place(number: int, prefix: str = "aep") -> dict[str, str]:
    return {"bucketName": "acme", "path": f"{prefix}/{number}"}


def _export(number: int, key: str = "e", dataset: str | None = None, **changes: Any) -> Any:
    made = {"subpath": str(number), "title": f"{key}-{number}", **changes}
    return export(f"{key}-{number}", [dataset or f"d{number}"], **made)


def _flow(number: int, key: str = "e", dataset: str | None = None, **changes: Any) -> tuple[LiveObject, ...]:
    made = {"place": _place(number), **changes}
    return flow(f"{key}-{number}", [dataset or f"d{number}"], **made)


def _listed(size: int) -> tuple[ListedDataset, ...]:
    return tuple(ListedDataset(f"d{n}", f"D{n}") for n in range(size))


def _sandbox(
    size: int,
    exports: Callable[[int], Any] = _export,
    flows: Callable[[int], tuple[LiveObject, ...]] = _flow,
    options: PlanOptions = PlanOptions(),  # noqa: B008
    others: tuple[LiveObject, ...] = (),
    **changes: Any,
) -> SizedSandbox:
    """`size` exports and flows, one for each number; `changes` are those of the project."""
    objects = [account(), *others]
    for number in range(size):
        objects += flows(number)
    made = [one for number in range(size) if (one := exports(number)) is not None]
    return SizedSandbox(build_project(*made, **changes), tuple(objects), _listed(size), options)


def _none(number: int) -> Any:
    return None


def _no_flow(number: int) -> tuple[LiveObject, ...]:
    return ()


def _removed(size: int, do: str) -> tuple[RemovedEntry, ...]:
    return tuple(RemovedEntry("exports", f"e-{n}", do, "decided", AT) for n in range(size))


def _without_marker(objects: tuple[LiveObject, ...], *kept: str) -> tuple[LiveObject, ...]:
    return tuple(
        o if o.kind in kept else make_object(o.kind, o.id, None, **{k: v for k, v in o.raw.items() if k not in _OWN})
        for o in objects
    )


_OWN = ("id", "etag", "description")


def _two_of_one(number: int) -> tuple[LiveObject, ...]:
    """Two flows of one address."""
    first, second = _flow(number), _flow(number, "f")
    marker = first[2].marker
    assert marker is not None
    return (*first, *(make_object(o.kind, o.id, replace(marker), **_raw(o)) for o in second))


def _raw(live: LiveObject) -> dict[str, Any]:
    return {k: v for k, v in live.raw.items() if k not in _OWN}


def _accounts(size: int, key: str) -> tuple[LiveObject, ...]:
    return tuple(
        account(f"{key}-{n}", f"base-{key}-{n}", params={"s3Role": f"{ROLE}{n}"}, applied={}) for n in range(size)
    )


def _lakes(size: int, **changes: Any) -> tuple[Any, ...]:
    return tuple(lake(key=f"lake-{n}", location={"bucket": f"acme-{n}", "path": "aep"}, **changes) for n in range(size))


def _on_own_lake(number: int) -> Any:
    return _export(number, destination=f"lake-{number}")


def _flow_on_own_account(number: int) -> tuple[LiveObject, ...]:
    place = {"bucketName": f"acme-{number}", "path": f"aep/{number}"}
    return _flow(number, base=f"base-lake-{number}", place=place)


def _on_existing_account(number: int) -> Any:
    return _export(number, destination=f"lake-{number}")


def _existing_lakes(size: int) -> tuple[Any, ...]:
    return tuple(lake(key=f"lake-{n}", account=Account(existing=f"base-lake-{n}")) for n in range(size))


def _accepted(size: int) -> tuple[AcceptEntry, ...]:
    return tuple(AcceptEntry(f"exports.e-{n}", "folder", "a test", "jane", None, AT) for n in range(size))


def _moved(size: int) -> tuple[MoveEntry, ...]:
    return tuple(MoveEntry("theirs", f"e-{n}", f"f-e-{n}", f"e-{n}", "renamed", AT) for n in range(size))


def _swapped_title(number: int) -> Any:
    """Titles in pairs: each takes the one of the other."""
    return _export(number, title=f"e-{number ^ 1}")


def _by_name(number: int) -> Any:
    return replace(_export(number), datasets=(Dataset(None, f"D{number}", None, AT),))


def _part(number: int) -> Any:
    made = _export(number)
    return replace(made, key=f"k-{number // 2}/{number % 2}", declared_key=f"k-{number // 2}")


SANDBOXES: Mapping[str, Callable[[int], SizedSandbox]] = {
    "nothing to change": _sandbox,
    "datasets by name": lambda n: _sandbox(n, _by_name),
    "all to create": lambda n: _sandbox(n, flows=_no_flow),
    "all to create, beside flows of another project": lambda n: _sandbox(
        n, flows=lambda i: _flow(i, "x", owner="theirs", place=_place(i, "other"))
    ),
    "all to create, beside the same flows of another project": lambda n: _sandbox(
        n, flows=lambda i: _flow(i, owner="theirs")
    ),
    "all to create, beside the same unmanaged flows": lambda n: _sandbox(
        n, flows=lambda i: _without_marker(_flow(i, "x"))
    ),
    "all to create, names taken": lambda n: _sandbox(
        n, flows=lambda i: _without_marker(_flow(i, "x", title=f"e-{i}", place=_place(i, "other"), dataset="other"))
    ),
    "all to create, of one dataset that others export": lambda n: _sandbox(
        n,
        lambda i: _export(i, dataset="d0"),
        lambda i: _flow(i, "x", dataset="d0", owner="theirs", place=_place(i, "other")),
    ),
    "all to adopt": lambda n: _sandbox(
        n, lambda i: _export(i, adopt=f"f-x-{i}"), lambda i: _without_marker(_flow(i, "x", title=f"e-{i}"))
    ),
    "all to move here": lambda n: _sandbox(n, flows=lambda i: _flow(i, owner="theirs"), move_from=_moved(n)),
    "all to update": lambda n: _sandbox(n, lambda i: _export(i, folder="new/%DATASET_ID%")),
    "all to update, accepted": lambda n: _sandbox(
        n, flows=lambda i: _flow(i, folder="other/%DATASET_ID%"), accept=_accepted(n)
    ),
    "all to update, near a run": lambda n: _sandbox(
        n, lambda i: _export(i, folder="new/%DATASET_ID%"), policy=Policy(run_distance=3600)
    ),
    "all to replace": lambda n: _sandbox(
        n, flows=lambda i: _flow(i, type=SFTP, place={"remotePath": f"/in/{i}"}, base="base-sftp")
    ),
    "all undeclared": lambda n: _sandbox(n, _none),
    "all removed": lambda n: _sandbox(n, _none, removed=_removed(n, "delete")),
    "all released": lambda n: _sandbox(n, _none, removed=_removed(n, "release")),
    "all renamed": lambda n: _sandbox(n, lambda i: _export(i, "r", renamed_from=f"e-{i}")),
    "all renamed, not said": lambda n: _sandbox(n, lambda i: _export(i, "r", title=f"e-{i}")),
    "all renamed, not said, of one dataset": lambda n: _sandbox(
        n, lambda i: _export(i, "r", dataset="d0"), lambda i: _flow(i, dataset="d0")
    ),
    "all renamed to parts, not said": lambda n: _sandbox(n, _part),
    "all titles swapped": lambda n: _sandbox(n, _swapped_title),
    "all titles moved on": lambda n: _sandbox(n, lambda i: _export(i, title=f"e-{i - 1}" if i else "first")),
    "all datasets moved on": lambda n: _sandbox(n, lambda i: _export(i, dataset=f"d{(i + 1) % n}")),
    "all markers lost": lambda n: _sandbox(n, flows=lambda i: _without_marker(_flow(i), "target_connection")),
    "all orphans": lambda n: _sandbox(n, flows=lambda i: _flow(i, created=YOUNG)[:2]),
    "all orphans, undeclared": lambda n: _sandbox(n, _none, lambda i: _flow(i)[:2]),
    "all twice": lambda n: _sandbox(n, flows=_two_of_one),
    "accounts, nothing to change": lambda n: _sandbox(
        n, _on_own_lake, _flow_on_own_account, others=_accounts(n, "lake"), destinations=_lakes(n)
    ),
    "accounts to create": lambda n: _sandbox(n, _on_own_lake, _no_flow, destinations=_lakes(n)),
    "accounts undeclared": lambda n: _sandbox(n, _none, _no_flow, others=_accounts(n, "lake")),
    "accounts renamed, not said": lambda n: _sandbox(
        n, _on_own_lake, _flow_on_own_account, others=_accounts(n, "old"), destinations=_lakes(n)
    ),
    "accounts renamed, not said, of unset roles": lambda n: replace(
        _sandbox(n, _on_own_lake, _flow_on_own_account, others=_accounts(n, "old"), destinations=_lakes(n)),
        has_values=False,
    ),
    "accounts without their markers": lambda n: _sandbox(
        n,
        _on_own_lake,
        _flow_on_own_account,
        others=_without_marker(_accounts(n, "lake")),
        destinations=_lakes(n),
    ),
    "accounts of others by title": lambda n: _sandbox(
        n,
        _on_existing_account,
        lambda i: _flow(i, base=f"base-lake-{i}"),
        others=_without_marker(_accounts(n, "lake")),
        destinations=_existing_lakes(n),
    ),
    "one allowed finding each": lambda n: _sandbox(
        n, lambda i: _export(i, allow=(AllowEntry("undeclared-end", "agreed", AT),), title="same")
    ),
}
