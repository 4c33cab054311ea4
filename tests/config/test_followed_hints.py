"""What the reader of the config prints ends the mistake: every hint is followed, and then the config is valid."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from exportctl.config import load as config
from exportctl.errors import Level
from tests.config.example_config import EXAMPLE, SMALL, read_project, with_destination, with_export
from tests.config.followed_hints import EXAMPLE_HINTS, Ways
from tests.config.followed_section_hints import DESTINATION_HINTS, EXPORT_HINTS, TOP_HINTS
from tests.config.test_mistakes import DESTINATIONS, EXPORTS, IN_THE_EXAMPLE, TOPS
from tests.hint_words import Outside, filled, unexplained


def follow(bad: str, ways: Ways, env: str | None) -> None:
    """Follow each way of the one hint of a text."""
    _, (finding,) = read_project(bad, env=env)
    assert unexplained(finding.hint or "", ways) == ""
    for words, way in ways.items():
        if isinstance(way, Outside) or not way:
            continue
        text = bad
        for old, new in zip(way[::2], way[1::2], strict=True):
            assert filled(words, old) in text, old
            text = text.replace(filled(words, old), filled(words, new), 1)
        made, findings = read_project(text, env=env or ("prod" if "environments: {" in text else None))
        assert [str(f) for f in findings if f.level is Level.ERROR] == [], words
        assert made is not None, words


@pytest.mark.parametrize("case", IN_THE_EXAMPLE)
def test_every_hint_of_a_mistake_ends_it(case: str) -> None:
    found, instead, *_ = IN_THE_EXAMPLE[case]
    env = "prod" if "removal" not in case else "dev"

    follow(EXAMPLE.replace(found, instead, 1), EXAMPLE_HINTS[case], env)


SECTIONS = {
    **{case: (with_destination(body), DESTINATION_HINTS.get(case)) for case, (body, _) in DESTINATIONS.items()},
    **{case: (with_export(more), EXPORT_HINTS.get(case)) for case, (more, _) in EXPORTS.items()},
    **{case: (f"{SMALL}{more}\n", TOP_HINTS.get(case)) for case, (more, _) in TOPS.items()},
}


@pytest.mark.parametrize("case", SECTIONS)
def test_every_hint_of_a_wrong_section_ends_it(case: str) -> None:
    bad, ways = SECTIONS[case]
    assert ways is not None

    follow(bad, ways, None)
