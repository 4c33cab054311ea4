"""An expression that is compiled on its first use finds what the compiled one finds."""

from __future__ import annotations

import re

import pytest

from exportctl.patterns import compile_on_use


def test_it_acts_as_the_compiled_expression() -> None:
    found, compiled = compile_on_use(r"(?P<word>[a-z]+)", re.IGNORECASE), re.compile(r"(?P<word>[a-z]+)", re.IGNORECASE)

    for _ in range(2):  # the second time with what the first one has kept
        assert found.sub("-", "AB 1 cd") == compiled.sub("-", "AB 1 cd") == "- 1 -"
        assert [match["word"] for match in found.finditer("AB 1 cd")] == ["AB", "cd"]
        assert (found.pattern, found.flags) == (compiled.pattern, compiled.flags)


def test_a_mistake_shows_at_the_first_use() -> None:
    wrong = compile_on_use("(")

    with pytest.raises(re.error):
        wrong.search("")
