"""What `verify` says, to people and to machines. `python -m tests.output.golden_verify` rewrites "
"golden_verify_files/."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator, ValidationError

from exportctl.errors import Finding, SourcePosition
from exportctl.monitor.delivery.report import DeliveryResult, Evidence, ExportVerdicts, Verdict, VerifyReport
from exportctl.output import format_values, github_actions, junit
from exportctl.output.json import monitoring as json_monitoring
from exportctl.output.json import schemas
from exportctl.output.markdown import monitoring as markdown_monitoring
from exportctl.output.text import verify as text_verify
from tests.output import golden_verify, markdown_reader
from tests.output.sample_plans import AS_OF, DAY, HEADER, address
from tests.output.sample_reports import (
    DUE,
    absent_export,
    denied_export,
    evil_export,
    full_report,
    orders,
    part,
    partner,
    report,
    web,
)

TEXTS = golden_verify.texts()
SCHEMA = Path(__file__).parents[2] / "schemas" / "verify.schema.json"


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_view_says_what_its_golden_file_says(name: str) -> None:
    expected = (golden_verify.FOLDER / name).read_text(encoding="utf-8")

    assert expected == TEXTS[name]


def test_every_golden_file_belongs_to_a_view() -> None:
    assert sorted(TEXTS) == sorted(p.name for p in golden_verify.FOLDER.iterdir())


def test_the_report_of_the_golden_files_holds_every_word() -> None:
    assert dict.fromkeys(DeliveryResult, True) == {w: count > 0 for w, count in full_report().counts().items()}


# -- text -------------------------------------------------------------------------------------------------------------


def test_colour_changes_no_word() -> None:
    colored = text_verify.render_verify_report(full_report(), color=True)

    assert TEXTS["verify.txt"] == re.sub(r"\x1b\[[0-9;]*m", "", colored)


def test_what_fails_is_red_what_is_unknown_is_yellow_and_the_rest_is_green() -> None:
    colored = text_verify.render_verify_report(full_report(), color=True)

    found = set(re.findall(r"UTC  \x1b\[([0-9;]+)m([A-Z-]+)\x1b", colored))
    red = {
        ("1;31", w.value)
        for w in (
            DeliveryResult.LATE,
            DeliveryResult.FAILED,
            DeliveryResult.MISSING,
            DeliveryResult.FILES_MISSING,
            DeliveryResult.MISMATCH,
        )
    }
    both = {("32", "EMPTY"), ("1;31", "EMPTY")}  # with and without `non_empty`
    assert {*red, *both, ("32", "COMPLETE"), ("33", "UNKNOWN")} == found


def test_where_nothing_reaches_adobe_the_header_says_so() -> None:
    embedded = replace(full_report(), header=replace(HEADER, platform="embedded"))

    assert "EMULATOR: nothing reaches Adobe" in text_verify.render_verify_report(embedded)
    assert "EMULATOR: nothing reaches Adobe" in markdown_monitoring.render_verify_report(embedded)
    assert "EMULATOR" not in TEXTS["verify.txt"] + TEXTS["verify.md"]


def test_a_path_is_never_cut_and_all_else_fits_the_width() -> None:
    shown = text_verify.render_verify_report(full_report(), width=90).splitlines()

    wide = [line for line in shown[:-4] if len(line) > 90 and not line.startswith(("Verify for", "exports."))]
    assert {line.strip() for line in wide} == {part(n) for n in range(20)}


def long_names() -> VerifyReport:
    name = "Customer Journey Events of all brands (daily, with consent) " + "x" * 60
    return report(replace(orders(), verdicts=tuple(replace(v, dataset=name) for v in orders().verdicts)))


def test_a_long_name_takes_several_lines_in_its_column() -> None:
    shown = text_verify.render_verify_report(long_names(), width=100).splitlines()

    column = shown[2].index("DATASET")
    head = next(n for n, line in enumerate(shown) if "COMPLETE" in line)
    assert shown[head][column:].startswith("Customer Journey")
    assert shown[head + 1][:column].strip() == ""
    assert shown[head + 1][column:] != ""
    assert max(len(line) for line in shown[2:-4]) <= 100


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (4_300_000, "4.1 MiB"),
        (5 * 1024**4, "5.0 TiB"),
        (5 * 1024**5, "5120.0 TiB"),
    ],
)
def test_sizes_are_in_the_largest_unit_there_is(size: int, expected: str) -> None:
    assert expected == format_values.size(size)


def closing_lines(shown: VerifyReport) -> list[str]:
    """What stands after the last export."""
    return text_verify.render_verify_report(shown).rpartition("\n\n")[2].splitlines()


def test_files_are_said_to_be_checked_only_where_storage_was_read() -> None:
    read = replace(orders(), verdicts=())

    assert (
        closing_lines(report(read))[-1]
        == "Checked: names and number of files, and sizes where there is a manifest; contents only with --deep."
    )
    assert (
        closing_lines(report(read, deep=True))[-1]
        == "Checked: names and number of files, and sizes where there is a manifest, contents too (--deep)."
    )
    assert closing_lines(report(partner()))[-1].startswith("RUNS ONLY: storage was not read")
    assert closing_lines(report(partner(), read))[-1].startswith("RUNS ONLY: storage of exports.partner was not read")
    assert closing_lines(report(absent_export()))[-1] == "Checked: nothing; see above."
    assert closing_lines(report(denied_export()))[-1] == "Checked: nothing; see above."


def test_of_many_exports_that_were_not_read_some_are_named() -> None:
    many = [replace(partner(), address=address(f"p{n}")) for n in range(7)]

    assert (
        "of exports.p0, exports.p1, exports.p2, exports.p3, exports.p4 and 2 more was"
        in closing_lines(report(*many, orders()))[-1]
    )


def empty_verdict(hours: int, **changes: Any) -> Verdict:
    made = Verdict("Web", "d" * 24, AS_OF + hours * 3600, DeliveryResult.EMPTY, "the run had nothing to write", rows=0)
    return replace(made, run=f"r{hours}", **changes)


def test_neighbouring_rows_that_look_the_same_are_one_row_in_text_and_all_there_in_json() -> None:
    hours = range(-24, 0, 3)
    same = [empty_verdict(n) for n in hours]
    shown = report(replace(orders(), verdicts=(*same[:5], empty_verdict(-9, rows=1), *same[6:])))

    text, markdown = text_verify.render_verify_report(shown), markdown_monitoring.render_verify_report(shown)

    assert [line.split("EMPTY")[0].strip() for line in text.splitlines() if " EMPTY " in line] == [
        "2026-11-21 02:00 … 14:00 UTC  5 ×",
        "2026-11-21 17:00 UTC",
        "2026-11-21 20:00 … 23:00 UTC  2 ×",
    ]
    assert "`5 × EMPTY`" in markdown
    document = json.loads(json_monitoring.render_verify_report(shown))
    assert len(document["result"]["exports"][0]["verdicts"]) == 8


def test_rows_of_two_days_name_both_and_failures_of_two_runs_stay_apart() -> None:
    quiet = report(replace(orders(), verdicts=(empty_verdict(-3), empty_verdict(24))))
    failing = report(replace(orders(), verdicts=(empty_verdict(-3, fails=True), empty_verdict(0, fails=True))))

    assert "2026-11-21 23:00 … 2026-11-23 02:00 UTC  2 × EMPTY" in text_verify.render_verify_report(quiet)
    assert "×" not in text_verify.render_verify_report(failing)


@pytest.mark.parametrize(
    ("exports", "expected"),
    [
        ((orders(),), "Exit 0: nothing fails."),
        ((absent_export(), orders()), "Exit 9: 1 of 4 fails."),
        ((denied_export(),), "Exit 1: 1 export could not be checked completely."),
        ((denied_export(), web()), "Exit 1: 1 export could not be checked completely; 6 of 7 fail too."),
    ],
    ids=["nothing fails", "one fails", "storage denied", "both"],
)
def test_the_text_says_what_the_exit_code_will_mean(exports: tuple[ExportVerdicts, ...], expected: str) -> None:
    assert expected in closing_lines(report(*exports))


def test_a_config_without_exports_is_not_said_to_be_fine() -> None:
    shown = text_verify.render_verify_report(report())

    assert "Nothing to check." in shown
    assert "Verify: no exports since 2026-11-21 02:00 UTC." in shown
    assert "Checked: nothing" in shown


# -- JSON -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", [full_report(), report(evil_export()), report()], ids=["full", "evil", "empty"])
def test_the_document_fits_its_schema_and_no_other_key_does(shown: VerifyReport) -> None:
    document = json.loads(json_monitoring.render_verify_report(shown))
    validator = Draft202012Validator(schemas.schema("verify"))

    validator.validate(document)
    with pytest.raises(ValidationError):
        validator.validate({**document, "result": {**document["result"], "extra": 1}})


def test_the_schema_knows_the_words_and_evidence_that_there_are() -> None:
    result = schemas.schema("verify")["properties"]["result"]["anyOf"][0]["properties"]
    verdict = result["exports"]["items"]["properties"]["verdicts"]["items"]["properties"]

    assert list(DeliveryResult) == verdict["result"]["enum"] == list(result["counts"]["properties"])
    assert list(Evidence) == verdict["evidence"]["enum"]


def test_the_checked_in_schema_is_the_generated_one() -> None:
    assert schemas.files()["verify.schema.json"] == SCHEMA.read_text(encoding="utf-8")


def test_no_object_is_left_out_for_a_machine() -> None:
    result = json.loads(json_monitoring.render_verify_report(full_report()))["result"]

    (found,) = [v for e in result["exports"] for v in e["verdicts"] if v["result"] == "MISMATCH"]
    assert [part(n) for n in range(25)] == found["objects"]
    assert result["failing"] is True


def test_what_could_not_be_read_stands_in_the_envelope_too() -> None:
    document = json.loads(json_monitoring.render_verify_report(full_report()))

    (export,) = [e for e in document["result"]["exports"] if e["address"] == "exports.denied"]
    assert [e["rule"] for e in document["errors"]] == ["storage-denied"]
    assert document["errors"] == export["errors"]


# -- JUnit ------------------------------------------------------------------------------------------------------------

# Element -> (attributes it must have, attributes it may have, children); after Jenkins' xunit schema, which is the
# strictest that readers use. `time` and `hostname`, which it knows too, we never write.
JUNIT = {
    "testsuites": ({"name", "tests", "failures", "errors"}, set(), {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped"},
        {"timestamp"},
        {"properties", "testcase"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "testcase": ({"name", "classname"}, set(), {"failure", "error", "skipped", "system-out"}),
    "failure": ({"type", "message"}, set(), set()),
    "error": ({"type", "message"}, set(), set()),
    "skipped": ({"message"}, set(), set()),
    "system-out": (set(), set(), set()),
}


def junit_mistakes(root: ElementTree.Element) -> list[str]:
    """Where a document is not of the form, or counts wrongly."""
    found = [] if root.tag == "testsuites" else [f"root {root.tag}"]
    for node in root.iter():
        must, may, below = JUNIT[node.tag]
        names = set(node.attrib)
        found += [f"{node.tag} {sorted(names)}"] if not must <= names <= must | may else []
        found += [f"{node.tag} holds {child.tag}" for child in node if child.tag not in below]
        for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            if name in node.attrib and int(node.attrib[name]) != len(list(node.iter(tag))):
                found.append(f"{node.tag} {name}={node.attrib[name]}")
        if node.tag == "testcase" and len(node) > 1:
            found.append(f"{node.attrib['name']} ended in several ways")
        moment = node.attrib.get("timestamp", "2026-11-22T02:00:00")
        found += [] if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", moment) else [f"timestamp {moment}"]
    return found


def parse_xml(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        junit.render_verify_report(full_report()),
        junit.render_verify_report(report(evil_export())),
        junit.render_verify_report(report()),
        junit.render_errors([Finding("usage", "wrong", hint="right"), Finding("usage", "wrong too")], "verify"),
    ],
    ids=["full", "evil", "empty", "errors"],
)
def test_the_xml_is_of_the_form_that_readers_know(text: str) -> None:
    assert junit_mistakes(parse_xml(text)) == []


def test_the_check_of_the_form_finds_mistakes() -> None:
    text = junit.render_verify_report(full_report())

    assert junit_mistakes(parse_xml(text.replace('failures="7"', 'failures="6"'))) == ["testsuites failures=6"]
    assert junit_mistakes(parse_xml(text.replace("T02:00:00", "T02:00:00Z", 1))) == ["timestamp 2026-11-22T02:00:00Z"]
    assert junit_mistakes(parse_xml(text.replace("<testcase ", '<testcase file="x" ', 1))) != []


def test_a_case_is_a_dataset_and_the_moment_it_was_due() -> None:
    root = parse_xml(junit.render_verify_report(full_report()))

    (suite,) = [s for s in root if s.attrib["name"] == "exports.orders"]
    cases = [(c.attrib["classname"], c.attrib["name"]) for c in suite.iter("testcase")]
    assert cases[0] == ("exports.orders", "Orders 2026-11-21 11:00 UTC")
    assert len(set(cases)) == len(orders().verdicts)


def test_what_fails_is_a_failure_and_what_is_unknown_is_skipped() -> None:
    root = parse_xml(junit.render_verify_report(full_report()))

    failing = [v.result.value for e in full_report().exports for v in e.verdicts if v.fails]
    assert failing == [f.attrib["type"] for f in root.iter("failure")]
    assert len(list(root.iter("skipped"))) == full_report().counts()[DeliveryResult.UNKNOWN]
    (mismatch,) = [f for f in root.iter("failure") if f.attrib["type"] == "MISMATCH"]
    assert {part(n) for n in range(25)} <= set((mismatch.text or "").splitlines())


def test_a_storage_that_could_not_be_read_is_an_error_of_its_suite() -> None:
    root = parse_xml(junit.render_verify_report(full_report()))

    (suite,) = [s for s in root if s.attrib["errors"] != "0"]
    assert suite.attrib["name"] == "exports.denied"
    assert [e.attrib["type"] for e in suite.iter("error")] == ["storage-denied"]


# -- Markdown, annotations, outputs -----------------------------------------------------------------------------------


def large_report() -> VerifyReport:
    exports = [replace(web(), address=address(f"export-{n:04}")) for n in range(500)]
    return report(replace(orders(), address=address("a-good-one")), *exports)


def test_markdown_of_many_exports_fits_and_says_what_is_missing() -> None:
    shown = markdown_monitoring.render_verify_report(large_report())

    assert markdown_monitoring.render_verify_report(large_report(), limit=10_000) != shown
    assert 32_000 < len(shown) <= 65_536
    assert re.search(r"- _\d+ of 3000 shown_", shown)
    cut = re.search(r"_(\d+) of 501 exports shown", shown)
    assert cut is not None
    assert int(cut[1]) == shown.count("<details>") == shown.count("</details>") > 3


def test_markdown_shows_first_what_fails() -> None:
    shown = markdown_monitoring.render_verify_report(large_report())

    assert "<summary><code>exports.export-0000</code>" in shown
    assert "a-good-one" not in shown


def test_every_row_of_a_table_has_the_same_number_of_cells() -> None:
    rows = [
        line
        for line in markdown_monitoring.render_verify_report(report(evil_export(), web())).splitlines()
        if line.startswith("|")
    ]

    assert {row.count("|") for row in rows} == {8}


def test_an_annotation_points_at_the_declaration_and_names_the_export() -> None:
    found = github_actions.verify_findings(
        report(denied_export(), web()), {address("web-to-lake"): SourcePosition("exports.yaml", 9, 3)}
    )

    assert [f.rule for f in found] == [
        "verify-late",
        "verify-failed",
        "verify-missing",
        "verify-files-missing",
        "verify-mismatch",
        "verify-empty",
        "storage-denied",
    ]
    assert found[0].at == SourcePosition("exports.yaml", 9, 3)
    assert found[-1].message == "exports.denied: gs://acme: access denied"
    assert "file=exports.yaml,line=9" in github_actions.render_annotations(found)


def test_outputs_tell_later_steps_what_was_found() -> None:
    outputs = github_actions.verify_outputs(full_report())

    assert (outputs["failing"], outputs["errors"], outputs["mismatch"]) == ("true", "1", "1")
    assert github_actions.verify_outputs(report(orders()))["failing"] == "false"


# -- text by others ---------------------------------------------------------------------------------------------------

EVIL_TEXTS = {
    "text": text_verify.render_verify_report(report(evil_export())),
    "sentence": text_verify.sentence(evil_export().verdicts[0]),
    "markdown": markdown_monitoring.render_verify_report(report(evil_export())),
    "json": json_monitoring.render_verify_report(report(evil_export())),
    "junit": junit.render_verify_report(report(evil_export())),
    "annotations": github_actions.render_annotations(github_actions.verify_findings(report(evil_export()), {})),
}


@pytest.mark.parametrize("name", sorted(EVIL_TEXTS))
def test_no_control_or_formatting_character_gets_through(name: str) -> None:
    bad = {c for c in EVIL_TEXTS[name] if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c != "\n"}

    assert bad == set()
    EVIL_TEXTS[name].encode()


def test_markdown_holds_no_mention_or_html_of_others() -> None:
    assert markdown_reader.is_harmless(EVIL_TEXTS["markdown"])


def test_a_window_is_said_in_every_form() -> None:
    shown = Verdict("Orders", "1", DUE, DeliveryResult.COMPLETE, "fine", Evidence.RUNS)
    made = report(ExportVerdicts(address("a"), "f", "enabled", "s3://a", (shown,)))

    assert "since 2026-11-21 02:00 UTC" in text_verify.render_verify_report(
        made
    ) + markdown_monitoring.render_verify_report(made)
    assert json.loads(json_monitoring.render_verify_report(made))["result"]["since"] == AS_OF - DAY
    assert 'name="since" value="2026-11-21 02:00 UTC"' in junit.render_verify_report(made)
