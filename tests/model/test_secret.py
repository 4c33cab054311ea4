"""A secret is not seen, and a private key is one before it is sent."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from exportctl.errors import Error
from exportctl.model.secret import Secret, check_secret_length, check_single_line

VALUE = "correct horse battery"


def test_a_secret_cannot_be_printed() -> None:
    secret = Secret(VALUE)
    shown = [str(secret), repr(secret), f"{secret}", f"{secret:>10}", f"{[secret]}", f"{secret}", f"{secret!a}"]
    shown += [json.dumps({"a": secret}, default=str), repr({"a": (secret,)})]
    shown += [str(pickle.dumps(secret)), copy.deepcopy(secret).reveal(), copy.copy(secret).reveal()]
    assert not [text for text in shown if "horse" in text]
    assert str(pickle.loads(pickle.dumps(secret))) == "(secret)"
    assert not hasattr(secret, "__dict__")


def test_a_secret_is_revealed_where_it_is_sent_and_compares_by_value() -> None:
    assert Secret(VALUE).reveal() == VALUE
    assert Secret(VALUE) == Secret(VALUE)
    assert Secret(VALUE) != Secret("other")
    assert Secret(VALUE) != VALUE
    assert {Secret(VALUE)} == {Secret(VALUE), Secret(VALUE)}


def test_a_secret_has_at_least_eight_characters() -> None:
    check_secret_length(Secret("12345678"), "${env:A}")
    with pytest.raises(Error, match=r"\$\{env:A\}") as caught:
        check_secret_length(Secret("1234567"), "${env:A}")
    assert "1234567" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("12345678\x00", "U+0000"),
        ("\x1b[31msecret", "U+001B"),
        ("\ufeff12345678", "byte order mark"),
        ("x\ud83dyz", "half"),
    ],
)
def test_a_value_with_a_character_that_no_service_takes_is_named_by_the_character_only(value: str, named: str) -> None:
    with pytest.raises(Error, match=r"\$\{env:A\}") as caught:
        check_single_line(Secret(value), "${env:A}")
    assert named in caught.value.message
    assert "12345678" not in str(caught.value) and "secret" not in str(caught.value)
