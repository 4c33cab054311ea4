"""`explain`: every word that exportctl shows has an explanation, and docs/glossary.md has the same ones."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from exportctl.cli import exit_codes
from exportctl.cli.explain_topics import explain_topic
from exportctl.cli.glossary import SECTIONS, glossary_markdown
from exportctl.errors import Level, UsageError
from exportctl.model.apply_report import ResourceState, ResultWord
from exportctl.model.outcome import CheckStatus, OutcomeStatus
from exportctl.model.plan import Action, Cause, Verb
from exportctl.monitor.delivery.report import DeliveryResult, Evidence
from exportctl.monitor.drift import DriftGroup
from exportctl.monitor.status import FlowState, HealthResult
from exportctl.rules.engine import BY_ID
from exportctl.rules.safety_check_texts import SAFETY_CHECKS
from tests.cli.command_line import ROOT, CommandLine

RUN_ENUMS = (ResultWord, ResourceState)
ENUMS = (Cause, Verb, Action, OutcomeStatus, DriftGroup, DeliveryResult, Evidence, HealthResult, FlowState, Level)


@pytest.mark.parametrize(
    "term",
    [
        *(str(member) for enum in (*ENUMS, *RUN_ENUMS, CheckStatus) for member in enum),
        *(f"exit {code}" for code in exit_codes.TEXTS),
        *(check.name for check in SAFETY_CHECKS),
        *BY_ID,
        *(word for section in SECTIONS for term in section.terms for word in (term.name, *term.also)),
    ],
)
def test_every_term_is_explained(term: str) -> None:
    title, text = explain_topic(term)

    assert title and text


@pytest.mark.parametrize(
    ("topic", "title"),
    [
        ("Pending Change", "cause pending"),
        ("pending-changes", "cause pending"),
        ("ACCOUNTS", "term account"),
        ("safety_check", "term safety check"),
        ("[expired]", "rule expired"),
        ("files missing", "result FILES-MISSING"),
        ("5", "exit code 5"),
        ("exit code 5", "exit code 5"),
        ("exports.orders.schedule.every", "field exports.orders.schedule.every"),
        ("schedule.every", "field exports.schedule.every"),
        ("incomplete", "run result incomplete"),
        ("lease held", "run result lease-held"),
        ("left", "resource left"),
        ("auth.role_arn", "field destinations.auth.role_arn"),
        ("exports", "field exports"),
        ("defaults.end", "field defaults.end"),
    ],
)
def test_a_term_is_found_however_it_is_written(topic: str, title: str) -> None:
    found, text = explain_topic(topic)

    assert title in (found, *re.findall(r"(?m)^([a-z ]+[\w.-]+): ", text))


def test_a_word_with_several_meanings_shows_all_of_them() -> None:
    title, text = explain_topic("failed")

    assert {title, *re.findall(r"(?m)^([a-z ]+ \w+): ", text)} == {
        "outcome failed",
        "run result failed",
        "resource failed",
        "result FAILED",
        "health FAILED",
        "doctor result failed",
        "drill result FAILED",
    }


def test_an_unknown_term_names_similar_ones(run: CommandLine) -> None:
    shown = run("explain", "adpot")

    assert shown.code == 64
    assert "did you mean adopt" in shown.err


def test_a_word_that_is_like_nothing_gets_no_suggestion() -> None:
    with pytest.raises(UsageError) as caught:
        explain_topic("qqqqqq")

    assert "did you mean" not in str(caught.value.hint)


def test_the_json_form_holds_the_same_text(run: CommandLine) -> None:
    document = run("explain", "final", "check", "--format", "json").document

    assert (document["result"]["topic"], document["result"]["text"]) == explain_topic("final check")


def test_the_glossary_page_holds_every_term_and_rule() -> None:
    page = glossary_markdown()

    assert page == (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    for section in SECTIONS:
        for term in section.terms:
            assert f"| **{term.name}**" in page
            assert term.text.replace("\n", "<br>") in page
    assert [rule for rule in BY_ID if f"| `{rule}` |" not in page] == []


# -- the demo ---------------------------------------------------------------------------------------------------------


def test_every_term_in_the_output_of_the_demo_is_explained(tmp_path: Path) -> None:
    shown = _demo_output(tmp_path)
    found = set(_terms(shown)) - {"orders"}  # the dataset

    # What a run of the demo must show; without these the patterns below would have missed their lines.
    expected = {
        "create",
        "update",
        "paused",
        "drift",
        "unchanged",
        "done",
        "final check",
        "exit 3",
        "renew",
        "cost",
        "whole",
    }
    expected |= {"COMPLETE", "CHANGED", "WHOLE", "OK", "HEALTH", "RESULT", "STATE", "volume", "title", "note"}
    assert expected - found == set()
    assert [term for term in sorted(found) if not _is_explained(term)] == []


def _is_explained(term: str) -> bool:
    try:
        explain_topic(term)
    except UsageError:
        return False
    return True


_DEMO_LINE = re.compile(r"(?:    )?(?P<word>run|last|pass|quietly|shell|head) (?P<rest>[^&>]+?)(?: 2?>.*)?$")


def _demo_output(folder: Path) -> str:
    """Run the commands of the demo's own script in this process; return what it shows, without its `check`s."""
    examples = folder / "examples"
    shutil.copytree(ROOT / "examples" / "demo", examples / "demo")
    run = CommandLine(folder / "build" / "demo")
    run.folder.mkdir(parents=True)
    shutil.copy(examples / "demo" / "exports.yaml", run.folder)
    shown = []
    for line in (ROOT / "examples" / "demo.sh").read_text(encoding="utf-8").splitlines():
        found = _DEMO_LINE.match(line)
        if found is None or "$1" in line:
            continue
        word, rest = found["word"], shlex.split(found["rest"].replace('"$rows"', "120"))
        if word == "pass":
            assert run("emulator", "clock", "advance", *rest).code == 0
        elif word == "quietly":
            assert run("emulator", *rest).code == 0
        elif word == "shell":
            subprocess.run(("sh", "-c", *rest), cwd=run.folder, check=True, capture_output=True)
        elif word == "head":
            _cut_a_file(run.folder)
        else:
            done = run(*rest[1:])
            assert done.code == (int(rest[0]) if word == "run" else 0), done.out + done.err
            shown += [done.out, done.err]
    assert len(shown) > 30
    return "\n".join(shown)


def _cut_a_file(folder: Path) -> None:
    """As the demo does before its last command."""
    file = sorted((folder / ".exportctl").rglob("*demo-shop-exports*/**/part-*"))[1]
    file.write_bytes(file.read_bytes()[:1000])


_SIGNS = r"(?m)^([+~!>-]|-/\+) [a-z]+\."
_VERBS = r"(?m)^(?:[+~!>-]|-/\+) \S+  ([a-z][a-z ]+?)(?:  |$)"
_RULES = r"(?m)\[([a-z-]+)\]$"
_LABELS = r"(?m)^    ([a-z][\w. ]*): "  # fields, and lines such as `next runs:`
_CAUSES = r"(?m)^        ([a-z][a-z ]*?)(?: by [^;]*)?[:;] .*\.yaml:\d+:\d+$"
_GROUPS = r"(?m)^([A-Z][a-z ]+?)(?:: [a-z].*)? \(\d+\):?$"
_SENTENCES = r"(?m)^([A-Z][a-z]+(?: check| \d)?): [\w(]"  # `Plan: …`, `Final check: …`, `Exit 3: …`
_COUNTS = r"(?m)^(?:Plan|Drift|Verify|Status|Apply|Backup): (.*?)(?: since .*)?\.$"
_STEPS = r"(?m)^\[ *\d+/\d+\] (\w+): (\w+) (base connection|source connection|target connection|flow) "
_HEADINGS = r"(?m)^ *((?:[A-Z]+(?: [A-Z]+)*  +){2,}[A-Z ]+?) *$"
_TITLES = r"(?m)^([A-Z][a-z]+) for (organization) \S+, (sandbox) "


def _terms(shown: str) -> Iterator[str]:
    """The words of an output that need an explanation: signs, labels, causes, verbs, columns, counts and headings."""
    for pattern in (_SIGNS, _VERBS, _RULES, _LABELS, _CAUSES, _GROUPS, _SENTENCES, _STEPS, _TITLES):
        for found in re.findall(pattern, shown):
            yield from (word.lower() for word in ([found] if isinstance(found, str) else found))
    for heading in re.findall(_HEADINGS, shown):
        yield from (word for word in re.split(r"  +", heading) if word.strip())
    for counts in re.findall(_COUNTS, shown):
        yield from re.findall(r"\d+ (?:to )?([a-z][a-z -]*?)(?:,|$)", counts)
    yield from re.findall(r"(?m)^    \d{4}-\d\d-\d\d \d\d:\d\d.*? UTC +(?:\d+ × )?([A-Z][A-Z-]+) ", shown)
    yield from re.findall(r"(?m)^    \w+ +([A-Z]+)  \d{4}-\d\d-\d\d ", shown)  # datasets of a backup
    for health, state in re.findall(r"(?m)^exports\.\S+ +([A-Z]+(?: [A-Z]+)*)  +([a-z ]+?)  ", shown):
        yield from (health, state)
