"""`backup manifest`: write the list of the files of a backup, for auditors and for later checks."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from exportctl.cli import exit_codes
from exportctl.cli.ci_reports import show_warnings
from exportctl.cli.context import TEXT, CommandContext, command_context
from exportctl.cli.files import write_bytes
from exportctl.cli.options import check_addresses, choice_hint
from exportctl.config.checkout import UnusableFile, read_regular_file
from exportctl.errors import Error, UsageError
from exportctl.model.plan import EXPORTS, Address
from exportctl.model.plan_options import PlanOptions
from exportctl.model.schedule import format_count
from exportctl.monitor.backup.report import ChainState
from exportctl.output.format_values import clean_text

if TYPE_CHECKING:
    from exportctl.model.project import Project
    from exportctl.monitor.backup.file_list import FileList, ListedChain

PARQUET = ".parquet"
MAX_FILE_BYTES = 256 * 2**20  # of a file that is read: a list of 100,000 files has about an eighth
_SECRET_HINT = "take the value out of the name or path that holds it"


def manifest(
    ctx: typer.Context,
    export: Annotated[str, Argument(metavar="EXPORT", help="An address that means one export.")],
    out: Annotated[
        Path,
        Option("--out", "-o", metavar="FILE", help="Write this file: Parquet if its name ends in .parquet, else JSON."),
    ],
    dataset: Annotated[
        str | None, Option("--dataset", metavar="NAME", help="List only this dataset, by its name or id.")
    ] = None,
    deep: Annotated[bool, Option("--deep", help="Also read the files: list the rows in each.")] = False,
) -> int:
    """
    Write the exact list of the files of a backup.

    The list has every complete run of each chain with its files: URI, size, ETag, run, rows. Each run holds the hash of
    the run before it. Equal chains give equal files. `backup check --against FILE` finds what was changed or deleted
    later. If a chain is not WHOLE, the list has only its complete runs and says so, and the exit code is 9.
    """
    call = command_context(ctx)
    call.require_format(TEXT)
    from exportctl.workflows import file_lists, verify

    is_parquet = out.suffix.lower() == PARQUET
    if is_parquet:
        file_lists.require_parquet()
    asked = PlanOptions(targets=(export,))
    with verify.open_verifier(call.setup(), asked, wall=call.wall) as verifier:
        show_warnings(call, verifier.findings)
        _check_export(asked, verifier.project)
        listed = file_lists.list_files(verifier, dataset=dataset, deep=deep)
    text = file_lists.dump_json(listed)
    if call.guard.holds_secret(text.decode("ascii")):
        raise Error(f"{out} is not written: a path holds a secret value", rule="secret-in-list", hint=_SECRET_HINT)
    write_bytes(call.folder / out, file_lists.dump_parquet(listed) if is_parquet else text)
    _report_list(call, listed, out)
    return exit_codes.DONE if listed.is_whole else exit_codes.UNVERIFIED


def read_file_list(call: CommandContext, file: Path) -> FileList:
    """Read a list of files, or raise an Error: there is none, or it was edited."""
    from exportctl.workflows import file_lists

    hint = "name a file that `exportctl backup manifest EXPORT --out FILE` wrote"
    return file_lists.load_list(read_whole_file(call.folder / file, str(file), hint), str(file))


def read_whole_file(file: Path, name: str, hint: str) -> bytes:
    """Read a regular file of a limited size, or raise an Error with the hint."""
    try:
        data = read_regular_file(file, MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise UnusableFile(f"is larger than {MAX_FILE_BYTES // 2**20} MiB")
    except (FileNotFoundError, UnusableFile) as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else str(error)
        raise Error(f"{name} {reason}", rule="file", hint=hint) from error
    return data


def _check_export(asked: PlanOptions, project: Project) -> None:
    """Raise a UsageError unless the address names exactly one export."""
    check_addresses(asked, [project], targets="EXPORT")
    found = sorted(one for key in project.exports if asked.is_targeted(one := Address(EXPORTS, key)))
    if len(found) != 1:
        message = f"{asked.targets[0]} names {len(found)} exports, and a list is of one"
        raise UsageError(message, rule="usage", hint=choice_hint(found) if found else "name an export")


def _report_list(call: CommandContext, listed: FileList, out: Path) -> None:
    for chain in listed.chains:
        call.screen.say(f"{clean_text(chain.dataset)}: {_chain_text(chain)}; last hash {listed.last_hash(chain)}")
        if chain.state is not ChainState.WHOLE:
            call.screen.say(f"warning: {clean_text(chain.dataset)}: {_state_text(chain)}")
    call.screen.say(f"Saved to {out}. To find what changes later: {_check_command(call, out)}")


def _check_command(call: CommandContext, out: Path) -> str:
    """Return the command as a shell takes it, in the same environment."""
    named = ("--env", call.environment) if call.environment else ()
    return shlex.join(("exportctl", "backup", "check", *named, "--against", str(out)))


def _chain_text(chain: ListedChain) -> str:
    files = format_count(sum(1 for _ in chain.files), "file")
    return f"{format_count(len(chain.runs), 'complete run')}, {files}"


def _state_text(chain: ListedChain) -> str:
    parts = [f"{format_count(len(chain.incomplete), 'run')} of it not listed"] if chain.incomplete else []
    parts += ["for a part of the time it is not known which runs were due"] if chain.unknown else []
    return f"the chain is {chain.state}: {', '.join(parts) or 'no run is complete'}"
