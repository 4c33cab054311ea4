"""Checks a JSON document against the schema of its kind, which `test_json` checks itself."""

from __future__ import annotations

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from exportctl.output.json import schemas


def check_document(document: dict[str, Any], kind: str) -> None:
    """
    Check a document.

    Raises:
        ValidationError: it does not fit the schema of `kind`.
    """
    _validator(kind).validate(document)


@cache
def _validator(kind: str) -> Any:
    return Draft202012Validator(schemas.schema(kind))
