"""`emulator credentials`: least privilege can be tried, and a secret is shown once or never."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from exportctl.emulator import Emulator
from exportctl.emulator.server import bind_server, close_server
from tests.cli.command_line import CommandLine

VIEW = "View Destinations"


def test_a_secret_that_is_made_up_is_shown_once(run: CommandLine) -> None:
    added = run("emulator", "credentials", "add", "reader", "--permission", VIEW, "--sandbox", "demo")

    assert added.code == 0
    (secret,) = [line.partition("=")[2] for line in added.out.splitlines() if "AEP_CLIENT_SECRET=" in line]
    assert len(secret) > 30
    listed = run("emulator", "credentials", "list")
    assert f"reader: {VIEW}; sandboxes demo" in listed.out
    assert "emulator-client: View Destinations, View Datasets" in listed.out
    assert secret not in listed.out + listed.err


def test_a_secret_that_is_given_is_never_shown(run: CommandLine, tmp_path: Path) -> None:
    secret = "a-secret-of-our-own"
    (run.folder / "secret.txt").write_text(f"{secret}\n")

    by_file = run("emulator", "credentials", "add", "one", "--secret", "@secret.txt", "--format", "json")
    by_name = run("emulator", "credentials", "add", "two", "--secret", "env:OURS", OURS=secret)
    plain = run("emulator", "credentials", "add", "three", "--secret", secret)

    assert json.loads(by_file.out)["client_id"] == "one"
    assert (by_file.code, by_name.code, plain.code) == (0, 0, 64)
    assert not any(secret in ended.out + ended.err for ended in (by_file, by_name, plain))
    assert run("emulator", "credentials", "add", "four", "--secret", "env:UNSET").code == 64


def test_what_cannot_be_added_or_removed_is_explained(run: CommandLine) -> None:
    unknown = run("emulator", "credentials", "add", "x", "--permission", "Everything")
    twice = run("emulator", "credentials", "add", "emulator-client")
    last = run("emulator", "credentials", "remove", "emulator-client")
    nobody = run("emulator", "credentials", "remove", "nobody")

    assert "there are View Destinations" in unknown.err + unknown.out
    assert "remove it first" in twice.err + twice.out
    assert "url: embedded" in last.err + last.out
    assert "there is no credential nobody" in nobody.err + nobody.out
    assert {unknown.code, twice.code, last.code, nobody.code} == {1}


def test_a_credential_is_removed(run: CommandLine) -> None:
    run("emulator", "credentials", "add", "reader")

    assert "reader" not in run("emulator", "credentials", "remove", "reader").out


@pytest.fixture
def url() -> Iterator[str]:
    with closing(Emulator()) as emulator:
        emulator.seed(["demo"])
        running = bind_server(emulator, 0)
        thread = threading.Thread(target=running.run, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.effective_port}"
        close_server(running)
        thread.join(5)


def test_doctor_with_a_reader_names_what_the_reader_may_not_do(run: CommandLine, url: str) -> None:
    added = run(
        *("emulator", "credentials", "add", "reader", "--permission", VIEW, "--sandbox", "demo"),
        *("--url", url, "--format", "json"),
    )
    run.edit("url: embedded", f"url: {url}")
    login = {"AEP_CLIENT_ID": "reader", "AEP_CLIENT_SECRET": json.loads(added.out)["client_secret"]}

    ended = run("doctor", **login)

    assert ended.code == 1
    assert "demo: this credential may use it" in ended.out
    assert "View Destinations: 0 listed" in ended.out
    assert "View Datasets is missing" in ended.out


def test_doctor_needs_no_administrator_and_says_which_sandboxes_there_are(run: CommandLine, url: str) -> None:
    added = run("emulator", "credentials", "add", "narrow", "--sandbox", "prod", "--url", url, "--format", "json")
    run.edit("url: embedded", f"url: {url}")
    login = {"AEP_CLIENT_ID": "narrow", "AEP_CLIENT_SECRET": json.loads(added.out)["client_secret"]}

    ended = run("doctor", **login)

    assert ended.code == 1
    assert "there is no sandbox demo, or this credential may not use it" in ended.out
    assert "set platform.sandbox to one of: prod" in ended.out
