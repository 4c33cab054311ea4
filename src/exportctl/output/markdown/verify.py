"""
A verify report for a CI run: the summary in Markdown, the annotations, and the outputs for later steps.

Goes in: a VerifyReport. Comes out: GitHub Markdown of at most `limit` characters, cut at an entry (verdict, failures,
then a collapsed table per export); findings; names and values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from exportctl.errors import Finding, SourcePosition
from exportctl.model.plan import Address
from exportctl.output.color import paint
from exportctl.output.markdown import plan
from exportctl.output.markdown_escape import code, prose
from exportctl.output.text import verify

if TYPE_CHECKING:
    from exportctl.monitor.delivery.report import ExportVerdicts, Verdict, VerifyReport

_RESERVE = 200  # characters for the lines that say how much is shown


def render_verify_report(report: VerifyReport, *, limit: int = plan.LIMIT) -> str:
    """Return the whole report, as far as it fits; failures take at most half of the room."""
    failing = [_failure(e, v) for e in report.exports for v in e.verdicts if v.fails]
    unread = [f"{code(str(e.address))} {plan.finding(f)}" for e in report.exports for f in e.errors]
    parts = [
        *_head(report),
        *plan.section("Could not be read", unread, limit // 4),
        *plan.section("Failed", failing, limit // 4),
    ]
    head = "\n".join(parts)
    ordered = sorted(report.exports, key=lambda e: not (e.has_failed or e.errors))
    details = [_details(e) for e in ordered]
    kept = plan.fit_lines(details, limit - len(head) - _RESERVE)
    cut = f"\n_{len(kept)} of {len(details)} exports shown; the text output has them all._\n"
    return head + "".join(kept) + (cut if len(kept) < len(details) else "")


def _head(report: VerifyReport) -> list[str]:
    fails = "Fails." if report.has_failed else "Nothing fails."
    return [
        *plan.head("verify", report.header, report.as_of),
        f"**{verify.summary(report)}** {'Not all could be read.' if report.errors() else fails}\n",
        *(f"{prose(line)}\n" for line in verify.coverage_lines(report, paint(False))),
    ]


def _failure(export: ExportVerdicts, verdict: Verdict) -> str:
    about = "".join(f"\n  - {code(path)}" for path in verify.objects(verdict))
    where = f"{code(str(export.address))} {code(verify.subject(verdict))}"
    return f"**{verdict.result}** {where}: {prose(verdict.reason)}{about}"


def _details(export: ExportVerdicts) -> str:
    rows = [
        f"| {' | '.join(code(cell) if cell else '' for cell in verify.cells(v))} | {prose(v.reason)} |"
        for v in export.verdicts
    ]
    titles = [title.lower() for title in (*verify.TITLES, "WHY")]
    state = "" if export.state == "enabled" else f"{export.state}, "
    lines = [
        f"\n<details><summary>{code(str(export.address))} {prose(state + export.storage)}</summary>\n",
        f"| {' | '.join(titles)} |",
        "|" + "---|" * len(titles),
        *rows,
        "\n</details>\n",
    ]
    return "\n".join(lines)


def findings(report: VerifyReport, places: Mapping[Address, SourcePosition]) -> tuple[Finding, ...]:
    """Return failures and read errors as annotations; `places` says where exports are declared."""
    failing = [(e, _finding(e, v)) for e in report.exports for v in e.verdicts if v.fails]
    unread = [(e, replace(f, message=f"{e.address}: {f.message}")) for e in report.exports for f in e.errors]
    return tuple(replace(f, at=f.at or places.get(e.address)) for e, f in (*failing, *unread))


def _finding(export: ExportVerdicts, verdict: Verdict) -> Finding:
    message = f"{export.address}: {verify.subject(verdict)}: {verdict.reason}"
    return Finding(f"verify-{verdict.result.lower()}", message, hint=verdict.hint)


def outputs(report: VerifyReport) -> dict[str, str]:
    """Return `failing`, `summary`, and a number for each result."""
    return {
        "failing": "true" if report.has_failed else "false",
        "errors": str(len(report.errors())),
        "summary": verify.summary(report),
        **{word.lower(): str(count) for word, count in report.counts().items()},
    }
