"""The examples on the page, from YAML to finding: each bad one is found, each good one is not."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from exportctl.config import load as config
from exportctl.errors import Finding
from exportctl.rules.engine import BY_ID, RULES, run_rules
from exportctl.rules.rule import CheckStage, Rule
from tests.rules.rules_builder import NOW

BASE = """
version: 1
project: acme-exports
repository: https://github.com/acme/aep-exports
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: dev}
defaults: {destination: lake, schedule: nightly, end: {rolling: 180 days, renew_before: 30 days}}
schedules: {nightly: {every: 1 day, at: "02:00"}}
destinations:
  lake: {type: amazon-s3, bucket: acme-lake, path: aep, auth: {role_arn: "${env:LAKE_ROLE_ARN}"}}
exports:
  orders: {datasets: [Orders]}
"""
SECOND_EXPORT = "exports: {copy: {datasets: [Returns]}}"


class TextLoader(yaml.SafeLoader):
    """Dates, `on` and `off` stay text, as in the reader."""


def is_text(first: str, tag: str) -> bool:
    return tag.endswith(":timestamp") or (tag.endswith(":bool") and first not in "tf")


TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not is_text(first, tag)]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def merge_values(base: Any, over: Any) -> Any:
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    merged = {**base, **{key: merge_values(base.get(key), value) for key, value in over.items()}}
    return {key: value for key, value in merged.items() if value is not None}


def full_config(fragment: str) -> bytes:
    """The fragment over a working config; with environments the sandbox moves into them."""
    over = yaml.load(fragment, TextLoader)
    base = yaml.load(BASE, TextLoader)
    if "copy" in over.get("exports", {}):
        base = merge_values(base, yaml.load(SECOND_EXPORT, TextLoader))
    if "environments" in over:
        del base["platform"]["sandbox"]
    return yaml.safe_dump(merge_values(base, over), allow_unicode=True, width=1000).encode()


def findings(text: bytes) -> tuple[Finding, ...]:
    parsed = config.parse_config({"exports.yaml": text})
    projects, found = config.load_projects(parsed, {})
    return (*found, *run_rules(tuple(projects.values()), as_of=NOW, tree=parsed.tree))


EXAMPLES = [rule for rule in RULES if rule.stage is CheckStage.RULES]


def test_the_base_has_no_findings() -> None:
    assert findings(full_config("{}")) == ()


@pytest.mark.parametrize("rule", EXAMPLES, ids=lambda rule: rule.id)
def test_a_bad_example_is_found_on_its_line(rule: Rule) -> None:
    hits = [f for f in findings(full_config(rule.bad_example)) if f.rule == rule.id]

    assert [f.level for f in hits[:1]] == [rule.level]
    assert all(f.at is not None and f.at.file == "exports.yaml" for f in hits)


@pytest.mark.parametrize("rule", EXAMPLES, ids=lambda rule: rule.id)
def test_a_good_example_can_be_read_and_is_not_found(rule: Rule) -> None:
    found = findings(full_config(rule.good_example))

    assert [f for f in found if f.rule == rule.id] == []
    assert [f for f in found if BY_ID[f.rule].stage is CheckStage.READER] == []


def test_places_are_those_of_the_yaml() -> None:
    text = BASE + '    folder: "%DATASET_ID%"\n'
    text = text.replace("  orders: {datasets: [Orders]}\n", "  orders:\n    datasets: [Orders]\n")

    (finding,) = findings(text.encode())

    assert (finding.rule, str(finding.at)) == ("folder-without-time", "exports.yaml:13:13")


def test_a_split_export_is_one_finding_for_all_parts() -> None:
    fragment = 'exports: {orders: {datasets: [Orders, Returns], split_by: dataset, folder: "%DATASET_ID%"}}'

    (finding,) = findings(full_config(fragment))

    assert finding.message.startswith("exports.orders/orders, exports.orders/returns: folder has no time macro")


def test_a_bucket_is_judged_after_its_references_are_filled_in() -> None:
    fragment = (
        'destinations: {lake: {bucket: "acme_${sandbox}"}}\n'
        "environments: {dev: {platform: {sandbox: dev}}, prod: {platform: {sandbox: prod}}}"
    )

    (finding,) = findings(full_config(fragment))

    assert finding.message.startswith("destinations.lake: bucket 'acme_dev' is not allowed")
    assert finding.message.endswith("(in dev, prod)")


def test_a_bucket_with_an_unset_reference_is_not_judged() -> None:
    found = findings(full_config('destinations: {lake: {bucket: "Acme-${env:EXPORTCTL_VAR_BUCKET}"}}'))

    assert {f.rule for f in found} == {"unset-reference"}


UNUSED = {
    "a schedule": ("schedules: {rare: {every: once}}", "unused-schedule"),
    "a format": ("formats: {rare: {type: json}}", "unused-format"),
    "an alias": ("datasets: {rare: {name: Rare}}", "unused-dataset"),
    "a group": ("datasets: {rare: [Orders]}", "unused-dataset"),
    "in an overlay": (
        "environments: {dev: {platform: {sandbox: dev}, schedules: {rare: {every: once}}}}",
        "unused-schedule",
    ),
}
USED = {
    "a schedule in an overlay": (
        "schedules: {rare: {every: 3 hours}}\n"
        "environments: {dev: {platform: {sandbox: dev}, exports: {orders: {schedule: rare}}}}"
    ),
    "a format in the defaults": "formats: {rare: {type: json}}\ndefaults: {format: rare}",
    "a built-in format declared again": "formats: {json: {type: json}}",
    "an alias in a group": "datasets: {rare: {name: Rare}, group: [rare]}\nexports: {orders: {datasets: [group]}}",
    "perhaps, by a reference": (
        'schedules: {rare: {every: 3 hours}}\nexports: {orders: {schedule: "${env:EXPORTCTL_VAR_SCHEDULE}"}}'
    ),
}


@pytest.mark.parametrize(("fragment", "rule"), UNUSED.values(), ids=UNUSED)
def test_a_name_that_is_not_used(fragment: str, rule: str) -> None:
    (finding,) = findings(full_config(fragment))

    assert (finding.rule, "'rare' is not used" in finding.message) == (rule, True)


@pytest.mark.parametrize("fragment", USED.values(), ids=USED)
def test_a_name_that_is_used(fragment: str) -> None:
    assert [f for f in findings(full_config(fragment)) if f.rule.startswith("unused-")] == []


def test_unused_names_are_not_looked_for_without_the_tree() -> None:
    parsed = config.parse_config({"exports.yaml": full_config("schedules: {rare: {every: once}}")})

    assert run_rules(tuple(config.load_projects(parsed, {})[0].values()), as_of=NOW) == ()
