"""What hand-written pages say is true: links, commands, tags, words and examples that no other test runs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from exportctl.cli.exit_codes import USAGE
from exportctl.monitor.delivery.report import DeliveryResult, Evidence
from exportctl.resources.kinds import FLOW, KINDS
from exportctl.resources.marker import parse_marker
from tests.cli.command_line import CommandLine

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "docs/how-to/*.md", "examples/**/*.md", "benchmarks/*.md")
    for path in ROOT.glob(pattern)
)
CAPITALS = re.compile(r"\b[A-Z]{2,}\b")  # what a reader replaces, as in `explain TERM`


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"(?m)^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def commands(text: str) -> Iterator[str]:
    """The command lines of exportctl that a page shows in blocks or names in running text."""
    blocks = "\n".join(re.findall(r"```.*?```", text, re.DOTALL))
    shown = re.findall(r"(?m)^\s*(?:\$ )?exportctl ([a-z][^\n]*)$", blocks)
    named = [one for one in re.findall(r"`exportctl ([a-z][^`\n]*)`", text) if " " in one and "…" not in one]
    for command in (*shown, *(one for one in named if not CAPITALS.search(one.partition(" >")[0]))):
        yield re.sub(r"\s+(#|>+|&&) .*", "", command)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_within_the_repository_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", read(page)):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        to = ((ROOT / page).parent / name) if name else ROOT / page
        assert to.exists(), target
        assert not anchor or anchor in anchors(to.read_text(encoding="utf-8")), target


@pytest.mark.parametrize("page", PAGES)
def test_no_command_of_a_page_is_wrong_usage(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, each command gets past its own options and values: what is missing is a config."""
    monkeypatch.chdir(tmp_path)
    for command in sorted(set(commands(read(page)))):
        if command.split()[:2] not in (["emulator", "serve"], ["emulator", "storage"]):
            assert CommandLine(tmp_path)(*shlex.split(command)).code != USAGE, command


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_says_that_adobe_states_has_a_link(page: str) -> None:
    running = re.sub(r"(?m)^(Tags:|.*\[doc\] means).*$", "", read(page))

    assert re.findall(r"(?<!\[)\[(?:doc|spec)\]", running) == []


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_page_names_exists(page: str) -> None:
    named = re.findall(r"\b(?:airflow/)?tests/[\w/.-]*\w", read(page))

    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_page_about_comparisons_shows_a_marker_and_every_letter() -> None:
    page = read("docs/comparison.md")
    (description,) = re.findall(r"```\n(.*?\[exportctl/2 .*?\])\n```", page, re.DOTALL)
    text, marker = parse_marker(description, FLOW)
    table = page.partition("| object | fields in its marker (letter) |")[2].partition("\n\n")[0]

    assert text == "For the campaign dashboard"
    assert marker is not None
    assert (marker.project, marker.name, marker.damaged) == ("bank-exports", "campaign-feedback", False)
    assert sorted(re.findall(r"\((\w)\)", table)) == sorted(row.code for kind in KINDS.values() for row in kind.fields)


def test_the_page_about_deliveries_explains_every_result_and_all_evidence() -> None:
    rows = set(re.findall(r"(?m)^\| `([^`]+)` \|", read("docs/how-to/verify-delivery.md")))

    assert {word.value for word in DeliveryResult} <= rows
    assert {word.value for word in Evidence} - {"none"} <= rows


def test_the_page_about_messages_names_only_rule_ids_that_exist() -> None:
    """The ids in its tables; those in its console blocks are printed by the commands there."""
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    ids = re.findall(r"(?m)^\| `([a-z]+(?:-[a-z]+)*)`", read("docs/how-to/troubleshoot.md"))

    assert len(ids) > 10
    assert [one for one in ids if f'"{one}"' not in source] == []
