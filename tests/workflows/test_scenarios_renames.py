"""Renamed, moved, split, joined: what is kept, what is sent again, and that no two items ever write one flow."""

from __future__ import annotations

import html
import json
import re
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exportctl.emulator import Switches
from exportctl.errors import ConfigError, RefusedError
from exportctl.model.plan import Action, Cause, Plan, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.output.json import documents as json_view
from exportctl.output.markdown import plan as markdown_plan
from exportctl.output.text import plan as text_plan
from exportctl.planfile import file as planfile
from tests.workflows.orders_sandbox import (
    apply_config,
    findings,
    item,
    objects,
    orders_and_other,
    safety_checks,
    writes_of,
)
from tests.workflows.strategies import accepting_switches
from tests.workflows.test_laws import FEW
from tests.workflows.world import DESTINATIONS, SANDBOX, World, config, world

KEEP = {"keep": {"datasets": ["App Events"], "subpath": "keep"}}
THREE = ["Orders", "Order Lines", "Returns"]
SALES: dict[str, Any] = {"datasets": THREE}
CREATION = ["POST /flows", "POST /sourceConnections", "POST /targetConnections"]
REMOVAL = ["DELETE /flows", "DELETE /sourceConnections", "DELETE /targetConnections"]
SHORTENED = ["DELETE /sourceConnections", "PATCH /flows", "PATCH /targetConnections", "POST /sourceConnections"]


def exports(**named: Any) -> dict[str, Any]:
    return config(exports={**named, **KEEP})


def remove_exports(content: dict[str, Any], *names: str, do: str = "delete") -> dict[str, Any]:
    return {**content, "removed": [{"export": n, "do": do, "reason": "moved"} for n in names]}


def views(plan: Plan) -> list[str]:
    """The plan in every form, without what keeps text by others from being markup."""
    shown = (text_plan.render_plan(plan, width=1000), markdown_plan.render_plan(plan), json_view.render_plan(plan))
    return [re.sub(r"[\\`\u200b]", "", html.unescape(one)) for one in shown]


def flow_ids(world: World) -> dict[str, str]:
    """Address on the marker -> id of the flow."""
    return {f["description"].rpartition("[exportctl/")[2].split()[3]: f["id"] for f in objects(world, "flows")}


# -- likely renames ---------------------------------------------------------------------------------------------------

DAILY = config(exports={"daily": {"datasets": ["Orders"]}, "other": orders_and_other()["exports"]["other"]})


def test_a_rename_that_is_not_declared_is_pointed_out_in_every_form(small: World) -> None:
    apply_config(small, orders_and_other())
    small.write(DAILY)
    plan = small.plan()
    assert findings(plan, "exports.daily") == ["likely-rename"]
    for shown in views(plan):
        assert "exports.daily looks like exports.orders, which the config no longer declares" in shown
        assert "if you renamed it, write renamed_from: orders: its flow stays and nothing is sent again" in shown
        assert '"Orders" moves from exports.orders to this flow; this new flow sends it in full again' in shown
    assert safety_checks(plan) == ["deletion"]


def test_what_is_pointed_out_keeps_the_flow(small: World) -> None:
    apply_config(small, orders_and_other())
    before = flow_ids(small)["orders"]
    small.write(DAILY)
    assert findings(small.plan(), "exports.daily") == ["likely-rename"]
    small.write(config(exports={**DAILY["exports"], "daily": {"datasets": ["Orders"], "renamed_from": "orders"}}))
    assert findings(small.plan(), "exports.daily") == []
    assert writes_of(small) == ["PATCH /flows", "PATCH /targetConnections"]
    assert flow_ids(small)["daily"] == before


def test_it_is_pointed_out_to_a_narrower_plan_which_deletes_nothing(small: World) -> None:
    apply_config(small, orders_and_other())
    small.write(DAILY)
    plan = small.plan(PlanOptions(targets=("daily",)))
    assert findings(plan, "exports.daily") == ["likely-rename"]
    assert "sent-by-both-flows" in [c.rule for c in item(plan, "exports.daily").consequences]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"rules": {"likely-rename": {"level": "off", "reason": "all are new"}}}, []),
        ({"rules": {"likely-rename": {"level": "error"}}}, ["likely-rename"]),
        (
            {
                "exports": {
                    **DAILY["exports"],
                    "daily": {
                        "datasets": ["Orders"],
                        "allow": [{"rule": "likely-rename", "reason": "a second export"}],
                    },
                }
            },
            [],
        ),
        (remove_exports({}, "orders"), []),
    ],
    ids=["off", "raised", "allowed", "decided under removed"],
)
def test_it_obeys_what_the_config_says(small: World, more: dict[str, Any], said: list[str]) -> None:
    apply_config(small, orders_and_other())
    small.write({**DAILY, **more})
    plan = small.plan()
    assert findings(plan, "exports.daily") == said
    assert [f.rule for f in plan.errors()] == (["likely-rename"] if "error" in json.dumps(more) else [])


def test_the_new_key_of_a_split_export_is_one_line_for_all_parts(small: World) -> None:
    split = {**SALES, "split_by": "dataset"}
    apply_config(small, exports(sales=split))
    before = {name.partition("/")[2]: i for name, i in flow_ids(small).items()}
    small.write(exports(shop=split))
    plan = small.plan()
    said = [f for i in plan.items for f in i.findings if f.rule == "likely-rename"]
    assert ["also 2 more parts of exports.shop" in f.message for f in said] == [True]
    assert "`renamed_from: sales` under exports.shop (for all its parts)" in str(said[0].hint)
    small.write(exports(shop={**split, "renamed_from": "sales"}))
    assert writes_of(small) == sorted(["PATCH /flows", "PATCH /targetConnections"] * 3)
    assert {name.partition("/")[2]: i for name, i in flow_ids(small).items()} == before


def test_a_part_with_another_alias_keeps_its_flow_when_it_says_so(small: World) -> None:
    web = {"datasets": ["web"], "split_by": "dataset"}
    apply_config(small, config(datasets={"web": "App Events"}, exports={"all": web}))
    before = flow_ids(small)["all/web"]
    visits: dict[str, Any] = {"datasets": ["visits"], "split_by": "dataset"}
    small.write(config(datasets={"visits": "App Events"}, exports={"all": visits}))
    (said,) = item(small.plan(), "exports.all/visits").findings
    assert "`renamed_from: {visits: all/web}` under exports.all" in str(said.hint)
    visits["renamed_from"] = {"visits": "all/web"}
    apply_config(small, config(datasets={"visits": "App Events"}, exports={"all": visits}))
    assert flow_ids(small) == {"all/visits": before}


def lake(**more: Any) -> dict[str, Any]:
    """The config of `both` with its destination under another key."""
    others = {k: v for k, v in DESTINATIONS.items() if k != "s3-role"}
    content = {**orders_and_other(), "destinations": {**others, "lake": {**DESTINATIONS["s3-role"], **more}}}
    return {**content, "defaults": {**content["defaults"], "destination": "lake"}}


@pytest.mark.parametrize("hidden", Switches.choices()["read_secrets"])
def test_an_account_renamed_without_saying_so_is_pointed_out_whatever_the_service_shows(
    tmp_path: Path, hidden: Any
) -> None:
    made = world(tmp_path, Switches(read_secrets=hidden))
    apply_config(made, orders_and_other())
    made.write(lake())
    plan = made.plan()
    assert findings(plan, "destinations.lake") == ["likely-rename"]
    (said,) = item(plan, "destinations.lake").findings
    assert "the same type and the same role_arn" in said.message
    assert safety_checks(plan) == ["replacement"]
    made.write(lake(renamed_from="s3-role"))
    assert writes_of(made) == ["PATCH /connections"]


def test_another_role_is_another_account(small: World) -> None:
    apply_config(small, orders_and_other())
    small.write(lake(auth={"role_arn": "arn:aws:iam::123456789012:role/other"}))
    assert findings(small.plan(), "destinations.lake") == []


# -- two heirs, chains, swaps -----------------------------------------------------------------------------------------

PLACED_EXPORTS = {name: {"datasets": ["Orders"], "subpath": name, "title": name} for name in ("a", "b", "c")}


def renamed_exports(**names: str) -> dict[str, Any]:
    return {now: {**PLACED_EXPORTS[now], "renamed_from": before} for now, before in names.items()}


WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "two heirs": ({**renamed_exports(a="x"), **renamed_exports(b="x")}, ["renamed-from-twice"]),
    "a swap": (renamed_exports(a="b", b="a"), ["renamed-from-declared", "renamed-from-declared"]),
    "a chain": (renamed_exports(b="a", c="b"), ["renamed-from-declared"]),
    "a copy": ({"a": PLACED_EXPORTS["a"], **renamed_exports(b="a")}, ["renamed-from-declared"]),
    "itself": (renamed_exports(a="a"), ["renamed-from-declared"]),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_two_names_for_one_flow_are_a_mistake_with_both_places(small: World, wrong: str) -> None:
    content, rules = WRONG[wrong]
    small.write(exports(**content))
    with pytest.raises(ConfigError) as raised:
        small.plan()
    assert [f.rule for f in raised.value.all if f.rule.startswith("renamed")] == rules
    for finding in (f for f in raised.value.all if f.rule in rules):
        assert finding.at is not None
        assert finding.message.count("exports.yaml:") == 1  # the other place; its own stands before it


def test_two_destinations_with_one_old_name_are_a_mistake(small: World) -> None:
    twice = {
        **DESTINATIONS,
        "x": {**DESTINATIONS["s3-role"], "renamed_from": "old"},
        "y": {**DESTINATIONS["s3-role"], "path": "y", "renamed_from": "old"},
    }
    small.write({**orders_and_other(), "destinations": twice})
    with pytest.raises(ConfigError) as raised:
        small.plan()
    assert "renamed-from-twice" in [f.rule for f in raised.value.all]


@st.composite
def renamings(draw: st.DrawFn) -> tuple[set[str], dict[str, str | None]]:
    """Names that are live, and names that are wanted with the one each goes on from: most often one that is live."""
    live = draw(st.sets(st.sampled_from("abc"), min_size=1))
    before = st.sampled_from([*sorted(live), *sorted(live), "x", None])
    return live, draw(st.dictionaries(st.sampled_from("abcd"), before, min_size=1))


@FEW
@example(({"a"}, {"b": "a", "c": "a"}), set(), Switches())
@example(({"a", "b"}, {"b": "a", "a": "b"}), set(), Switches())
@given(renamings(), st.sets(st.sampled_from("abcd")), accepting_switches())
def test_no_two_items_write_one_flow_whatever_is_renamed_to_what(
    names: tuple[set[str], dict[str, str | None]], split: set[str], switches: Switches
) -> None:
    live, wanted = names

    def export(name: str, before: str | None) -> dict[str, Any]:
        whole = {"datasets": ["Orders"], "subpath": name, "title": name}
        parted = {"split_by": "dataset"} if name in split else {}
        if before is None:
            return whole | parted
        return whole | parted | {"renamed_from": {"orders": before} if parted else before}

    with tempfile.TemporaryDirectory() as folder:
        made = world(Path(folder), switches)
        apply_twice(made, exports(**{name: export(name, None) for name in live}))
        before = {f["id"] for f in objects(made, "flows")}
        entries = remove_exports(exports(**{n: export(n, b) for n, b in wanted.items()}), *sorted(live - set(wanted)))
        made.write(entries)
        try:
            plan = made.plan()
        except ConfigError:
            return
        writers = {(s.address, s.id) for s in plan.steps() if s.id}
        assert max(Counter(identity for _, identity in writers).values(), default=0) <= 1
        if plan.is_refused:
            return
        apply_twice(made, entries)
        assert len(flow_ids(made)) == len(objects(made, "flows"))  # one flow for each address
        deleted = {s.id for s in plan.steps() if s.action is Action.DELETE}
        assert before - deleted <= {f["id"] for f in objects(made, "flows")}


def apply_twice(made: World, content: dict[str, Any]) -> None:
    """Apply, and again once the service lets go of what is still in use."""
    made.write(content)
    made.apply()
    made.emulator.advance(700)
    made.apply()
    assert made.plan().steps() == ()


# -- moved between files ----------------------------------------------------------------------------------------------


def write_several_files(world: World, main: dict[str, Any], **more: Any) -> None:
    """`main` as exports.yaml, every other part as a file under exports/."""
    world.write(main)
    folder = world.folder / "exports"
    folder.mkdir(exist_ok=True)
    for file in folder.glob("*.yaml"):
        file.unlink()
    for name, content in more.items():
        (folder / f"{name}.yaml").write_text(json.dumps(content), encoding="utf-8")


def without_keys(content: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {k: v for k, v in content.items() if k not in keys}


WHOLE = exports(sales={**SALES, "split_by": "dataset"}, orders={"datasets": ["Orders"], "subpath": "o"})
FILES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "all exports in a file of their own": (without_keys(WHOLE, "exports"), {"sales": {"exports": WHOLE["exports"]}}),
    "one export in a file of its own": (
        {**WHOLE, "exports": without_keys(WHOLE["exports"], "sales")},
        {"sales": {"exports": {"sales": WHOLE["exports"]["sales"]}}},
    ),
    "each export in a file of its own": (
        without_keys(WHOLE, "exports"),
        {name: {"exports": {name: one}} for name, one in WHOLE["exports"].items()},
    ),
    "exports in files named otherwise": (
        without_keys(WHOLE, "exports"),
        {f"z-{name}": {"exports": {name: one}} for name, one in WHOLE["exports"].items()},
    ),
    "destinations in a file of their own": (
        without_keys(WHOLE, "destinations"),
        {"places": {"destinations": WHOLE["destinations"]}},
    ),
    "all in one file": (WHOLE, {}),
}


@pytest.mark.parametrize("after", FILES)
@pytest.mark.parametrize("before", ["all in one file", "each export in a file of its own"])
def test_moving_a_declaration_between_files_changes_nothing(small: World, before: str, after: str) -> None:
    write_several_files(small, FILES[before][0], **FILES[before][1])
    apply_config(small)
    approval = planfile.approval_digest(small.plan())
    write_several_files(small, FILES[after][0], **FILES[after][1])
    plan = small.plan()
    assert (plan.is_empty, plan.steps(), planfile.approval_digest(plan)) == (True, (), approval)
    assert {i.verb for i in plan.items} == {Verb.UNCHANGED}
    assert writes_of(small) == []


def test_a_pending_change_is_the_same_change_wherever_it_is_declared(small: World) -> None:
    apply_config(small, WHOLE)
    moved = {**WHOLE["exports"], "orders": {"datasets": ["Orders"], "subpath": "new"}}
    small.write({**WHOLE, "exports": moved})
    approval = planfile.approval_digest(small.plan())
    write_several_files(small, without_keys(WHOLE, "exports"), all={"exports": moved})
    assert planfile.approval_digest(small.plan()) == approval
    assert writes_of(small) == ["PATCH /targetConnections"]


# -- split and joined -------------------------------------------------------------------------------------------------

SPLIT = exports(sales={**SALES, "split_by": "dataset"})


def two_sales_exports(**first: Any) -> dict[str, Any]:
    """`sales` in two exports; `first` for the one with Orders."""
    return exports(**{"sales-orders": {"datasets": ["Orders"], **first}, "sales-rest": {"datasets": THREE[1:]}})


@pytest.mark.parametrize("after", [SPLIT, two_sales_exports()], ids=["by dataset", "into two exports"])
def test_a_split_without_consent_is_refused_and_says_the_edit(small: World, after: dict[str, Any]) -> None:
    apply_config(small, exports(sales=SALES))
    small.forget_requests()
    small.write(after)
    plan = small.plan()
    assert safety_checks(plan, "exports.sales") == ["deletion"]
    assert "`removed: [{export: sales, do: delete, reason: …}]`" in item(plan, "exports.sales").refusals[0].allow
    with pytest.raises(RefusedError):
        small.apply()
    assert small.writes() == []


@pytest.mark.parametrize("after", [SPLIT, two_sales_exports()], ids=["by dataset", "into two exports"])
def test_what_a_split_costs_and_where_each_dataset_goes_is_said_in_every_form(
    small: World, after: dict[str, Any]
) -> None:
    apply_config(small, exports(sales=SALES))
    small.write(after)
    first = "exports.sales/orders" if after is SPLIT else "exports.sales-orders"
    for shown in views(small.plan()):
        assert '"Orders" moves from exports.sales to this flow; this new flow sends it in full again' in shown
        assert "this apply deletes exports.sales; the first run of this flow is 2027-01-16 02:00 UTC" in shown
        assert f'"Orders" moves to {first}' in shown
        assert "can keep this flow: write renamed_from: " in shown


@pytest.mark.parametrize(
    ("after", "flows"), [(SPLIT, 3), (two_sales_exports(), 2)], ids=["by dataset, three flows", "into two exports"]
)
def test_a_split_with_consent_is_done_and_then_nothing_is_left(small: World, after: dict[str, Any], flows: int) -> None:
    apply_config(small, exports(sales=SALES))
    small.write(remove_exports(after, "sales"))
    assert safety_checks(small.plan(), "exports.sales") == []
    assert writes_of(small) == sorted([*REMOVAL, *CREATION * flows])
    assert small.plan().steps() == ()
    assert len(objects(small, "sourceConnections")) == len(objects(small, "flows")) == flows + 1


def test_a_split_into_two_keeps_the_flow_of_one(small: World) -> None:
    apply_config(small, exports(sales=SALES))
    before = flow_ids(small)["sales"]
    small.write(two_sales_exports(renamed_from="sales"))
    assert writes_of(small) == sorted([*SHORTENED, *CREATION])
    assert flow_ids(small)["sales-orders"] == before
    assert small.plan().steps() == ()


def test_a_split_by_dataset_keeps_the_flow_for_one_part(small: World) -> None:
    apply_config(small, exports(sales=SALES))
    before = flow_ids(small)["sales"]
    small.write(exports(sales={**SALES, "split_by": "dataset", "renamed_from": {"orders": "sales"}}))
    assert writes_of(small) == sorted([*SHORTENED, *CREATION * 2])
    assert flow_ids(small)["sales/orders"] == before
    assert small.plan().steps() == ()


def test_parts_joined_again_keep_the_flow_of_one(small: World) -> None:
    apply_config(small, SPLIT)
    before = flow_ids(small)["sales/orders"]
    small.write(
        remove_exports(exports(sales={**SALES, "renamed_from": "sales/orders"}), "sales/order-lines", "sales/returns")
    )
    plan = small.plan()
    said = [c.text for c in item(plan, "exports.sales").consequences if c.rule == "full-re-export"]
    assert said == [
        '"Order Lines" moves from exports.sales/order-lines to this flow; this flow may send it in full again',
        '"Returns" moves from exports.sales/returns to this flow; this flow may send it in full again',
    ]
    assert writes_of(small) == sorted([*SHORTENED, *REMOVAL * 2])
    assert flow_ids(small)["sales"] == before


GUARDED = exports(sales={**SALES, "protect": True})
SPLITTING = {
    "by dataset, with consent": remove_exports(SPLIT, "sales"),
    "into two, with consent": remove_exports(two_sales_exports(), "sales"),
    "into two, the flow kept": two_sales_exports(renamed_from="sales", protect=True),
}


@pytest.mark.parametrize("split", SPLITTING)
def test_a_protected_flow_is_not_split_until_the_protection_was_taken_off(small: World, split: str) -> None:
    apply_config(small, GUARDED)
    small.write(SPLITTING[split])
    plan = small.plan(PlanOptions(allow_deletes=9))
    assert [r.safety_check for i in plan.items for r in i.refusals] == ["protect"]
    apply_config(small, exports(sales={**SALES, "protect": False}))
    small.write(SPLITTING[split])
    assert [r.safety_check for i in small.plan(PlanOptions(allow_deletes=9)).items for r in i.refusals] == []


def test_the_whole_project_in_one_flow_is_split_only_by_name(small: World) -> None:
    apply_config(small, config(exports={"sales": SALES}))
    small.write(config(exports={"sales": {**SALES, "split_by": "dataset"}}))
    assert safety_checks(small.plan(PlanOptions(allow_deletes=9)), "exports.sales") == ["delete-all"]
    apply_config(small, remove_exports(config(exports={"sales": {**SALES, "split_by": "dataset"}}), "sales"))


def test_a_pause_by_hand_goes_along_with_the_flow_that_is_kept_and_with_what_leaves_it(small: World) -> None:
    apply_config(small, exports(sales=SALES))
    small.emulator.ui.disable("sales")
    small.write(two_sales_exports(renamed_from="sales"))
    assert {f.path: f.cause for f in item(small.plan(), "exports.sales-orders").fields}["enabled"] is Cause.PAUSED
    assert safety_checks(small.plan(), "exports.sales-rest") == ["paused"]
    small.apply(PlanOptions(resume=("exports.sales-rest",)))
    assert small.flow("sales-orders")["state"] == "disabled"
    assert small.flow("sales-rest")["state"] == "enabled"


def test_the_flow_handed_over_to_others_and_the_new_one_both_send(small: World) -> None:
    apply_config(small, exports(sales=SALES))
    small.write(remove_exports(two_sales_exports(), "sales", do="release"))
    for shown in views(small.plan()):
        assert 'exports.sales still runs (it is released): both flows send "Orders" until you disable one' in shown
    apply_config(small)
    assert len(small.emulator.snapshot(SANDBOX)["flows"]) == 4
