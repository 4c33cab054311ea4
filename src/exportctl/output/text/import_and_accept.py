"""
Edits that accept live values, and YAML for flows that were made elsewhere, as text: what is in it, and what is not.

Flows that need no import (declared, of another project, for audiences) are only counted, unless a user named them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from exportctl.model.plan import Address, FieldChange, Plan
from exportctl.model.schedule import format_count
from exportctl.model.verdict import has_only_markers
from exportctl.monitor.drift import DriftEntry
from exportctl.output import format_values, phrases
from exportctl.output.color import Paint, paint
from exportctl.output.format_values import clean_text
from exportctl.output.markdown.parts import LIMIT
from exportctl.output.text import drift
from exportctl.output.text import plan as text_plan

if TYPE_CHECKING:
    from exportctl.accept.changes import AcceptedChanges, AcceptResult
    from exportctl.accept.patch_file import Patch
    from exportctl.importing.result import ImportResult, LeftOutFlow

_WITHOUT_CONTEXT = "Lines around a change hold masked values: apply the patch with `git apply --unidiff-zero`."
_TOO_LONG = "_The patch is too long to show here; the text output has it._\n"
_COUNTED: Mapping[str, str] = {
    "declared": "already in this config",
    "other-project": "owned by other projects",
    "audience": "for audiences",
}
KEPT = "Kept as they are, because no config can describe them:"
_SHOWN = 3  # addresses; --format json has all
NEXT = "Next: read the YAML, then run `exportctl plan`."
ADOPTS = "`exportctl apply` adopts the flows and writes only markers."
DOES_MORE = "`exportctl apply` adopts the flows by markers only. It also does everything else in the plan."


def render_patch(
    shown: AcceptResult, patch: Patch, *, written: bool, failures: Sequence[DriftEntry] = (), color: bool = False
) -> str:
    """Return the report. `written`: the files were edited. `failures`: the entries for which drift still fails."""
    ink = paint(color)
    lines = [*text_plan.header(shown.plan.header, "Patch", shown.plan.as_of, ink), ""]
    for one in shown.accepted:
        lines += _accepted_lines(one, ink)
    lines += [""] if shown.accepted else []
    if shown.unaccepted:
        lines.append(ink("warning", f"Not accepted ({len(shown.unaccepted)})"))
        for unaccepted in shown.unaccepted:
            lines += _differences(unaccepted.address, unaccepted.changes, "")
            lines.append(f"{text_plan.INDENT * 2}{clean_text(unaccepted.reason)}")
        lines.append("")
    lines += _remaining_failures(shown, failures, ink)
    lines += _refused_items(shown, failures, ink)
    errors = shown.targeted_plan.errors()
    lines += ["Errors:", *text_plan.findings(errors, ink), ""] if errors else []
    edits = "these edits" if shown.edited_files else "this config"
    lines += [ink("bold", _summary(shown)), phrases.with_edits(edits, shown.targeted_plan)]
    lines += _next_steps(shown, patch, written)
    lines += [ink("error", drift.failure_sentence(failures))] if failures else []
    return "\n".join(lines) + "\n"


def _accepted_lines(one: AcceptedChanges, ink: Paint) -> list[str]:
    file = ", ".join(clean_text(name) for name in one.files) or "by the edit above"
    lines = _differences(one.address, one.changes, f"  {ink('dim', file)}")
    if one.allowed_rules:
        rules = ", ".join(one.allowed_rules)
        note = f"allows {rules} for it, because the live values break them"
        lines.append(f"{text_plan.INDENT * 2}{ink('warning', 'note')}: {note}")
    return lines


def _differences(address: Address, changes: Sequence[FieldChange], tail: str) -> list[str]:
    """Return the config's value and the live value that replaces it."""
    shown = [f"{c.path}: {format_values.arrow(c.path, c.after, c.before)}" for c in changes]
    return [f"{text_plan.INDENT}{format_values.address(address)}  {one}{tail}" for one in shown]


def _remaining_failures(shown: AcceptResult, failures: Sequence[DriftEntry], ink: Paint) -> list[str]:
    """Return the entries for which drift still fails, without those that are listed as not accepted."""
    left = {(one.address, change.path) for one in shown.unaccepted for change in one.changes}
    found = [one for one in failures if not one.field or (one.address, one.field.path) not in left]
    if not found:
        return []
    lines = [line for one in found for line in drift.entry_lines(one, shown.plan.as_of, ink, 120)]
    return [ink("warning", f"Drift still fails for ({len(found)})"), *lines, ""]


def _refused_items(shown: AcceptResult, failures: Sequence[DriftEntry], ink: Paint) -> list[str]:
    """Return what safety checks block, for addresses that are not listed yet."""
    listed = {one.address for one in failures}
    items = [item for item in shown.targeted_plan.items if item.refusals and item.address not in listed]
    lines: list[str] = []
    for item in items:
        lines.append(f"{text_plan.INDENT}{format_values.address(item.address)}")
        lines += [f"{text_plan.INDENT}{line}" for one in item.refusals for line in text_plan.refusal_lines(one, ink)]
    return [ink("warning", f"Blocked by safety checks ({len(items)})"), *lines, ""] if items else []


def _summary(shown: AcceptResult) -> str:
    accepted = sum(len(one.changes) for one in shown.accepted)
    left = sum(len(one.changes) for one in shown.unaccepted)
    if not accepted and not left:
        return "Patch: nothing to accept."
    files = format_count(len(shown.edited_files), "file")
    return f"Patch: {format_count(accepted, 'difference')} accepted in {files}, {left} not accepted."


def _next_steps(shown: AcceptResult, patch: Patch, written: bool) -> list[str]:
    if not shown.edited_files:
        return []
    if written:
        names = ", ".join(clean_text(one.file) for one in shown.edited_files)
        return [f"Edited {names}. Next: read the change, then `exportctl plan`; {_apply_note(shown.plan)}."]
    where = (
        "the folder of the config" if patch.folder == "." else f"{patch.folder}, relative to the folder of the config"
    )
    steps = [f"Nothing was written. Apply the patch with `git apply` or `patch -p1` in {where}."]
    return [*steps, _WITHOUT_CONTEXT] if any(one.context_lines == 0 for one in patch.diffs) else steps


def _apply_note(plan: Plan) -> str:
    """Return what the next apply does. It must be true of the whole plan, not of the accepted differences alone."""
    return "apply writes only markers" if has_only_markers(plan) else "it shows what apply would still do"


def render_patch_markdown(
    shown: AcceptResult, patch: Patch, *, failures: Sequence[DriftEntry] = (), limit: int = LIMIT
) -> str:
    """Return the report and the patch, each in a fence; a patch is shown whole or not at all."""
    report = _fenced_block("text", render_patch(shown, patch, written=False, failures=failures))
    whole = "\n".join([report, *(_fenced_block("diff", one.text) for one in patch.diffs if one.text)])
    return whole if len(whole) <= limit else f"{report[:limit]}\n{_TOO_LONG}"


def _fenced_block(language: str, shown: str) -> str:
    """Put text between more backticks than it contains in a row."""
    fence = "`" * max(3, *(len(found) + 1 for found in re.findall("`+", shown)), 4)
    return f"{fence}{language}\n{shown}{fence}\n"


def render_import(shown: ImportResult, *, file: str | None, color: bool = False) -> str:
    """Return the report. `file` is the file with the YAML; None: the YAML is on stdout."""
    ink = paint(color)
    listed = [one for one in shown.left_out if not (shown.selection.is_unfiltered and one.reason in _COUNTED)]
    lines = [*text_plan.header(shown.header, "Import", shown.as_of, ink), ""]
    if listed:
        lines += [ink("warning", f"Left out ({len(listed)})"), *(_left_out_line(one, ink) for one in listed), ""]
    kept = list(_kept_lines(shown))
    lines += [ink("bold", KEPT), *kept, ""] if kept else []
    lines.append(ink("bold", import_summary(shown, len(listed))))
    counted = {reason: count for reason, count in shown.counts().items() if reason in _COUNTED}
    if counted and shown.selection.is_unfiltered:
        parts = [f"{count} {_COUNTED[reason]}" for reason, count in counted.items()]
        lines.append(f"Not imported: {', '.join(parts)}.")
    if shown.exports:
        lines.append(phrases.with_edits("this YAML", shown.plan))
        lines.append(f"Wrote {clean_text(file)}." if file else "Save the YAML as a file below exports/.")
        lines.append(f"{NEXT} {ADOPTS if has_only_markers(shown.plan) else DOES_MORE}")
    return "\n".join(lines) + "\n"


def _kept_lines(shown: ImportResult) -> Iterator[str]:
    """Yield `labels: exports.orders, exports.web and 3 more`, a line for each setting."""
    having: dict[str, list[str]] = {}
    for one in shown.exports:
        for name in one.kept:
            having.setdefault(name, []).append(format_values.address(one.address))
    for name, addresses in sorted(having.items()):
        more = f" and {len(addresses) - _SHOWN} more" if len(addresses) > _SHOWN else ""
        yield f"{text_plan.INDENT}{clean_text(name)}: {', '.join(addresses[:_SHOWN])}{more}"


def _left_out_line(one: LeftOutFlow, ink: Paint) -> str:
    name = f'"{clean_text(one.name)}"' if one.name else "(no name)"
    return f"{text_plan.INDENT}{name} {ink('dim', clean_text(one.id))} {clean_text(one.text)}"


def import_summary(shown: ImportResult, left: int) -> str:
    """Return the result in one sentence."""
    if not shown.exports:
        return "Nothing to import."
    return f"Import: {format_count(len(shown.exports), 'flow')} to adopt, {left} left out."
