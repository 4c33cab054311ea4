"""What hand-written pages say is true: links, commands, tags, words and examples that no other test runs."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from exportctl.cli.exit_codes import USAGE
from exportctl.emulator import Emulator, SeedDataset
from exportctl.monitor.delivery.report import DeliveryResult, Evidence
from exportctl.resources.kinds import FLOW, KINDS
from exportctl.resources.marker import parse_marker
from tests.cli.command_line import ORGANIZATION, STATE, CommandLine
from tests.docs.shown_commands import LEFT_OUT, mask_changing_parts

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
    assert [name for name in re.findall(r"\btests/[\w/.-]*\w", read(page)) if not (ROOT / name).exists()] == []


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


def test_the_page_about_plans_without_network_shows_what_happens(tmp_path: Path) -> None:
    run = CommandLine(tmp_path)
    run.write(
        read("exports.yaml").replace("  sandbox: demo\n", "") + "environments: {prod: {platform: {sandbox: prod}}}\n"
    )
    assert run("apply", "--env", "prod", "--auto-approve").code == 0
    shown = [line for block in re.findall(r"```console\n(.*?)```", read("docs/how-to/plan-without-network.md"), re.S)
             for line in block.splitlines() if line and not line.startswith("$") and line != LEFT_OUT]  # fmt: skip

    saved = run("snapshot", "--env", "prod", "--out", "prod.snapshot.json", "--now", "2026-11-25T02:00:00Z")
    run.edit("exports:\n", "exports:\n  extra: {datasets: [Returns], subpath: extra}\n")
    planned = run("plan", "--env", "prod", "--refresh-from", "prod.snapshot.json", "--rehearse")

    printed = mask_changing_parts(tuple((saved.out + saved.err + planned.out).splitlines()))
    for line in shown:
        assert re.sub(r"\d+ hours old", "AGE", mask_changing_parts((line,))) in re.sub(r"\d+ \w+ old", "AGE", printed)


def test_the_page_about_environments_shows_how_the_example_differs(tmp_path: Path) -> None:
    block = read("docs/how-to/use-several-environments.md").partition("$ exportctl diff-environments dev prod\n")[2]
    shown = [line for line in block.partition("```")[0].splitlines() if line and line != LEFT_OUT]
    shutil.copytree(ROOT / "examples" / "environments", tmp_path, dirs_exist_ok=True)

    printed = CommandLine(tmp_path)("diff-environments", "dev", "prod").out.splitlines()

    assert len(shown) > 6
    assert [line for line in shown if line not in printed] == []


CREATED = 1_795_482_000  # 2026-11-24 01:00 UTC
DELIVERIES = """\
version: 1
project: demo
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: demo, url: embedded}
defaults:
  destination: lake
  schedule: {every: 3 hours, at: "00:00"}
  format: {type: parquet, manifest: true}
  end: {rolling: 180 days, renew_before: 30 days}
destinations: {lake: {type: amazon-s3, bucket: acme-lake, path: aep, auth: {role_arn: "${env:ROLE}"}}}
exports: {orders: {datasets: [Orders]}, returns: {datasets: [Returns]}}
"""


def mask_files(text: str) -> str:
    """A report without what differs from run to run: ids, moments, names and sizes of files, and so the line breaks."""
    text = re.sub(r"part-[\w-]+\.gz\.parquet", "FILE", " ".join(mask_changing_parts((text,)).split()))
    text = re.sub(r"\d+\.\d KiB|\d+ bytes|says \d+", "SIZE", text)
    return re.sub(r"exportTime=\d+", "FOLDER", text)


def test_the_page_about_deliveries_shows_what_happens(tmp_path: Path) -> None:
    run = CommandLine(tmp_path)
    run.write(DELIVERIES)
    with closing(Emulator(tmp_path / STATE, clock=CREATED, organization=ORGANIZATION)) as emulator:
        emulator.seed(["demo"], {"demo": [SeedDataset("Orders", rows=1200), SeedDataset("Returns", rows=80)]})
    assert run("apply", "--auto-approve").code == 0
    run("emulator", "clock", "advance", "3 hours")
    page = read("docs/how-to/verify-delivery.md")
    first, second, _ = re.findall(r"\$ exportctl verify [^\n]*\n(.*?)```", page, re.DOTALL)

    assert mask_files(run("verify", "--deep").out) == mask_files(first)

    for dataset, rows in (("Orders", 300), ("Returns", 20)):
        run("emulator", "ingest", dataset, str(rows))
    run("emulator", "clock", "advance", "3 hours")
    orders, returns = sorted(tmp_path.rglob("*/exportTime=202611240600/part-00000*"), reverse=True)
    orders.write_bytes(orders.read_bytes()[:-100])
    returns.unlink()

    assert mask_files(run("verify", "--since", "2 hours").out) == mask_files(second)
