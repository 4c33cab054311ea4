"""The metrics of a night, read by the parser of prometheus_client."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from exportctl.monitor.drift import DriftGroup
from exportctl.output import prometheus
from exportctl.output.night import Night, NightRow
from tests.output.sample_nights import evil_night, full_night, loud_row, quiet_row, unread_row
from tests.output.sample_plans import AS_OF, DAY

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    """Each sample by its name and labels; none stands twice."""
    found = [
        ((sample.name, frozenset(sample.labels.items())), sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]
    assert len(dict(found)) == len(found)
    return dict(found)


def value(found: Samples, metric: prometheus.Metric, environment: str, **labels: str) -> float | None:
    named = {"project": "acme", "environment": environment, "sandbox": environment, **labels}
    return found.get((metric.name, frozenset(named.items())))


def test_every_metric_is_a_gauge_with_a_help_text() -> None:
    families = {
        family.name: family for family in text_string_to_metric_families(prometheus.render_metrics(full_night()))
    }

    assert set(families) == {metric.name for metric in prometheus.METRICS}
    assert {family.type for family in families.values()} == {"gauge"}
    assert {metric.name: metric.help for metric in prometheus.METRICS} == {
        name: family.documentation for name, family in families.items()
    }
    assert all(sample.timestamp is None for family in families.values() for sample in family.samples)


def test_the_values_are_those_of_the_reports() -> None:
    night = full_night()
    found = samples(prometheus.render_metrics(night))
    report = loud_row().report
    assert report is not None
    assert report.verify is not None
    assert report.renewal is not None

    for group in DriftGroup:
        assert value(found, prometheus.DRIFT, "prod", group=group.value) == report.drift.counts()[group.value]
    for export in report.status.exports:
        days = None if export.ends is None else round((export.ends - report.as_of) / DAY, 3)
        assert value(found, prometheus.DAYS_TO_END, "prod", export=str(export.address)) == days
    for verified in report.verify.exports:
        shown = value(found, prometheus.FAILED_RUNS, "prod", export=str(verified.address))
        assert shown == sum(verdict.fails for verdict in verified.verdicts)
    assert value(found, prometheus.RENEWALS, "prod", status="done") == 1
    assert value(found, prometheus.RENEWALS, "prod", status="failed") == 1
    assert value(found, prometheus.PART, "prod", part="verify") == 9
    assert value(found, prometheus.EXIT, "stage") == 1
    assert value(found, prometheus.LAST_RUN, "stage") == night.ended


def test_a_success_is_a_night_that_did_every_part_whatever_it_found() -> None:
    ended = AS_OF + 60
    drifted = replace(loud_row(), exit_code=3)
    night = Night("acme", (quiet_row(), drifted, unread_row()), 1, ended, is_of_all=True)
    found = samples(prometheus.render_metrics(night))

    assert value(found, prometheus.LAST_SUCCESS, "dev") == ended
    assert value(found, prometheus.LAST_SUCCESS, "prod") == ended
    assert value(found, prometheus.LAST_SUCCESS, "stage") is None


def test_the_last_success_is_taken_over_from_the_file_of_the_night_before() -> None:
    before = prometheus.render_metrics(Night("acme", (odd_row(0),), 0, AS_OF, is_of_all=True))
    after = prometheus.render_metrics(Night("acme", (odd_row(1),), 1, AS_OF + DAY, is_of_all=True), before)
    again = prometheus.render_metrics(Night("acme", (odd_row(1),), 1, AS_OF + 2 * DAY, is_of_all=True), after)

    for text in (before, after, again):
        moments = {key: number for key, number in samples(text).items() if key[0] == prometheus.LAST_SUCCESS.name}
        assert set(moments.values()) == {AS_OF}


def odd_row(code: int) -> NightRow:
    """An environment with every character that the format escapes in its name."""
    return replace(quiet_row(), environment='a"b\\c,{x}="y"', exit_code=code)


def test_a_file_of_another_form_is_replaced_and_not_read() -> None:
    lines = 'exportctl_last_success_timestamp_seconds{project="acme"} NaN\nnot a metric\n\x00'

    assert prometheus.render_metrics(full_night(), lines) == prometheus.render_metrics(full_night())


def test_hostile_names_stay_labels() -> None:
    found = samples(prometheus.render_metrics(evil_night()))

    assert {name for name, _ in found} <= {metric.name for metric in prometheus.METRICS}
