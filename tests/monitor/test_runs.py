"""What to look at when a run failed: the specific cause where the text names one, an order of checks where not."""

from __future__ import annotations

import re

import pytest

from exportctl.monitor.runs import HINTS, error_hints
from exportctl.resources.destinations.sftp import SFTP
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.run import RunError

ABORTED = RunError("ACTIVATION_BATCH-0000-FAILED", "Job aborted.")
SKIPPED = RunError("ACTIVATION_BATCH-0000-SKIP", "Skipped: nothing to do.")


def hint(error: RunError, type_name: str | None) -> str | None:
    (found,) = error_hints([error], type_name)
    return found


TEXTS = {
    "NoSuchBucket: The specified bucket does not exist": "bucket or container is missing",
    "The specified container does not exist.": "bucket or container is missing",
    "CONNECTOR-3101-403: s3://acme/aep refused: InvalidAccessKeyId": "credentials are wrong",
    "SignatureDoesNotMatch: check your key": "credentials are wrong",
    "AADSTS7000222: the client secret keys are expired": "credentials are wrong",
    "Authentication failed for user acme": "credentials are wrong",
    "the role cannot be assumed: its trust does not name the caller": "credentials are wrong",
    "the private key cannot be read": "credentials are wrong",
    "sftp.partner.example: PermissionDenied: no such user": "credentials are wrong",
    "AccessDenied: not allowed to PutObject": "lacks a permission",
    "sftp.partner.example: SFTPPermissionDenied: /in": "lacks a permission",
    "AuthorizationPermissionMismatch": "lacks a permission",
    "open /in/x.parquet: Permission denied": "lacks a permission",
    "ssh: too many connections from this host": "too few connections",
    "kex_exchange_identification: Connection closed by remote host": "too few connections",
    "sftp.partner.example cannot be reached: it accepts no connection": "too few connections",
    "the connection broke in the middle": "too few connections",
    "connection timed out": "too few connections",
    "export exceeds 1,000,000 records for uncompressed parquet": "1 million",
    "record limit exceeded": "1 million",
    "Dataset 5ef3 was deleted": "dataset of the flow was deleted",
    "the dataset could not be found": "dataset of the flow was deleted",
    "write: no space left on device": "full or read-only",
    "EMULATOR-EXTRA-MISSING": "pip install 'exportctl[emulator]'",
}


@pytest.mark.parametrize("said", TEXTS)
def test_a_specific_text_gets_its_cause(said: str) -> None:
    assert TEXTS[said] in (hint(RunError("", said), "amazon-s3") or "")


def test_every_row_is_found_by_a_text() -> None:
    hints = {hint(RunError("", said), None) for said in TEXTS}
    assert hints == {row.text for row in HINTS}


@pytest.mark.parametrize("type_name", TYPES)
def test_the_generic_text_gets_the_order_of_checks_of_its_destination_type(type_name: str) -> None:
    said = hint(ABORTED, type_name) or ""
    assert str(TYPES[type_name].failure_checks) in said
    assert "dataset" in said


def test_a_cause_beside_it_silences_the_checks() -> None:
    cause = RunError("CONNECTOR-3101-403", "s3://acme/aep refused: AccessDenied")
    first, second = error_hints([ABORTED, cause], "amazon-s3")
    assert first is None
    assert "lacks a permission" in (second or "")


def test_the_same_hint_is_given_once() -> None:
    first, second, third = error_hints([ABORTED, SKIPPED, ABORTED], "sftp")
    assert str(TYPES["sftp"].failure_checks) in (first or "")
    assert (second, third) == (None, None)


def test_sftp_is_asked_for_its_connections() -> None:
    assert "connections" in str(SFTP.failure_checks)


def test_nothing_is_made_up() -> None:
    assert hint(SKIPPED, "amazon-s3") is None
    assert hint(ABORTED, None) is None
    assert hint(RunError("CONNECTOR-2001-500", "A sentence without a row."), "sftp") is None


def test_a_text_alone_without_words_gets_the_checks() -> None:
    assert hint(RunError("CODE-1", ""), "sftp") == hint(RunError("", "Job aborted."), "sftp")


def test_every_row_has_a_source_and_a_pattern_that_compiles() -> None:
    assert all(row.source and re.compile(row.pattern) for row in HINTS)
