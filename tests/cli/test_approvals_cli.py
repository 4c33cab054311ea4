"""What an approval binds, who can make one, and what is said before the network is asked."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from tests.cli.command_line import CommandLine

KEY = "k3y-of-the-pipeline-" + "0123456789abcdef" * 2
ROLE = "arn:aws:iam::123456789012:role/"
NOWHERE = "http://127.0.0.1:1"  # nothing listens there: a request would fail


def colliding_roles() -> tuple[str, str]:
    """Two roles that a marker cannot tell apart: their accounts have the same four hex digits."""
    from exportctl.model.plan import digest

    seen: dict[str, str] = {}
    number = 0
    while True:
        role = f"{ROLE}r{number}"
        found = digest({"role_arn": role})
        if found in seen:
            return seen[found], role
        seen[found] = role
        number += 1


def save_plan(run: CommandLine, **variables: str) -> Any:
    assert run("plan", "--out", "plan.json", env=variables).code == 0
    return json.loads((run.folder / "plan.json").read_text(encoding="utf-8"))


def test_a_role_with_the_same_four_digits_is_not_the_approved_one(run: CommandLine) -> None:
    approved, other = colliding_roles()
    save_plan(run, LAKE_ROLE_ARN=approved)
    digest = run("plan", "--format", "json", LAKE_ROLE_ARN=approved).document["result"]["digest"]
    by_file = run("apply", "plan.json", LAKE_ROLE_ARN=other)
    by_digest = run("apply", "--only-if", digest, LAKE_ROLE_ARN=other)
    assert (by_file.code, by_digest.code) == (6, 6)
    assert "`auth.role_arn`: another value than the approved one; it is not shown" in by_file.err
    assert run.writes() == 0
    assert run("apply", "--only-if", digest, LAKE_ROLE_ARN=approved).code == 0


def test_equal_plans_are_equal_bytes_and_no_value_stands_in_them(run: CommandLine) -> None:
    first = save_plan(run, LAKE_ROLE_ARN=f"{ROLE}x")
    text = (run.folder / "plan.json").read_text(encoding="utf-8")
    assert save_plan(run, LAKE_ROLE_ARN=f"{ROLE}x") == first
    assert (run.folder / "plan.json").read_text(encoding="utf-8") == text
    assert ROLE not in text
    digests = [d for item in first["plan"]["items"] for step in item["bound"]["steps"].values() for d in step.values()]
    assert digests
    assert {len(d) for d in digests} == {64}


def test_one_value_has_another_digest_at_another_address_and_in_another_sandbox(run: CommandLine) -> None:
    def digests() -> list[str]:
        items = save_plan(run, LAKE_ROLE_ARN=f"{ROLE}x")["plan"]["items"]
        return [step["value of role_arn"] for item in items for step in item["bound"]["steps"].values()]

    run.edit("exports:\n", f"  pond: {{type: amazon-s3, bucket: acme-pond, {REVIEWED}}}\nexports:\n")
    run.edit("orders: {datasets: [Orders]}", "orders: {datasets: [Orders], destination: pond}")
    here = digests()
    run.edit("sandbox: demo", "sandbox: other")
    assert run("emulator", "seed", "--from-config").code == 0
    assert len({*here, *digests()}) == 4


REVIEWED = 'auth: {role_arn: "${env:LAKE_ROLE_ARN}"}'
# an edit after the review -> a word of what is said
EDITS = {
    "the repository": ("project: acme\n", "project: acme\nrepository: https://example.com/theirs\n", "repository"),
    "the title of an account": ("type: amazon-s3,", "type: amazon-s3, title: Theirs,", "title"),
    "the name of the variable": ("env:LAKE_ROLE_ARN", "env:OTHER_ROLE", "destinations.lake: `auth`"),
    "a description": ("{datasets: [Orders]}", "{datasets: [Orders], description: Theirs}", "exports.orders"),
}


@pytest.mark.parametrize("name", EDITS)
def test_what_apply_would_write_is_part_of_the_approval(run: CommandLine, name: str) -> None:
    before, after, word = EDITS[name]
    roles = {"LAKE_ROLE_ARN": f"{ROLE}x", "OTHER_ROLE": f"{ROLE}x"}
    save_plan(run, **roles)
    digest = run("plan", "--format", "json", env=roles).document["result"]["digest"]
    run.edit(before, after)
    ended = run("apply", "plan.json", env=roles)
    assert ended.code == 6
    assert word in ended.err
    assert run("apply", "--only-if", digest, env=roles).code == 6
    assert run.writes() == 0


def test_the_options_are_part_of_the_digest(run: CommandLine) -> None:
    plain, targeted = (
        run("plan", *options, "--format", "json").document["result"]["digest"]
        for options in ((), ("--target", "exports.*"))
    )
    assert plain != targeted
    assert run("apply", "--only-if", targeted).code == 6
    assert run("apply", "--only-if", targeted, "--target", "exports.*").code == 0


def test_a_plan_of_another_version_of_exportctl_is_not_applied(run: CommandLine) -> None:
    from tests.planfile.test_forged_plans import sealed

    document = {**save_plan(run), "exportctl": "99.0"}
    (run.folder / "plan.json").write_text(sealed(document), encoding="utf-8")
    ended = run("apply", "plan.json")
    assert ended.code == 6
    assert '`exportctl`: approved "99.0"' in ended.err
    assert run.writes() == 0


# the config after the review -> options -> what is said
ELSEWHERE = {
    "another sandbox": ("sandbox: demo", "sandbox: other", (), "saved for sandbox demo"),
    "another organization": ("0123456789ABCDEF01234567@", "ABCDEF0123456789ABCDEF01@", (), "saved for sandbox demo"),
    "another project": ("project: acme", "project: other", (), '`project`: approved "acme"'),
    "an environment": (
        "",
        "",
        ("--env", "prod"),
        "and this config has no environment prod",
    ),
    "environments now": (
        ", sandbox: demo, url: embedded}",
        ", url: embedded}\nenvironments: {prod: {platform: {sandbox: demo}}}",
        (),
        "and this config has environments",
    ),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_plan_for_another_place_is_refused_before_any_request(run: CommandLine, name: str) -> None:
    before, after, options, words = ELSEWHERE[name]
    save_plan(run)
    if before:
        run.edit(before, after)
    run.edit("url: embedded", f'url: "{NOWHERE}"')
    (run.folder / ".exportctl").rename(run.folder / "gone")
    ended = run("apply", "plan.json", *options, AEP_CLIENT_ID="id", AEP_CLIENT_SECRET="client-secret")
    assert ended.code == 6
    assert words in ended.err
    assert ended.err.startswith("error: ")
    assert "make and review a new plan: exportctl" in ended.err
    assert "plan --out plan.json" in ended.err
    assert not (run.folder / ".exportctl").exists()


def test_a_plan_for_another_url_is_refused_before_any_request(run: CommandLine) -> None:
    save_plan(run)
    run.edit("url: embedded", f'url: "{NOWHERE}"')
    ended = run("apply", "plan.json", AEP_CLIENT_ID="id", AEP_CLIENT_SECRET="client-secret")
    assert ended.code == 6
    assert '`platform`: approved "embedded"' in ended.err


def test_a_signed_plan_is_applied_with_its_key_only(run: CommandLine) -> None:
    assert "signature" in save_plan(run, EXPORTCTL_PLAN_KEY=KEY)
    other = run("apply", "plan.json", EXPORTCTL_PLAN_KEY=KEY[::-1])
    assert (other.code, run.writes()) == (1, 0)
    assert "does not match EXPORTCTL_PLAN_KEY" in other.err
    assert "Signed:" in run("show", "plan.json", EXPORTCTL_PLAN_KEY=KEY).out
    assert run("show", "plan.json", "--format", "json").document["result"]["signature"] == "unchecked"
    assert run("show", "plan.json", EXPORTCTL_PLAN_KEY=KEY[::-1]).code == 1
    ended = run("apply", "plan.json", EXPORTCTL_PLAN_KEY=KEY)
    assert ended.code == 0
    assert "Not signed" not in ended.err


def test_an_unsigned_plan_is_refused_where_there_is_a_key_and_explained_where_there_is_none(run: CommandLine) -> None:
    from tests.planfile.test_forged_plans import sealed

    document = save_plan(run, EXPORTCTL_PLAN_KEY=KEY)
    del document["signature"]
    (run.folder / "plan.json").write_text(sealed(document), encoding="utf-8")
    refused = run("apply", "plan.json", EXPORTCTL_PLAN_KEY=KEY)
    assert (refused.code, run.writes()) == (1, 0)
    assert "is not signed" in refused.err
    ended = run("apply", "plan.json")
    assert ended.code == 0
    assert "Not signed: the file proves that it was not changed by mistake, not who made it." in ended.err


def test_a_signature_covers_the_whole_file(run: CommandLine) -> None:
    from tests.planfile.test_forged_plans import sealed

    document = save_plan(run, EXPORTCTL_PLAN_KEY=KEY)
    document["plan"]["options"]["allow_deletes"] = 9
    (run.folder / "plan.json").write_text(sealed(document), encoding="utf-8")
    assert run("apply", "plan.json", EXPORTCTL_PLAN_KEY=KEY).code == 1
    assert run.writes() == 0


BAD_KEYS = {
    "empty": ("", "is empty"),
    "short": ("x" * 31, "fewer than 32"),
    "with a line end": (f"{KEY}\n", "line end"),
}


@pytest.mark.parametrize("name", BAD_KEYS)
def test_a_key_that_protects_nothing_is_refused_and_never_shown(run: CommandLine, name: str) -> None:
    key, words = BAD_KEYS[name]
    save_plan(run)
    for command in (("plan", "--out", "other.json"), ("apply", "plan.json"), ("show", "plan.json")):
        ended = run(*command, EXPORTCTL_PLAN_KEY=key)
        assert ended.code == 1
        assert words in ended.err
        assert not key or key.strip() not in ended.out + ended.err
    assert not (run.folder / "other.json").exists()
    assert run.writes() == 0


def test_no_reference_of_a_config_sends_the_key(run: CommandLine) -> None:
    run.edit("env:LAKE_ROLE_ARN", "env:EXPORTCTL_PLAN_KEY")
    ended = run("apply", "--auto-approve", EXPORTCTL_PLAN_KEY=KEY)
    assert (ended.code, run.writes()) == (1, 0)
    assert "reference-not-allowed" in ended.err
    assert KEY not in ended.out + ended.err


def test_values_that_no_plan_reads_are_named_before_they_are_sent(run: CommandLine) -> None:
    run.edit(REVIEWED, 'auth: {access_key_id: AKIAIOSFODNN7EXAMPLE, secret_access_key: "${env:S3_SECRET}"}')
    save_plan(run)
    ended = run("apply", "plan.json", S3_SECRET="s" * 40)
    assert ended.code == 0
    assert "so the approval does not cover them: ${env:S3_SECRET}" in ended.err


def test_a_plan_file_that_is_no_file_is_refused_at_once(run: CommandLine) -> None:
    os.mkfifo(run.folder / "pipe")
    (run.folder / "link").symlink_to("gone")
    (run.folder / "binary").write_bytes(b"\xff\xfe")
    for name, words in {"pipe": "a pipe", "link": "a link to gone", ".": "a folder", "binary": "not UTF-8"}.items():
        for command in ("apply", "show"):
            ended = run(command, name)
            assert ended.code == 1
            assert words in ended.err
            assert "Traceback" not in ended.err
    save_plan(run)
    (run.folder / "link").unlink()
    (run.folder / "link").symlink_to("plan.json")
    assert run("show", "link").code == 0
