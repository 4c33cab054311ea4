"""
The envelope around every JSON document: one document for each run, errors included.

A `Document` is one kind of document: it makes the text, and the JSON Schema that the text fits, from one description.
Moments are whole seconds since 1970 UTC. `result` is null where a run has nothing but errors.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from exportctl.errors import Finding
from exportctl.model.json_form import (
    Json,
    JsonObject,
    Member,
    choice,
    constant,
    encoded_part,
    listing,
    nullable,
    number,
    optional,
    part,
    text,
)
from exportctl.model.plan import PLATFORMS, PlanHeader
from exportctl.planfile.serialize import ERROR

FORMAT_VERSION = 2
MOMENT = "seconds since 1970 UTC"
T = TypeVar("T")

PLATFORM = JsonObject[PlanHeader](
    "which sandbox",
    kind=choice("service, or an emulator, from which nothing reaches Adobe", PLATFORMS, lambda h: h.platform),
    organization=text("IMS organization id"),
    sandbox=text("sandbox name"),
    environment=nullable(text("the config's environment")),
    snapshot_at=optional(
        number(f"when the snapshot behind this document was taken, {MOMENT}"), lambda h: h.snapshot_at is not None
    ),
)


class _Envelope(NamedTuple):
    header: PlanHeader | None
    as_of: int | None
    result: Json | None
    errors: Sequence[Finding]


@dataclass(frozen=True)
class Document(Generic[T]):
    """One kind of document. `result` describes what a T becomes; None: there is never a result."""

    kind: str
    result: JsonObject[T] | None

    def render(
        self, value: T | None, *, header: PlanHeader | None, as_of: int | None, errors: Sequence[Finding] = ()
    ) -> str:
        """Return the text of the document. `header` is None where no platform is involved."""
        result = None if value is None or self.result is None else self.result.encode(value)
        document = self._envelope().encode(_Envelope(header, as_of, result, errors))
        return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=True) + "\n"

    def schema(self) -> Json:
        """Return the schema of the document, without the definitions that it uses."""
        return self._envelope().schema()

    def _envelope(self) -> JsonObject[_Envelope]:
        no_result: Member[Any] = Member(lambda: {"type": "null", "description": "there is no result"}, lambda _: None)
        return JsonObject[_Envelope](
            f"the machine output of kind {self.kind}",
            format_version=constant("version of this format", FORMAT_VERSION),
            kind=constant("kind of this document", self.kind),
            platform=nullable(part(PLATFORM, lambda e: e.header)),
            as_of=nullable(number(f"the moment that the result is about, {MOMENT}")),
            result=nullable(encoded_part(self.result, lambda e: e.result)) if self.result else no_result,
            errors=listing("all errors; empty when there are none", ERROR),
        )
