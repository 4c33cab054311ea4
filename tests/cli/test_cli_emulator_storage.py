"""`emulator storage`: where exports are written, without a key on a command line or on the screen."""

from __future__ import annotations

import base64
import json
from contextlib import closing

import pytest

from tests.cli.command_line import CommandLine

KEY = base64.b64encode(b"k" * 32).decode()
ZONE = ("emulator", "storage", "set", "data-landing-zone", "http://127.0.0.1:10000/acme", "--option", "account=acme")


def storage_setting(run: CommandLine) -> dict[str, object]:
    with closing(run.emulator()) as emulator:
        found: dict[str, object] = emulator.store.get_setting("storage", {})
        return found


def test_everything_is_a_local_folder_at_first(run: CommandLine) -> None:
    shown = run("emulator", "storage")

    assert shown.code == 0
    assert [line.split()[0] for line in shown.out.splitlines()] == [
        "amazon-s3",
        "azure-blob",
        "azure-data-lake",
        "data-landing-zone",
        "google-cloud-storage",
        "sftp",
    ]
    assert shown.out.count("a local folder") == 6


def test_a_key_comes_from_the_environment_and_is_not_shown(run: CommandLine) -> None:
    ended = run(*ZONE, "--option", "account_key=env:ZONE_KEY", ZONE_KEY=KEY)

    assert ended.code == 0
    assert "http://127.0.0.1:10000/acme  account=acme  account_key=(secret)" in ended.out
    for output in (ended, run("emulator", "storage", "show"), run("emulator", "storage", "show", "--format", "json")):
        assert KEY not in output.out + output.err
    zone = {"url": "http://127.0.0.1:10000/acme", "account": "acme", "account_key": KEY}
    assert storage_setting(run) == {"endpoints": {"data-landing-zone": zone}, "allowed_hosts": []}


def test_roles_come_from_a_file(run: CommandLine) -> None:
    roles = {"arn:aws:iam::1:role/x": {"access_key_id": "id", "secret_access_key": "hush"}}
    run.write(json.dumps(roles), "roles.json")
    ended = run("emulator", "storage", "set", "amazon-s3", "http://127.0.0.1:9000", "--option", "roles=@roles.json")

    assert (ended.code, "hush" in ended.out) == (0, False)
    assert storage_setting(run)["endpoints"] == {"amazon-s3": {"url": "http://127.0.0.1:9000", "roles": roles}}


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("sftp://127.0.0.1:2222", {"host": "127.0.0.1", "port": 2222}),
        ("sftp://localhost", {"host": "localhost"}),
        ("sftp://[::1]:22/", {"host": "::1", "port": 22}),
    ],
)
def test_the_url_of_sftp_names_host_and_port(run: CommandLine, url: str, place: dict[str, object]) -> None:
    ended = run("emulator", "storage", "set", "sftp", url)

    assert (ended.code, ended.err) == (0, "")
    assert storage_setting(run)["endpoints"] == {"sftp": place}


def test_real_storage_is_set_only_when_allowed_and_forgotten_with_its_endpoint(run: CommandLine) -> None:
    words = ("emulator", "storage", "set", "azure-blob", "https://acme.example")
    refused = run(*words)
    allowed = run(*words, "--allow-real-storage", "acme.example")
    local = run("emulator", "storage", "local", "azure-blob")

    assert (refused.code, "--allow-real-storage acme.example" in refused.err) == (1, True)
    assert "Allowed hosts: acme.example" in allowed.out
    assert "acme.example" not in local.out
    assert storage_setting(run) == {"endpoints": {}, "allowed_hosts": []}


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("set", "amazon-s4", "http://127.0.0.1"), 1, "no destination type 'amazon-s4'"),
        (("set", "amazon-s3", "127.0.0.1"), 1, "must be an address"),
        (("set", "sftp", "sftp://127.0.0.1:x"), 64, "sftp://HOST:PORT"),
        (("set", "sftp", "sftp://user:hush@127.0.0.1"), 64, "sftp://HOST:PORT"),
        (("set", "amazon-s3", "http://127.0.0.1", "--option", "hush"), 64, "KEY=VALUE"),
        (("set", "amazon-s3", "http://127.0.0.1", "--option", "roles={hush"), 64, "not JSON"),
        (("set", "amazon-s3", "http://127.0.0.1", "--option", "roles=env:NOT_SET"), 64, "NOT_SET is not set"),
        (("set", "amazon-s3", "http://127.0.0.1", "--option", "roles=@none.json"), 1, "none.json cannot be read"),
        (("local", "amazon-s4"), 1, "no destination type 'amazon-s4'"),
        (("local", "../faults"), 1, "no destination type '../faults'"),
    ],
)
def test_mistakes_are_named_and_change_nothing(run: CommandLine, words: tuple[str, ...], code: int, says: str) -> None:
    ended = run("emulator", "storage", *words)

    assert (ended.code, says in ended.err) == (code, True), ended.err
    assert "hush" not in ended.err
    assert storage_setting(run) == {}
