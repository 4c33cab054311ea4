"""`emulator`: clocks, faults, switches, edits by hand, and the served one."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from pathlib import Path

import pytest

from exportctl.emulator import Emulator
from exportctl.emulator.server import bind_server, close_server
from tests.cli.command_line import SMALL, START, CommandLine

ROLE = "arn:aws:iam::123456789012:role/exports"


def test_the_clock(run: CommandLine) -> None:
    assert "2027-01-15 08:00:00 UTC" in run("emulator", "clock").out
    assert "2027-01-15 14:00:00 UTC" in run("emulator", "clock", "advance", "6 hours").out
    moved = run("emulator", "clock", "set", "2027-02-01", "--format", "json")
    assert json.loads(moved.out)["now"] == 1_801_440_000
    assert run("emulator", "clock", "get").code == 0


@pytest.mark.parametrize(
    ("time_of_day", "shown"),
    [("08:00", "2027-01-15 08:00:00"), ("9:30:05", "2027-01-15 09:30:05"), ("07:59", "2027-01-16 07:59:00")],
)
def test_the_clock_goes_on_to_a_time_of_day(time_of_day: str, shown: str, run: CommandLine) -> None:
    assert shown in run("emulator", "clock", "set", time_of_day).out


@pytest.mark.parametrize("wrong", ["24:00", "9:5", "12:00Z"])
def test_the_clock_knows_no_such_time(wrong: str, run: CommandLine) -> None:
    assert run("emulator", "clock", "set", wrong).code == 64
    assert "08:00:00" in run("emulator", "clock").out


def test_faults(run: CommandLine) -> None:
    assert "No faults." in run("emulator", "faults", "list").out
    assert '"lost"' in run("emulator", "faults", "add", '{"effect": "lost"}').out
    assert run("emulator", "faults", "add", '{"effect": "nonsense"}').code == 1
    assert "No faults." in run("emulator", "faults", "clear").out


def test_switches(run: CommandLine) -> None:
    assert "list_lag = 0" in run("emulator", "switches", "show").out
    ended = run("emulator", "switches", "set", "list_lag=60", "read_secrets=omit", "--format", "json")
    assert json.loads(ended.out)["list_lag"] == 60
    assert run("emulator", "switches", "set", "list_lag=61").code == 1


def test_requests(applied: CommandLine) -> None:
    every = json.loads(applied("emulator", "requests", "--format", "json").out)["requests"]
    writes = applied("emulator", "requests", "--writes").out
    assert any(not entry["write"] for entry in every)
    assert "GET" not in writes
    assert "/flowservice/flows" in writes


def test_seed_and_reset(applied: CommandLine) -> None:
    assert applied("emulator", "seed", "--dataset", "Refunds").code == 0
    assert "Refunds" in applied("datasets").out
    assert applied("emulator", "reset").code == 0
    assert "Refunds" not in applied("datasets").out
    assert applied("plan", "--detailed-exitcode").code == 2


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (("end", "orders", "2027-03-01"), "Paused: left paused"),
        (("datasets", "exports.orders", "Returns"), "datasets"),
        (("rename", "orders", "Mine"), "title"),
        (("describe", "orders", "for the web team"), "Marker lost"),
        (("delete", "orders"), "Half-built"),
        (("disable", "orders"), "Paused: left paused"),
    ],
    ids=lambda part: part if isinstance(part, str) else part[0],
)
def test_edits_by_hand_are_seen(applied: CommandLine, edit: tuple[str, ...], words: str) -> None:
    assert applied("emulator", "ui", *edit).code == 0
    drift = applied("drift")
    assert drift.code == 3, drift.out
    assert words in drift.out


def test_a_flow_deleted_by_hand_is_gone_once_its_connections_are_old(applied: CommandLine) -> None:
    assert applied("emulator", "clock", "advance", "2 days").code == 0
    assert applied("emulator", "ui", "delete", "orders").code == 0
    drift = applied("drift")
    assert drift.code == 3
    assert "Gone" in drift.out


def test_a_flow_is_known_by_address_name_and_id(applied: CommandLine) -> None:
    with closing(applied.emulator()) as emulator:
        flow = next(f["id"] for f in emulator.snapshot("demo")["flows"] if f["name"] == "orders")
    for name in ("exports.orders", "orders", flow):
        assert applied("emulator", "ui", "disable", name).code == 0
        assert applied("emulator", "ui", "enable", name).code == 0
    assert applied("emulator", "ui", "rename", "orders", "Mine").code == 0
    assert applied("emulator", "ui", "rename", "exports.orders", "orders").code == 0
    ended = applied("emulator", "ui", "disable", "nonsense")
    assert ended.code == 1
    assert "nonsense" in ended.err


def test_it_stops_where_the_platform_is_not_embedded(run: CommandLine) -> None:
    run.edit("url: embedded", "url: http://127.0.0.1:1")
    ended = run("emulator", "clock")
    assert ended.code == 1
    assert "--url" in ended.err
    assert run("emulator", "clock", "--url", "https://platform.adobe.io").code == 1
    assert run("emulator", "clock", "--url", "http://127.0.0.1:1").code == 1


def test_a_served_one_is_reached_by_its_url(tmp_path: Path) -> None:
    emulator = Emulator(clock=START)
    serving = bind_server(emulator, 0)
    url = f"http://127.0.0.1:{serving.effective_port}"
    threading.Thread(target=serving.run, daemon=True).start()
    credentials = {"AEP_CLIENT_ID": "emulator-client", "AEP_CLIENT_SECRET": "emulator-client-secret"}
    run = CommandLine(tmp_path, {**credentials, "LAKE_ROLE_ARN": ROLE})  # the token comes from there too
    run.write(SMALL.replace("url: embedded", f'url: "{url}"'))
    try:
        assert run("emulator", "seed", "--url", url, "--dataset", "Orders", "--dataset", "Returns").code == 0
        doctor = run("doctor")
        assert doctor.code == 0, doctor.out
        made = run("apply", "--auto-approve")
        assert made.code == 0, made.out + made.err
        assert run("emulator", "ui", "disable", "exports.orders", "--url", url).code == 0
        assert run("drift").code == 3
        assert "2027-01-15 08:00:00" in run("emulator", "clock", "get", "--url", url).out
    finally:
        close_server(serving)
        emulator.close()
