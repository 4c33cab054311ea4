"""The digests that stand in documents for values which a plan must not show."""

from __future__ import annotations

from collections.abc import Mapping

from exportctl.frozen import dataclass


@dataclass(frozen=True)
class BoundValues:
    """Salted digests of what an approval covers and a document does not show: of fields, and of what steps send."""

    fields: Mapping[str, str]
    steps: Mapping[str, Mapping[str, str]]
