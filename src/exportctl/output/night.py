"""A nightly run over one or all environments, as every output takes it: the exit codes, and one sentence per part."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import field

from exportctl.errors import Finding
from exportctl.frozen import dataclass
from exportctl.model.apply_report import ApplyReport, ResourceState, ResultWord
from exportctl.model.schedule import format_count
from exportctl.monitor import drift
from exportctl.monitor.night import NightPart, NightReport
from exportctl.output import attention
from exportctl.output.ci_run import CiRun
from exportctl.output.text import drift as text_drift
from exportctl.output.text import status as text_status
from exportctl.output.text import verify as text_verify

NOT_ASKED = "not asked for (--no-renew)"


@dataclass(frozen=True)
class NightRow:
    """
    One environment; `environment` is None if the config has none.

    `report` is None where it could not be read, and `errors` says why. `codes` has the exit code of each part that was
    done; `exit_code` is the one that counts.
    """

    environment: str | None
    project: str
    sandbox: str
    report: NightReport | None
    exit_code: int
    codes: dict[NightPart, int] = field(default_factory=dict)
    errors: tuple[Finding, ...] = ()

    @property
    def name(self) -> str:
        return self.environment or self.sandbox


@dataclass(frozen=True)
class Night:
    """
    One run. `fail_on` are the groups of drift that count; `ended` is in seconds since 1970 UTC, by our own clock.

    `errors` say why no environment was read at all, such as a config that is not valid; then there are no rows. The
    project is None if also its name could not be read. `environment` is then the one that was asked for; None: all, or
    the config has none.
    """

    project: str | None
    rows: Sequence[NightRow]
    exit_code: int
    ended: int
    is_of_all: bool
    run: CiRun = field(default_factory=CiRun)
    fail_on: Collection[str] = drift.DEFAULT_FAILING
    environment: str | None = None
    errors: tuple[Finding, ...] = ()

    @property
    def needs_attention(self) -> bool:
        return self.exit_code != 0


def part_sentences(report: NightReport) -> dict[NightPart, str]:
    """Return one sentence about each part of an environment."""
    sentences = {
        NightPart.RENEW: renewal_sentence(report.renewal) if report.renewal else NOT_ASKED,
        NightPart.DRIFT: text_drift.summary(report.drift).removeprefix("Drift: "),
        NightPart.VERIFY: text_verify.summary(report.verify).removeprefix("Verify: ") if report.verify else "",
        NightPart.STATUS: text_status.summary(report.status).removeprefix("Status: "),
    }
    failures = {one.part: f"failed: {one.findings[0].message}" for one in report.failed}
    return {**sentences, **failures}


def renewal_sentence(report: ApplyReport) -> str:
    """Return how many of the rolling ends that are due were moved."""
    due = sum(item.has_renewal for item in report.plan.items)
    moved = len(report.of_state(ResourceState.DONE)) if report.was_started else 0
    words = f"{moved} of {format_count(due, 'rolling end')} moved" if due else "no rolling end is due"
    return f"{words}." if report.result is ResultWord.DONE else f"{words}; {report.result.value}."


def due_sentence(report: ApplyReport) -> str:
    """Return how many rolling ends are due, for a run that moves none; else what stops their renewal."""
    if report.result is not ResultWord.DONE:
        return renewal_sentence(report)
    due = sum(item.has_renewal for item in report.plan.items)
    return f"{format_count(due, 'rolling end')} {'is' if due == 1 else 'are'} due." if due else "no rolling end is due."


def attention_lines(report: NightReport, fail_on: Collection[str]) -> list[str]:
    """Return one line for each end that was not moved, each entry of drift that counts, and each verdict that fails."""
    renewals = attention.renewal_lines(report.renewal) if report.renewal else ()
    verdicts = attention.verify_lines(report.verify) if report.verify else ()
    return [
        *(f"renew: {line}" for line in renewals),
        *attention.drift_lines(report.drift, fail_on),
        *(f"verify: {line}" for line in verdicts),
    ]


def row_findings(row: NightRow) -> tuple[Finding, ...]:
    """Return the errors of an environment: why it was not read, or why a part failed or could not be finished."""
    report = row.report
    if report is None:
        return row.errors
    found = [f for one in report.failed for f in one.findings]
    if report.renewal is not None:
        found += [*report.renewal.errors, *report.renewal.plan.errors()]
    found += [*report.drift.errors, *report.status.errors]
    found += [] if report.verify is None else report.verify.errors()
    return tuple(dict.fromkeys(found))
