"""
A plan file is data from outside. Whoever can write it can also write its digest, so each part is checked: whatever
stands in the file, exportctl says in one sentence that it is no plan, or shows it. Nothing raises anything else.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exportctl.cli.files import refuse_wrong_values
from exportctl.errors import PlanFileError
from exportctl.model.json_check import MAX_DEPTH
from exportctl.model.plan import MAX_TIMESTAMP
from exportctl.model.plan_options import PlanOptions
from exportctl.output.json import documents
from exportctl.output.stale_plan import stale_findings, stale_resources
from exportctl.output.text import plan as text_plan
from exportctl.output.text import tables
from exportctl.planfile import file as planfile
from exportctl.planfile.signature import SignatureState
from tests.law_profile import examples
from tests.output.sample_plans import full_plan

Edit = Callable[[Any, Any], None]
REAL = full_plan()
DOCUMENT = json.loads(planfile.dump_plan(REAL))


def sealed(document: Any) -> str:
    """The text of a document with the digest that is right for it."""
    rest = {name: value for name, value in document.items() if name not in ("content_digest", "signature")}
    canonical = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    whole = {**document, "content_digest": hashlib.sha256(canonical.encode()).hexdigest()}
    return json.dumps(whole, sort_keys=True, indent=2) + "\n"


def paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield above
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from paths(inner, (*above, key))


PATHS = [path for path in paths(DOCUMENT["plan"]) if path]
NEST: Any = []
for _ in range(MAX_DEPTH + 5):
    NEST = [NEST]
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**70,
    1.5,
    float("nan"),
    float("inf"),
    "",
    "x" * 300,
    "\ud800",
    "\x1b[2J\n::error::",
    "exports.orders",
    "end",
    [],
    [None],
    ["a", 1],
    {},
    {"ref": 1},
    {"a": {"b": []}},
    NEST,
)


def forge(path: tuple[Any, ...], how: str, value: Any) -> str:
    document = copy.deepcopy(DOCUMENT)
    owner = document["plan"]
    for key in path[:-1]:
        owner = owner[key]
    key = path[-1]
    if how == "delete":
        del owner[key]
    elif how == "rename" and isinstance(owner, dict):
        owner[f"{key}x"] = owner.pop(key)
    elif how == "repeat" and isinstance(owner, list):
        owner.append(owner[key])
    else:
        owner[key] = value
    return sealed(document)


def read_and_use(text: str) -> bool:
    """Do with a file all that `show` and `apply` do with it before a request; say whether it was taken for a plan."""
    try:
        saved = planfile.load_plan(text)
        planfile.saved_options(saved)
        with refuse_wrong_values():
            text_plan.render_saved_plan(saved, SignatureState.UNSIGNED, now=0)
            documents.render_saved_plan(saved, SignatureState.UNSIGNED, now=0)
    except PlanFileError as error:
        assert error.hint
        assert len(str(error)) < 500
        return False
    moved = planfile.stale_values(saved, REAL)
    found = stale_resources(saved, REAL, moved)
    tables.render_stale_plan(found, [])
    documents.render_stale_plan(saved, stale_findings(found, "hint"))
    planfile.age_seconds(saved, 0)
    planfile.reduce_to_approval(saved, REAL)
    return True


def test_the_file_itself_is_taken() -> None:
    assert read_and_use(sealed(DOCUMENT))


@settings(max_examples=examples(40, swept=100))
@given(st.sampled_from(PATHS), st.sampled_from(["delete", "rename", "repeat", "set"]), st.sampled_from(VALUES))
def test_a_forged_member_is_a_sentence_or_a_plan(path: tuple[Any, ...], how: str, value: Any) -> None:
    read_and_use(forge(path, how, value))


@pytest.mark.slow
def test_every_member_forged_in_every_way_is_a_sentence_or_a_plan() -> None:
    for path in PATHS:
        for how in ("delete", "rename", "repeat"):
            read_and_use(forge(path, how, None))
        for value in VALUES:
            read_and_use(forge(path, "set", value))


REFUSED: dict[str, Edit] = {
    "an item without its verb": lambda plan, item: item.pop("verb"),
    "an item with a strange verb": lambda plan, item: item.update(verb="sudo"),
    "a member that no plan has": lambda plan, item: item.update(more=1),
    "an address twice": lambda plan, item: plan["items"].append(item),
    "a moment beyond all years": lambda plan, item: plan.update(as_of=MAX_TIMESTAMP + 1),
    "a moment before all years": lambda plan, item: item.update(ends=-1),
    "a fraction": lambda plan, item: item["fields"][0].update(before=1.5),
    "no number": lambda plan, item: item["fields"][0].update(before=float("nan")),
    "true as a number": lambda plan, item: plan.update(targeted_out=True),
    "counts that hide a change": lambda plan, item: plan["counts"].update(delete=7),
    "a plan that says it is empty": lambda plan, item: plan.update(empty=True),
    "a platform that nobody knows": lambda plan, item: plan["header"].update(platform="moon"),
    "an option of no exportctl": lambda plan, item: plan["options"].update(sudo=True),
    "an option of another type": lambda plan, item: plan["options"].update(allow_deletes="9"),
    "true for a number of deletions": lambda plan, item: plan["options"].update(allow_deletes=True),
    "a list of other things": lambda plan, item: plan["options"].update(targets=[1]),
    "an option that no file has": lambda plan, item: plan["options"].update(rotate="destinations.lake"),
    "nested beyond reason": lambda plan, item: item["fields"][0].update(before=NEST),
    "a step that nobody knows": lambda plan, item: item["steps"][0].update(action="drop"),
    "a digest that is a list": lambda plan, item: item["bound"].update(fields=[]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_plan_holds_is_refused(name: str) -> None:
    document = copy.deepcopy(DOCUMENT)
    plan = document["plan"]
    plan["options"] = PlanOptions().to_json_values()
    item = next(i for i in plan["items"] if i["fields"] and i["steps"])
    assert read_and_use(sealed(document))
    REFUSED[name](plan, item)
    assert not read_and_use(sealed(document))


@pytest.mark.parametrize(
    "text", ["{" * 5000, '{"a":' * 5000, "1" * 5000, '"\\ud800"', "\ud800", "NaN", "[" * 10**6, "\x00"]
)
def test_a_text_that_is_no_document_is_refused(text: str) -> None:
    assert not read_and_use(text)
