"""A backup report for people, pull requests and machines. `python -m tests.output.golden_backup` rewrites its files."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from exportctl.monitor.backup.report import BackupReport, ChainState, ExportChains
from exportctl.output import github_actions, junit
from exportctl.output.environments import EnvironmentResult
from exportctl.output.markdown import backup as markdown_backup
from exportctl.output.text import backup as text_backup
from tests.output import golden_backup
from tests.output.sample_backups import POLICY, backup_report, chain, gap, unread_report
from tests.output.sample_environments import FINDINGS
from tests.output.sample_plans import AS_OF, HEADER, address

TEXTS = golden_backup.texts()


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_view_says_what_its_golden_file_says(name: str) -> None:
    expected = (golden_backup.FOLDER / name).read_text(encoding="utf-8")

    assert expected == TEXTS[name]


def test_every_golden_file_belongs_to_a_view() -> None:
    assert sorted(TEXTS) == sorted(p.name for p in golden_backup.FOLDER.iterdir())


def test_every_state_is_shown_and_counted() -> None:
    text = text_backup.render_backup_report(backup_report())
    assert text.endswith("Backup: 1 whole, 1 gap, 1 changed, 1 unproven, 1 none.\n")
    assert all(f" {state} " in text for state in ChainState)
    assert "and 5 more; --format json has all" in text


@pytest.mark.parametrize("width", [40, 80, 200])
def test_sentences_wrap_at_the_width_of_the_screen(width: int) -> None:
    lines = text_backup.render_backup_report(backup_report(), width=width).splitlines()
    sentences = [line for line in lines if line.strip().startswith(("since", "lost:", "action:", "policy:"))]
    assert sentences
    assert all(len(line) <= width for line in sentences)


def test_a_test_result_is_a_failure_only_where_the_yaml_asks_for_a_backup() -> None:
    root = ElementTree.fromstring(junit.render_backup_report(backup_report()))
    cases = {(case.attrib["classname"], case.attrib["name"][:7]): case[0] for case in root.iter("testcase")}
    assert {key: node.tag for key, node in cases.items()} == {
        ("exports.orders", "Orders"): "failure",
        ("exports.orders", cases_name(cases, "Web")): "system-out",
        ("exports.orders", "Returns"): "system-out",
        ("exports.whole", "Orders"): "skipped",
        ("exports.new", "Orders"): "skipped",
    }
    assert (root.attrib["tests"], root.attrib["failures"]) == ("5", "1")
    failure = cases["exports.orders", "Orders"].text or ""
    assert failure.count("aep/part-") == 25  # nothing is cut


def cases_name(cases: dict[tuple[str, str], ElementTree.Element], start: str) -> str:
    return next(name for _, name in cases if name.startswith(start))


# -- Markdown and annotations -----------------------------------------------------------------------------------------


def large_report(exports: int, gaps: int) -> BackupReport:
    lost = [gap(ChainState.GAP, n, objects=("aep/part",) * 25) for n in range(gaps)]
    broken = chain("Orders", ChainState.GAP, *lost, failures=("the backup is GAP: gone",))
    every = [ExportChains(address(f"web-{n}"), "f", "enabled", "s3://a", POLICY, (broken,)) for n in range(exports)]
    return BackupReport(HEADER, AS_OF, tuple(every))


@pytest.mark.parametrize(("exports", "gaps"), [(1, 500), (400, 2), (30, 30)])
def test_a_summary_is_never_longer_than_it_may_be_and_says_what_is_left_out(exports: int, gaps: int) -> None:
    shown = markdown_backup.render_backup_report(large_report(exports, gaps), limit=20_000)

    assert len(shown) <= 20_000
    assert "shown" in shown
    assert shown.count("<details>") == shown.count("</details>") >= 1


def test_every_row_of_a_table_has_the_same_number_of_cells() -> None:
    rows = [line for line in TEXTS["backup.md"].splitlines() if line.startswith("|")]

    assert {row.count("|") for row in rows} == {len(text_backup.TITLES) + 2}


def test_an_annotation_stands_at_the_line_of_the_policy_and_says_what_closes_the_gap() -> None:
    (found,) = github_actions.backup_findings(backup_report())
    unproven, unread = github_actions.backup_findings(unread_report())

    assert (found.rule, found.at, found.hint) == ("backup-policy", POLICY.at, "do this")
    assert found.message == "exports.orders: Orders: the backup is GAP: gone"
    assert (unproven.at, unread.rule, unread.at) == (POLICY.at, "storage-denied", POLICY.at)


def test_what_could_not_be_read_stands_first_and_no_verdict_is_given() -> None:
    shown = markdown_backup.render_backup_report(unread_report())

    assert "**Backup: 1 unproven.** Not all could be read." in shown
    assert shown.index("Could not be read") < shown.index("Not as the policy asks")


def test_the_test_results_of_several_environments_name_them_and_hold_why_one_was_not_read() -> None:
    sides = [EnvironmentResult("dev", backup_report()), EnvironmentResult[BackupReport]("prod", None, FINDINGS)]
    root = ElementTree.fromstring(junit.render_backup_environments(sides))

    assert [suite.attrib["name"] for suite in root] == [
        "dev: exports.orders",
        "dev: exports.whole",
        "dev: exports.new",
        "prod",
    ]
    assert (root.attrib["tests"], root.attrib["failures"], root.attrib["errors"]) == ("6", "1", "1")
