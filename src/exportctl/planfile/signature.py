"""
Sign saved plans with a shared key, so that a plan file from an untrusted job is worth nothing. Pure.

    signature = HMAC-SHA256(key, purpose and the SHA-256 of the whole file without it), 64 hex digits

An unsigned file proves that it was not changed by mistake. It does not prove who made it: whoever can write the file
can write another plan with a digest that is right. With a key, only a job that has the key can make a file that another
job with the key applies. exportctl reads the key from the environment and never shows it.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from enum import StrEnum

from exportctl.errors import Error, PlanFileError
from exportctl.model.references import PLAN_KEY
from exportctl.model.secret import Secret, check_single_line

MIN_KEY_LENGTH = 32  # characters: 128 bits as hex digits, too many to guess
_PURPOSE = "exportctl saved plan, signature 1\n"
_MAKE_KEY = f"make one with `openssl rand -hex 32`, and give it as {PLAN_KEY} to the jobs that plan and apply only"


class SignatureState(StrEnum):
    """What is known of the signature of a plan file."""

    VALID = "valid"
    UNCHECKED = "unchecked"  # there is a signature, and no key
    UNSIGNED = "unsigned"


def read_plan_key(env: Mapping[str, str]) -> Secret | None:
    """
    Return the key of plan files, None without the variable.

    An empty variable is an error: a CI system passes an empty one where a secret is missing, and apply would then take
    unsigned files.

    Raises:
        Error: the key is empty, too short, or has a line end.
    """
    if PLAN_KEY not in env:
        return None
    key = Secret(env[PLAN_KEY])
    if not env[PLAN_KEY]:
        text = f"{PLAN_KEY} is empty: a secret of the pipeline may be missing"
        raise Error(text, rule="plan-key", hint=f"{_MAKE_KEY}; to work without signatures, remove the variable")
    check_single_line(key, PLAN_KEY)
    if len(env[PLAN_KEY]) < MIN_KEY_LENGTH:
        text = f"{PLAN_KEY} has fewer than {MIN_KEY_LENGTH} characters: too short for a key"
        raise Error(text, rule="plan-key", hint=_MAKE_KEY)
    return key


def sign(key: Secret, content_digest: str) -> str:
    """Return the signature of a file with this digest."""
    secret = key.reveal().encode("utf-8", "surrogateescape")
    return hmac.new(secret, f"{_PURPOSE}{content_digest}".encode(), "sha256").hexdigest()


def check_signature(signature: str | None, content_digest: str, key: Secret | None) -> SignatureState:
    """
    Check the signature of a file that was read.

    Raises:
        PlanFileError: there is a key, and the file is unsigned or was signed with another key.
    """
    if key is None:
        return SignatureState.UNSIGNED if signature is None else SignatureState.UNCHECKED
    if signature is None:
        hint = f"make the plan where {PLAN_KEY} is set, with `exportctl plan --out FILE`; do not trust this file"
        text = f"the saved plan is not signed, and {PLAN_KEY} is set"
        raise PlanFileError(text, rule="plan-file-unsigned", hint=hint)
    if not hmac.compare_digest(sign(key, content_digest).encode(), signature.encode("utf-8", "surrogatepass")):
        text = f"the signature of the saved plan does not match {PLAN_KEY}: it was made with another key, or changed"
        hint = "use the key of the job that made the plan, or make a new plan; do not trust this file"
        raise PlanFileError(text, rule="plan-file-signature", hint=hint)
    return SignatureState.VALID
