"""A backup report for people, and as test results."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from exportctl.monitor.backup.report import ChainState
from exportctl.output import junit
from exportctl.output.text import backup as text_backup
from tests.output.sample_backups import backup_report


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
