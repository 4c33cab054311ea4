"""The key of plan files, and what a signature is worth."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from exportctl.errors import Error, PlanFileError
from exportctl.model.plan import SensitiveValue, UnknownValue
from exportctl.model.plan_options import PlanOptions
from exportctl.model.secret import Secret
from exportctl.planfile import file as planfile
from exportctl.planfile.binding import bound_items
from exportctl.planfile.signature import SignatureState, check_signature, read_plan_key, sign
from tests.planfile.approval_plans import patch_step, plan, updated_item

KEY = Secret("0123456789abcdef" * 2)
DIGEST = "ab" * 32


def test_a_signature_is_an_hmac_over_the_purpose_and_the_digest() -> None:
    text = f"exportctl saved plan, signature 1\n{DIGEST}".encode()
    assert sign(KEY, DIGEST) == hmac.new(KEY.reveal().encode(), text, hashlib.sha256).hexdigest()


def test_each_state_of_a_signature() -> None:
    signature = sign(KEY, DIGEST)
    assert check_signature(signature, DIGEST, KEY) is SignatureState.VALID
    assert check_signature(signature, DIGEST, None) is SignatureState.UNCHECKED
    assert check_signature(None, DIGEST, None) is SignatureState.UNSIGNED
    for found, digest, rule in (
        (None, DIGEST, "plan-file-unsigned"),
        (signature, "cd" * 32, "plan-file-signature"),
        (sign(Secret("x" * 32), DIGEST), DIGEST, "plan-file-signature"),
        ("\ud800", DIGEST, "plan-file-signature"),
        ("", DIGEST, "plan-file-signature"),
    ):
        with pytest.raises(PlanFileError) as caught:
            check_signature(found, digest, KEY)
        assert caught.value.rule == rule


def test_a_signed_file_is_read_and_its_signature_is_kept() -> None:
    text = planfile.dump_plan(plan(updated_item()), KEY)
    saved = planfile.load_plan(text)
    assert check_signature(saved.signature, saved.digest, KEY) is SignatureState.VALID
    assert saved.digest == planfile.saved_plan(plan(updated_item())).digest
    assert planfile.saved_options(saved) == PlanOptions(renewals=frozenset())


def test_the_key_is_read_from_its_variable_only() -> None:
    assert read_plan_key({}) is None
    assert read_plan_key({"EXPORTCTL_PLAN_KEY": KEY.reveal()}) == KEY
    for text in ("", "x" * 31, f"{KEY.reveal()}\n"):
        with pytest.raises(Error) as caught:
            read_plan_key({"EXPORTCTL_PLAN_KEY": text})
        assert KEY.reveal() not in f"{caught.value}{caught.value.hint}"


def test_digests_stand_for_texts_and_values_and_name_what_was_not_set() -> None:
    role = SensitiveValue("arn")
    nested = {"auth": {"role_arn": SensitiveValue("${env:ROLE}"), "of": [frozenset({role})], "plain": 1}}
    step = patch_step(fields=nested, known={"role_arn": role, "other": UnknownValue.UNSET, "plain": "x"})
    (item,) = bound_items(plan(updated_item(step)))
    assert item.bound is not None
    found = item.bound.steps[step.key]
    assert found["value of other"] == str(UnknownValue.UNSET)
    assert {len(found[name]) for name in ("auth", "value of role_arn", "value of plain")} == {64}
    assert len(set(found.values())) == 4
    assert all(len(digest) == 64 for digest in item.steps[0].seen.values())
    assert list(bound_items(plan(item))) == [item]
