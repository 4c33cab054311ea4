"""docs/how-to/monitor-and-renew.md explains every word and mark."""

from __future__ import annotations

import re
from pathlib import Path

from exportctl.monitor.status import FlowState, HealthResult
from exportctl.output.text import drift, forecast, plan
from exportctl.plan.flow_state import revival_consequences
from exportctl.resources.run import RunStatus
from tests.docs.console_blocks import ROOT

TEXT = (ROOT / "docs" / "how-to" / "monitor-and-renew.md").read_text(encoding="utf-8")


def test_the_page_explains_every_word_and_state_and_mark() -> None:
    rows = re.findall(r"(?m)^\| `([^`]+)` \|", TEXT)
    quoted = set(re.findall(r"`([^`\n]+)`", TEXT))

    assert {word.value for word in HealthResult} <= set(rows)
    assert {state.value for state in FlowState} <= quoted
    assert {status.value for status in RunStatus} <= quoted
    marks = (forecast.RUN, forecast.SEVERAL, forecast.NONE, forecast.END)
    assert set(marks) <= set(rows)


def test_the_page_shows_what_a_revival_costs() -> None:
    ended, as_of = 1_803_427_200, 1_803_772_800  # 2027-02-24 and 2027-02-28, 00:00 UTC

    (cost,) = revival_consequences(ended, 1_807_228_800, as_of)

    assert f"    cost: {cost.text}\n" in TEXT


def test_the_page_quotes_titles_of_the_reports() -> None:
    source = "".join(Path(module.__file__ or "").read_text(encoding="utf-8") for module in (drift, forecast, plan))

    for title in ("Not renewed", "Simultaneous runs", "Ending soon", "Expired", "Unknown origin"):
        assert f'"{title}' in source
        assert f"*{title}*" in " ".join(TEXT.split())
