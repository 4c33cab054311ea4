"""
The life of an export at ten dates that have broken programs before. The clock is a parameter: the emulator's.

Nothing here depends on this machine's date, and nothing may depend on its time zone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from exportctl.emulator import Emulator, SeedDataset
from tests.cli.command_line import ORGANIZATION, STATE, CommandLine

MINUTE, HOUR, DAY = 60, 3600, 86400
DATES = {
    "half an hour before the run": "2027-01-20T01:30:00",
    "less than half an hour before the run": "2027-01-20T01:30:01",
    "the first day that was red": "2027-02-24T09:00:00",
    "clocks go forward in Europe": "2027-03-28T00:59:59",
    "clocks go back in Europe": "2027-10-31T01:00:00",
    "New Year": "2028-01-01T00:00:00",
    "a leap day": "2028-02-29T23:45:00",
    "a day of the next week-year": "2029-12-31T12:00:00",
    "far ahead": "2031-06-15T18:20:00",
    "the end of 2037": "2037-12-31T23:59:59",
}
CONFIG = """\
version: 1
project: acme
platform: {organization: ORGANIZATION, sandbox: demo, url: embedded}
defaults:
  destination: lake
  schedule: {every: 1 day, at: "02:00"}
  format: {type: json, compression: gzip, manifest: true}
  end: {rolling: 6 days, renew_before: 5 days}
destinations:
  lake: {type: amazon-s3, bucket: acme-lake, path: aep, auth: {role_arn: "${env:LAKE_ROLE_ARN}"}}
exports:
  orders: {datasets: [Orders], folder: "%DATASET_ID%/%EXPORT_TIME%"}
""".replace("ORGANIZATION", ORGANIZATION)


@pytest.fixture(autouse=True)
def a_zone_with_summer_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine is in Berlin: its zone must change nothing, not even on the day when the clocks change."""
    with monkeypatch.context() as inside:
        inside.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


def at(folder: Path, moment: int) -> CommandLine:
    """The config on an emulator whose clock stands still at a moment."""
    run = CommandLine(folder)
    run.write(CONFIG)
    with closing(Emulator(folder / STATE, clock=moment, organization=ORGANIZATION)) as emulator:
        emulator.seed(["demo"], {"demo": [SeedDataset("Orders", rows=50)]})
    return run


def flow_times(run: CommandLine) -> tuple[int, int]:
    """Start and end of the only flow."""
    with closing(run.emulator()) as emulator:
        (flow,) = emulator.snapshot("demo")["flows"]
    return flow["scheduleParams"]["startTime"], flow["scheduleParams"]["endTime"]


def advance(run: CommandLine, seconds: int) -> int:
    """Let the emulator's time pass; its new time."""
    with closing(run.emulator()) as emulator:
        return int(emulator.advance(seconds))


def verdicts(run: CommandLine) -> list[tuple[str, str]]:
    """What `verify` found for each run of the last days: the word, and the last part of the folder."""
    (export,) = run("verify", "--since", "3d", "--format", "json").document["result"]["exports"]
    return [(v["result"], (v["folder"] or "").rpartition("/")[2]) for v in export["verdicts"]]


def export_folder(moment: int) -> str:
    """The folder of a run at a moment: the calendar's year, also where the week belongs to another one."""
    return f"exportTime={datetime.fromtimestamp(moment, UTC):%Y%m%d%H%M}"


@pytest.mark.parametrize("date", DATES.values(), ids=DATES)
def test_an_export_is_created_delivered_renewed_and_never_drifts(tmp_path: Path, date: str) -> None:
    moment = int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp())
    run = at(tmp_path, moment)
    assert run("plan", "--out", "plan.json").code == 0
    assert run("apply", "plan.json").code == 0

    start, end = flow_times(run)
    assert start % DAY == 2 * HOUR
    assert 30 * MINUTE <= start - moment < DAY + 30 * MINUTE
    assert end == moment - moment % DAY + 6 * DAY
    assert "No changes." in run("plan").out

    now = advance(run, start + DAY + 2 * HOUR - moment)  # the second run found nothing new
    assert verdicts(run) == [("COMPLETE", export_folder(start)), ("EMPTY", "")]
    assert run("drift").code == 0

    assert run("renew", "--auto-approve").code == 0
    assert flow_times(run) == (start, now - now % DAY + 6 * DAY)
    assert run("drift").code == 0
    assert "No changes." in run("plan").out
