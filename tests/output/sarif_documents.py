"""Checks SARIF documents against the official schema, and against what GitHub's page on SARIF asks for."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator

SCHEMA = Path(__file__).parents[1] / "sarif" / "sarif-schema-2.1.0.json"
MAX_DESCRIPTION = 1024
REGION = ("startLine", "startColumn", "endLine", "endColumn")


def check_sarif(text: str) -> Any:
    """Return the one run of a document that fits the schema, and in which GitHub finds all that it needs."""
    document = json.loads(text)
    _validator().validate(document)
    assert (document["$schema"], document["version"]) == ("https://json.schemastore.org/sarif-2.1.0.json", "2.1.0")
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        for text in (rule["shortDescription"]["text"], rule["fullDescription"]["text"]):
            assert 0 < len(text) <= MAX_DESCRIPTION
        assert rule["help"]["text"]
    for result in run["results"]:
        _check_result(result, rules)
    hashes = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]
    assert len(set(hashes)) == len(hashes)
    return run


def _check_result(result: Any, rules: Any) -> None:
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert result["message"]["text"].strip()
    (location,) = result["locations"]
    place = location["physicalLocation"]
    assert re.fullmatch(r"(?!/)[!-~]+", place["artifactLocation"]["uri"])
    assert all(place["region"][name] >= 1 for name in REGION)


def positions(run: Any) -> list[tuple[str, str, int]]:
    """The rule, file and line of each result."""
    places = [(r["ruleId"], r["locations"][0]["physicalLocation"]) for r in run["results"]]
    return [(rule, p["artifactLocation"]["uri"], p["region"]["startLine"]) for rule, p in places]


@cache
def _validator() -> Any:
    return Draft4Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
