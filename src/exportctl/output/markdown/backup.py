"""
A backup report for a CI summary or a comment: what fails first, then a collapsed part per export, within a limit.

Per export there is one table row per dataset, and below it what breaks the chains. The text output is complete.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from exportctl.output import format_values
from exportctl.output.markdown import parts
from exportctl.output.markdown_escape import code, html_code, html_prose, prose
from exportctl.output.text import backup, file_lists

if TYPE_CHECKING:
    from exportctl.monitor.backup.report import BackupReport, Chain, ExportChains, Gap

_RESERVE = 200  # characters for the line that says how much is shown
_SHARE = 8  # the gaps of one export take no more than an eighth of the room
_OBJECTS = 5  # paths shown for one gap


def render_backup_report(report: BackupReport, *, limit: int = parts.LIMIT) -> str:
    """Return the whole report, as far as it fits; failures take at most half of the room."""
    failing = [_failed_chain(export, chain) for export in report.exports for chain in export.chains if chain.failures]
    unread = [f"{code(export.address)} {parts.finding(f)}" for export in report.exports for f in export.errors]
    verdict = "Not all could be read." if report.errors() else backup.policy_verdict(report)
    head = "\n".join(
        [
            *parts.head("backup", report.header, report.as_of),
            f"**{backup.summary(report)}** {verdict}\n",
            *parts.section("Could not be read", unread, limit // 4),
            *parts.section("Not as the policy asks", failing, limit // 4),
            *parts.section("Not as the lists say", list(_fault_lines(report)), limit // 8),
            *parts.section("Compared with lists", list(_list_lines(report)), limit // 8),
        ]
    )
    ordered = sorted(report.exports, key=lambda export: not (export.has_failed or export.errors))
    details = [_export_details(export, report.as_of, limit // _SHARE) for export in ordered]
    kept = parts.fit_lines(details, limit - len(head) - _RESERVE)
    cut = f"\n_{len(kept)} of {len(details)} exports shown; the text output has them all._\n"
    return head + "".join(kept) + (cut if len(kept) < len(details) else "")


def _failed_chain(export: ExportChains, chain: Chain) -> str:
    where = f" (asked for at {code(export.policy.at)})" if export.policy and export.policy.at else ""
    return f"**{chain.state}** {code(export.address)} {code(chain.dataset)}: {prose('; '.join(chain.failures))}{where}"


def _list_lines(report: BackupReport) -> Iterator[str]:
    for one in report.comparisons:
        said = "; ".join(file_lists.evidence_texts(one))
        label = prose(file_lists.list_label(one))
        yield f"{code(one.file)} {code(one.export)} {label}{': ' if said else ''}{prose(said)}"


def _fault_lines(report: BackupReport) -> Iterator[str]:
    for one in report.comparisons:
        for fault in one.faults:
            yield f"{code(one.file)} {code(one.dataset)} {prose(file_lists.fault_text(fault))}"


def _export_details(export: ExportChains, as_of: int, share: int) -> str:
    rows = [_chain_cells(chain, as_of) for chain in export.chains]
    state = "" if export.state == "enabled" else f"{export.state}, "
    gaps = [_gap_line(chain, gap) for chain in export.chains for gap in chain.gaps]
    lines = [
        f"\n<details><summary>{html_code(export.address)} {html_prose(state + export.storage)}</summary>\n",
        *parts.table_lines((*backup.TITLES, "WHY"), rows),
        "",
        *parts.section("What breaks the chains", gaps, share),
        *parts.section("What later runs brought", list(_late_lines(export)), share),
        *parts.section("What the chains begin with", list(_start_lines(export)), share),
        *parts.section("How the runs combine", list(_combination_lines(export)), share),
        *parts.section("When it was last restored", list(_drill_lines(export, as_of)), share),
        "</details>\n",
    ]
    return "\n".join(lines)


def _chain_cells(chain: Chain, as_of: int) -> list[str]:
    return [*(code(value) if value else "" for value in backup.cells(chain, as_of)), prose(chain.reason)]


def _gap_line(chain: Chain, gap: Gap) -> str:
    paths = [code(path) for path in gap.objects[:_OBJECTS]]
    paths += [f"and {len(gap.objects) - _OBJECTS} more"] if len(gap.objects) > _OBJECTS else []
    said = f"{code(chain.dataset)} {prose(backup.gap_text(gap))}; lost: {prose(gap.lost)}; action: {prose(gap.action)}"
    return said + "".join(f"\n  - {path}" for path in paths)


def _late_lines(export: ExportChains) -> Iterator[str]:
    for chain in export.chains:
        for late in chain.late_rows:
            yield f"{code(chain.dataset)} {prose(backup.late_text(late))}"


def _start_lines(export: ExportChains) -> Iterator[str]:
    for chain in export.chains:
        for start in chain.starts:
            yield f"{code(chain.dataset)} {format_values.moment(start.moment)}: {prose(start.reason)}"


def _drill_lines(export: ExportChains, as_of: int) -> Iterator[str]:
    for chain in export.chains:
        for sentence in backup.drill_texts(chain, as_of):
            yield f"{code(chain.dataset)} {prose(sentence)}"


def _combination_lines(export: ExportChains) -> Iterator[str]:
    for chain in export.chains:
        for sentence in (*backup.combination_texts(chain), *backup.warning_texts(chain)):
            yield f"{code(chain.dataset)} {prose(sentence)}"
