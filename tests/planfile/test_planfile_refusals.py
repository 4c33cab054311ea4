"""What is no saved plan is refused with the reason and the way on."""

from __future__ import annotations

import hashlib
import json

import pytest

from exportctl.errors import PlanFileError
from exportctl.planfile import file as planfile
from tests.planfile.approval_plans import AS_OF, plan, updated_item

TEXT = planfile.dump_plan(plan(updated_item()))
DOCUMENT = json.loads(TEXT)


def signed_document(**changed: object) -> str:
    """A document whose digest is right, whatever it says."""
    document = {k: v for k, v in {**DOCUMENT, **changed}.items() if k != "content_digest"}
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    whole = {**document, "content_digest": hashlib.sha256(canonical.encode()).hexdigest()}
    return json.dumps(whole, sort_keys=True, indent=2) + "\n"


REFUSED = {
    "empty": ("", "plan-file-json", "not JSON"),
    "cut short": (TEXT[: len(TEXT) // 2], "plan-file-json", "not JSON"),
    "nested beyond reason": ("[" * 100_000, "plan-file-json", "not JSON"),
    "a list": ("[]", "plan-file-kind", "not a saved plan"),
    "no kind": ("{}", "plan-file-kind", "not a saved plan"),
    "machine output": ('{"kind": "plan", "format_version": 2}', "plan-file-kind", "not a saved plan"),
    "another version": (
        signed_document(format_version=3),
        "plan-file-version",
        "format version 3, but this exportctl reads 2",
    ),
    "a value edited": (TEXT.replace('"3 hours"', '"6 hours"'), "plan-file-edited", "was edited"),
    "a key twice": (
        TEXT.replace('"kind": "saved-plan"', '"kind": "x",\n  "kind": "saved-plan"'),
        "plan-file-edited",
        "was edited",
    ),
    "laid out again": (json.dumps(DOCUMENT), "plan-file-edited", "was edited"),
    "the wrong digest": (TEXT.replace(DOCUMENT["content_digest"], "0" * 64), "plan-file-edited", "was edited"),
    "no plan": (signed_document(plan=None), "plan-file-edited", "was edited"),
    "a hollow plan": (signed_document(plan={}), "plan-file-edited", "the saved plan has a wrong part"),
    "a plan of odd parts": (
        signed_document(plan={**DOCUMENT["plan"], "items": [1]}),
        "plan-file-edited",
        "the saved plan has a wrong part",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused(name: str) -> None:
    text, rule, words = REFUSED[name]

    with pytest.raises(PlanFileError, match=words) as caught:
        planfile.load_plan(text)

    assert caught.value.rule == rule
    assert caught.value.hint


def test_the_version_of_exportctl_is_reported_and_does_not_matter() -> None:
    assert planfile.load_plan(signed_document(exportctl="99.0")).version == "99.0"


def test_the_age_of_an_approval_is_in_seconds() -> None:
    saved = planfile.load_plan(TEXT)

    assert (planfile.age_seconds(saved, AS_OF + 60), planfile.age_seconds(saved, AS_OF - 60)) == (60, -60)


def test_the_digest_for_only_if_has_256_bits() -> None:
    digest = planfile.approval_digest(plan(updated_item()))

    assert len(digest) == 64
    assert set(digest) <= set("0123456789abcdef")
