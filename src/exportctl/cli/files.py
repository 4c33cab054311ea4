"""
Files that commands write: edits of the config, saved plans and reports.

Every new text is on disk before the first file is replaced. Links stay links, and mode and owner stay. What the file
system refuses is an Error.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from exportctl.cli.context import CommandContext
from exportctl.cli.secondary_files import open_at_once, write_all
from exportctl.config.checkout import UnusableFile, read_regular_file
from exportctl.errors import Error, PlanFileError
from exportctl.frozen import dataclass
from exportctl.model.plan import Plan
from exportctl.output.format_values import escape_surrogates
from exportctl.planfile import file as planfile
from exportctl.planfile.file import SavedPlan
from exportctl.planfile.signature import SignatureState, check_signature, read_plan_key

OWNER_ONLY = 0o600
MAX_PLAN_BYTES = 256 * 2**20  # of a saved plan: one of 10,000 exports has about a tenth
_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True)
class FileReplacement:
    """A file, the text that was read from it, and its new text."""

    file: Path
    before: str
    after: str


def replace_files(replacements: Sequence[FileReplacement]) -> None:
    """
    Replace the text of several files together.

    Raises:
        Error: a file has changed since it was read, or cannot be written. The message names the files already written.
    """
    ready: list[Path] = []
    done: list[str] = []
    try:
        for one in replacements:
            with _file_errors(one.file, _written_note(done)):
                _check_unchanged(one)
                ready.append(_write_beside(one.file.resolve(), one.after.encode("utf-8"), None))
        for one, beside in zip(replacements, ready, strict=True):
            with _file_errors(one.file, _written_note(done)):
                beside.replace(one.file.resolve())
            done.append(str(one.file))
    finally:
        for beside in ready:
            beside.unlink(missing_ok=True)


def _written_note(done: Sequence[str]) -> str:
    return f"; already written: {', '.join(done)}" if done else "; nothing was written"


def _check_unchanged(one: FileReplacement) -> None:
    file = one.file.resolve()
    if file.read_bytes() != one.before.encode("utf-8"):
        hint = "run the command again; the edits made in the meantime are kept"
        raise Error(f"{one.file} has changed since it was read; nothing was written", rule="file-changed", hint=hint)
    if not file.stat().st_mode & _WRITABLE or not os.access(file, os.W_OK):
        hint = "make the file writable, or leave out --write and use the patch"
        raise Error(f"{one.file} is read-only; nothing was written", rule="file", hint=hint)


def write_file(file: Path, text: str, *, mode: int | None = None) -> None:
    """
    Write a file in one step: a reader sees all of the old text or all of the new text.

    Something that is not a regular file, such as /dev/stdout or a pipe, is written to and not replaced. A pipe must
    have a reader. `mode` None: the file keeps its mode and, if permitted, its owner; a new file gets the user's
    default mode.
    """
    write_bytes(file, escape_surrogates(text).encode("utf-8"), mode=mode)


def write_bytes(file: Path, data: bytes, *, mode: int | None = None) -> None:
    """Write a file that is no text, as `write_file` does."""
    with _file_errors(file):
        if file.exists() and not file.is_file():
            _write_into(file, data)
        else:
            _replace_file(file.resolve(), data, mode)


def write_new_file(file: Path, text: str) -> None:
    """Write a file that does not exist yet, or raise an Error."""
    with _file_errors(file):
        file.touch(exist_ok=False)  # the name is ours before the text is written
        try:
            _replace_file(file.resolve(), escape_surrogates(text).encode("utf-8"), None)
        except BaseException:
            file.unlink(missing_ok=True)
            raise


def append_secondary(call: CommandContext, name: str, file: Path, text: str) -> bool:
    """Append to a file that only reports on the run; False: it failed, which is said once, and the run continues."""
    try:
        with _file_errors(file):
            call.secondary_files.append(file, text)
    except Error as error:
        call.screen.say_once(f"warning: {name}: {error.message}; the run continues")
        return False
    return True


def make_folder(folder: Path) -> None:
    with _file_errors(folder, failure="created"):
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def _file_errors(file: Path, note: str = "", failure: str = "written") -> Iterator[None]:
    """Turn an error of the file system into an Error for people."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Error(f"{file} cannot be {failure}: {reason}{note}", rule="file") from error


def _write_into(file: Path, data: bytes) -> None:
    handle = open_at_once(file)
    try:
        write_all(handle, data)
    finally:
        os.close(handle)


def _replace_file(file: Path, data: bytes, mode: int | None) -> None:
    beside = _write_beside(file, data, mode)
    try:
        beside.replace(file)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _write_beside(file: Path, data: bytes, mode: int | None) -> Path:
    """Write the data to a new file in the same folder, all of it to disk, ready to replace `file`."""
    replaced = file.stat() if mode is None and file.exists() else None
    beside = file.with_name(f".{file.name}.{token_hex(4)}")
    is_private = mode is not None or replaced is not None  # until the text is complete
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if is_private else 0o666)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            if replaced is not None:
                mode = stat.S_IMODE(replaced.st_mode)
                with suppress(PermissionError):
                    os.fchown(handle, replaced.st_uid, replaced.st_gid)
            if mode is not None:
                os.fchmod(handle, mode)
            os.fsync(handle)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return beside


_HINT = "take the value out of titles, paths and descriptions, and write a reference instead"


def save_plan(call: CommandContext, plan: Plan, file: Path) -> None:
    """Write a saved plan that only its owner can read, or raise an Error: a known secret is in the plan."""
    if plan.errors() or plan.is_refused:
        call.screen.tell(f"{file} is not written: apply would refuse this plan.")
        return
    text = planfile.dump_plan(plan, read_plan_key(call.env))
    if call.guard.holds_secret(text):
        raise Error(f"{file} is not written: the plan holds a secret value", rule="secret-in-plan", hint=_HINT)
    write_file(call.folder / file, text, mode=OWNER_ONLY)
    call.screen.say(f"Saved to {file}. To apply exactly this plan: exportctl apply {file}")


@contextmanager
def refuse_wrong_values() -> Iterator[None]:
    """Refuse a plan file with a value that cannot be shown: its reader checks the form of a value, not its meaning."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise planfile.wrong_part_error(f"{type(error).__name__} in a value") from error


def read_plan_file(call: CommandContext, file: Path) -> tuple[SavedPlan, SignatureState]:
    """Read a saved plan and check its signature, or raise a PlanFileError. The key comes from the environment."""
    key = read_plan_key(call.env)
    try:
        data = read_regular_file(call.folder / file, MAX_PLAN_BYTES + 1)
        if len(data) > MAX_PLAN_BYTES:
            raise UnusableFile(f"is larger than {MAX_PLAN_BYTES // 2**20} MiB")
        saved = planfile.load_plan(data.decode("utf-8"))
    except (FileNotFoundError, UnusableFile, UnicodeDecodeError) as error:
        reasons = {FileNotFoundError: "does not exist", UnicodeDecodeError: "is not UTF-8 text"}
        text, hint = reasons.get(type(error), str(error)), "name the file that `exportctl plan --out FILE` wrote"
        raise PlanFileError(f"the saved plan {file} {text}", rule="plan-file", hint=hint) from error
    return saved, check_signature(saved.signature, saved.digest, key)
