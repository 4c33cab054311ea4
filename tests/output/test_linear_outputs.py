"""What is shown of a plan takes work and room in proportion to its exports, and Markdown never more than its limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import pytest

from exportctl.model.plan import Plan
from exportctl.monitor.drift import build_drift_report
from exportctl.output.json import documents
from exportctl.output.json import monitoring as json_monitoring
from exportctl.output.markdown import drift as markdown_drift
from exportctl.output.markdown import plan as markdown_plan
from exportctl.output.markdown.parts import LIMIT
from exportctl.output.text import drift as text_drift
from exportctl.output.text import plan as text_plan
from exportctl.output.text import short_plan
from exportctl.planfile.serialize import encode_plan
from tests.plan.sized_sandboxes import SANDBOXES
from tests.plan.test_linear_plans import SIZES, grown_steps

SHOWN = (
    "all to create, beside the same unmanaged flows",  # each is refused
    "all to update",
    "all to update, near a run",
    "all to replace",
    "all removed",
    "all renamed, not said",
    "all twice",
    "all to create, beside the same flows of another project",  # with YAML that moves them here
    "one allowed finding each",
)
COMMON = ("all to update", "all to create, beside the same flows of another project")
SHORT = 4000  # characters of Markdown, so that few exports reach the limit


def shown_short(plan: Plan) -> str:
    return markdown_plan.render_plan(plan, limit=SHORT)


OUTPUTS: Mapping[str, Callable[[Plan], object]] = {
    "text": text_plan.render_plan,
    "short text": short_plan.render_plan,
    "json": documents.render_plan,
    "plan file": encode_plan,
    "markdown": markdown_plan.render_plan,
    "drift": lambda plan: text_drift.render_drift(build_drift_report(plan, end_warning=86400)),
    "drift as json": lambda plan: json_monitoring.render_drift(build_drift_report(plan, end_warning=86400)),
    "drift as markdown": lambda plan: markdown_drift.render_drift(build_drift_report(plan, end_warning=86400)),
}


def planned(name: str, size: int) -> Plan:
    return SANDBOXES[name](size).build_plan()


@pytest.mark.parametrize("name", [n if n in COMMON else pytest.param(n, marks=pytest.mark.slow) for n in SHOWN])
def test_the_steps_of_each_output_grow_in_a_straight_line(name: str) -> None:
    plans = {size: planned(name, size) for size in (1, *SIZES)}

    def steps_of(show: Callable[[Plan], object]) -> dict[tuple[str, str], int]:
        return grown_steps(lambda size: partial(show, plans[size]))

    grown = {output: found for output, show in OUTPUTS.items() if (found := steps_of(show))}
    assert grown == {}


@pytest.mark.parametrize("name", SHOWN)
def test_texts_grow_in_a_straight_line_and_markdown_stays_below_its_limit(name: str) -> None:
    small, middle, large = (planned(name, size) for size in (15, 30, 60))
    for show in (text_plan.render_plan, documents.render_plan):
        first, second, third = (len(show(plan)) for plan in (small, middle, large))
        assert third - second <= 2.1 * (second - first)
    assert len(markdown_plan.render_plan(large)) <= LIMIT
    assert max(len(shown_short(plan)) for plan in (small, middle, large)) <= SHORT
