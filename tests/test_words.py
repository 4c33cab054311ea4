"""
Retired words stand nowhere that a reader looks: src, docs, README, schemas, examples, golden files.

`WORDS` have no other sense. `SENSES` are phrases in which a word of two senses has the retired one. `ALLOWED` are the
phrases that keep a retired word, each with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
READ = (
    *("src", "airflow/src", "airflow/README.md", "docs", "schemas", "examples", "README.md", "exports.yaml"),
    *("tests/output", "tests/cases"),
)
ENDINGS = {".py", ".md", ".json", ".yaml", ".yml", ".txt", ".sh", ".toml", ".svg", ".xml"}
QUOTES_THEM = ("docs/decisions.md",)  # it says which words were retired

WORDS = re.compile(
    r"\b(mend(s|ed|ing)?|feeds?|twins?|leftovers?|lapsed?|converged?|residue|cadences?|rhythms?|anew|put back|puts back"
    r"|told|somebody|nobody)\b",
    re.IGNORECASE,
)
SENSES = re.compile(
    r"\b(gates?|phases?"
    r"|(is|are|was|were|be|stays?|left) held|held (stops?|flows?|exports?|back|;)|held, not|\d+ held"
    r"|(is|are|was|were|be) over(?! \d)"
    r"|(same|another|new|other) places?|places? of (files|exports?|destinations?))\b",
    re.IGNORECASE,
)
ALLOWED: Mapping[str, str] = {
    "line feed": "the character that ends a line",
    "Loyalty feed": "the name of a flow in the sample data: people call their flows so",
}


def files() -> Iterator[Path]:
    for name in READ:
        start = ROOT / name
        found = sorted(start.rglob("*")) if start.is_dir() else [start]
        yield from (f for f in found if f.suffix in ENDINGS and is_read(f.relative_to(ROOT).as_posix()))


def is_read(path: str) -> bool:
    """Say whether a file is one that readers look at: of tests/output the golden files, and no quotation."""
    is_test = path.startswith(("tests/output/", "tests/cases/")) and path.endswith(".py")
    return path not in QUOTES_THEM and not is_test


def retired_words(text: str) -> list[str]:
    """What a text says in retired words, without the phrases that keep one."""
    kept = re.sub("|".join(map(re.escape, ALLOWED)), "", text)
    return [hit.group() for pattern in (WORDS, SENSES) for hit in pattern.finditer(kept)]


def test_no_retired_word_stands_where_readers_look() -> None:
    found = {path.relative_to(ROOT).as_posix(): retired_words(path.read_text(encoding="utf-8")) for path in files()}

    assert {path: words for path, words in found.items() if words} == {}


@pytest.mark.parametrize("phrase", ALLOWED)
def test_every_allowed_phrase_is_used(phrase: str) -> None:
    assert any(phrase in path.read_text(encoding="utf-8") for path in files())


@pytest.mark.parametrize(
    "text",
    [
        "mend it",
        "two Feeds",
        "a twin",
        "leftovers",
        "lapsed",
        "converged: true",
        "the residue",
        "a rhythm",
        "made anew",
        "put back",
        "it is told",
        "Somebody",
        "nobody",
        "the gates",
        "it is held",
        "1 held",
        "its end is over",
        "another place",
        "the phase",
    ],
)
def test_a_retired_word_is_found(text: str) -> None:
    assert retired_words(text) != []


@pytest.mark.parametrize(
    "text", ["recommended", "a line feed", "held by", "over HTTP", "replaced", "overlap", "in place", "converges"]
)
def test_another_word_or_sense_is_not(text: str) -> None:
    assert retired_words(text) == []
