"""What `drift --patch` and `import --update` share: show or write edits of the YAML that accept live values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from exportctl.cli import exit_codes
from exportctl.cli.context import JSON, MARKDOWN, CommandContext
from exportctl.cli.files import FileReplacement, replace_files
from exportctl.cli.options import check_addresses
from exportctl.errors import Error
from exportctl.frozen import dataclass
from exportctl.monitor import drift
from exportctl.output.text import import_and_accept as text_edits

if TYPE_CHECKING:
    from exportctl.accept.changes import AcceptRequest, AcceptResult
    from exportctl.accept.patch_file import Patch
    from exportctl.monitor.drift import DriftEntry

_HIDDEN = "write the edit to the files instead: {}"
_SECRET = "take the value out of the flow's name, description or folder, or write the edit yourself"
_SECRET_BESIDE = "take the value out of the file, and write a reference instead"


@dataclass(frozen=True)
class AcceptOptions:
    """
    Which differences to accept, and how. `fail_on` are the groups that `drift` fails for.

    `write_command` is the call that edits the files, `target_option` the option that names the addresses.
    """

    request: AcceptRequest
    fail_on: Collection[str]
    write: bool
    write_command: str
    target_option: str = "--target"


def show_or_write_edits(call: CommandContext, order: AcceptOptions) -> tuple[AcceptResult, int]:
    """
    Make the edits, show or write them, and return the exit code of `drift` after them.

    Raises:
        Error: an edit cannot be shown, or a file has changed in the meantime.
    """
    from exportctl.accept.patch_file import build_patch
    from exportctl.workflows import import_and_accept

    made, project = import_and_accept.accept_from_sandbox(call.setup(), order.request, wall=call.wall)
    check_addresses(order.request.flags, [project], targets=order.target_option)
    shown = build_patch(made.edited_files, call.folder.resolve().parts)
    _refuse_secrets(call, made, shown)
    made = replace(call.guard.mask_echoes(made), edited_files=made.edited_files)
    report = drift.build_drift_report(made.targeted_plan, end_warning=project.policy.end_warning)
    failures = drift.failures(report, order.fail_on)
    if order.write:
        replace_files([FileReplacement(call.folder / one.file, one.before, one.after) for one in made.edited_files])
    _show_edits(call, order, made, shown, failures)
    code = exit_codes.FAILED if made.targeted_plan.errors() else exit_codes.DONE
    return made, exit_codes.pick_exit_code(code, exit_codes.DRIFT if failures else exit_codes.DONE)


def _refuse_secrets(call: CommandContext, made: AcceptResult, patch: Patch) -> None:
    """Raise an Error for a known secret in an edit, or in a line beside it: masked, the patch would not apply."""
    from exportctl.accept.patch_file import added_texts

    for edit in made.edited_files:
        if any(call.guard.repeats_secret(text) for text in added_texts(edit)):
            raise Error(f"the edit of {edit.file} holds a secret value", rule="secret-in-patch", hint=_SECRET)
    for diff in patch.diffs:
        if diff.text is not None and call.guard.holds_secret(diff.text):
            message = f"a line beside the edit of {diff.file} holds a secret value"
            raise Error(message, rule="secret-in-patch", hint=_SECRET_BESIDE)


def _show_edits(
    call: CommandContext, order: AcceptOptions, made: AcceptResult, patch: Patch, failures: Sequence[DriftEntry]
) -> None:
    screen = call.screen
    if call.format == JSON:
        from exportctl.output.json import import_and_accept as json_edits

        screen.write_document(json_edits.render_patch(made, patch, written=order.write, failures=failures))
        return
    if order.write:
        screen.show(text_edits.render_patch(made, patch, written=True, failures=failures, color=screen.color))
        return
    hidden = [one.file for one in patch.diffs if one.text is None]
    if hidden:
        text = f"the edit of {', '.join(hidden)} is not shown: a line of it holds a sensitive value"
        raise Error(text, rule="patch-hidden", hint=_HIDDEN.format(order.write_command))
    if call.format == MARKDOWN:
        screen.show_document(text_edits.render_patch_markdown(made, patch, failures=failures))
        return
    screen.write_document("".join(one.text or "" for one in patch.diffs))
    screen.say(text_edits.render_patch(made, patch, written=False, failures=failures, color=screen.err_color))
