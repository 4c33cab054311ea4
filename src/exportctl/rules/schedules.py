"""Rules on when an export runs and ends, on its file format, and on its `expect`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from exportctl.errors import Level
from exportctl.model import schedule as schedules
from exportctl.model.project import Expect, Export, Project
from exportctl.model.schedule import DAY, ONCE, canonical_every
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.service_values import COMPRESSIONS, FILE_TYPES, INTERVALS, READ, ServiceValue, listed_names
from exportctl.rules.rule import Hit, Rule, closest_match, duration_text, is_unresolved, make_hit

UI_ONLY = ("hour", 8)  # [UI] [GR] offer it, [XD-new] [D] do not
_CSV = "csv"
SHORTEST_RENEWAL = 2 * DAY


def _recurring_exports(project: Project) -> Iterable[Export]:
    return (e for e in project.exports.values() if e.schedule.unit != ONCE)


def _check_eight_hours(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        if (export.schedule.unit, export.schedule.interval) == UI_ONLY:
            yield make_hit(export, "every 8 hours is a schedule that the API may refuse", "schedule.every", "schedule")


def _check_csv(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        if export.format.type == _CSV:
            yield make_hit(export, "datasets cannot be exported as CSV", "format.type", "format")


def _check_unlisted_values(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        written = (
            (canonical_every(export.schedule), INTERVALS, "is not an interval that Adobe lists", "schedule.every"),
            (export.format.type, FILE_TYPES, "is not a file type that Adobe lists", "format.type"),
            (export.format.compression, COMPRESSIONS, "is not a compression that Adobe lists", "format.compression"),
        )
        for value, table, phrase, key in written:
            if value not in table and value != _CSV and not is_unresolved(value):
                text = f'"{value}" {phrase} (read {READ}): the service may refuse it'
                hint = _unlisted_hint(value, table)
                yield make_hit(export, text, key, key.partition(".")[0], hint=hint, subject=key)


def _unlisted_hint(value: str, table: Mapping[str, ServiceValue]) -> str:
    near = closest_match(value, table) if table is not INTERVALS else None
    meant = f'did you mean "{near}"? ' if near else ""
    return f"{meant}Adobe lists {listed_names(table)}; `allow` it if your sandbox offers it or a flow has it"


def _check_missing_end(project: Project, as_of: int) -> Iterable[Hit]:
    for export in _recurring_exports(project):
        if not export.end.is_given:
            cause = " (`end: none`)" if export.end.none else ""
            text = f"has no end{cause}: the service would stop it silently six months after its creation"
            yield make_hit(export, text, "end", "schedule")


def _check_end_before_start(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        start = export.schedule.start
        end = schedules.first_end(export.end, as_of)
        if start is None or end is None:
            continue
        every, now = canonical_every(export.schedule), start - schedules.MIN_START_DELAY
        if end <= schedules.first_start(every, export.schedule.at, start, now):
            yield make_hit(export, "ends before its first run: it would never export anything", "end")


def _check_end_passed(project: Project, as_of: int) -> Iterable[Hit]:
    for export in _recurring_exports(project):
        if export.end.moment is not None and export.end.moment <= as_of:
            yield make_hit(export, "its end has passed: it exports nothing any more", "end")


def _check_renew_before_too_short(project: Project, as_of: int) -> Iterable[Hit]:
    for export in _recurring_exports(project):
        before = export.end.renew_before
        if export.end.rolling is not None and before is not None and before < SHORTEST_RENEWAL:
            text = f"is renewed only {duration_text(before)} before its end: it ends if one nightly `renew` fails"
            yield make_hit(export, text, "end.renew_before", "end")


def _check_rolling_too_short(project: Project, as_of: int) -> Iterable[Hit]:
    for export in _recurring_exports(project):
        rolling = export.end.rolling
        if rolling is not None and rolling < schedules.interval_seconds(canonical_every(export.schedule)) + DAY:
            text = f"rolling {duration_text(rolling)} can end before the first run"
            yield make_hit(export, text, "end.rolling", "end")


def _check_warning_before_renewal(project: Project, as_of: int) -> Iterable[Hit]:
    warning = project.policy.end_warning
    for export in _recurring_exports(project):
        before = export.end.renew_before
        if export.end.rolling is not None and before is not None and before < warning:
            moved = f"{duration_text(before)} before it"
            text = f"plan warns {duration_text(warning)} before its end, but `renew` moves the end only {moved}"
            yield make_hit(export, text, "end.renew_before", "end")


def _check_run_distance(project: Project, as_of: int) -> Iterable[Hit]:
    distance = project.policy.run_distance
    for export in _recurring_exports(project):
        every = schedules.interval_seconds(canonical_every(export.schedule))
        if distance is not None and 2 * distance >= every:
            text = f"policy.run_distance {duration_text(distance)} leaves no time between its runs, every"
            yield make_hit(export, f"{text} {duration_text(every)}", "schedule", subject="run_distance")


def _check_json_uncompressed(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        if (export.format.type, export.format.compression) == ("json", "none"):
            text = "the service does not support JSON without compression"
            yield make_hit(export, text, "format.compression", "format")


def _check_parquet_uncompressed(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        if (export.format.type, export.format.compression) == ("parquet", "none"):
            text = "uncompressed Parquet has a limit of 1 million records for datasets other than event datasets"
            yield make_hit(export, text, "format.compression", "format")


def _check_expect_beyond_retention(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        destination = project.destinations.get(export.destination)
        within = export.expect.within if export.expect else None
        kind = TYPES[destination.type] if destination else None
        if kind and kind.retention_days and within and within > kind.retention_days * DAY:
            limit = f"the {kind.noun} deletes them after {kind.retention_days} days"
            text = f"expects files within {duration_text(within)}, but {limit}"
            yield make_hit(export, text, "expect.within", "expect")


def _check_backup_beyond_retention(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        destination = project.destinations.get(export.destination)
        kind = TYPES[destination.type] if destination else None
        if kind and kind.retention_days and export.expect and export.expect.backup:
            text = f"expects a backup, but the {kind.noun} deletes files after {kind.retention_days} days"
            hit = make_hit(export, text, "expect.backup", "expect")
            yield replace(hit, at=export.expect.backup.at or hit.at)  # that of the defaults is not the export's own


def _check_expect_on_once(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        if export.schedule.unit == ONCE and export.expect and replace(export.expect, backup=None) != Expect():
            yield make_hit(export, "runs once, so `expect` applies to a single run", "expect")


RULES = (
    Rule(
        "schedule-8-hours",
        Level.WARNING,
        "Every 8 hours",
        "The AEP UI offers 8 hours and not 9 [UI] [GR]; the API documents 9 hours and not 8 [XD-new] [D]. Flows with 8"
        " exist. No documentation says if the API creates one.",
        "Choose 6, 9 or 12 hours, or `allow` it for a flow that was created in the AEP UI.",
        "schedules: {nightly: {every: 8 hours}}",
        "schedules: {nightly: {every: 9 hours}}",
        check_project=_check_eight_hours,
    ),
    Rule(
        "format-csv",
        Level.ERROR,
        "CSV files",
        "The connection specs offer CSV for audiences, and PARQUET and JSON for datasets [XD-new].",
        "Set type: parquet or json, or `allow` it for a flow that has it.",
        "formats: {table: {type: csv}}\nexports: {orders: {format: table}}",
        "formats: {table: {type: parquet}}\nexports: {orders: {format: table}}",
        check_project=_check_csv,
    ),
    Rule(
        "unlisted-value",
        Level.WARNING,
        "An interval, file type or compression that is not listed",
        "Adobe adds such values several times a year, so exportctl sends what the YAML says, and `plan` checks it"
        " against the connection spec of the sandbox. [service-values.md](service-values.md) has the values that"
        " exportctl knows, with source and date.",
        "Write a listed value, or `allow` the value if your sandbox offers it. An import writes this `allow` itself.",
        "schedules: {nightly: {every: 5 hours}}",
        "schedules: {nightly: {every: 6 hours}}",
        check_project=_check_unlisted_values,
    ),
    Rule(
        "missing-end",
        Level.ERROR,
        "A recurring export without an end",
        "Without endTime the service ends a flow six months after its creation [XD-new]. No documentation mentions a"
        " message.",
        "Write an end, for example end: {rolling: 180 days, renew_before: 30 days}, which `renew` moves on; or `allow`"
        " it if you want `end: none`.",
        "defaults: {end: null}",
        "defaults: {end: 2099-12-31}",
        check_project=_check_missing_end,
    ),
    Rule(
        "end-before-start",
        Level.ERROR,
        "An end that leaves no run",
        "Runs are due from the start until the end; with `start`, the first run is the first time of the schedule that"
        " is not before it. No documentation says how the service treats such a flow (assumed: it refuses it).",
        "Move `end` after the first run, or `start` before the end.",
        'schedules: {nightly: {every: 1 day, at: "02:00", start: 2098-01-01}}\ndefaults: {end: 2097-01-01}',
        'schedules: {nightly: {every: 1 day, at: "02:00", start: 2098-01-01}}\ndefaults: {end: 2099-01-01}',
        check_project=_check_end_before_start,
    ),
    Rule(
        "end-passed",
        Level.WARNING,
        "An end in the past",
        "After its end a flow stops exporting [EX]. This is a warning and not an error: time alone causes it, and a"
        " config that was right yesterday must not block an unrelated change today. A plan creates no flow with such an"
        " end.",
        "Write a later end, or remove the export and name it under `removed`.",
        "defaults: {end: 2020-01-01}",
        "defaults: {end: 2099-01-01}",
        check_project=_check_end_passed,
    ),
    Rule(
        "renew-before-too-short",
        Level.WARNING,
        "renew_before below two days",
        "`renew` usually runs every night. With less than two days, one failed night can end the export, and no"
        " documentation says that an expired flow can be revived (assumed).",
        "Set renew_before to at least 2 days, better 30.",
        "defaults: {end: {rolling: 60 days, renew_before: 1 day}}",
        "defaults: {end: {rolling: 60 days, renew_before: 2 days}}",
        check_project=_check_renew_before_too_short,
    ),
    Rule(
        "rolling-too-short",
        Level.ERROR,
        "rolling shorter than one interval and a day",
        "exportctl counts a rolling end from midnight UTC of today. If it is shorter than one interval and a day, a new"
        " flow can end before its first run (ours).",
        "Make rolling longer, for example 180 days.",
        'schedules: {nightly: {every: 1 day, at: "02:00"}}\ndefaults: {end: {rolling: 1 day, renew_before: 12 hours}}',
        'schedules: {nightly: {every: 1 day, at: "02:00"}}\ndefaults: {end: {rolling: 2 days, renew_before: 12 hours}}',
        check_project=_check_rolling_too_short,
    ),
    Rule(
        "end-warning-before-renewal",
        Level.NOTE,
        "A warning about an end before its renewal",
        "`drift` lists exports that end within policy.end_warning. exportctl renews a rolling end only when less than"
        " renew_before remains, so in between `drift` lists it without need (ours).",
        "Make renew_before at least as long as policy.end_warning.",
        "policy: {end_warning: 30 days}\ndefaults: {end: {rolling: 180 days, renew_before: 29 days}}",
        "policy: {end_warning: 30 days}\ndefaults: {end: {rolling: 180 days, renew_before: 30 days}}",
        check_project=_check_warning_before_renewal,
    ),
    Rule(
        "run-distance-too-long",
        Level.WARNING,
        "A distance from runs that leaves no time for a change",
        "apply changes no flow within policy.run_distance before and after each of its runs. If that is half of the"
        " interval or more, every change needs --allow-near-run (ours).",
        "Make policy.run_distance shorter than half of the shortest interval.",
        "policy: {run_distance: 90 minutes}\nexports: {orders: {schedule: {every: 3 hours}}}",
        "policy: {run_distance: 89 minutes}\nexports: {orders: {schedule: {every: 3 hours}}}",
        check_project=_check_run_distance,
    ),
    Rule(
        "json-uncompressed",
        Level.ERROR,
        "JSON without compression",
        "The user guide, the tutorial and the guardrails say that JSON must be compressed [UI] [XD-new] [GR]. The"
        " tutorial's own samples have no compression, and no documentation says when the service refuses it.",
        "Set compression: gzip, or `allow` it for an existing flow.",
        "formats: {plain: {type: json, compression: none}}\nexports: {orders: {format: plain}}",
        "formats: {plain: {type: json, compression: gzip}}\nexports: {orders: {format: plain}}",
        check_project=_check_json_uncompressed,
    ),
    Rule(
        "parquet-uncompressed",
        Level.NOTE,
        "Parquet without compression",
        "The first full export of a dataset that is not an event dataset fails above 1 million records if it is"
        " uncompressed Parquet. The limit with compression is 10 billion [GR].",
        "Set compression: gzip, unless the dataset stays small.",
        "formats: {plain: {type: parquet, compression: none}}\nexports: {orders: {format: plain}}",
        "formats: {plain: {type: parquet, compression: gzip}}\nexports: {orders: {format: plain}}",
        check_project=_check_parquet_uncompressed,
    ),
    Rule(
        "expect-beyond-retention",
        Level.WARNING,
        "Files expected after the landing zone deletes them",
        "Adobe deletes every file in a landing zone after 7 days [DLZ]; then `verify` cannot know if a file is late or"
        " deleted.",
        "Set expect.within to at most 7 days.",
        "destinations: {zone: {type: data-landing-zone, path: aep}}\n"
        "exports: {orders: {destination: zone, expect: {within: 8 days}}}",
        "destinations: {zone: {type: data-landing-zone, path: aep}}\n"
        "exports: {orders: {destination: zone, expect: {within: 7 days}}}",
        check_project=_check_expect_beyond_retention,
    ),
    Rule(
        "backup-beyond-retention",
        Level.WARNING,
        "A backup in a landing zone",
        "Adobe deletes every file in a landing zone after 7 days [DLZ], so it cannot hold a backup: after a week, the"
        " first full export is gone.",
        "Export to another type of destination, or remove expect.backup.",
        "destinations: {zone: {type: data-landing-zone, path: aep}}\n"
        "exports: {orders: {destination: zone, expect: {backup: {max_age: 26 hours}}}}",
        "destinations: {zone: {type: data-landing-zone, path: aep}}\n"
        "exports: {orders: {destination: zone, expect: {within: 2 hours}}}",
        check_project=_check_backup_beyond_retention,
    ),
    Rule(
        "expect-on-once",
        Level.NOTE,
        "expect on an export that runs once",
        "`verify` checks the runs that are due since a moment; it checks the single run only while that is in this time"
        " (ours).",
        "No change is needed; remove `expect` after the run is verified.",
        "exports: {orders: {schedule: {every: once}, end: null, expect: {within: 1 day}}}",
        "exports: {orders: {expect: {within: 1 day}}}",
        check_project=_check_expect_on_once,
    ),
)
