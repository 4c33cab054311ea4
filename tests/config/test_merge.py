"""Files side by side, files over files, environments."""

from __future__ import annotations

import pytest

from exportctl.config import load as config
from exportctl.config.merge import NOTHING_ON_PURPOSE, extended_files, resolve_relative_path
from exportctl.errors import SourcePosition
from tests.config.example_config import SMALL, finding_locations, project, read_project

BASE = """\
version: 1
project: acme
platform: {organization: AB12@AdobeOrg}
defaults: {schedule: nightly, destination: lake, end: {rolling: 180 days, renew_before: 30 days}}
schedules:
  nightly: {every: 1 day, at: "02:00"}
destinations:
  lake: {type: amazon-s3, bucket: base, path: aep, auth: {role_arn: "${env:ROLE}"}}
exports:
  web: {datasets: [a, b], title: Web, expect: {within: 2 hours}}
environments:
  prod: {platform: {sandbox: prod}}
"""


def prod_config(overlay: str) -> str:
    return BASE.replace("{platform: {sandbox: prod}}", f"{{platform: {{sandbox: prod}}, {overlay}}}")


def test_maps_merge_scalars_and_lists_replace_null_removes() -> None:
    made = project(prod_config("exports: {web: {datasets: [c], expect: {non_empty: true}, title: null}}"), env="prod")
    web = made.exports["web"]
    assert ([d.name for d in web.datasets], web.title) == (["c"], "web")
    assert web.expect is not None
    assert (web.expect.within, web.expect.non_empty) == (7200, True)


def test_an_auth_is_replaced_whole() -> None:
    overlay = 'destinations: {lake: {auth: {access_key_id: k, secret_access_key: "${env:S}"}}}'
    made = project(prod_config(overlay), env="prod").destinations["lake"]
    assert (made.account.method, made.location["bucket"]) == ("key", "base")


def test_an_end_and_a_schedule_are_replaced_whole() -> None:
    made = project(
        prod_config("defaults: {end: {rolling: 9 days}}, schedules: {nightly: {every: 3 hours}}"), env="prod"
    )
    web = made.exports["web"]
    assert (web.end.rolling, web.end.renew_before) == (9 * 86400, 9 * 86400 // 2)
    assert (web.schedule.unit, web.schedule.at) == ("hour", 0)


ENDS = {  # end in the base, in the overlay -> rolling days, none on purpose
    "null only takes back what the base says, so the defaults count": ("2027-01-31", "null", 180, False),
    "none is an end": ("2027-01-31", "none", None, True),
    "null takes back none": ("none", "null", 180, False),
    "an end in place of none": ("none", "{rolling: 9 days}", 9, False),
}


@pytest.mark.parametrize("row", ENDS)
def test_none_is_a_value_and_null_is_not(row: str) -> None:
    base, overlay, days, none = ENDS[row]
    text = prod_config(f"exports: {{web: {{end: {overlay}}}}}").replace("title: Web,", f"title: Web, end: {base},")

    end = project(text, env="prod").exports["web"].end

    assert (end.rolling, end.moment, end.none) == (days and days * 86400, None, none)


def test_an_environment_may_take_back_the_end_of_the_defaults() -> None:
    for overlay, none in (("none", True), ("null", False)):
        end = project(prod_config(f"defaults: {{end: {overlay}}}"), env="prod").exports["web"].end
        assert (end.is_given, end.none) == (False, none)


def test_an_environment_may_complete_what_the_base_leaves_open() -> None:
    text = prod_config("destinations: {lake: {bucket: prod}}").replace("bucket: base, ", "")
    assert project(text, env="prod").destinations["lake"].location["bucket"] == "prod"


def test_an_environment_may_add_and_remove() -> None:
    made = project(prod_config("exports: {web: null, other: {datasets: [x], description: null}}"), env="prod")
    assert list(made.exports) == ["other"]
    assert made.exports["other"].description == ""


def test_what_an_environment_changed_is_placed_in_it() -> None:
    made = project(prod_config("exports: {web: {title: New}}"), env="prod").exports["web"]
    assert (made.positions["title"].line, made.at.line) == (12, 10)


def test_another_environment_is_not_touched() -> None:
    text = prod_config("exports: {web: null}") + "  dev: {platform: {sandbox: dev}}\n"
    assert list(project(text, env="dev").exports) == ["web"]


def test_files_side_by_side_are_one_project() -> None:
    made = project(SMALL, "version: 1\nexports: {more: {datasets: [x], destination: zone, schedule: nightly}}\n")
    assert list(made.exports) == ["more", "web"]
    assert made.files == ("exports.yaml", "b.yaml")


def test_removals_of_all_files_count() -> None:
    one = "removed: [{export: b, do: delete, reason: r}]\n"
    two = "removed: [{export: a, do: delete, reason: r}]\n"
    assert [r.name for r in project(SMALL + one, two).removed] == ["a", "b"]


@pytest.mark.parametrize(
    ("second", "at", "first"),
    [
        ("exports: {web: {}}\n", "b.yaml:1:11", "exports.yaml:9:3"),
        ("schedules: {nightly: {every: once}}\n", "b.yaml:1:13", "exports.yaml:7:3"),
        ("project: other\n", "b.yaml:1:1", "exports.yaml:2:1"),
        ("platform: {sandbox: x}\n", "b.yaml:1:1", "exports.yaml:3:1"),
    ],
)
def test_a_name_declared_in_two_files_names_both_places(second: str, at: str, first: str) -> None:
    _, findings = read_project(SMALL, second)
    assert [("declared-twice", at)] == finding_locations(findings)
    assert first in findings[0].message


def test_an_empty_section_of_another_file_is_no_clash() -> None:
    assert project("platform:\nremoved: []\n", SMALL).name == "acme"
    assert project(SMALL, "platform:\ndestinations: {}\n").name == "acme"


def test_a_section_that_is_wrong_in_one_file_counts_from_the_other() -> None:
    for files in ((SMALL, "exports: 5\nproject: {}\n"), ("exports: 5\n", SMALL)):
        _, findings = read_project(*files)
        assert {"wrong-type"} == {f.rule for f in findings}


def test_a_file_may_lie_over_another() -> None:
    over = "extends: [exports.yaml]\nexports: {web: {title: Over, end: null}}\nproject: other\n"
    for files in ({"exports.yaml": SMALL, "over.yaml": over}, {"over.yaml": over, "exports.yaml": SMALL}):
        parsed = config.parse_config({name: text.encode() for name, text in files.items()})
        made, findings = config.load_project(parsed, None, {})
        assert made is not None, findings
        assert (made.exports["web"].title, made.name, made.exports["web"].end.moment) == ("Over", "other", None)


def test_overlays_may_lie_over_each_other() -> None:
    made, findings = read_project(
        SMALL,
        "extends: [exports.yaml]\nexports: {web: {title: two}}\n",
        "extends: [b.yaml, exports.yaml]\nexports: {web: {title: three}}\n",
    )
    assert made is not None, findings
    assert made.exports["web"].title == "three"


def test_an_overlay_changes_environments_too() -> None:
    over = """\
extends: [exports.yaml]
environments:
  prod: {exports: {web: null}, defaults: {end: 2027-01-01}}
  dev: {platform: {sandbox: dev}}
"""
    base = prod_config("exports: {web: {title: P}}, defaults: {end: {rolling: 9 days}}")
    made, findings = read_project(base, over, env="prod")
    assert made is not None, findings
    assert not made.exports
    dev, findings = read_project(base, over, env="dev")
    assert dev is not None, findings
    assert dev.exports["web"].title == "Web"


def test_an_overlay_removes_an_environment() -> None:
    parsed = config.parse_config(
        {"exports.yaml": BASE.encode(), "b.yaml": b"extends: [exports.yaml]\nenvironments: {prod: null}\n"}
    )
    assert (parsed.environments, parsed.findings) == ((), ())


def test_an_environment_without_anything_lacks_its_sandbox() -> None:
    _, findings = read_project(BASE + "  dev:\n", env="dev")
    assert finding_locations(findings) == [("missing-key", "exports.yaml:3:1")]


@pytest.mark.parametrize(
    ("overlay", "place", "hint"),
    [
        ("exports: {wbe: null}", "12:47", '"web"'),
        ("exports: {zzzzzz: null}", "12:47", "remove this line"),
        ("formats: {x: null}", "12:47", "remove this line"),
        ("formats: {x: {type: null}}", "", ""),
    ],
)
def test_a_removal_of_what_nothing_declares_is_an_error(overlay: str, place: str, hint: str) -> None:
    _, findings = read_project(prod_config(overlay), env="prod")
    if place:
        assert [("unknown-reference", f"exports.yaml:{place}")] == finding_locations(findings)
        assert hint in str(findings[0].hint)
    else:
        assert [f.rule for f in findings] == ["missing-key"]


def test_a_circle_of_files_is_named_once() -> None:
    _, findings = read_project("extends: [b.yaml]\n" + SMALL, "extends: [exports.yaml]\n")
    assert finding_locations(findings) == [("extends-cycle", "b.yaml:1:11")]
    assert "exports.yaml -> b.yaml -> exports.yaml" in findings[0].message


def test_a_file_over_itself_is_a_circle() -> None:
    _, findings = read_project("extends: [exports.yaml]\n" + SMALL)
    assert finding_locations(findings) == [("extends-cycle", "exports.yaml:1:11")]


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("missing.yaml", "extends-missing"),
        ("/etc/passwd", "bad-extends"),
        ("https://example.com/x.yaml", "bad-extends"),
        ("'${env:EXPORTCTL_VAR_X}.yaml'", "bad-extends"),
    ],
)
def test_only_files_beside_this_one_can_be_extended(path: str, rule: str) -> None:
    _, findings = read_project(f"extends: [{path}]\n" + SMALL)
    assert [(rule, "exports.yaml:1:11")] == finding_locations(findings)


def test_a_missing_file_below_a_folder_says_what_it_is_relative_to() -> None:
    parsed = config.parse_config({"conf/a.yaml": b"extends: [b.yaml]\n"})
    assert "relative to conf/a.yaml" in str(parsed.findings[0].hint)
    assert "conf/b.yaml" in parsed.findings[0].message


def test_a_file_that_cannot_be_read_is_not_also_missing() -> None:
    _, findings = read_project("extends: [b.yaml]\n" + SMALL, "a: [\n")
    assert [f.rule for f in findings] == ["yaml-bracket"]


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("exports.yaml", "b.yaml", "b.yaml"),
        ("conf/a.yaml", "../exports.yaml", "exports.yaml"),
        ("conf/a.yaml", "./x/../b.yaml", "conf/b.yaml"),
        ("a.yaml", "../b.yaml", "../b.yaml"),
        ("../a/b.yaml", "../../c.yaml", "../../c.yaml"),
        ("/etc/x/a.yaml", "../b.yaml", "/etc/b.yaml"),
    ],
)
def test_a_path_is_worked_out_beside_its_file(name: str, path: str, expected: str) -> None:
    assert expected == resolve_relative_path(name, path)


def test_the_files_that_one_extends_are_known_without_the_others() -> None:
    assert extended_files("exports.yaml", b"extends: [b.yaml, ../c.yaml, /abs, 5]\n") == (
        ("b.yaml", SourcePosition("exports.yaml", 1, 11)),
        ("../c.yaml", SourcePosition("exports.yaml", 1, 19)),
    )
    assert extended_files("exports.yaml", b"extends: b.yaml\n") == ()
    assert extended_files("exports.yaml", b"a: [\n") == ()


@pytest.mark.parametrize("section", NOTHING_ON_PURPOSE)
def test_a_section_that_lost_its_content_is_an_error_in_each_file(section: str) -> None:
    lost = f"{section}:\n  # {{}}\n"

    for texts, at in (((SMALL, lost), "b.yaml:1:1"), ((lost, SMALL), "exports.yaml:1:1")):
        assert finding_locations(read_project(*texts)[1]) == [("empty-section", at)]
    assert read_project(SMALL, f"{section}: {NOTHING_ON_PURPOSE[section]}\n")[1] == ()


@pytest.mark.parametrize("nested", [False, True], ids=["extends", "environments"])
@pytest.mark.parametrize(
    ("overlay", "rules"),
    [
        ("{exports: }", ["empty-section"]),
        ("{exports: {web: }}", ["empty-declaration"]),
        ("{removed: }", ["empty-section"]),
        ("{exports: {web: {title: }}}", []),
        ("{exports: {web: null}}", []),
        ("{exports: null}", []),
    ],
)
def test_only_a_written_null_removes_in_an_overlay(overlay: str, rules: list[str], nested: bool) -> None:
    inner = overlay.removeprefix("{").removesuffix("}")
    texts = (prod_config(inner),) if nested else (SMALL, f"extends: [exports.yaml]\n{inner}\n")

    made, findings = read_project(*texts, env="prod" if nested else None)

    assert [f.rule for f in findings] == rules
    assert (made is None) == bool(rules)
