"""
The page as a whole: one file that asks for nothing else, and that a browser without script shows completely.

The content security policy forbids every request and allows exactly one style sheet and one script, by their hashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from exportctl import __version__
from exportctl.monitor.given_plan import GivenPlan
from exportctl.monitor.report import SandboxReport
from exportctl.output.environments import UNREAD, EnvironmentResult
from exportctl.output.html.datasets import datasets_section
from exportctl.output.html.deliveries import deliveries_section
from exportctl.output.html.drift import drift_section, notes_section
from exportctl.output.html.element import Element, element, render_document
from exportctl.output.html.ends import ends_section
from exportctl.output.html.exports import exports_section
from exportctl.output.html.overview import NOTHING, attention_points, overview
from exportctl.output.html.parts import (
    PageColumn,
    SectionContext,
    badge,
    cell,
    data_table,
    finding_list,
    row_head,
)
from exportctl.output.html.plan import plan_section
from exportctl.output.html.script import SCRIPT
from exportctl.output.html.stylesheet import STYLE
from exportctl.output.source_links import line_url

POLICY = (
    f"default-src 'none'; style-src {STYLE.policy_source}; script-src {SCRIPT.policy_source}; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
_SECTIONS = (
    ("exports", "Exports"),
    ("deliveries", "Deliveries"),
    ("ends", "Ends"),
    ("drift", "Drift"),
    ("datasets", "Datasets"),
)
_PLAIN = SectionContext(2, "", lambda at: None, lambda address: None)  # of what has no repository


def render_report(report: SandboxReport) -> str:
    """Return the page of one sandbox."""
    context = _section_context(report, 2, "")
    title = f"Dataset exports: {report.header.environment or report.header.sandbox}"
    links = [(f"#{name}", words) for name, words in (*_SECTIONS, *((("plan", "Plan"),) if report.plan else ()))]
    return _document(title, links, [overview(context, report), *_sections(context, report)])


def render_environments(
    sides: Sequence[EnvironmentResult[SandboxReport]], *, foreign: GivenPlan | None = None, as_of: int = 0
) -> str:
    """Return one page of several environments. `foreign` is a saved plan of none of them, with its age at `as_of`."""
    links = [(f"#e{number}", side.environment) for number, side in enumerate(sides)]
    return _document(
        f"Dataset exports: {len(sides)} environments",
        links,
        [
            _summary(sides),
            *(_environment(f"e{number}", side) for number, side in enumerate(sides)),
            *([plan_section(_PLAIN, foreign, as_of)] if foreign else ()),
        ],
    )


def _summary(sides: Sequence[EnvironmentResult[SandboxReport]]) -> Element:
    """Return a row per environment: how many exports it has, and what needs attention there."""
    rows = [_summary_row(f"e{number}", side) for number, side in enumerate(sides)]
    columns = (PageColumn("Environment"), PageColumn("Exports", is_number=True), PageColumn("Needs attention"))
    return data_table(f"{len(sides)} environments", columns, rows, name="environments")


def _summary_row(identity: str, side: EnvironmentResult[SandboxReport]) -> Element:
    name = row_head(element("a", side.environment, href=f"#{identity}"))
    if side.result is None:
        return element("tr", name, cell(is_number=True), cell(badge(UNREAD, "bad")))
    points = [*attention_points(_section_context(side.result, 3, f"{identity}-"), side.result)]
    shown = element("ul", *points, class_="points") if points else badge(NOTHING, "good")
    return element("tr", name, cell(str(len(side.result.status.exports)), is_number=True), cell(shown))


def _environment(identity: str, side: EnvironmentResult[SandboxReport]) -> Element:
    heading = element("h2", side.environment, id=f"{identity}-title")
    named = {"id": identity, "class_": "environment", "aria_labelledby": f"{identity}-title"}
    if side.result is None:
        failed = element("div", element("p", "This environment could not be read."), class_="verdict bad")
        return element("section", heading, failed, finding_list(_PLAIN, side.errors), **named)
    context = _section_context(side.result, 3, f"{identity}-")
    return element("section", heading, overview(context, side.result), *_sections(context, side.result), **named)


def _section_context(report: SandboxReport, level: int, prefix: str) -> SectionContext:
    return SectionContext(
        level, prefix, partial(line_url, report.header.repository, report.commit), report.positions.get
    )


def _sections(context: SectionContext, report: SandboxReport) -> list[Element]:
    made = [
        exports_section(context, report.status),
        deliveries_section(context, report),
        ends_section(context, report.status),
        drift_section(context, report.drift),
        datasets_section(context, report),
        plan_section(context, report.plan, report.as_of) if report.plan else None,
        notes_section(context, report.drift),
    ]
    return [one for one in made if one is not None]


def _document(title: str, links: Sequence[tuple[str, str]], content: Sequence[Element]) -> str:
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("link", rel="icon", href="data:,"),
        STYLE,
    )
    navigation = element(
        "nav",
        element("ul", *(element("li", element("a", words, href=address)) for address, words in links)),
        element("div", class_="tools"),
        aria_label="Sections",
    )
    body = element(
        "body",
        element("a", "Skip to the content", href="#content", class_="skip"),
        element("header", element("h1", title)),
        navigation,
        element("main", *content, id="content", tabindex="-1"),
        element("footer", element("p", f"Made by exportctl {__version__}. All times are in UTC.")),
        SCRIPT,
    )
    return render_document(element("html", head, body, lang="en"))
