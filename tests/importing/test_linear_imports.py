"""An import looks at each flow a fixed number of times: twice as many flows take twice as many lines of Python."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from exportctl.importing.importer import ConfigContext, import_flows
from exportctl.importing.result import Selection
from exportctl.model.plan import Inventory, ListedDataset, LiveObject, PlanHeader
from exportctl.resources.kinds import KINDS
from tests.plan.plan_builders import account, flow
from tests.plan.test_linear_plans import grown_steps
from tests.plan.value_builders import NOW, make_object

HEADER = PlanHeader("org", "demo", None, "acme", "embedded")
HEAD = """\
version: 1
project: acme
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: demo}
"""
DECLARED = "destinations:\n{destinations}schedules:\n{schedules}exports: {{}}\n"
DESTINATION = "  lake-{n}: {{type: amazon-s3, bucket: acme, path: aep/{n}, account: {{existing: Account {n}}}}}\n"
SCHEDULE = '  nightly-{n}: {{every: 1 day, at: "02:00", start: 2040-01-{day:02}}}\n'


def unmarked(live: LiveObject, name: str) -> LiveObject:
    raw = {key: value for key, value in live.raw.items() if key not in ("id", "etag", "description")}
    return make_object(live.kind, live.id, None, **{**raw, "name": name})


def made_flow(number: int, name: str, base: str, path: str) -> list[LiveObject]:
    made = flow(f"x-{number}", [f"d{number}"], base=base, place={"bucketName": "acme", "path": path})
    return [unmarked(one, name) for one in made]


def sandbox(size: int, name: str, base: str, path: str) -> list[LiveObject]:
    """`size` flows without an owner, each on the account with this id; {n} is its number."""
    bases = {base.format(n=n): f"Account {n}" for n in range(size)}
    objects = [unmarked(account("lake", identity), title) for identity, title in bases.items()]
    for n in range(size):
        objects += made_flow(n, name.format(n=n), base.format(n=n), path.format(n=n))
    return objects


def declared_config(size: int) -> str:
    places = "".join(DESTINATION.format(n=n) for n in range(size))
    return HEAD + DECLARED.format(
        destinations=places, schedules="".join(SCHEDULE.format(n=n, day=n % 28 + 1) for n in range(size))
    )


CASES: dict[str, tuple[Callable[[int], str], Callable[[int], list[LiveObject]]]] = {
    "flows of one name below one folder": (lambda n: HEAD, partial(sandbox, name="Orders", base="b", path="aep/{n}")),
    "flows in folders of their own": (lambda n: HEAD, partial(sandbox, name="Orders {n}", base="b", path="{n}/x")),
    "flows on accounts of their own": (lambda n: HEAD, partial(sandbox, name="F {n}", base="b{n}", path="aep/{n}")),
    "flows on declared destinations": (declared_config, partial(sandbox, name="F {n}", base="b{n}", path="aep/{n}/x")),
}


@pytest.mark.parametrize("case", CASES)
def test_the_steps_of_an_import_grow_in_a_straight_line(case: str) -> None:
    config, objects = CASES[case]

    def make(size: int) -> Callable[[], object]:
        live = objects(size)
        listed = tuple(ListedDataset(f"d{n}", f"D{n}") for n in range(size))
        inventory = Inventory({kind: tuple(o for o in live if o.kind == kind) for kind in KINDS}, listed, {})
        files = {"exports.yaml": config(size).encode()}
        context = ConfigContext(files, "imported.yaml", None, {}, {}, (), inventory, HEADER, NOW)

        def work() -> None:
            made = import_flows(context, Selection())
            assert (len(made.exports), made.left_out) == (size, ())

        return work

    assert grown_steps(make) == {}
