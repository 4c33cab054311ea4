"""References read when they are needed, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from exportctl.config.read_references import MAX_BYTES, read_file, read_references, resolve_text
from exportctl.errors import Error, SourcePosition
from exportctl.model.project import Project, UnsetReference
from exportctl.model.references import BadValue
from exportctl.model.secret import Secrecy, Secret
from tests.config.example_config import SMALL, project, with_destination

BODY = '{type: sftp, host: "h-$${x}", path: p, auth: {username: "${env:WHO}", password: "${file:pass}"}}'


def sftp(body: str = BODY) -> Project:
    return project(with_destination(body))


def refuse_read(path: str) -> str | None:
    raise AssertionError(f"{path} was read")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("a-${env:A}-${env:B:-b}", "a-1-b"),
        ("${env:EMPTY}", None),
        ("${env:EMPTY:-x}", "x"),
        ("${env:GONE}", None),
        ("$${env:A}", "${env:A}"),
        ("${sandbox}", None),
    ],
)
def test_a_text_is_resolved_or_unset(text: str, expected: str | None) -> None:
    assert expected == resolve_text(text, {"A": "1", "EMPTY": ""}, refuse_read)


def test_a_file_is_a_value_without_its_last_line_end(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one\ntwo\r\n", encoding="utf-8")
    assert resolve_text("<${file:a}>", {}, lambda path: read_file(tmp_path, path)) == "<one\ntwo>"
    assert read_file(tmp_path, "gone") is None
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    assert read_file(tmp_path, "empty") is None


def test_a_text_that_is_no_reference_is_refused() -> None:
    with pytest.raises(BadValue):
        resolve_text("${X}", {}, refuse_read)


def test_values_are_read_by_address_and_field(tmp_path: Path) -> None:
    (tmp_path / "pass").write_text("correct horse\n", encoding="utf-8")
    found = read_references(sftp(), {"WHO": "me"}, tmp_path)
    assert {
        ("destinations.other", "host"): "h-${x}",
        ("destinations.other", "username"): Secret("me"),
        ("destinations.other", "password"): Secret("correct horse"),
    } == found.values
    assert not found.unset


def test_what_is_not_set_is_named(tmp_path: Path) -> None:
    found = read_references(sftp(), {}, tmp_path)
    assert {field: u.variable for (_, field), u in found.unset.items()} == {"username": "WHO", "password": "file:pass"}
    assert (
        UnsetReference("WHO", SourcePosition("exports.yaml", 6, 66)) == found.unset[("destinations.other", "username")]
    )


def test_only_the_classes_and_addresses_asked_for_are_read(tmp_path: Path) -> None:
    found = read_references(sftp(), {"WHO": "me"}, tmp_path, {Secrecy.SENSITIVE})
    assert list(found.values) == [("destinations.other", "username")]
    assert not read_references(sftp(), {"WHO": "me"}, tmp_path, addresses=["platform"]).values


def test_platform_credentials_and_public_keys_are_read_too(tmp_path: Path) -> None:
    text = SMALL.replace(
        "sandbox: dev}", 'sandbox: dev, credentials: {client_id: "${env:I}", access_token: "${env:T}"}}'
    )
    text = text.replace(
        "schedules:\n",
        "  s: {type: sftp, auth: {username: u, password: '${env:T}'}, host: h, path: p, encryption: {public_key: k}}\n"
        "schedules:\n",
    )
    found = read_references(project(text), {"I": "12345678", "T": "abcdefgh"}, tmp_path)
    assert [k for k in found.values if k[0] == "platform"] == [("platform", "client_id"), ("platform", "access_token")]
    assert found.values[("destinations.s", "encryption.public_key")] == "k"


def test_a_short_secret_is_refused_by_the_name_of_its_reference(tmp_path: Path) -> None:
    (tmp_path / "pass").write_text("hunter2", encoding="utf-8")
    with pytest.raises(Error, match=r"\$\{file:pass\}") as caught:
        read_references(sftp(), {"WHO": "me"}, tmp_path)
    assert caught.value.rule == "secret-too-short"
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("ended", ["correct horse\n\n", "correct\nhorse", "correct horse\r"])
@pytest.mark.parametrize("name", ["PASS", "WHO"])
def test_a_value_with_a_line_end_is_refused_by_the_name_of_its_reference(tmp_path: Path, ended: str, name: str) -> None:
    body = '{type: sftp, host: h, path: p, auth: {username: "${env:WHO}", password: "${env:PASS}"}}'
    with pytest.raises(Error, match=rf"\$\{{env:{name}\}} contains a line end") as caught:
        read_references(sftp(body), {"WHO": "loader", "PASS": "correct horse"} | {name: ended}, tmp_path)
    assert caught.value.rule == "value-line-end"
    assert "correct" not in f"{caught.value} {caught.value.hint}"
    assert caught.value.at is not None


def test_a_private_key_is_checked_as_it_is_read(tmp_path: Path) -> None:
    body = '{type: sftp, host: h, path: p, auth: {username: u, private_key: "${env:KEY}"}}'
    with pytest.raises(Error, match=r"\$\{env:KEY\} is cut: ") as caught:
        read_references(sftp(body), {"KEY": "-----BEGIN RSA PRIVATE KEY-----\nabcd"}, tmp_path)
    assert str(caught.value.at) == "exports.yaml:6:74"


def test_files_that_hold_no_value_are_refused(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "large").write_bytes(b"x" * (MAX_BYTES + 1))
    for path, rule in (("binary", "file-not-utf8"), ("large", "file-too-large"), (".", "file-unreadable")):
        with pytest.raises(Error) as caught:
            read_file(tmp_path, path)
        assert rule == caught.value.rule
        assert f"${{file:{path}}}" in caught.value.message


def test_a_file_reference_stays_inside_the_checkout_and_waits_for_no_pipe(tmp_path: Path) -> None:
    home, mount = tmp_path / "home", tmp_path / "mount"
    home.mkdir()
    mount.mkdir()
    (mount / "key").write_text("mounted-value\n")
    (home / "link").symlink_to(mount / "key")
    os.mkfifo(home / "pipe")
    paths = {
        "../mount/key": "outside",
        "link": "outside",
        "pipe": "pipe",
        "/dev/null": "device",
        "/proc/self/environ": "system",
    }
    for path, word in paths.items():
        with pytest.raises(Error, match=word) as caught:
            read_file(home, path)
        assert caught.value.rule in ("file-outside", "file-unreadable")
        assert "mounted-value" not in f"{caught.value}{caught.value.hint}"
    assert read_file(home, str(mount / "key")) == "mounted-value"
    (tmp_path / ".git").mkdir()  # now all of it is one checkout
    assert read_file(home, "../mount/key") == read_file(home, "link") == "mounted-value"


def s3(secret: str) -> str:
    auth = f'{{access_key_id: "${{env:KEY_ID}}", secret_access_key: "{secret}"}}'
    return f"{{type: amazon-s3, bucket: b, auth: {auth}}}"


def test_a_value_of_another_form_than_the_published_one_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    env = {"KEY_ID": "akia-is-only-unusual", "KEY": "wrong/secret"}
    with pytest.raises(Error) as caught:
        read_references(sftp(s3("${env:KEY}")), env, tmp_path)
    assert caught.value.rule == "auth-form"
    assert caught.value.message.startswith("the value of ${env:KEY} is not a secret access key: 40 ")
    assert "wrong" not in str(caught.value)
    assert read_references(sftp(s3("${env:KEY}")), {**env, "KEY": "b" * 40}, tmp_path).unset == {}


def test_the_byte_order_mark_of_a_file_is_no_part_of_the_value(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("b" * 40 + "\r\n", encoding="utf-8-sig")

    read = read_references(sftp(s3("${file:key}")), {"KEY_ID": "AKIAIOSFODNN7EXAMPLE"}, tmp_path)

    assert Secret("b" * 40) in read.values.values()
