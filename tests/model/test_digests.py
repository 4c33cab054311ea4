"""A digest of parts is the digest of the whole."""

from __future__ import annotations

import hashlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exportctl.model.digests import canonical_parts, digest_parts
from exportctl.model.plan import canonical_json
from tests.model.test_indented_json import TEXTS, VALUES


@given(value=st.dictionaries(TEXTS, VALUES, max_size=3) | VALUES, depth=st.integers(0, 3))
def test_the_parts_make_up_the_canonical_json(value: Any, depth: int) -> None:
    assert "".join(canonical_parts(value, depth)) == canonical_json(value)


@given(parts=st.lists(TEXTS))
def test_the_digest_of_parts(parts: list[str]) -> None:
    parts = [part.encode("ascii", "backslashreplace").decode() for part in parts]
    assert digest_parts(parts) == hashlib.sha256("".join(parts).encode()).hexdigest()
