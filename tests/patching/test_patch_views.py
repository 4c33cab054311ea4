"""What people read of a patch: each difference with both values, where it is edited, why one is left; all masked."""

from __future__ import annotations

import json

from exportctl.patching.report import Edited, Patched
from exportctl.patching.unified import diff
from exportctl.views import json_patch, text_patch
from tests.patching.sample_patches import HEADER, diffs, patched


def test_the_report_names_what_is_accepted_and_what_is_left() -> None:
    assert text_patch.patched(patched(), written=False).splitlines()[2:] == [
        '    exports.orders  title: "orders" -> "evil\\x1b[31m\\n[eu]"  exports.yaml',
        "        note: allows json-uncompressed on it, which what is live breaks",
        '    exports.more  title: "orders" -> "evil\\x1b[31m\\n[eu]"  by the edit above',
        "",
        "Not accepted (2)",
        "    destinations.partner  auth.username: (sensitive) -> (sensitive)",
        "        is sensitive",
        '    exports.orders  cadence: "1 day" -> "2 days"',
        "        is every 2 days\\x07, which no export can be",
        "",
        "Patch: 2 differences accepted in 1 file, 2 not accepted.",
        "Nothing was written. The patch is for `git apply` or `patch -p1` in the folder of the config.",
    ]


def test_no_view_shows_what_is_not_for_everybody() -> None:
    shown = (
        text_patch.patched(patched(), written=True, color=True),
        text_patch.markdown(patched(), diffs()),
        json_patch.patched(patched(), diffs(), written=True, failing=True),
    )

    assert [one for one in shown if "canary" in one or "\x1b[31m" in one or "\x07" in one] == []


def test_the_document_says_where_lines_are_kept_out() -> None:
    result = json.loads(json_patch.patched(patched(), diffs(), written=False, failing=True))["result"]

    assert [(one["file"], one["diff"] is None, one["context"]) for one in result["files"]] == [
        ("exports.yaml", False, 3),
        ("exports/partner.yaml", True, 0),
    ]


def test_where_nothing_differs_that_is_all_that_is_said() -> None:
    nothing = Patched(patched().plan, patched().plan, (), (), ())

    assert text_patch.patched(nothing, written=True).splitlines()[-1] == "Patch: nothing to accept."
    assert HEADER.sandbox in text_patch.patched(nothing, written=True)


def test_a_file_without_a_last_line_end_is_said_to_have_none() -> None:
    assert diff(Edited("a.yaml", "a: x", "a: y")).text == (
        "--- a/a.yaml\n+++ b/a.yaml\n@@ -1,1 +1,1 @@\n"
        "-a: x\n\\ No newline at end of file\n+a: y\n\\ No newline at end of file\n"
    )


def test_only_lines_far_from_a_literal_of_auth_stand_beside_a_change() -> None:
    auth = ["destinations:", "  a:", "    auth:", "      username: canary", "    path: {}", "    type: sftp", ""]
    before, after = ("\n".join(auth).format(path) for path in ("/in", "/out"))

    shown = diff(Edited("a.yaml", before, after))

    assert shown.around == 0
    assert shown.text is not None
    assert "canary" not in shown.text


def test_references_of_auth_are_shown() -> None:
    auth = ["destinations:", "  a:", "    auth: {{role_arn: '${{env:ROLE}}'}}", "    path: {}", "    type: sftp", ""]
    before, after = ("\n".join(auth).format(path) for path in ("/in", "/out"))

    assert diff(Edited("a.yaml", before, after)).around == 3
    assert diff(Edited("a.yaml", before.replace("}'", ":-x}'"), after.replace("}'", ":-x}'"))).around == 0


def test_a_changed_line_with_a_literal_of_auth_is_not_shown_at_all() -> None:
    line = "destinations: {{a: {{path: {}, auth: {{username: canary}}}}}}\n"

    assert diff(Edited("a.yaml", line.format("/in"), line.format("/out"))).text is None
