"""The order in which flows give up and take titles, and the names of new connections."""

from __future__ import annotations

from dataclasses import replace

from exportctl.model.plan import Action, Cause, Plan, Step
from exportctl.model.plan_options import PlanOptions
from tests.plan.plan_builders import account, build_plan, build_project, export, flow, item
from tests.plan.value_builders import make_object

DELETING = PlanOptions(allow_deletes=9)


def flow_steps(plan: Plan) -> dict[str, Step]:
    return {step.key: step for step in plan.steps() if step.kind == "flow"}


def title_notes(plan: Plan) -> list[str]:
    rules = ("title-order", "temporary-title")
    return [f"{i.address}: {c.text}" for i in plan.items for c in i.consequences if c.rule in rules]


def test_a_flow_takes_a_title_after_the_one_that_gives_it_up() -> None:
    given = build_project(export("a", title="B"), export("b", title="C"))
    plan = build_plan(given, account(), *flow("a", title="A"), *flow("b", title="B"))
    a, b = (flow_steps(plan)[f"exports.{key}/flow/update"] for key in "ab")
    assert (b.key in a.needs, a.key in b.needs, len(flow_steps(plan))) == (True, False, 2)
    assert title_notes(plan) == ['exports.a: takes the title "B" after exports.b has given it up']


def test_flows_that_swap_titles_need_one_temporary_title() -> None:
    given = build_project(export("a", title="B"), export("b", title="A"))
    plan = build_plan(given, account(), *flow("a", title="A"), *flow("b", title="B"))
    temporary, a, b = sorted(flow_steps(plan).values(), key=lambda s: ("temporary" not in s.key, s.key))
    assert dict(temporary.fields) == {"title": "A (being renamed)"}
    assert (temporary.id, temporary.needs) == (a.id, ())
    assert (temporary.key in a.needs, temporary.key in b.needs) == (True, True)
    assert (b.key in a.needs, a.key in b.needs) == (True, False)
    assert title_notes(plan) == [
        'exports.a: the flow first gets the temporary title "A (being renamed)" (one more write), because exports.b'
        ' takes "A"',
        'exports.a: takes the title "B" after exports.b has given it up',
    ]


def test_a_kill_after_the_temporary_title_is_no_edit_by_a_person() -> None:
    """The marker holds the temporary title as the value last applied."""
    given = build_project(export("a", title="B"), export("b", title="A"))
    objects = (account(), *flow("a", title="A"), *flow("b", title="B"))
    (temporary,) = [s for s in build_plan(given, *objects).steps() if "temporary" in s.key]
    title = str(temporary.fields["title"])
    assert temporary.marker is not None
    stopped = [o if o.id != temporary.id else replace(o, name=title, marker=temporary.marker) for o in objects]
    stopped = [replace(o, raw={**o.raw, "name": title}) if o.id == temporary.id else o for o in stopped]
    after = build_plan(given, *stopped)
    causes = [(c.path, c.before, c.cause) for c in item(after, "exports.a").fields if c.path == "title"]
    assert causes == [("title", title, Cause.PENDING)]


def test_a_name_of_a_connection_that_any_live_object_has_is_not_given_again() -> None:
    stranger = make_object("target_connection", "t-x", None, name="acme orders target")
    plan = build_plan(build_project(export("orders")), account(), stranger)
    made = {s.kind: s.title for s in plan.steps() if s.action is Action.CREATE}
    assert made == {
        "source_connection": "acme orders source",
        "target_connection": "acme orders target 2",
        "flow": "orders",
    }


def test_a_plan_without_conflicts_has_no_temporary_title() -> None:
    given = build_project(export("a", title="C"), export("new"))
    plan = build_plan(given, account(), *flow("a", title="A"), *flow("gone", title="Gone"), options=DELETING)
    assert (title_notes(plan), [s.key for s in plan.steps() if "temporary" in s.key]) == ([], [])
    assert item(plan, "exports.new").steps
