"""
The findings of the reader of the YAML as rows, so that one table lists every rule id.

The reader emits them; nothing here checks anything. They can be neither lowered nor allowed: what they find cannot be
read as a config.
"""

from __future__ import annotations

from exportctl.errors import Level
from exportctl.rules_row import By, Rule


def _row(id: str, title: str, why: str, mend: str, level: Level = Level.ERROR) -> Rule:
    return Rule(id, level, title, why, mend, fixed=True, by=By.READER)


RULES: tuple[Rule, ...] = ()
