"""Two environments side by side: each difference has the line behind it, and what no overlay names stands out."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from exportctl.config import load as config
from exportctl.config.environment_diff import (
    DifferenceCause,
    DifferenceOrigin,
    EnvironmentDiff,
    FieldDifference,
    OneSidedDeclaration,
    ResolvedEnvironment,
    compare_environments,
    environment_tree,
)
from exportctl.errors import SourcePosition
from exportctl.model.plan import SensitiveValue
from exportctl.output.json import environments as json_environments
from exportctl.output.text import environments as text_environments

BASE = """\
version: 1
project: acme
platform: {organization: AB12@AdobeOrg}
defaults: {schedule: nightly, destination: lake, end: {rolling: 180 days}}
schedules:
  nightly: {every: 1 day, at: "02:00"}
  often: {every: 3 hours}
formats: {plain: {type: json}}
datasets:
  web: Web Events
  sales: [Orders, Returns]
destinations:
  lake: {type: amazon-s3, bucket: acme, path: aep, auth: {role_arn: "${env:ROLE}"}}
  other: {type: amazon-s3, bucket: acme, path: other, format: plain, auth: {role_arn: "${env:ROLE}"}}
exports:
  web: {datasets: [web], title: Web}
  sales: {datasets: [sales], split_by: dataset}
"""
END = BASE.count("\n")


def side(text: str, name: str, variables: Mapping[str, str] | None = None) -> ResolvedEnvironment:
    whole = config.parse_config({"exports.yaml": text.encode()})
    made, findings = config.load_project(whole, name, variables or {})
    assert made is not None, findings
    return ResolvedEnvironment(name, made, environment_tree(whole, name, variables or {}))


def diff(a: str = "", b: str = "", base: str = BASE) -> EnvironmentDiff:
    """Overlays of `a` and of `b`, each on one line: lines END + 2 and END + 3, where a break in `base` adds none."""
    text = (
        f"{base}environments:\n"
        f"  a: {{platform: {{sandbox: one}}{', ' if a else ''}{a}}}\n"
        f"  b: {{platform: {{sandbox: one}}{', ' if b else ''}{b}}}\n"
    )
    return compare_environments(side(text, "a"), side(text, "b"))


def lines(one: OneSidedDeclaration | FieldDifference) -> list[tuple[DifferenceOrigin, int, str | None]]:
    return [(c.origin, c.at.line, c.environment) for c in one.causes]


IN_A, IN_B = (DifferenceOrigin.OVERLAY, END + 2, "a"), (DifferenceOrigin.OVERLAY, END + 3, "b")


def only_difference(found: EnvironmentDiff) -> FieldDifference:
    (difference,) = found.differences
    assert not found.one_sided
    return difference


# -- nothing ----------------------------------------------------------------------------------------------------------


def test_environments_that_say_the_same_do_not_differ() -> None:
    found = diff()
    assert (found.one_sided, found.differences, found.same_count, found.unintended_count) == ((), (), 5, 0)


def test_an_overlay_that_repeats_the_base_is_no_difference() -> None:
    assert diff("exports: {web: {title: Web}}").differences == ()


def test_each_side_of_a_comparison_is_the_other_ones_mirror() -> None:
    overlay = "exports: {web: null, more: {datasets: [x]}}, destinations: {lake: {bucket: acme-a}}"
    here, there = diff(overlay), diff("", overlay)
    assert [(d.address, d.path, d.left, d.right) for d in here.differences] == [
        (d.address, d.path, d.right, d.left) for d in there.differences
    ]
    assert (
        [o.address for o in here.one_sided] == [o.address for o in there.one_sided] == ["exports.more", "exports.web"]
    )


# -- on purpose -------------------------------------------------------------------------------------------------------

SAID = {
    "a field of an export": ("exports: {web: {title: Web of b}}", {("exports.web", "title"): ("Web", "Web of b")}),
    "a field that goes back to its default": (
        "exports: {web: {title: null}}",
        {("exports.web", "title"): ("Web", "web")},
    ),
    "a flag": ("exports: {web: {enabled: false}}", {("exports.web", "enabled"): (None, False)}),
    "a bucket": ("destinations: {other: {bucket: acme-b}}", {("destinations.other", "bucket"): ("acme", "acme-b")}),
    "a version of secrets": (
        'destinations: {other: {auth: {role_arn: "${env:ROLE}", secret_version: 2}}}',
        {("destinations.other", "auth.secret_version"): (None, "2")},
    ),
    "an alias": ("datasets: {web: Clicks}", {("exports.web", "datasets"): (["Web Events"], ["Clicks"])}),
    "how a dataset combines": (
        "datasets: {web: {name: Web Events, key: _id, combine: upsert}}",
        {
            ("exports.web", "datasets.key"): (None, ["Web Events: _id"]),
            ("exports.web", "datasets.combine"): (None, ["Web Events: upsert"]),
        },
    ),
    "the schedule of an export": (
        "exports: {web: {schedule: {every: 1 day, at: '03:00'}}}",
        {("exports.web", "schedule.at"): (7200, 10800)},
    ),
    "a time of day with seconds": (
        "exports: {web: {schedule: {every: 1 day, at: '02:00:17'}}}",
        {("exports.web", "schedule.at"): (7200, 7217)},
    ),
    "a default backup": (
        "defaults: {expect: {backup: {max_age: 26 hours}}}",
        {
            (f"exports.{name}", "expect.backup.max_age"): (None, 93_600)
            for name in ("sales/orders", "sales/returns", "web")
        },
    ),
    "the backup of an export": (
        "exports: {web: {expect: {backup: {covered_from: 1970-01-02, drilled_within: 8 days}}}}",
        {
            ("exports.web", "expect.backup.covered_from"): (None, 172_800),
            ("exports.web", "expect.backup.drilled_within"): (None, 691_200),
        },
    ),
    "a former schedule": (
        "exports: {web: {former_schedules: [{until: 1970-01-01, every: 1 day}]}}",
        {("exports.web", "former_schedules"): ([], [[86_400, "1 day", 0]])},
    ),
    "the policy": ("policy: {max_deletes: 3}", {("policy", "max_deletes"): (0, 3)}),
    "a rule": (
        "rules: {folder-time: {level: warning, reason: x}}",
        {("rules", "folder-time"): (None, ["warning", []])},
    ),
}


@pytest.mark.parametrize("what", SAID)
def test_what_an_overlay_sets_is_on_purpose_and_named_with_its_line(what: str) -> None:
    overlay, expected = SAID[what]
    found = diff("", overlay)
    assert {(d.address, d.path): (d.left, d.right) for d in found.differences} == expected
    assert [lines(d) for d in found.differences] == [[IN_B]] * len(expected)
    assert found.unintended_count == 0


def test_no_end_is_on_purpose_where_an_overlay_takes_back_that_of_the_defaults() -> None:
    found = diff("", "exports: {web: {end: none}}")
    assert {d.path: (d.left, d.right) for d in found.differences} == {
        "end.rolling": (180 * 86400, None),
        "end.renew_before": (30 * 86400, None),
    }
    assert [lines(d) for d in found.differences] == [[IN_B]] * 2
    assert found.unintended_count == 0


def test_no_end_by_none_and_no_end_by_silence_are_the_same() -> None:
    silent = BASE.replace(", end: {rolling: 180 days}", "")
    assert diff("", "exports: {web: {end: none}}", base=silent).differences == ()


def test_both_overlays_are_named_where_both_set_it() -> None:
    found = only_difference(diff("exports: {web: {title: A}}", "exports: {web: {title: B}}"))
    assert lines(found) == [IN_A, IN_B]


THROUGH = {
    "a schedule by its name": ("schedules: {nightly: {every: 1 day, at: '04:00'}}", "schedule.at"),
    "another name in the defaults": ("defaults: {schedule: often}", "schedule.every"),
    "the end of the defaults": ("defaults: {end: {rolling: 90 days}}", "end.rolling"),
    "the end that a schedule brings": ("schedules: {nightly: {every: 1 day, at: '02:00', end: 2030-01-01}}", "end"),
    "the format of a destination": ("destinations: {lake: {format: plain}}", "format.type"),
    "the destination of the defaults, which brings its format": ("defaults: {destination: other}", "format.type"),
    "the destination of the defaults": ("defaults: {destination: other}", "destination"),
}


@pytest.mark.parametrize("what", THROUGH)
def test_what_reaches_exports_through_names_is_traced_to_the_overlay(what: str) -> None:
    overlay, path = THROUGH[what]
    found = [d for d in diff(overlay).differences if d.path == path]
    assert [d.address for d in found] == ["exports.sales/orders", "exports.sales/returns", "exports.web"]
    assert {tuple(lines(d)) for d in found} == {(IN_A,)}


def test_a_change_of_what_an_export_does_not_use_is_not_its_cause() -> None:
    base = BASE.replace("  web: {datasets: [web], title: Web}", "  web: {datasets: [web], title: 'In ${environment}'}")
    found = diff("schedules: {often: {every: 6 hours}}, formats: {plain: {type: parquet}}", base=base)
    assert [(d.address, d.path) for d in found.differences] == [("exports.web", "title")]
    assert [c.origin for c in only_difference(found).causes] == [DifferenceOrigin.REFERENCE]


# -- in one alone -----------------------------------------------------------------------------------------------------

ALONE = {
    "taken out": ("", "exports: {web: null}", "exports.web", "a", [IN_B]),
    "added": ("exports: {more: {datasets: [x]}}", "", "exports.more", "a", [IN_A]),
    "a destination added": (
        "",
        "destinations: {zone: {type: data-landing-zone, path: x}}",
        "destinations.zone",
        "b",
        [IN_B],
    ),
    "a part of a split export": ("", "datasets: {sales: [Orders]}", "exports.sales/returns", "a", [IN_B]),
}


@pytest.mark.parametrize("what", ALONE)
def test_what_one_environment_alone_has_names_the_line_that_did_it(what: str) -> None:
    a, b, address, who, causes = ALONE[what]
    (one,) = diff(a, b).one_sided
    assert (one.address, one.environment, lines(one)) == (address, who, causes)


def test_an_environments_list_is_named_where_it_leaves_an_export_out() -> None:
    base = BASE.replace("title: Web}", "title: Web, environments: [b]}")
    (one,) = diff(base=base).one_sided
    assert (one.address, one.environment, lines(one)) == ("exports.web", "b", [(DifferenceOrigin.LIST, 16, "a")])


# -- by accident ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["environment", "sandbox"])
def test_one_line_that_means_two_things_is_not_said_by_any_overlay(name: str) -> None:
    base = BASE.replace("bucket: acme, path: aep", f'bucket: "acme-${{{name}}}", path: aep')
    a, b = (side(f"{base}environments: {{a: {{platform: {{sandbox: a}}}}, b: {{platform: {{sandbox: b}}}}}}\n", n)
            for n in "ab")  # fmt: skip
    (found,) = [d for d in compare_environments(a, b).differences if d.address == "destinations.lake"]
    assert (found.path, found.left, found.right, found.is_unintended) == ("bucket", "acme-a", "acme-b", True)
    assert found.causes == (
        DifferenceCause(DifferenceOrigin.REFERENCE, SourcePosition("exports.yaml", 13, 35), None, f"acme-${{{name}}}"),
    )


def test_a_reference_inside_a_schedule_is_found_through_its_name() -> None:
    base = BASE.replace("often: {every: 3 hours}", "a: {every: 3 hours}\n  b: {every: 6 hours}").replace(
        "schedule: nightly", 'schedule: "${environment}"'
    )
    found = [d for d in diff(base=base).differences if d.address == "exports.web"]
    assert [(d.path, d.left, d.right, d.is_unintended) for d in found] == [
        ("schedule.every", "3 hours", "6 hours", True)
    ]


def test_an_overlay_of_one_field_does_not_speak_for_another() -> None:
    base = BASE.replace("title: Web}", "title: 'Web of ${environment}', subpath: x}")
    found = {d.path: d for d in diff("exports: {web: {subpath: y}}", base=base).differences}
    assert {path: d.is_unintended for path, d in found.items()} == {"subpath": False, "title": True}


# -- what is shown ----------------------------------------------------------------------------------------------------


def test_a_sensitive_literal_is_compared_and_never_shown() -> None:
    overlay = "destinations: {lake: {auth: {role_arn: 'arn:aws:iam::123456789012:role/goldfinch-${environment}'}}}"
    found = diff(overlay, overlay.replace("goldfinch", "siskin"))
    assert isinstance(only_difference(found).left, SensitiveValue)
    for said in (text_environments.render_comparison(found), json_environments.render_comparison(found), repr(found)):
        assert "goldfinch" not in said
        assert "siskin" not in said


def test_the_text_marks_what_no_overlay_names() -> None:
    base = BASE.replace("title: Web}", "title: 'Web of ${environment}'}")
    shown = text_environments.render_comparison(
        diff("policy: {end_warning: 60 days}", "exports: {sales: null}", base=base)
    )
    assert "  exports.sales/orders: only in a\n" in shown
    assert "    end_warning: a 60 days, b 30 days\n" in shown
    assert '  ? title: a "Web of a", b "Web of b"\n' in shown
    assert "exports.yaml:16:33: no overlay sets it; both use Web of ${environment}" in shown
    assert shown.endswith("1 difference that no overlay sets: marked `?`.\n")


def test_a_variable_that_is_not_set_is_no_difference() -> None:
    base = BASE.replace("title: Web}", "title: '${env:EXPORTCTL_VAR_TITLE}'}")
    assert diff(base=base).differences == ()
