"""What `drift --patch` and `import --update` share: edits of the YAML that accept what is live, shown or written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exportctl import drift_report
from exportctl.cli import exits
from exportctl.cli.call import JSON, MARKDOWN, Call
from exportctl.cli.options import check_addresses
from exportctl.cli.saving import replace_text
from exportctl.errors import Error
from exportctl.views import json_patch, text_patch

if TYPE_CHECKING:
    from exportctl.patching.report import Patched
    from exportctl.patching.unified import Diff
    from exportctl.patching.wishes import Asked

_HIDDEN = "edit the files in place instead: {}"
_SECRET = "take the value out of the flow's name, description or folder, or write the edit yourself"


@dataclass(frozen=True)
class Order:
    """Which differences to accept, `failing` what `drift` fails for; `writing` names the call that edits the files."""

    asked: Asked
    failing: Collection[str]
    write: bool
    writing: str


def carry(call: Call, order: Order) -> tuple[Patched, int]:
    """
    Make the edits, show or write them, and say with which code `drift` would end after them.

    Raises:
        Error: an edit cannot be shown, or a file has changed meanwhile.
    """
    from exportctl import taking_over
    from exportctl.patching.unified import diff

    made, project, secrets = taking_over.accepted(call.setup(), order.asked, wall=call.wall)
    call.screen.hide(secrets)
    check_addresses(order.asked.flags, [project])
    diffs = [diff(one) for one in made.edited]
    _refuse_secrets(call, diffs)
    report = drift_report.drift(made.targeted, end_warning=project.policy.end_warning)
    failing = drift_report.failing(report, order.failing)
    if order.write:
        for one in made.edited:
            replace_text(call.folder / one.file, one.before, one.after)
    _show(call, order, made, diffs, failing)
    code = exits.FAILED if made.targeted.errors() else exits.DONE
    return made, exits.first(code, exits.DRIFT if failing else exits.DONE)


def _refuse_secrets(call: Call, diffs: Sequence[Diff]) -> None:
    """
    Raises:
        Error: a known secret value is in the edits.
    """
    for one in diffs:
        if one.text is not None and call.screen.masked(one.text) != one.text:
            raise Error(f"a secret value is in the edit of {one.file}", rule="secret-in-patch", hint=_SECRET)


def _show(call: Call, order: Order, made: Patched, diffs: Sequence[Diff], failing: bool) -> None:
    screen = call.screen
    if call.format == JSON:
        screen.document(json_patch.patched(made, diffs, written=order.write, failing=failing))
        return
    if order.write:
        screen.show(text_patch.patched(made, written=True, color=screen.color))
        return
    hidden = [one.file for one in diffs if one.text is None]
    if hidden:
        text = f"the edit of {', '.join(hidden)} is not shown: a line of it holds a value that is not for everybody"
        raise Error(text, rule="patch-hidden", hint=_HIDDEN.format(order.writing))
    if call.format == MARKDOWN:
        screen.show(text_patch.markdown(made, diffs))
        return
    screen.document("".join(one.text or "" for one in diffs))
    screen.say(text_patch.patched(made, written=False, color=screen.err_color))
    if any(one.around == 0 for one in diffs):
        screen.say(text_patch.WITHOUT_CONTEXT)
