"""What people and programs read of an import."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from exportctl.importing.result import NEEDS_NO_IMPORT, LeftOutFlow, LeftOutReason
from exportctl.model.plan import Address
from exportctl.output.json import import_result as json_import_result
from exportctl.output.json import schemas
from exportctl.output.text import import_result as text_import_result
from tests.output.sample_imports import LEFT_OUT_FLOWS, MORE_ADOPTED, ORDERS, import_result


def test_the_report_counts_what_needs_no_import_and_tells_the_rest() -> None:
    shown = text_import_result.render_import(import_result(ORDERS), file=None)

    assert shown.splitlines()[2:] == [
        "Left out (2)",
        "    (no name) f-3 has no name",
        '    "rich\\x1b[31m [eu]" f-4 encrypts its files',
        "",
        "Import: 1 flow to adopt, 2 left out.",
        "Not imported: 1 for audiences.",
        "Save the YAML as a file below exports/.",
        text_import_result.NEXT,
    ]


def test_what_was_asked_for_is_told_whatever_the_reason() -> None:
    shown = text_import_result.render_import(import_result(ids=("f-2",), left=LEFT_OUT_FLOWS[:1]), file=None)

    assert shown.splitlines()[2:] == [
        "Left out (1)",
        '    "Audience" f-2 exports audiences, no datasets',
        "",
        "Nothing to import.",
    ]


def test_the_report_names_what_is_kept_and_who_has_it() -> None:
    others = [replace(MORE_ADOPTED, address=Address("exports", f"more-{n}"), kept=("labels",)) for n in range(3)]

    shown = text_import_result.render_import(
        import_result(ORDERS, MORE_ADOPTED, *others, left=()), file="exports/x.yaml"
    )

    assert shown.splitlines()[2:] == [
        "Kept as they are, because no config can describe them:",
        "    'x\\x1b[31m': exports.web",
        "    labels: exports.web, exports.more-0, exports.more-1 and 1 more",
        "    target params.csvOptions: exports.web",
        "",
        "Import: 5 flows to adopt, 0 left out.",
        "Wrote exports/x.yaml.",
        text_import_result.NEXT,
    ]


def test_the_document_says_what_is_kept_of_each_flow() -> None:
    document = json.loads(json_import_result.render_import(import_result(ORDERS, MORE_ADOPTED), file=None))

    jsonschema.validate(document, schemas.schema("import"))
    assert [one["kept"] for one in document["result"]["exports"]] == [[], [*MORE_ADOPTED.kept]]


def test_the_document_holds_every_flow_and_its_schema_knows_every_reason() -> None:
    every = tuple(LeftOutFlow(f"f-{n}", f"flow {n}", reason, "why") for n, reason in enumerate(LeftOutReason))

    document = json.loads(json_import_result.render_import(import_result(ORDERS, left=every), file="exports/x.yaml"))

    jsonschema.validate(document, schemas.schema("import"))
    assert [one["reason"] for one in document["result"]["left_out"]] == list(LeftOutReason)
    assert list(document["result"]["counts"]) == sorted(LeftOutReason)
    assert set(document["result"]["counts"].values()) == {1}
    assert document["result"]["yaml"] == "exports: {}\n"


@pytest.mark.parametrize("reason", LeftOutReason)
def test_all_but_what_needs_no_import_makes_it_incomplete(reason: LeftOutReason) -> None:
    one = (LeftOutFlow("f", "x", reason, "why"),)

    assert import_result(left=one).is_incomplete == (reason not in NEEDS_NO_IMPORT)
    assert import_result(left=one, ids=("f",)).is_incomplete
    assert not import_result(ORDERS, left=()).is_incomplete
