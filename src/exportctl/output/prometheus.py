"""
A nightly run as metrics, in the text format of Prometheus 0.0.4, for the textfile collector of node_exporter.

Source: prometheus.io/docs/instrumenting/exposition_formats. A backslash, a quotation mark and a line feed in the value
of a label are escaped; HELP and TYPE stand once, before the samples of their metric. No sample has a timestamp: the
textfile collector refuses them.

The file replaces the one of the night before. So the moment of the last success of an environment that failed tonight
is taken over from that file. Pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from exportctl.frozen import dataclass
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.schedule import DAY
from exportctl.monitor.delivery.report import DeliveryResult, ExportVerdicts
from exportctl.monitor.night import NightPart, NightReport
from exportctl.monitor.status import ExportHealth
from exportctl.output.format_values import clean_text
from exportctl.output.night import Night, NightRow
from exportctl.resources.run import RunStatus

Labels = tuple[tuple[str, str], ...]
_COMPLETE = (DeliveryResult.COMPLETE, DeliveryResult.EMPTY)
_LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\.)*)"')
_LINE = re.compile(r"exportctl_last_success_timestamp_seconds\{(?P<labels>.*)\} (?P<value>[0-9]{1,12})")


@dataclass(frozen=True)
class Metric:
    """One metric; all are gauges: each night states what is true then."""

    name: str
    help: str


class Sample(NamedTuple):
    metric: Metric
    labels: Labels
    value: float


DAYS_TO_END = Metric("exportctl_export_days_to_end", "Days until the export ends; negative if it has ended.")
END = Metric("exportctl_export_end_timestamp_seconds", "When the export ends, in seconds since 1970 UTC.")
DRIFT = Metric("exportctl_drift_entries", "Findings of drift by group.")
LAST_COMPLETE = Metric(
    "exportctl_export_last_complete_run_timestamp_seconds",
    "When the newest complete run ended, in seconds since 1970 UTC. Its age is time() minus this.",
)
AGE = Metric(
    "exportctl_export_last_complete_run_age_seconds", "Age of the newest complete run when the metrics were written."
)
FAILED_RUNS = Metric("exportctl_export_failed_runs", "Expected runs in the window of verify whose result fails.")
RUNS = Metric("exportctl_export_runs", "Expected runs in the window of verify by result.")
RENEWALS = Metric("exportctl_renewals", "Rolling ends that the run was to move, by how that ended.")
PART = Metric("exportctl_nightly_part_exit_code", "Exit code of one part of the nightly run.")
EXIT = Metric("exportctl_nightly_exit_code", "Exit code of the nightly run for this environment.")
LAST_RUN = Metric("exportctl_last_run_timestamp_seconds", "When the nightly run ended, in seconds since 1970 UTC.")
LAST_SUCCESS = Metric(
    "exportctl_last_success_timestamp_seconds",
    "When a nightly run last read this environment and did every part, in seconds since 1970 UTC.",
)
METRICS = (DAYS_TO_END, END, DRIFT, LAST_COMPLETE, AGE, FAILED_RUNS, RUNS, RENEWALS, PART, EXIT, LAST_RUN, LAST_SUCCESS)


def render_metrics(night: Night, before: str = "") -> str:
    """Return the text file. `before` is the text of the file that it replaces."""
    successes = _last_successes(before)
    samples = [sample for row in night.rows for sample in _row_samples(row, night, successes)]
    lines = []
    for metric in METRICS:
        own = [sample for sample in samples if sample.metric is metric]
        if own:
            lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} gauge"]
            lines += [_sample_line(sample) for sample in own]
    return "\n".join(lines) + "\n"


def _row_samples(row: NightRow, night: Night, successes: Mapping[Labels, float]) -> Iterator[Sample]:
    labels = tuple(
        (name, clean_text(value))
        for name, value in (("project", row.project), ("environment", row.environment or ""), ("sandbox", row.sandbox))
    )
    yield Sample(EXIT, labels, row.exit_code)
    yield Sample(LAST_RUN, labels, night.ended)
    is_done = row.report is not None and not row.report.failed and row.exit_code in _DONE
    last = night.ended if is_done else successes.get(labels)
    if last is not None:
        yield Sample(LAST_SUCCESS, labels, last)
    if row.report is not None:
        yield from _report_samples(row.report, row, labels)


_DONE = (0, 3, 9)  # every part was done; what it found has metrics of its own


def _report_samples(report: NightReport, row: NightRow, labels: Labels) -> Iterator[Sample]:
    for part, code in sorted(row.codes.items(), key=lambda pair: list(NightPart).index(pair[0])):
        yield Sample(PART, (*labels, ("part", part.value)), code)
    for group, count in report.drift.counts().items():
        yield Sample(DRIFT, (*labels, ("group", group)), count)
    if report.renewal is not None:
        for status in OutcomeStatus:
            count = sum(outcome.status is status for outcome in report.renewal.outcomes)
            yield Sample(RENEWALS, (*labels, ("status", status.value)), count)
    verdicts = {one.address: one for one in report.verify.exports} if report.verify else {}
    for export in report.status.exports:
        own = (*labels, ("export", clean_text(str(export.address))))
        yield from _export_samples(export, verdicts.get(export.address), own, report.as_of)
    for address, one in verdicts.items():
        yield from _run_samples(one, (*labels, ("export", clean_text(str(address)))))


def _export_samples(export: ExportHealth, found: ExportVerdicts | None, labels: Labels, as_of: int) -> Iterator[Sample]:
    if export.ends is not None:
        yield Sample(DAYS_TO_END, labels, round((export.ends - as_of) / DAY, 3))
        yield Sample(END, labels, export.ends)
    last = _last_complete_run(export, found)
    if last is not None:
        yield Sample(LAST_COMPLETE, labels, last)
        yield Sample(AGE, labels, as_of - last)


def _run_samples(found: ExportVerdicts, labels: Labels) -> Iterator[Sample]:
    yield Sample(FAILED_RUNS, labels, sum(verdict.fails for verdict in found.verdicts))
    words = [verdict.result for verdict in found.verdicts]
    for word in DeliveryResult:
        yield Sample(RUNS, (*labels, ("result", word.value)), words.count(word))


def _last_complete_run(export: ExportHealth, found: ExportVerdicts | None) -> int | None:
    """
    Return when the newest complete run ended: as `verify` judges it, else the newest run that the flow reports.

    The flow knows its newest run also if that is older than the window of verify. It is not taken if verify judged a
    run in its window and found none complete: then the flow's word for success is not enough.
    """
    verdicts = found.verdicts if found else ()
    complete = [v.completed for v in verdicts if v.result in _COMPLETE and v.completed is not None]
    if complete:
        return max(complete)
    run = export.last_run
    judged = {v.run for v in verdicts if v.run}
    if run is None or run.status is not RunStatus.DONE or run.id in judged:
        return None
    return run.completed


def _sample_line(sample: Sample) -> str:
    labels = ",".join(f'{name}="{_label_value(value)}"' for name, value in sample.labels)
    value = f"{sample.value:g}" if not float(sample.value).is_integer() else str(math.trunc(sample.value))
    return f"{sample.metric.name}{{{labels}}} {value}"


def _label_value(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _last_successes(text: str) -> Mapping[Labels, float]:
    """Return the moments of the last success in a file of ours, by labels; lines of another form are left out."""
    found = {}
    for line in text.splitlines():
        matched = _LINE.fullmatch(line)
        if matched:
            pairs = _LABEL.findall(matched["labels"])
            found[tuple((name, _unescape(value)) for name, value in pairs)] = float(matched["value"])
    return found


def _unescape(value: str) -> str:
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], value)
