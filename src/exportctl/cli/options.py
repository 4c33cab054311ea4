"""Options that several commands share, declared once with their help, and what is made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from exportctl.cli.context import CommandContext
from exportctl.config.schema_check import closest_match
from exportctl.errors import Error, UsageError
from exportctl.model.plan import DESTINATIONS, EXPORTS, Address
from exportctl.model.plan_options import PlanOptions, is_glob_match
from exportctl.model.project import Project
from exportctl.workflows.load_config import read_config

Globs = list[str] | None
MAX_SUGGESTIONS = 5  # addresses named where none is near

Target = Annotated[
    Globs,
    typer.Option("--target", metavar="GLOB", help="Only these addresses and what they need, as exports.web-*."),
]
AllowDeletes = Annotated[
    int, typer.Option("--allow-deletes", metavar="N", min=0, help="Allow N deletions that no `removed` entry names.")
]
AllowReplace = Annotated[
    Globs,
    typer.Option(
        "--allow-replace", metavar="ADDR", help="Allow a new flow for this export: it sends everything again."
    ),
]
AllowRecreate = Annotated[
    Globs,
    typer.Option(
        "--allow-recreate", metavar="ADDR", help="Allow making again a flow that somebody deleted: it sends all again."
    ),
]
Resume = Annotated[
    Globs,
    typer.Option("--put-back", metavar="ADDR", help="Undo a stop made by hand: switch on again, restore the end."),
]
RefreshFrom = Annotated[
    Path | None,
    typer.Option(
        "--refresh-from",
        metavar="SNAPSHOT",
        help="Plan against a file of `snapshot` instead of the sandbox: no network, no credentials.",
    ),
]
Rehearse = Annotated[
    bool,
    typer.Option("--rehearse", help="Also apply the plan in an emulator of its own; nothing reaches the platform."),
]
RehearseSwitch = Annotated[
    Globs,
    typer.Option("--rehearse-switch", metavar="NAME=VALUE", help="How that emulator settles an open question."),
]
AllEnvironments = Annotated[
    bool, typer.Option("--all-environments", help="Every environment of the config, read at the same time.")
]
AutoApprove = Annotated[bool, typer.Option("--auto-approve", help="Do not ask; needed where there is no terminal.")]
Parallelism = Annotated[
    int, typer.Option("--parallelism", metavar="N", min=1, help="Independent changes made side by side.")
]
PlanFile = Annotated[Path | None, typer.Argument(metavar="PLANFILE", help="A plan saved by `plan --out`.")]


def flags(
    target: Globs = None,
    allow_deletes: int = 0,
    allow_replace: Globs = None,
    allow_recreate: Globs = None,
    resume: Globs = None,
) -> PlanOptions:
    return PlanOptions(
        targets=tuple(target or ()),
        allow_deletes=allow_deletes,
        allow_replace=tuple(allow_replace or ()),
        allow_recreate=tuple(allow_recreate or ()),
        resume=tuple(resume or ()),
    )


def check_addresses(given: PlanOptions, projects: Sequence[Project], *, targets: str = "--target") -> None:
    """
    Every glob of the flags must mean something in one of `projects`: a misspelt target would plan nothing, and a
    misspelt consent would go unnoticed. `targets` is the option that names them.

    Raises:
        UsageError: one matches no declared address; names the nearest.
    """
    declared = {Address(EXPORTS, key) for p in projects for key in p.exports}
    declared |= {Address(DESTINATIONS, key) for p in projects for key in p.destinations}
    removed = {Address(r.root, r.name) for p in projects for r in p.removed}
    for option, globs, known in (
        (targets, given.targets, declared | removed),
        ("--allow-replace", given.allow_replace, declared),
        ("--allow-recreate", given.allow_recreate, declared),
        ("--put-back", given.resume, declared),
    ):
        for glob in globs:
            if not any(is_glob_match((glob,), address) for address in known):
                raise UsageError(
                    f"{option} {glob}: no declared address is called so",
                    rule="usage",
                    hint=_nearest_address(glob, known),
                )


def _nearest_address(glob: str, known: Iterable[Address]) -> str:
    """The declared address that was probably meant, else some that there are."""
    root, _, rest = glob.strip("*").partition(".")
    inside = root in (EXPORTS, DESTINATIONS)
    names: dict[str, str] = {}
    for address in sorted(known, key=lambda a: (a.root != EXPORTS, a.name)):
        if not inside or address.root == root:
            key = address.name.partition("/")[0]
            names.setdefault(address.name.lower(), str(address))
            names.setdefault(key.lower(), f"{address.root}.{key}")
    guess = closest_match(rest if inside else glob.strip("*"), names)
    if guess:
        return f"did you mean {names[guess]}?"
    some = [str(a) for a in sorted(known, key=lambda a: (a.root != EXPORTS, a.name))]
    return f"there is {', '.join(some[:MAX_SUGGESTIONS])}{' …' if len(some) > MAX_SUGGESTIONS else ''}"


def check_environment(call: CommandContext) -> None:
    """
    For commands that do without a project.

    Raises:
        Error: `--env` or EXPORTCTL_ENV names an environment that is not declared.
    """
    setup = call.setup()
    known = read_config(setup).environments
    if setup.environment and setup.environment not in known:
        listed = f"there is {', '.join(known)}" if known else "the config has none"
        raise Error(f'there is no environment "{setup.environment}"', rule="unknown-environment", hint=listed)


def parse_classes(text: str | None, known: frozenset[str], default: frozenset[str], option: str) -> frozenset[str]:
    """
    A list of names separated by commas or blanks.

    Raises:
        UsageError: one is not known.
    """
    if text is None:
        return default
    names = [name for name in text.replace(",", " ").split() if name]
    unknown = sorted(set(names) - known)
    if unknown:
        raise UsageError(
            f"{option}: there is no {unknown[0]}", rule="usage", hint=f"there is {', '.join(sorted(known))}"
        )
    return frozenset(names)


def reject_option(option: str, given: Sequence[object], why: str) -> None:
    """
    Raises:
        UsageError: an option was given where it has no meaning.
    """
    if any(given):
        raise UsageError(f"{option}: {why}", rule="usage")
