"""Names that break the rules of `tests/test_names.py`, each with its reason. An entry that nothing needs fails."""

from __future__ import annotations

from collections.abc import Mapping

FUNCTIONS: Mapping[str, str] = {
    "nullable": "an option of a member, under the name that JSON Schema and OpenAPI give it: nullable(text(…))",
    "last_applied": "the name that words.md gives to what the marker remembers",
    "passed": "the result of a check, in the word that every test runner has for it",
    "now": "the name that Python gives to a clock's reading",
    "readable": "io.RawIOBase names it: the reader of files asks for it",
}

# What the client and the emulator both have: they share no code, and each models the same traffic.
CLIENT_AND_EMULATOR: Mapping[str, str] = {
    "Request": "an HTTP request, as the client sends it and as the emulator gets it",
    "Answer": "an HTTP answer, as the client gets it and as the emulator sends it",
}
