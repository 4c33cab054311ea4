"""
What edits of the YAML accept, as text: each difference with the value that stands there and the one that will, and what
no edit accepts, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from exportctl.model import Address, FieldChange
from exportctl.views import text, values, wording
from exportctl.views.paint import Paint, paint

if TYPE_CHECKING:
    from exportctl.patching.report import Accepted, NotAccepted, Patched
    from exportctl.patching.unified import Diff

WITHOUT_CONTEXT = "Lines beside a change hold values that are not shown: apply it with `git apply --unidiff-zero`."


def patched(shown: Patched, *, written: bool, color: bool = False) -> str:
    """`written`: the files were edited; else the edits stand elsewhere."""
    ink = paint(color)
    lines = [*text.header(shown.plan.header, "Patch", shown.plan.as_of, ink), ""]
    for one in shown.accepted:
        lines += _accepted(one, ink)
    lines += [""] if shown.accepted else []
    if shown.left:
        lines.append(ink("warning", f"Not accepted ({len(shown.left)})"))
        lines += [line for one in shown.left for line in _left(one, ink)]
        lines.append("")
    return "\n".join([*lines, ink("bold", _summary(shown)), *_next(shown, written)]) + "\n"


def _accepted(one: Accepted, ink: Paint) -> list[str]:
    file = ", ".join(values.clean(name) for name in one.files) or "by the edit above"
    lines = _differences(one.address, one.changes, f"  {ink('dim', file)}")
    if one.allowed:
        rules = ", ".join(one.allowed)
        lines.append(f"{text.INDENT * 2}{ink('warning', 'note')}: allows {rules} on it, which what is live breaks")
    return lines


def _left(one: NotAccepted, ink: Paint) -> list[str]:
    return [*_differences(one.address, one.changes, ""), f"{text.INDENT * 2}{values.clean(one.why)}"]


def _differences(address: Address, changes: Sequence[FieldChange], tail: str) -> list[str]:
    """The config's value, and the live one that it gives way to."""
    shown = [f"{c.path}: {values.arrow(c.path, c.after, c.before)}" for c in changes]
    return [f"{text.INDENT}{values.address(address)}  {one}{tail}" for one in shown]


def _summary(shown: Patched) -> str:
    accepted = sum(len(one.changes) for one in shown.accepted)
    left = sum(len(one.changes) for one in shown.left)
    if not accepted and not left:
        return "Patch: nothing to accept."
    files = wording.number(len(shown.edited), "file")
    return f"Patch: {wording.number(accepted, 'difference')} accepted in {files}, {left} not accepted."


def _next(shown: Patched, written: bool) -> list[str]:
    if not shown.edited:
        return []
    if written:
        names = ", ".join(values.clean(one.file) for one in shown.edited)
        return [f"Edited {names}. Next: read the change, then `exportctl plan`; apply writes nothing but markers."]
    return ["Nothing was written. The patch is for `git apply` or `patch -p1` in the folder of the config."]


def markdown(shown: Patched, diffs: Sequence[Diff]) -> str:
    """The report and the patch, each in a fence."""
    fence = "`" * 4
    parts = [f"{fence}text\n{patched(shown, written=False)}{fence}\n"]
    parts += [f"{fence}diff\n{one.text}{fence}\n" for one in diffs if one.text]
    return "\n".join(parts)
