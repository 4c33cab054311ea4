"""`diff-environments` as it is typed: text, JSON, exit codes, and that it needs no network."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command_line import SMALL, CommandLine

CONFIG = (
    SMALL.replace(", sandbox: demo, url: embedded", "").replace("bucket: acme-lake", 'bucket: "acme-${environment}"')
    + """\
environments:
  dev: {platform: {sandbox: dev}, exports: {returns: null}}
  prod: {platform: {sandbox: prod}, exports: {orders: {title: All orders}}}
"""
)


def make_command_line(folder: Path, text: str = CONFIG) -> CommandLine:
    run = CommandLine(folder)
    run.write(text)
    return run


def test_both_forms_tell_the_same(tmp_path: Path) -> None:
    run = make_command_line(tmp_path)
    shown = run("diff-environments", "dev", "prod")
    assert (shown.code, shown.err) == (0, "")
    assert "exports.returns: only in prod\n      exports.yaml:15:54: the overlay of dev" in shown.out
    assert '? bucket: dev "acme-dev", prod "acme-prod"' in shown.out
    document = run("diff-environments", "dev", "prod", "--format", "json").document
    assert document["kind"] == "diff-environments"
    assert [o["address"] for o in document["result"]["one_sided"]] == ["exports.returns"]
    assert [(d["address"], d["path"], d["unintended"]) for d in document["result"]["differences"]] == [
        ("platform", "sandbox", False),
        ("destinations.lake", "bucket", True),
        ("exports.orders", "title", False),
    ]


def test_an_environment_that_is_not_declared_is_wrong_usage_and_the_nearest_is_named(tmp_path: Path) -> None:
    ended = make_command_line(tmp_path)("diff-environments", "dev", "prdo")
    assert (ended.code, ended.out) == (64, "")
    assert "did you mean prod?" in ended.err


def test_one_environment_is_not_compared_with_itself(tmp_path: Path) -> None:
    assert make_command_line(tmp_path)("diff-environments", "dev", "dev").code == 64


def test_a_third_environment_by_option_is_wrong_usage_and_by_variable_has_no_effect(tmp_path: Path) -> None:
    run = make_command_line(tmp_path)
    assert run("diff-environments", "dev", "prod", "--env", "dev").code == 64
    assert run("diff-environments", "dev", "prod", EXPORTCTL_ENV="dev").code == 0


def test_a_config_without_environments_says_so(tmp_path: Path) -> None:
    ended = make_command_line(tmp_path, SMALL)("diff-environments", "dev", "prod")
    assert ended.code == 64
    assert "the config has none" in ended.err


def test_a_config_that_is_not_valid_is_an_error_with_its_place(tmp_path: Path) -> None:
    run = make_command_line(tmp_path, CONFIG.replace("every: 1 day", "every: 5 minutes"))
    ended = run("diff-environments", "dev", "prod")
    assert (ended.code, ended.out) == (1, "")
    assert "exports.yaml:6:21:" in ended.err
    assert "[bad-schedule]" in ended.err
