"""Texts of a config's author can neither add, hide nor change a line of what a reviewer and a CI system read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.command_line import ORGANIZATION, CommandLine, fixed_clock_command_line

HARMLESS = "harmless"
HOSTILE = {
    "a line": "x\n- exports.orders  (flow 1)\nPlan: 0 to create",
    "a carriage return": "x\rPlan: 0 to create, 0 to delete",
    "another direction": "x\u202e\u2066gnihton\u2069\u200f\u061c",
    "a command": "::error::x\n::set-output name=changes::false\n##[endgroup]",
    "an output": "x\nchanges=false\nrefused<<E\nfalse\nE",
    "Markdown": "</code></details>\n\n# x\n| a | b |\n|---|---|\n[x](javascript:y) ![z](http://z) @acme #1 `",
    "HTML": "<!-- <script>x</script> <details><summary>&lt;img src=x&gt;",
    "JSON": '", "verb": "unchanged", "x": "',
}

INVISIBLE = {
    "ANSI": "x\x1b[2K\x1b[1A\x1b[8mhidden\x1b]0;t\x07",
    "no width": "x\u200b\u2060\ufeff\u00ad",
    "line ends of Unicode": "x\u2028Plan: 0\u2029y\x85z\x0bz\x0cz",
}


def write_config(run: CommandLine, text: str) -> None:
    declared: dict[str, Any] = {
        "version": 1,
        "project": "acme",
        "platform": {"organization": ORGANIZATION, "sandbox": "demo", "url": "embedded"},
        "defaults": {
            "destination": "zone",
            "schedule": {"every": "1 day", "at": "02:00"},
            "end": {"rolling": "180 days", "renew_before": "30 days"},
        },
        "destinations": {"zone": {"type": "data-landing-zone", "path": "exports", "description": text}},
        "exports": {
            "returns": {"datasets": ["Returns"], "title": " ".join(text.split()), "description": text},
            "refunds": {"datasets": ["Refunds"], "allow": [{"rule": "ending", "reason": text}]},
        },
        "removed": [{"export": "orders", "do": "delete", "reason": text}],
        "accept": [
            {"address": "exports.refunds", "field": "title", "reason": text, "owner": text, "until": "2027-03-01"}
        ],
    }
    run.write(json.dumps(declared, indent=1))  # positions stay


def lines(run: CommandLine, text: str) -> dict[str, list[str]]:
    """The lines of each output and file; those with the author's text are empty."""
    write_config(run, text)
    files = {name: run.folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.unlink(missing_ok=True)
    env = {"GITHUB_ACTIONS": "true", **{name: str(file) for name, file in files.items()}}
    said: dict[str, str] = {}
    for form in ("text", "markdown", "json"):
        ended = run("plan", "--format", form, env=env)
        assert ended.code == 5, ended.err  # the whole plan is shown with what a safety check says
        said |= {f"{form} out": ended.out, f"{form} err": ended.err}
    result = json.loads(said["json out"])["result"]
    verbs = [(item["address"], item["verb"]) for item in result["items"]]
    said["json out"] = json.dumps([verbs, result["counts"]], indent=1)  # it also holds digests of the texts
    said |= {name: file.read_text(encoding="utf-8") for name, file in files.items()}
    return {name: written.split("\n") for name, written in said.items()}


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """A sandbox with one export that the config removes, and one that it changes."""
    run = fixed_clock_command_line(tmp_path_factory.mktemp("reviewed"))
    assert run("apply", "--auto-approve").code == 0
    write_config(run, HARMLESS)
    assert run("emulator", "seed", "--from-config").code == 0
    return run


@pytest.fixture(scope="module")
def expected(reviewed: CommandLine) -> dict[str, list[str]]:
    return lines(reviewed, HARMLESS)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_text_of_the_author_changes_no_line_but_its_own(
    reviewed: CommandLine, expected: dict[str, list[str]], name: str
) -> None:
    digests = ("digest", "only-if")
    shown = lines(reviewed, HOSTILE[name])
    for where, before in expected.items():
        after = shown[where]
        assert len(after) == len(before), (where, after)
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            own = HARMLESS in one or any(word in one for word in digests) or "exportctl_" in one
            value = number > 0 and before[number - 1].startswith(digests)  # below `digest<<…`
            assert own or value or one == other, (where, one, other)
            assert other.isprintable(), (where, other)


@pytest.mark.parametrize("name", INVISIBLE)
def test_a_text_that_a_review_cannot_see_is_refused_by_its_name(reviewed: CommandLine, name: str) -> None:
    write_config(reviewed, INVISIBLE[name])
    for form in ("text", "json"):
        ended = reviewed("plan", "--format", form, GITHUB_ACTIONS="true")
        assert ended.code == 1
        assert "invisible-character" in ended.err
        assert all(line.isprintable() for line in (ended.out + ended.err).split("\n"))


def test_no_file_of_ci_holds_more_outputs_than_exportctl_writes(reviewed: CommandLine) -> None:
    for text in (HARMLESS, HOSTILE["an output"], HOSTILE["a command"]):
        named = [line.partition("<<")[0] for line in lines(reviewed, text)["GITHUB_OUTPUT"] if "<<exportctl_" in line]
        assert named.count("changes") == 3  # one for each format
        assert {"refused", "digest", "summary", "writes"} <= set(named)
