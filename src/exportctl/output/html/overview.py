"""The head of a sandbox: what needs attention, and the figures of the day."""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.model.schedule import format_age, format_count
from exportctl.model.source_commit import SourceCommit
from exportctl.monitor import drift
from exportctl.monitor.report import SandboxReport
from exportctl.monitor.status import HealthResult
from exportctl.output import format_values, phrases
from exportctl.output.html.deliveries import KINDS as RESULT_KINDS
from exportctl.output.html.element import Element, element
from exportctl.output.html.ends import ends_within_warning
from exportctl.output.html.exports import KINDS, is_attention_needed
from exportctl.output.html.parts import Content, SectionContext, badge, finding_list, moment
from exportctl.output.html.plan import is_refused

NOTHING = "Nothing needs attention."
_ENDS = (HealthResult.ENDING, HealthResult.EXPIRED)  # said as ends


def overview(context: SectionContext, report: SandboxReport) -> Element:
    """Return the verdict, errors and figures of one sandbox."""
    points = [*attention_points(context, report)]
    verdict = (
        element("div", element("p", "Needs attention"), element("ul", *points), class_="verdict warn")
        if points
        else element("div", element("p", NOTHING), class_="verdict good")
    )
    errors = finding_list(context, report.errors())
    return element("div", *_header_lines(report), verdict, errors, _figures(report), class_="overview")


def _header_lines(report: SandboxReport) -> Iterator[Element]:
    header = report.header
    if phrases.is_emulated(header):
        yield element("p", badge(phrases.EMULATOR, "warn"))
    if report.commit and report.header.repository:
        yield from _commit_note(report.commit)
    yield element(
        "p",
        f"Project {header.project}, {phrases.sandbox_label(header)}. As of ",
        moment(report.as_of),
        " UTC.",
        class_="where",
    )


def _commit_note(commit: SourceCommit) -> Iterator[Element]:
    """Yield a warning if the lines that the links lead to can be others."""
    if commit.is_edited:
        words = f"The config has changes that are not in commit {commit.id[:12]}: a link to a line can lead to another."
        yield element("p", badge(words, "warn"))


def attention_points(context: SectionContext, report: SandboxReport) -> Iterator[Element]:
    """Yield what a person should look at, each with a link to its section."""
    if found := report.errors():
        yield _point(
            context, "exports", f"{format_count(len(found), 'error')}: not everything could be read or planned"
        )
    for word, count in report.status.counts().items():
        result = HealthResult(word)
        if count and is_attention_needed(result) and result not in _ENDS:
            yield _point(context, "exports", f"{format_count(count, 'export')} {word.lower()}")
    verdicts = [v for one in report.delivered.exports for v in one.verdicts] if report.delivered else []
    failing = sum(v.fails for v in verdicts)
    if failing:
        verb = "fails" if failing == 1 else "fail"
        yield _point(context, "deliveries", f"{failing} of {format_count(len(verdicts), 'delivery result')} {verb}")
    soon = len([*ends_within_warning(report.status)])
    if soon:
        within, verb = format_values.duration(report.status.warning), "ends" if soon == 1 else "end"
        yield _point(context, "ends", f"{format_count(soon, 'export')} ended or {verb} within {within}")
    differing = drift.failures(report.drift)
    if differing:
        groups = ", ".join(dict.fromkeys(entry.group.value for entry in differing))
        yield _point(context, "drift", f"{format_count(len(differing), 'difference')} in the sandbox: {groups}")
    if report.plan and is_refused(report.plan):
        yield _point(context, "plan", "the saved plan no longer holds")


def _point(context: SectionContext, name: str, words: str) -> Element:
    return element("li", element("a", words, href=f"#{context.id(name)}"))


def _figures(report: SandboxReport) -> Element:
    return element("dl", *(_figure(name, *content) for name, content in _figure_rows(report)), class_="figures")


def _figure(name: str, *content: Content) -> Element:
    return element("div", element("dt", name), element("dd", *content))


def _figure_rows(report: SandboxReport) -> Iterator[tuple[str, tuple[Content, ...]]]:
    counts = report.status.counts()
    health = [badge(f"{n} {word.lower()}", KINDS.get(HealthResult(word), "bad")) for word, n in counts.items() if n]
    yield "Exports", (element("strong", str(len(report.status.exports))), *_with_spaces(health))
    if report.delivered:
        found = [(word, n) for word, n in report.delivered.counts().items() if n]
        badges = [badge(f"{n} {word.lower()}", RESULT_KINDS.get(word, "bad")) for word, n in found]
        yield "Deliveries", (element("strong", str(sum(n for _, n in found))), *_with_spaces(badges))
    upcoming = sorted((one.next_run, one.address) for one in report.status.exports if one.next_run is not None)
    if upcoming:
        at, address = upcoming[0]
        words = f"{format_values.address(address)}, {format_values.moment(at)}"
        yield "Next run", (element("strong", f"in {format_age(at - report.as_of)}"), " ", element("span", words))
    ends = sorted(
        (one.ends, one.address) for one in report.status.exports if one.ends is not None and one.ends > report.as_of
    )
    if ends:
        at, address = ends[0]
        days = format_count((at - report.as_of) // format_values.DAY, "day")
        yield "Next end", (element("strong", f"in {days}"), " ", element("span", format_values.address(address)))
    entries = [e for e in report.drift.entries if e.group in drift.DEFAULT_FAILING]
    yield (
        "Drift",
        (element("strong", str(len(entries))), " ", element("span", "values or objects" if entries else "none")),
    )


def _with_spaces(parts: list[Element]) -> Iterator[Element | str]:
    for part in parts:
        yield " "
        yield part
