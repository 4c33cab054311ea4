"""docs/how-to/rename-split-and-clean-up.md names a rule that exists."""

from __future__ import annotations

from exportctl.rules.engine import BY_ID
from tests.docs.console_blocks import ROOT

TEXT = (ROOT / "docs" / "how-to" / "rename-split-and-clean-up.md").read_text(encoding="utf-8")


def test_the_page_names_a_rule_that_exists() -> None:
    assert "likely-rename" in BY_ID
    assert "`likely-rename`" in TEXT
