"""Rules on when an export runs and ends, on its file format, and on what `verify` is told to expect."""

from __future__ import annotations

from collections.abc import Iterable

from exportctl.errors import Level
from exportctl.model.project import Export, Project
from exportctl.model.schedule import (
    DAY,
    MIN_START_DELAY,
    ONCE,
    canonical_every,
    first_end,
    first_start,
    interval_seconds,
)
from exportctl.resources.destinations.table import TYPES
from exportctl.rules.rule import Hit, Rule, duration_text, export_address, key_position

UI_ONLY = ("hour", 8)  # [UI] [GR] offer it, [XD-new] [D] do not
SHORTEST_RENEWAL = 2 * DAY


def _recurring_exports(project: Project) -> Iterable[Export]:
    return (e for e in project.exports.values() if e.schedule.unit != ONCE)


def _hit(export: Export, text: str, *keys: str) -> Hit:
    return Hit(text, key_position(export, *keys), (export_address(export),))


def _check_eight_hours(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        if (export.schedule.unit, export.schedule.interval) == UI_ONLY:
            yield _hit(export, "every 8 hours may be refused by the API", "schedule.every", "schedule")


def _check_missing_end(project: Project, as_of: int) -> Iterable[Hit]:
    for export in _recurring_exports(project):
        if not export.end.is_given:
            said = ", as `end: none` says" if export.end.none else ""
            text = f"has no end{said}: the service would stop it silently six months after its creation"
            yield _hit(export, text, "end", "schedule")


def _check_end_before_start(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        start = export.schedule.start
        end = first_end(export.end, as_of)
        if start is None or end is None:
            continue
        first = first_start(canonical_every(export.schedule), export.schedule.at, start, start - MIN_START_DELAY)
        if end <= first:
            yield _hit(export, "ends before its first run: nothing would ever be exported", "end")


def _check_end_passed(project: Project, as_of: int) -> Iterable[Hit]:
    for export in _recurring_exports(project):
        if export.end.moment is not None and export.end.moment <= as_of:
            yield _hit(export, "its end has passed: nothing is exported any more", "end")


def _check_renew_before_too_short(project: Project, as_of: int) -> Iterable[Hit]:
    for export in _recurring_exports(project):
        before = export.end.renew_before
        if export.end.rolling is not None and before is not None and before < SHORTEST_RENEWAL:
            text = f"is renewed only {duration_text(before)} before its end: one missed nightly `renew` lets it end"
            yield _hit(export, text, "end.renew_before", "end")


def _check_rolling_too_short(project: Project, as_of: int) -> Iterable[Hit]:
    for export in _recurring_exports(project):
        rolling = export.end.rolling
        if rolling is not None and rolling < interval_seconds(canonical_every(export.schedule)) + DAY:
            text = f"rolling {duration_text(rolling)} can end before the first run"
            yield _hit(export, text, "end.rolling", "end")


def _check_warning_before_renewal(project: Project, as_of: int) -> Iterable[Hit]:
    warning = project.policy.end_warning
    for export in _recurring_exports(project):
        before = export.end.renew_before
        if export.end.rolling is not None and before is not None and before < warning:
            text = (
                f"is reported as ending {duration_text(warning)} before its end, but renewed only "
                f"{duration_text(before)} before it"
            )
            yield _hit(export, text, "end.renew_before", "end")


def _check_json_uncompressed(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        if (export.format.type, export.format.compression) == ("json", "none"):
            yield _hit(
                export, "JSON without compression is not supported by the service", "format.compression", "format"
            )


def _check_parquet_uncompressed(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        if (export.format.type, export.format.compression) == ("parquet", "none"):
            text = "uncompressed Parquet is limited to 1 million records for datasets other than events"
            yield _hit(export, text, "format.compression", "format")


def _check_expect_beyond_retention(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        destination = project.destinations.get(export.destination)
        within = export.expect.within if export.expect else None
        kind = TYPES[destination.type] if destination else None
        if kind and kind.retention_days and within and within > kind.retention_days * DAY:
            text = (
                f"expects files within {duration_text(within)}, but the {kind.noun} deletes them "
                f"after {kind.retention_days} days"
            )
            yield _hit(export, text, "expect.within", "expect")


def _check_expect_on_once(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        if export.schedule.unit == ONCE and export.expect is not None:
            yield _hit(export, "runs once, so `verify` has a single run to expect anything of", "expect")


RULES = (
    Rule(
        "schedule-8-hours",
        Level.WARNING,
        "Every 8 hours",
        "The user interface and the guardrails page offer 3, 6, 8 and 12 hours [UI] [GR], the API documents 3, 6, 9 and"
        " 12 [XD-new] [D]. Flows with 8 exist; whether the API creates one is not documented.",
        "Choose 6, 9 or 12 hours, or `allow` it for a flow that was made in the user interface.",
        "schedules: {nightly: {every: 8 hours}}",
        "schedules: {nightly: {every: 9 hours}}",
        check_project=_check_eight_hours,
    ),
    Rule(
        "missing-end",
        Level.ERROR,
        "A recurring export without an end",
        "Without endTime the service ends a flow six months after its creation, without a word [XD-new].",
        "Give it an end, for instance end: {rolling: 180 days, renew_before: 30 days}, which `renew` keeps moving; or"
        " `allow` it where `end: none` is meant.",
        "defaults: {end: null}",
        "defaults: {end: 2099-12-31}",
        check_project=_check_missing_end,
    ),
    Rule(
        "end-before-start",
        Level.ERROR,
        "An end that leaves no run",
        "Runs are due from the start while the time is before the end; with `start` the first run is the first point of"
        " the grid not before it. How the service treats such a flow is not documented (assumed: it refuses it).",
        "Move `end` behind the first run, or `start` before it.",
        'schedules: {nightly: {every: 1 day, at: "02:00", start: 2098-01-01}}\ndefaults: {end: 2097-01-01}',
        'schedules: {nightly: {every: 1 day, at: "02:00", start: 2098-01-01}}\ndefaults: {end: 2099-01-01}',
        check_project=_check_end_before_start,
    ),
    Rule(
        "end-passed",
        Level.WARNING,
        "An end in the past",
        "After its end a flow stops exporting [EX]. This is a warning and no error: it comes true by the passing of"
        " time, and a config that was right yesterday must not block an unrelated change today. A new flow with such an"
        " end is seen in the plan.",
        "Set a later end, or take the export out and name it under `removed`.",
        "defaults: {end: 2020-01-01}",
        "defaults: {end: 2099-01-01}",
        check_project=_check_end_passed,
    ),
    Rule(
        "renew-before-too-short",
        Level.WARNING,
        "renew_before below two days",
        "`renew` usually runs every night. With less than two days one failed night ends the feed, and nothing says"
        " that an ended flow can be revived (assumed).",
        "Give renew_before at least 2 days, better 30.",
        "defaults: {end: {rolling: 60 days, renew_before: 1 day}}",
        "defaults: {end: {rolling: 60 days, renew_before: 2 days}}",
        check_project=_check_renew_before_too_short,
    ),
    Rule(
        "rolling-too-short",
        Level.ERROR,
        "rolling shorter than one interval and a day",
        "A rolling end is counted from midnight UTC of today. If it is shorter than one interval and a day, a new flow"
        " can end before its first run (ours).",
        "Make rolling longer, for instance 180 days.",
        'schedules: {nightly: {every: 1 day, at: "02:00"}}\ndefaults: {end: {rolling: 1 day, renew_before: 12 hours}}',
        'schedules: {nightly: {every: 1 day, at: "02:00"}}\ndefaults: {end: {rolling: 2 days, renew_before: 12 hours}}',
        check_project=_check_rolling_too_short,
    ),
    Rule(
        "end-warning-before-renewal",
        Level.NOTE,
        "Reported as ending before it is renewed",
        "`drift` lists exports that end within policy.end_warning. A rolling end is renewed only when fewer than"
        " renew_before are left, so in between it is listed although all is well (ours).",
        "Make renew_before at least as long as policy.end_warning.",
        "policy: {end_warning: 30 days}\ndefaults: {end: {rolling: 180 days, renew_before: 29 days}}",
        "policy: {end_warning: 30 days}\ndefaults: {end: {rolling: 180 days, renew_before: 30 days}}",
        check_project=_check_warning_before_renewal,
    ),
    Rule(
        "json-uncompressed",
        Level.ERROR,
        "JSON without compression",
        "User guide, tutorial and guardrails say that JSON is exported compressed only [UI] [XD-new] [GR]; the"
        " tutorial's own samples send it uncompressed, and when the service refuses is not documented.",
        "Set compression: gzip, or `allow` it for a flow that exists like this.",
        "formats: {plain: {type: json, compression: none}}\nexports: {orders: {format: plain}}",
        "formats: {plain: {type: json, compression: gzip}}\nexports: {orders: {format: plain}}",
        check_project=_check_json_uncompressed,
    ),
    Rule(
        "parquet-uncompressed",
        Level.NOTE,
        "Parquet without compression",
        "The first full export of a dataset that is no event dataset fails beyond 1 million records if it is"
        " uncompressed Parquet; compressed the limit is 10 billion [GR].",
        "Set compression: gzip unless the dataset stays small.",
        "formats: {plain: {type: parquet, compression: none}}\nexports: {orders: {format: plain}}",
        "formats: {plain: {type: parquet, compression: gzip}}\nexports: {orders: {format: plain}}",
        check_project=_check_parquet_uncompressed,
    ),
    Rule(
        "expect-beyond-retention",
        Level.WARNING,
        "Files expected after the landing zone has deleted them",
        "Every file in a landing zone is deleted after 7 days [DLZ]; later `verify` cannot tell late from deleted.",
        "Set expect.within to at most 7 days.",
        "destinations: {zone: {type: data-landing-zone, path: aep}}\n"
        "exports: {orders: {destination: zone, expect: {within: 8 days}}}",
        "destinations: {zone: {type: data-landing-zone, path: aep}}\n"
        "exports: {orders: {destination: zone, expect: {within: 7 days}}}",
        check_project=_check_expect_beyond_retention,
    ),
    Rule(
        "expect-on-once",
        Level.NOTE,
        "expect on an export that runs once",
        "`verify` judges the runs that were due since a moment; one that runs once is judged only while its single run"
        " lies in that time (ours).",
        "Nothing needs to be done; take `expect` out once the run was verified.",
        "exports: {orders: {schedule: {every: once}, end: null, expect: {within: 1 day}}}",
        "exports: {orders: {expect: {within: 1 day}}}",
        check_project=_check_expect_on_once,
    ),
)
