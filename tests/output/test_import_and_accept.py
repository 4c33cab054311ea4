"""What people and programs read of a patch and of an import: each difference or flow, and why one is left out."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from exportctl.accept.changes import AcceptResult, EditedFile
from exportctl.accept.patch_file import Patch, added_texts, build_patch, diff_file
from exportctl.errors import Finding
from exportctl.importing.result import NEEDS_NO_IMPORT, LeftOutFlow, LeftOutReason
from exportctl.model.plan import Address, PlanItem, Refusal, Verb
from exportctl.output.json import import_and_accept as json_edits
from exportctl.output.text import import_and_accept as text_edits
from tests.output.document_schemas import check_document
from tests.output.sample_imports import LEFT_OUT_FLOWS, MORE_ADOPTED, ORDERS, import_result
from tests.output.sample_patches import HEADER, failed_entries, patch_result, shown_patch


def test_the_report_names_what_is_accepted_and_what_is_left() -> None:
    assert text_edits.render_patch(patch_result(), shown_patch(), written=False).splitlines()[2:] == [
        '    exports.orders  title: "orders" -> "evil\\x1b[31m\\n[eu]"  exports.yaml',
        "        note: allows json-uncompressed for it, because the live values break them",
        '    exports.more  title: "orders" -> "evil\\x1b[31m\\n[eu]"  by the edit above',
        "",
        "Not accepted (2)",
        "    destinations.partner  auth.username: (sensitive) -> (sensitive)",
        "        is sensitive",
        '    exports.orders  schedule.every: "1 day" -> "2 days"',
        "        is every 2 days\\x07, which no export can have",
        "",
        "Patch: 2 differences accepted in 1 file, 2 not accepted.",
        "With these edits, the plan has: no changes in what you named; nothing else was compared.",
        "Nothing was written. Apply the patch with `git apply` or `patch -p1` in the folder of the config.",
        "Lines around a change hold masked values: apply the patch with `git apply --unidiff-zero`.",
    ]


def test_no_view_shows_what_is_not_for_everybody() -> None:
    views = (
        text_edits.render_patch(patch_result(), shown_patch(), written=True, color=True),
        text_edits.render_patch_markdown(patch_result(), shown_patch()),
        json_edits.render_patch(patch_result(), shown_patch(), written=True, failures=()),
    )

    assert [one for one in views if "canary" in one or "\x1b[31m" in one or "\x07" in one] == []


def test_the_document_says_where_lines_are_kept_out() -> None:
    result = json.loads(json_edits.render_patch(patch_result(), shown_patch(), written=False, failures=()))["result"]

    assert [(one["file"], one["diff"] is None, one["context"]) for one in result["files"]] == [
        ("exports.yaml", False, 3),
        ("exports/partner.yaml", True, 0),
    ]


def test_where_nothing_differs_that_is_all_that_is_said() -> None:
    nothing = AcceptResult(patch_result().plan, patch_result().plan, (), (), ())

    assert text_edits.render_patch(nothing, Patch((), "."), written=True).splitlines()[-2:] == [
        "Patch: nothing to accept.",
        "With this config, everything is as the config asks.",
    ]
    assert HEADER.sandbox in text_edits.render_patch(nothing, Patch((), "."), written=True)


def test_a_file_without_a_last_line_end_is_said_to_have_none() -> None:
    assert diff_file(EditedFile("a.yaml", "a: x", "a: y")).text == (
        "--- a/a.yaml\n+++ b/a.yaml\n@@ -1,1 +1,1 @@\n"
        "-a: x\n\\ No newline at end of file\n+a: y\n\\ No newline at end of file\n"
    )


def test_only_lines_far_from_a_literal_of_auth_stand_beside_a_change() -> None:
    auth = ["destinations:", "  a:", "    auth:", "      username: canary", "    path: {}", "    type: sftp", ""]
    before, after = ("\n".join(auth).format(path) for path in ("/in", "/out"))

    narrow = diff_file(EditedFile("a.yaml", before, after))

    assert narrow.context_lines == 0
    assert narrow.text is not None
    assert "canary" not in narrow.text


def test_references_of_auth_are_shown() -> None:
    auth = ["destinations:", "  a:", "    auth: {{role_arn: '${{env:ROLE}}'}}", "    path: {}", "    type: sftp", ""]
    before, after = ("\n".join(auth).format(path) for path in ("/in", "/out"))

    assert diff_file(EditedFile("a.yaml", before, after)).context_lines == 3
    assert (
        diff_file(EditedFile("a.yaml", before.replace("}'", ":-x}'"), after.replace("}'", ":-x}'"))).context_lines == 0
    )


def test_a_changed_line_with_a_literal_of_auth_is_not_shown_at_all() -> None:
    line = "destinations: {{a: {{path: {}, auth: {{username: canary}}}}}}\n"

    assert diff_file(EditedFile("a.yaml", line.format("/in"), line.format("/out"))).text is None


# -- what is left -----------------------------------------------------------------------------------------------------


def test_what_no_edit_fixes_is_said_with_what_it_ends_in() -> None:
    lines = text_edits.render_patch(patch_result(), shown_patch(), written=True, failures=failed_entries()).splitlines()

    assert lines[lines.index("Drift still fails for (1)") + 1 :] == [
        "    warning: exports.orders: its flow is gone  [flow-gone]",
        "      remove the export",
        "",
        "Patch: 2 differences accepted in 1 file, 2 not accepted.",
        "With these edits, the plan has: no changes in what you named; nothing else was compared.",
        "Edited exports.yaml. Next: read the change, then `exportctl plan`; apply writes only markers.",
        "Exit 3: 2 findings in conflict, gone.",
    ]


def test_what_apply_would_refuse_is_said_once() -> None:
    refusal = Refusal("adoption-differs", "the YAML differs from flow f-2: another account", "make it say the same")
    items = tuple(PlanItem(Address("exports", name), Verb.ADOPT, refusals=(refusal,)) for name in ("orders", "new"))
    made = replace(patch_result(), targeted_plan=replace(patch_result().plan, items=items))

    lines = text_edits.render_patch(made, shown_patch(), written=True, failures=failed_entries()).splitlines()

    assert lines[lines.index("Blocked by safety checks (1)") + 1 :][:4] == [
        "    exports.new",
        "        ! blocked by safety check adoption-differs: the YAML differs from flow f-2: another account",
        "            to allow exactly this: make it say the same",
        "",
    ]
    result = json.loads(json_edits.render_patch(made, shown_patch(), written=True, failures=failed_entries()))["result"]
    assert [one["address"] for one in result["refusals"]] == ["exports.orders", "exports.new"]


def test_errors_of_the_plan_are_said() -> None:
    wrong = Finding("dataset-unknown", "exports.new: no dataset is called so", None)
    plan = replace(patch_result().plan, findings=(wrong,))
    made = replace(patch_result(), plan=plan, targeted_plan=plan)

    assert "    error: exports.new: no dataset is called so  [dataset-unknown]" in text_edits.render_patch(
        made, shown_patch(), written=True
    )
    assert (
        json.loads(json_edits.render_patch(made, shown_patch(), written=True, failures=()))["result"]["findings"] != []
    )


@pytest.mark.parametrize(
    ("verb", "writes"),
    [
        (Verb.UNCHANGED, "apply writes only markers"),
        (Verb.ADOPT, "apply writes only markers"),
        (Verb.UPDATE, "it shows what apply would still do"),
        (Verb.CREATE, "it shows what apply would still do"),
        (Verb.RENEW, "it shows what apply would still do"),
    ],
)
def test_what_apply_would_do_is_said_of_the_whole_plan(verb: Verb, writes: str) -> None:
    plan = replace(patch_result().plan, items=(PlanItem(Address("exports", "another"), verb),))
    made = replace(patch_result(), plan=plan)

    assert f"then `exportctl plan`; {writes}." in text_edits.render_patch(made, shown_patch(), written=True)


def test_markdown_holds_whatever_the_file_holds_in_a_fence() -> None:
    edited = EditedFile("a.yaml", "a: |\n ````\nb: x\n", "a: |\n ````\nb: y\n")
    patch = Patch((diff_file(edited),), ".")

    assert "`````diff\n" in text_edits.render_patch_markdown(patch_result(), patch)


def test_markdown_that_is_too_long_holds_no_part_of_a_patch() -> None:
    whole = text_edits.render_patch_markdown(patch_result(), shown_patch())
    report = whole.partition("````diff")[0]

    short = text_edits.render_patch_markdown(patch_result(), shown_patch(), limit=len(report) + 5)

    assert "@@" in whole
    assert "@@" not in short
    assert "the text output has it" in short


# -- names in patches -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "named"),
    [
        ("exports.yaml", "a/exports.yaml"),
        ("exports/of one.yaml", "a/exports/of one.yaml\t"),
        ('q"\t.yaml', '"a/q\\"\\t.yaml"'),
        ("\x01\\.yaml", '"a/\\001\\\\.yaml"'),
        ("\N{ROCKET}.yaml", "a/\N{ROCKET}.yaml"),
    ],
)
def test_a_file_is_named_as_git_and_patch_read_it(file: str, named: str) -> None:
    text = diff_file(EditedFile(file, "a: x\n", "a: y\n")).text

    assert text is not None
    assert text.startswith(f"--- {named}\n+++ {named.replace('a/', 'b/', 1)}\n@@")


def test_a_patch_of_files_outside_is_for_the_folder_that_holds_all() -> None:
    files = ("exports.yaml", "../base.yaml", "../../shared/b.yaml")
    patch_of_all = build_patch([EditedFile(file, "a: x\n", "a: y\n") for file in files], ("/", "repo", "acme", "web"))

    assert patch_of_all.folder == "../.."
    assert [(one.file, (one.text or "").split("\n")[0]) for one in patch_of_all.diffs] == [
        ("exports.yaml", "--- a/acme/web/exports.yaml"),
        ("../base.yaml", "--- a/acme/base.yaml"),
        ("../../shared/b.yaml", "--- a/shared/b.yaml"),
    ]


# -- what an edit brings in -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "after",
    ["a: 'it''s me'", 'a: "it\'s\\x20me"', "a: it's\n  me", "a: |-\n  it's me", "b: [x, it's me]", "a: x # it's me"],
    ids=["single quotes", "an escape", "two lines", "a block", "an item", "a comment"],
)
def test_a_text_is_found_however_it_is_spelled(after: str) -> None:
    assert any("it's me" in text for text in added_texts(EditedFile("a.yaml", "a: x\n", f"{after}\n")))


def test_what_is_no_reference_is_found_as_it_is_meant() -> None:
    assert "${env:A}" in added_texts(EditedFile("a.yaml", "a: x\n", "a: $${env:A}\n"))


def test_what_was_there_is_not_brought_in() -> None:
    assert added_texts(EditedFile("a.yaml", "a: x\nb: y\n", "a: x\nb: z\n")) == ("b: z", "z")


# -- import ------------------------------------------------------------------------------------------------------------


def test_the_report_counts_what_needs_no_import_and_tells_the_rest() -> None:
    shown = text_edits.render_import(import_result(ORDERS), file=None)

    assert shown.splitlines()[2:] == [
        "Left out (2)",
        "    (no name) f-3 has no name",
        '    "rich\\x1b[31m [eu]" f-4 encrypts its files',
        "",
        "Import: 1 flow to adopt, 2 left out.",
        "Not imported: 1 for audiences.",
        "With this YAML, the plan has: 1 change.",
        "Save the YAML as a file below exports/.",
        f"{text_edits.NEXT} {text_edits.ADOPTS}",
    ]


def test_what_was_asked_for_is_reported_whatever_the_reason() -> None:
    shown = text_edits.render_import(import_result(ids=("f-2",), left=LEFT_OUT_FLOWS[:1]), file=None)

    assert shown.splitlines()[2:] == [
        "Left out (1)",
        '    "Audience" f-2 exports audiences, no datasets',
        "",
        "Nothing to import.",
    ]


def test_the_report_names_what_is_kept_and_who_has_it() -> None:
    others = [replace(MORE_ADOPTED, address=Address("exports", f"more-{n}"), kept=("labels",)) for n in range(3)]

    shown = text_edits.render_import(import_result(ORDERS, MORE_ADOPTED, *others, left=()), file="exports/x.yaml")

    assert shown.splitlines()[2:] == [
        "Kept as they are, because no config can describe them:",
        "    'x\\x1b[31m': exports.web",
        "    labels: exports.web, exports.more-0, exports.more-1 and 1 more",
        "    target params.csvOptions: exports.web",
        "",
        "Import: 5 flows to adopt, 0 left out.",
        "With this YAML, the plan has: 5 changes.",
        "Wrote exports/x.yaml.",
        f"{text_edits.NEXT} {text_edits.ADOPTS}",
    ]


def test_the_document_says_what_is_kept_of_each_flow() -> None:
    document = json.loads(json_edits.render_import(import_result(ORDERS, MORE_ADOPTED), file=None))

    check_document(document, "import")
    assert [one["kept"] for one in document["result"]["exports"]] == [[], [*MORE_ADOPTED.kept]]


def test_the_document_holds_every_flow_and_its_schema_knows_every_reason() -> None:
    every = tuple(LeftOutFlow(f"f-{n}", f"flow {n}", reason, "why") for n, reason in enumerate(LeftOutReason))

    document = json.loads(json_edits.render_import(import_result(ORDERS, left=every), file="exports/x.yaml"))

    check_document(document, "import")
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
