"""Levels, exceptions, and one finding for one thing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exportctl.errors import Level
from exportctl.model.project import End, Schedule
from exportctl.rules.engine import BY_ID, RULES, run_rules
from exportctl.rules.rule import CheckStage, closest_match, duration_text, key_position
from tests.rules.rules_builder import (
    COPY,
    FILE,
    LAKE,
    NOW,
    ORDERS,
    all_findings,
    allow,
    dataset,
    destination,
    environment,
    export,
    findings_of,
    key_location,
    location_at,
    project,
    setting,
)

EIGHT = Schedule("hour", 8, 0)
RULE = "schedule-8-hours"


@pytest.mark.parametrize(
    ("level", "expected"),
    [("off", None), ("note", Level.NOTE), ("warning", Level.WARNING), ("error", Level.ERROR), (None, Level.WARNING)],
)
def test_rules_set_the_level(level: str | None, expected: Level | None) -> None:
    findings = all_findings(project(export(schedule=EIGHT), rules={RULE: setting(level)}))

    assert ([expected] if expected else []) == [f.level for f in findings]


@pytest.mark.parametrize(
    ("glob", "count"), [("exports.*", 0), ("exports.orders", 0), ("exports.copy", 1), ("orders", 1)]
)
def test_only_narrows_a_setting(glob: str, count: int) -> None:
    assert count == len(
        findings_of(RULE, all_findings(project(export(schedule=EIGHT), rules={RULE: setting("off", glob)})))
    )


def test_only_does_not_match_what_has_no_address() -> None:
    given = project(repository="acme/x", rules={"repository-form": setting("off", "*")})

    assert len(findings_of("repository-form", all_findings(given))) == 1


def test_allow_excepts_one_export() -> None:
    given = project(
        export(schedule=EIGHT, allow=(allow(RULE),)),
        export("copy", COPY, schedule=EIGHT, datasets=(dataset("Returns"),)),
    )

    assert [key_location(COPY, "schedule.every")] == [f.at for f in all_findings(given)]


def test_allow_on_either_of_two_exports_excepts_the_pair() -> None:
    rule = "two-exports-one-location"
    first = project(export(allow=(allow(rule),)), export("copy", COPY))
    second = project(export(), export("copy", COPY, allow=(allow(rule),)))

    assert (all_findings(first), all_findings(second)) == ((), ())


def test_a_fixed_rule_is_neither_lowered_nor_allowed() -> None:
    rule = "secret-in-plain-field"
    bad = export(description="AKIA" + "ABCDEFGHIJKLMNOP", allow=(allow(rule),))

    findings = all_findings(project(bad, rules={rule: setting("off")}))

    assert [(rule, Level.ERROR), ("fixed-rule", Level.ERROR), ("fixed-rule", Level.ERROR)] == sorted(
        ((f.rule, f.level) for f in findings), reverse=True
    )


def test_a_fixed_warning_is_raised() -> None:
    rules = {"schedule-8-hours": setting("error")}

    assert Level.ERROR is all_findings(project(export(schedule=EIGHT), rules=rules))[0].level


def test_unused_entries_can_be_silenced() -> None:
    given = project(export(allow=(allow(RULE),)), rules={"unused-allow": setting("off")})

    assert all_findings(given) == ()


def test_an_allow_of_a_split_export_is_used_if_one_part_needs_it() -> None:
    parts = [
        export("sales/a", datasets=(dataset("A"),), allow=(allow(RULE),), schedule=EIGHT),
        export("sales/b", datasets=(dataset("B"),), allow=(allow(RULE),)),
    ]

    assert all_findings(project(*parts)) == ()


def test_an_allow_needed_in_one_environment_is_used() -> None:
    dev = environment("dev", export(allow=(allow(RULE),), subpath="dev"))
    prod = environment("prod", export(allow=(allow(RULE),), schedule=EIGHT))

    assert all_findings(dev, prod) == ()


def test_one_place_for_several_exports_is_one_finding() -> None:
    shared = {"schedule": location_at(40, 3)}
    names = ("a", "b", "c", "d", "e")
    exports = [export(n, 100, schedule=EIGHT, positions=shared, datasets=(dataset(n),)) for n in names]

    (finding,) = all_findings(project(*exports))

    assert location_at(40, 3) == finding.at
    assert finding.message.startswith("exports.a, exports.b, exports.c and 2 more: every 8 hours")


def test_one_place_in_all_environments_is_one_finding_without_names() -> None:
    dev, prod = (environment(n, export(schedule=EIGHT, subpath=n)) for n in ("dev", "prod"))

    (finding,) = all_findings(dev, prod)

    assert finding.message.startswith("exports.orders: every 8 hours")
    assert "dev" not in finding.message


def test_one_place_in_some_environments_names_them() -> None:
    dev, test = (environment(n, export(schedule=EIGHT, subpath=n)) for n in ("dev", "test"))
    prod = environment("prod", export(subpath="prod"))

    (finding,) = all_findings(dev, test, prod)

    assert finding.message.endswith("(in dev, test)")


def test_environments_are_named_where_their_values_differ() -> None:
    dev, prod = (environment(n, destination(location={"bucket": f"ACME-{n}", "path": "aep"})) for n in ("dev", "prod"))

    (finding,) = all_findings(dev, prod)

    assert key_location(LAKE, "bucket") == finding.at
    assert finding.message.startswith("destinations.lake: bucket 'ACME-dev'")
    assert finding.message.endswith("(in dev, prod)")


def test_the_highest_level_of_the_environments_counts() -> None:
    dev = environment("dev", export(schedule=EIGHT, subpath="dev"), rules={RULE: setting("off")})
    prod = environment("prod", export(schedule=EIGHT, subpath="prod"), rules={RULE: setting("error")})

    (finding,) = all_findings(dev, prod)

    assert finding.level is Level.ERROR
    assert finding.message.endswith("(in prod)")


def test_findings_are_in_file_order() -> None:
    first = replace(export("a", 900, end=End()), positions={})
    second = replace(
        export("b", 5, end=End(), datasets=(dataset("B"),)), positions={}, at=location_at(5, 1, "exports/b.yaml")
    )
    third = replace(export("c", 10, end=End(), datasets=(dataset("C"),)), positions={}, at=location_at(10, 1, "z.yaml"))

    findings = all_findings(project(third, second, first, files=(FILE, "exports/b.yaml")))

    assert [f.at.file for f in findings if f.at] == [FILE, "exports/b.yaml", "z.yaml"]


def test_equal_input_gives_equal_findings_in_any_order_of_declaration() -> None:
    exports = [export(n, line, schedule=EIGHT, end=End()) for n, line in (("a", 100), ("b", 200), ("c", 300))]

    assert all_findings(project(*exports)) == all_findings(project(*reversed(exports)))


def test_no_project_has_no_findings() -> None:
    assert run_rules((), as_of=NOW) == ()


def test_every_row_says_why_and_how_to_fix_it() -> None:
    for rule in RULES:
        assert rule.title and rule.why and rule.how_to_fix, rule.id
        assert rule.id == rule.id.lower() and " " not in rule.id
        assert rule.stage is not CheckStage.RULES or (rule.bad_example and rule.good_example), rule.id
        assert (
            rule.stage is not CheckStage.RULES
            or rule.id == "unused-allow"
            or rule.check_project
            or rule.check_projects
            or rule.shared_check
            or rule.check_tree
        ), rule.id


def test_ids_are_unique() -> None:
    assert len(RULES) == len(BY_ID)


def test_the_place_of_a_key_may_be_above_or_below_it() -> None:
    thing = export(positions={"end": location_at(1), "format.type": location_at(2)})

    assert location_at(1) == key_position(thing, "end.renew_before")
    assert location_at(2) == key_position(thing, "format")
    assert location_at(ORDERS) == key_position(thing, "folder")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (86400, "1 day"),
        (2 * 86400, "2 days"),
        (3600, "1 hour"),
        (90 * 60, "90 minutes"),
        (61, "61 seconds"),
        (0, "0 days"),
    ],
)
def test_days(seconds: int, words: str) -> None:
    assert words == duration_text(seconds)


def test_nearest() -> None:
    assert closest_match("foldr", ["folder", "format"]) == "folder"
    assert closest_match("zzz", ["folder"]) is None
