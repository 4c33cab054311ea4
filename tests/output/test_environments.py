"""All environments in one output: a table first, a section each within one limit, one document, one set of outputs."""

from __future__ import annotations

import json as stdlib_json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.errors import Finding, SourcePosition
from exportctl.model.plan import Plan
from exportctl.output import github_actions, phrases
from exportctl.output.environments import EnvironmentResult, merge_findings
from exportctl.output.json import environments as json_environments
from exportctl.output.markdown import environments as markdown_environments
from exportctl.output.markdown import plan as markdown_plan
from exportctl.output.markdown.marker import remove_marker
from exportctl.output.markdown.parts import LIMIT
from tests.output.sample_environments import FINDINGS, one_of_two
from tests.output.sample_monitoring import status_report
from tests.output.sample_plans import evil_plan, full_plan, updated_item


def comment(*sides: EnvironmentResult[Plan], limit: int = LIMIT) -> str:
    return markdown_environments.render_environments(
        "plan",
        sides,
        project="acme-exports",
        summary=phrases.plan_line,
        section=lambda plan, room: markdown_plan.render_plan(plan, limit=room),
        limit=limit,
        written=1_800_000_000,
    )


def large_plan(resources: int) -> Plan:
    return replace(full_plan(), items=tuple(updated_item(f"web-{n}") for n in range(resources)))


# -- Markdown ---------------------------------------------------------------------------------------------------------


def test_the_table_comes_first_and_then_a_section_for_each_in_order() -> None:
    text = comment(*one_of_two(full_plan()))
    assert remove_marker(text).startswith(
        "## exportctl plan: 2 environments\n\nWritten 2027-01-15 08:00 UTC.\n\n"
        "| environment | plan |\n|---|---|\n| `dev` |"
    )
    assert "| `prod` | not read: see the error |" in text
    dev, prod = text.index("### exportctl plan: sandbox"), text.index("### exportctl plan: environment")
    assert text.index("not read") < dev < prod
    assert "wrong (fix it)" in text[prod:]


def test_what_is_short_is_shown_whole_and_what_is_long_shares_the_rest() -> None:
    short = replace(full_plan(), items=(updated_item(),))
    text = comment(
        EnvironmentResult("a", large_plan(300)), EnvironmentResult("b", short), EnvironmentResult("c", large_plan(300))
    )
    assert len(text) <= LIMIT
    assert remove_marker(markdown_plan.render_plan(short)) in text
    shown = [
        line for line in text.splitlines() if line.endswith("of 300 resources shown; the text output has them all._")
    ]
    assert len(shown) == 2
    assert abs(int(shown[0].split()[0][1:]) - int(shown[1].split()[0][1:])) <= 1


COUNTS = (1, 2, 10, 60, 250)
PLANS = {"large": large_plan(25), "full": full_plan(), "evil": evil_plan()}
LONG = {(250, "large"), (250, "evil")}  # 250 is played with the short plan in each run


@pytest.mark.parametrize(
    ("count", "plan"),
    [
        pytest.param(n, plan, id=f"{name}-{n}", marks=[pytest.mark.slow] if (n, name) in LONG else [])
        for name, plan in PLANS.items()
        for n in COUNTS
    ],
)
def test_a_comment_is_never_longer_than_it_may_be_and_says_what_is_left_out(count: int, plan: Plan) -> None:
    text = comment(*(EnvironmentResult(f"environment-{n:03}", plan) for n in range(count)))
    assert len(text) <= LIMIT
    assert "\ud800" not in text
    assert text.count("<details>") == text.count("</details>")
    sections = text.count("### exportctl plan")
    assert sections == count or f"{sections} of {count} environments shown" in text


def test_many_errors_are_cut_at_an_error_and_counted() -> None:
    errors = tuple(Finding("bad", f"number {n}", SourcePosition("a.yaml", n)) for n in range(2000))
    text = comment(EnvironmentResult("dev", full_plan()), EnvironmentResult("prod", None, errors), limit=20_000)
    assert len(text) <= 20_000
    assert "of 2000 shown_" in text
    assert "**Ends**" in text


@given(st.lists(st.integers(0, 1000), max_size=12), st.integers(-10, 3000))
def test_shares_fill_the_room_and_none_gets_more_than_it_wishes_or_less_than_a_smaller_one(
    wishes: list[int], room: int
) -> None:
    shares = markdown_environments.fair_shares(wishes, room)
    assert sum(shares) <= max(room, 0)
    assert all(0 <= share <= wish for share, wish in zip(shares, wishes, strict=True))
    if sum(wishes) <= room:
        assert shares == wishes
    cut = [share for share, wish in zip(shares, wishes, strict=True) if share < wish]
    assert not cut or max(shares) - min(cut) <= len(wishes)


# -- JSON -------------------------------------------------------------------------------------------------------------


def test_each_environment_has_its_own_platform_result_and_errors() -> None:
    text = json_environments.render_environments("status", one_of_two(status_report()), json_environments.status_body)
    document = stdlib_json.loads(text)
    dev, prod = document["result"]["environments"]
    assert (dev["environment"], dev["result"]["counts"]["OK"], len(dev["errors"])) == ("dev", 1, 1)
    assert (prod["platform"], prod["as_of"], prod["result"]) == (None, None, None)
    assert [e["message"] for e in prod["errors"]] == ["wrong"]  # no warnings
    assert [e["message"] for e in document["errors"]] == [dev["errors"][0]["message"], "wrong"]


def test_an_error_of_several_environments_stands_once_above_them() -> None:
    sides = [EnvironmentResult[Plan](name, None, FINDINGS) for name in ("dev", "prod")]
    document = stdlib_json.loads(json_environments.render_environments("plan", sides, json_environments.plan_body))
    assert [len(one["errors"]) for one in document["result"]["environments"]] == [1, 1]
    assert len(document["errors"]) == 1


# -- GitHub Actions ---------------------------------------------------------------------------------------------------


def test_a_finding_of_several_environments_is_annotated_once_with_their_names() -> None:
    first, second = FINDINGS
    found = merge_findings([("dev", first), ("dev", first), ("prod", first), ("prod", second)])
    assert [f.message for f in found] == ["dev, prod: wrong", "prod: odd"]
    assert found[0].at == first.at


def test_outputs_are_joined_and_a_digest_of_one_plan_is_left_out() -> None:
    plans = {"dev": full_plan(), "prod": replace(full_plan(), items=())}
    joined = github_actions.merge_outputs({name: github_actions.plan_outputs(plan) for name, plan in plans.items()}, 1)
    alone = github_actions.plan_outputs(full_plan())
    assert (joined["changes"], joined["create"], joined["unread"]) == ("true", alone["create"], "1")
    assert joined["summary"].splitlines() == [
        f"dev: {alone['summary']}",
        f"prod: {github_actions.plan_outputs(plans['prod'])['summary']}",
    ]
    assert "digest" not in joined


def test_outputs_of_nothing_say_how_many_were_not_read() -> None:
    assert github_actions.merge_outputs({}, 2) == {"summary": "", "unread": "2"}


def test_the_commands_to_apply_name_the_environment() -> None:
    plan = replace(full_plan(), items=(updated_item(),), options={})
    assert "exportctl apply --env prod --only-if" in (phrases.approval(plan) or "")
