"""What `drift --patch` and `import --update` share: edits of the YAML that accept what is live, shown or written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exportctl import drift_report
from exportctl.cli import exits
from exportctl.cli.call import JSON, MARKDOWN, Call
from exportctl.cli.options import check_addresses
from exportctl.cli.replacing import Replacement, replace_texts
from exportctl.errors import Error
from exportctl.views import json_patch, text_patch

if TYPE_CHECKING:
    from exportctl.drift_report import Entry
    from exportctl.patching.report import Patched
    from exportctl.patching.unified import Patch
    from exportctl.patching.wishes import Asked

_HIDDEN = "edit the files in place instead: {}"
_SECRET = "take the value out of the flow's name, description or folder, or write the edit yourself"
_BESIDE = "take the value out of the file, and name a reference instead"


@dataclass(frozen=True)
class Order:
    """
    Which differences to accept, `failing` what `drift` fails for; `writing` names the call that edits the files,
    `targets` the option that says where.
    """

    asked: Asked
    failing: Collection[str]
    write: bool
    writing: str
    targets: str = "--target"


def carry(call: Call, order: Order) -> tuple[Patched, int]:
    """
    Make the edits, show or write them, and say with which code `drift` would end after them.

    Raises:
        Error: an edit cannot be shown, or a file has changed meanwhile.
    """
    from exportctl import taking_over
    from exportctl.patching.unified import patch

    made, project, secrets = taking_over.accepted(call.setup(), order.asked, wall=call.wall)
    call.screen.hide(secrets)
    check_addresses(order.asked.flags, [project], targets=order.targets)
    _refuse_secrets(call, made)
    shown = patch(made.edited, call.folder.resolve().parts)
    _refuse_secret_lines(call, shown)
    report = drift_report.drift(made.targeted, end_warning=project.policy.end_warning)
    failures = drift_report.failures(report, order.failing)
    if order.write:
        replace_texts([Replacement(call.folder / one.file, one.before, one.after) for one in made.edited])
    _show(call, order, made, shown, failures)
    code = exits.FAILED if made.targeted.errors() else exits.DONE
    return made, exits.first(code, exits.DRIFT if failures else exits.DONE)


def _refuse_secrets(call: Call, made: Patched) -> None:
    """
    Raises:
        Error: an edit would bring a known secret value into a file, however it is spelled there.
    """
    from exportctl.patching.added import added

    for one in made.edited:
        if any(call.screen.masked(text) != text for text in added(one)):
            raise Error(f"a secret value is in the edit of {one.file}", rule="secret-in-patch", hint=_SECRET)


def _refuse_secret_lines(call: Call, patch: Patch) -> None:
    """
    Raises:
        Error: a line beside a change holds one; masked, the patch would fit nowhere.
    """
    for one in patch.diffs:
        if one.text is not None and call.screen.masked(one.text) != one.text:
            raise Error(f"a secret value is beside the edit of {one.file}", rule="secret-in-patch", hint=_BESIDE)


def _show(call: Call, order: Order, made: Patched, patch: Patch, failures: Sequence[Entry]) -> None:
    screen = call.screen
    if call.format == JSON:
        screen.document(json_patch.patched(made, patch, written=order.write, failures=failures))
        return
    if order.write:
        screen.show(text_patch.patched(made, patch, written=True, failures=failures, color=screen.color))
        return
    hidden = [one.file for one in patch.diffs if one.text is None]
    if hidden:
        text = f"the edit of {', '.join(hidden)} is not shown: a line of it holds a value that is not for everybody"
        raise Error(text, rule="patch-hidden", hint=_HIDDEN.format(order.writing))
    if call.format == MARKDOWN:
        screen.show(text_patch.markdown(made, patch, failures=failures))
        return
    screen.document("".join(one.text or "" for one in patch.diffs))
    screen.say(text_patch.patched(made, patch, written=False, failures=failures, color=screen.err_color))
