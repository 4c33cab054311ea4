"""What a rule prints ends what it found: every way out of every offline rule is followed, and nothing new is wrong."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
import yaml

from exportctl.errors import Finding
from exportctl.rules.engine import BY_ID
from tests.hint_words import filled, unexplained
from tests.rules.followed_hints import HINTS, Hint
from tests.rules.followed_name_hints import NAME_HINTS
from tests.rules.test_examples import EXAMPLES, TextLoader, findings, full_config, merge_values

ALL = {**HINTS, **NAME_HINTS}
CASES = [pytest.param(rule, hint, id=f"{rule} {n}") for rule, hints in ALL.items() for n, hint in enumerate(hints)]


def edited(bad: str, fragment: str) -> bytes:
    """The bad config with the edit; a key that the edit sets to null goes."""
    merged = merge_values(yaml.load(full_config(bad), TextLoader), yaml.load(fragment, TextLoader))
    return bytes(yaml.safe_dump(merged, allow_unicode=True, width=1000), "utf-8")


def hits(rule: str, found: Iterable[Finding]) -> list[Finding]:
    return [f for f in found if f.rule == rule]


def test_every_offline_rule_has_a_followed_hint() -> None:
    assert sorted(ALL) == sorted(rule.id for rule in EXAMPLES)


@pytest.mark.parametrize(("rule", "hint"), CASES)
def test_every_way_out_that_a_rule_prints_works(rule: str, hint: Hint) -> None:
    bad = hint.bad or BY_ID[rule].bad_example
    before = findings(full_config(bad))
    printed = hits(rule, before)[0].hint or ""

    assert unexplained(printed, [*hint.ways, *hint.says, *hint.outside]) == ""
    assert all("exportctl" not in words.removeprefix("exportctl fills") for words in hint.outside)
    for words, fragment in hint.ways.items():
        after = findings(edited(bad, filled(words, fragment)))
        assert hits(rule, after) == [], words
        assert {f.rule for f in after} <= {f.rule for f in before}, (words, [str(f) for f in after])
