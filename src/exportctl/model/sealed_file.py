"""
The JSON object of a file that exportctl refuses once it is edited: it holds a digest of all the rest.

Goes in: the content as JSON, the version of exportctl that writes it. Comes out: the object, or its JSON Schema. Pure.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from exportctl.model.json_form import Json, JsonObject, constant, encoded_part, text
from exportctl.model.plan import canonical_json


@dataclass(frozen=True)
class SealedContent:
    """What a file holds: its content, and the version of exportctl that wrote it."""

    content: Json
    version: str


def sealed_file(
    description: str, *, kind: str, format_version: int, name: str, content: JsonObject[Any]
) -> JsonObject[SealedContent]:
    """Describe a file. Its member `name` holds the content."""
    rest = JsonObject[SealedContent](
        description,
        format_version=constant("version of this format", format_version),
        kind=constant("kind of this document", kind),
        exportctl=text("version of exportctl that wrote the file", lambda file: file.version),
        **{name: encoded_part(content, lambda file: file.content)},
    )

    def digest(file: SealedContent) -> str:
        return hashlib.sha256(canonical_json(rest.encode(file)).encode()).hexdigest()

    return JsonObject[SealedContent](description, **rest.members, content_digest=text("sha256 of all the rest", digest))
