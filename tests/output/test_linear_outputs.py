"""What is shown of a plan takes work and room in proportion to its exports, and Markdown never more than its limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import pytest

from exportctl.model.plan import Plan
from exportctl.monitor.dataset_map import dataset_routes
from exportctl.monitor.drift import build_drift_report
from exportctl.monitor.forecast import forecast
from exportctl.monitor.report import SandboxReport
from exportctl.monitor.status import status
from exportctl.monitor.timeline import DAYS, build_timeline
from exportctl.output.html import page
from exportctl.output.json import documents
from exportctl.output.json import monitoring as json_monitoring
from exportctl.output.markdown import drift as markdown_drift
from exportctl.output.markdown import plan as markdown_plan
from exportctl.output.markdown.parts import LIMIT
from exportctl.output.text import drift as text_drift
from exportctl.output.text import plan as text_plan
from exportctl.output.text import short_plan
from exportctl.plan.ownership import build_ownership
from exportctl.planfile.serialize import encode_plan
from exportctl.snapshot.file import build_snapshot, dump_snapshot, load_snapshot
from tests.plan.sized_sandboxes import HEADER, SANDBOXES, SizedSandbox
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


def report_of(made: SizedSandbox) -> SandboxReport:
    """The values of the HTML page, without deliveries."""
    plan, of = made.build_plan(), build_ownership(made.inventory, "acme")
    expected = forecast(plan, of, made.desired, days=DAYS + 1)
    return SandboxReport(
        status=status(plan, of, made.project),
        drift=build_drift_report(plan, end_warning=86400),
        expected=expected,
        delivered=None,
        timeline=build_timeline(None, expected),
        routes=dataset_routes(made.desired, of, made.inventory),
    )


def test_the_steps_of_the_page_of_a_report_grow_in_a_straight_line() -> None:
    def make(size: int) -> Callable[[], object]:
        made = SANDBOXES["all to update"](size)
        return lambda: page.render_report(report_of(made))

    assert grown_steps(make) == {}


def test_the_steps_of_a_snapshot_grow_in_a_straight_line() -> None:
    def make(size: int) -> Callable[[], object]:
        live = SANDBOXES["nothing to change"](size).inventory
        return lambda: load_snapshot(dump_snapshot(build_snapshot(HEADER, live, 0)))

    assert grown_steps(make) == {}


@pytest.mark.parametrize("name", SHOWN)
def test_texts_grow_in_a_straight_line_and_markdown_stays_below_its_limit(name: str) -> None:
    small, middle, large = (planned(name, size) for size in (15, 30, 60))
    for show in (text_plan.render_plan, documents.render_plan):
        first, second, third = (len(show(plan)) for plan in (small, middle, large))
        assert third - second <= 2.1 * (second - first)
    assert len(markdown_plan.render_plan(large)) <= LIMIT
    assert max(len(shown_short(plan)) for plan in (small, middle, large)) <= SHORT
