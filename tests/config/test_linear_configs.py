"""Reading and checking a config looks at each entry a fixed number of times, also where many of them are wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from exportctl.config import load
from exportctl.rules import engine
from tests.plan.test_linear_plans import grown_steps
from tests.plan.value_builders import NOW

HEAD = """\
version: 1
project: acme
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg}
defaults: {schedule: {every: 1 day, at: "02:00"}, end: 2030-01-01}
"""
ROLE = "auth: {role_arn: 'arn:aws:iam::123456789012:role/lake'}"
ENVIRONMENTS = "environments: {dev: {platform: {sandbox: dev}}, prod: {platform: {sandbox: prod}}}\n"


def section(name: str, entry: str, size: int) -> str:
    return f"{name}:\n" + "".join("  " + entry.replace("@", f"{number:02}") + "\n" for number in range(size))


def config(destinations: str, exports: str, **more: str) -> Callable[[int], str]:
    """A config with `size` entries in each section; @ is the number of an entry."""

    def text(size: int) -> str:
        listed = section("destinations", destinations, size) + section("exports", exports, size)
        return HEAD + ENVIRONMENTS + listed + "".join(section(name, entry, size) for name, entry in more.items())

    return text


LAKE = f"lake-@: {{type: amazon-s3, bucket: acme-@, path: aep, {ROLE}}}"
ONE_BUCKET = f"lake-@: {{type: amazon-s3, bucket: acme, path: aep/@, {ROLE}}}"
EXPORT = "e-@: {datasets: [Dataset @], destination: lake-@}"
CONFIGS = {
    "all on accounts of their own": config(LAKE, EXPORT),
    "all in one bucket": config(ONE_BUCKET, EXPORT),
    "all of one dataset": config(ONE_BUCKET, "e-@: {datasets: [Orders], destination: lake-@}"),
    "all with aliases, formats and schedules": config(
        LAKE,
        "e-@: {datasets: [d-@], destination: lake-@, format: f-@, schedule: s-@}",
        datasets="d-@: Dataset @",
        formats="f-@: {type: parquet, manifest: true}",
        schedules="s-@: {every: 3 hours}",
    ),
    "all with an unknown key": config(LAKE, "e-@: {datasets: [Dataset @], destination: lake-@, tittle: x}"),
    "all removed": config(LAKE, EXPORT, removed="- {export: gone-@, do: delete, reason: old}"),
    "all renamed": config(LAKE, "e-@: {datasets: [Dataset @], destination: lake-@, renamed_from: old-@}"),
    "all with an allow": config(
        LAKE, EXPORT.replace("}", ", folder: '%DATASET_ID%', allow: [{rule: folder-without-time, reason: agreed}]}")
    ),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_the_steps_of_reading_and_checking_grow_in_a_straight_line(name: str) -> None:
    def make(size: int) -> Callable[[], object]:
        files = {"exports.yaml": CONFIGS[name](size).encode()}

        def work() -> None:
            parsed = load.parse_config(files)
            projects, findings = load.load_projects(parsed, {})
            hits = engine.run_rules(tuple(projects.values()), as_of=NOW, tree=parsed.tree)
            assert "unknown" in name or (len(projects) == 2 and not [f for f in findings if f.level == "error"]), (
                findings
            )
            assert hits is not None

        return work

    assert grown_steps(make) == {}
