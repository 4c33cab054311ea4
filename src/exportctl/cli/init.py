"""`init`: a first config, and the pipelines of a CI system."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from exportctl.cli import exit_codes
from exportctl.cli.context import TEXT, CommandContext, command_context
from exportctl.cli.files import make_folder, write_file, write_new_file
from exportctl.cli.options import reject_option
from exportctl.config import template
from exportctl.errors import Error, UsageError

if TYPE_CHECKING:
    from exportctl.pipelines.pipeline import Pipeline

_SYSTEMS = "github, gitlab, azure or jenkins"


def init(
    ctx: typer.Context,
    ci: Annotated[
        str | None, Option("--ci", metavar="SYSTEM", help=f"Write the jobs of a CI system: {_SYSTEMS}.")
    ] = None,
    branch: Annotated[
        str | None,
        Option(
            "--branch",
            metavar="NAME",
            help="With --ci: apply what is on this branch. Default: the default branch of `origin`, or the current.",
        ),
    ] = None,
) -> int:
    """
    Write a first exports.yaml, or the jobs of a CI system.

    The first config uses the embedded emulator, which needs no account and no credentials. Comments in the file say how
    to continue with the real service.

    With --ci, init writes jobs for the config that exists: a plan in each pull request, an apply after the merge, and a
    nightly run, for each environment. They name the secrets that the config refers to. A person approves the
    environments with a name that begins with `prod` or `live`, or all if there is none. The jobs of a config in a
    folder of a repository run in this folder. init never overwrites a file.
    """
    call = command_context(ctx)
    call.require_format(TEXT)
    if ci is not None:
        return _write_pipelines(call, ci, branch)
    reject_option("--branch", (branch,), "it belongs to the jobs of --ci")
    call.folder.mkdir(exist_ok=True)
    folder = call.setup().folder
    main, ignore = folder / "exports.yaml", folder / ".gitignore"
    if main.exists():
        hint = "see what it does with `exportctl plan`, or choose another folder with -C DIR"
        raise Error("exports.yaml already exists; nothing was written", rule="file-exists", hint=hint)
    write_new_file(main, template.EXAMPLE_CONFIG)
    added = template.gitignore_text(ignore.read_text(encoding="utf-8") if ignore.exists() else None)
    if added:
        write_file(ignore, added)
    written = "exports.yaml" + (" and .gitignore" if added else "")
    call.screen.show(f"Wrote {written}.\n\n{template.NEXT_STEPS}")
    return exit_codes.DONE


def _write_pipelines(call: CommandContext, ci: str, branch: str | None) -> int:
    from exportctl.pipelines.systems import SYSTEMS  # the templates: only this option needs them
    from exportctl.workflows.pipelines import FoundBranch, find_branch, read_pipeline

    if call.files:
        hint = "name the file exports.yaml, or write the jobs without -f and add it to their commands"
        raise UsageError(
            "the jobs read exports.yaml and exports/*.yaml, and not the file of -f", rule="usage", hint=hint
        )
    system = SYSTEMS.get(ci)
    if system is None:
        raise UsageError(f"no jobs for {ci}", rule="usage", hint=f"choose one of {_SYSTEMS}")
    if not system.names_branch:
        reject_option("--branch", (branch,), f"{system.name} tells its jobs what the default branch is")
    setup = call.setup()
    found = FoundBranch(branch, is_default=True) if branch else find_branch(setup.folder, call.env)
    pipeline = read_pipeline(setup, found.name if system.names_branch else "main")
    root = setup.folder.resolve().parents[pipeline.folder.count("/")] if pipeline.folder else setup.folder
    files = {root / name: text for name, text in system.render(pipeline).items()}
    _check_new(files, root)
    for file, text in files.items():
        make_folder(file.parent)
        write_new_file(file, text)
    shown = "\n".join(f"  {file.relative_to(root)}" for file in files)
    call.screen.show(f"Wrote for {system.name}:\n{shown}\n\nNext: {system.next_step}.\n")
    if system.names_branch and not found.is_default:
        call.screen.say(
            f"note: the jobs apply what is on {found.name}. If your default branch is another one, move the files\n"
            "  away and name it with --branch."
        )
    _say_notes(call, pipeline)
    return exit_codes.DONE


def _say_notes(call: CommandContext, pipeline: Pipeline) -> None:
    if " @ " not in pipeline.requirement:
        call.screen.say(
            "note: the jobs install exportctl by its version.\n"
            "  See that your package index has it, or write the address of a commit:\n"
            "  exportctl[storage] @ git+https://HOST/REPOSITORY@COMMIT"
        )
    if pipeline.folder:
        call.screen.say(f"note: the paths are those from the root of the repository; the jobs run in {pipeline.folder}")
    for name in pipeline.files:
        call.screen.say(f"note: the jobs that apply need the file {name}: add a step that writes it")


def _check_new(files: Mapping[Path, str], folder: Path) -> None:
    existing = [str(file.relative_to(folder)) for file in files if file.exists() or file.is_symlink()]
    if existing:
        hint = "move it away, run the command again, and compare the two"
        raise Error(f"{', '.join(existing)} already exists; nothing was written", rule="file-exists", hint=hint)


COMMANDS = {"init": (init, "exportctl -C my-exports init\nexportctl init --ci github")}
