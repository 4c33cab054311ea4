"""docs/how-to/monitor-and-renew.md shows what really happens, and explains every word and mark."""

from __future__ import annotations

import re
from pathlib import Path

from exportctl.monitor.status import FlowState, HealthResult
from exportctl.output.text import forecast
from exportctl.resources.run import RunStatus
from tests.docs.monitoring_page import PAGE, commands, mask_ids_and_sizes, prepare_folder, run_exportctl

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_commands_print_what_the_page_shows(tmp_path: Path) -> None:
    prepare_folder(tmp_path)
    shown = commands(TEXT)

    assert [command.split()[0] for command, _ in shown] == ["status", "runs", "forecast"]
    for command, output in shown:
        assert mask_ids_and_sizes(run_exportctl(tmp_path, *command.split())) == mask_ids_and_sizes(output)


def test_the_page_explains_every_word_and_state_and_mark() -> None:
    rows = re.findall(r"(?m)^\| `([^`]+)` \|", TEXT)
    quoted = set(re.findall(r"`([^`\n]+)`", TEXT))

    assert {word.value for word in HealthResult} <= set(rows)
    assert {state.value for state in FlowState} <= quoted
    assert {status.value for status in RunStatus} <= quoted
    marks = (forecast.RUN, forecast.SEVERAL, forecast.NONE, forecast.END)
    assert set(marks) <= set(rows)
