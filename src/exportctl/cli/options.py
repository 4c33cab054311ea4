"""Options that several commands share, each declared once, and the checks of their values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from exportctl.cli.context import ALL_ENVIRONMENTS_OPTION
from exportctl.config.schema_check import closest_match
from exportctl.errors import Error, UsageError
from exportctl.model.address import DESTINATIONS, EXPORTS, Address
from exportctl.model.plan_options import PlanOptions, is_glob_match
from exportctl.model.project import Project
from exportctl.model.similar_names import did_you_mean_address

if TYPE_CHECKING:
    from exportctl.workflows.load_config import Setup

Globs = list[str] | None
MAX_SUGGESTIONS = 5  # addresses to name if none is similar

Target = Annotated[
    Globs,
    Option("--target", metavar="GLOB", help="Limit to these addresses and what they need, such as exports.web-*."),
]
Exclude = Annotated[
    Globs, Option("--exclude", metavar="GLOB", help="Leave out these addresses and what needs them. Repeatable.")
]
AllowDeletes = Annotated[
    int, Option("--allow-deletes", metavar="N", min=0, help="Allow N deletions that no `removed` entry names.")
]
AllowReplace = Annotated[
    Globs,
    Option("--allow-replace", metavar="ADDR", help="Allow a new flow for this export. It causes a full re-export."),
]
AllowRecreate = Annotated[
    Globs,
    Option("--allow-recreate", metavar="ADDR", help="Allow a new flow for a deleted one. It causes a full re-export."),
]
AllowOlder = Annotated[
    bool, Option("--allow-older", help="Allow a config of an older commit than the one last applied.")
]
Resume = Annotated[
    Globs, Option("--resume", metavar="ADDR", help="Resume a flow that was paused by hand: restore what the YAML says.")
]
RefreshFrom = Annotated[
    Path | None,
    Option(
        "--refresh-from",
        metavar="SNAPSHOT",
        help="Plan against a file from `snapshot`, without network and credentials.",
    ),
]
Rehearse = Annotated[
    bool, Option("--rehearse", help="Also apply the plan in a private emulator. Nothing reaches the platform.")
]
Short = Annotated[bool, Option("--short", help="Show one line for each resource, with the values that change.")]
Profile = Annotated[
    Path | None,
    Option(
        "--profile",
        metavar="FILE",
        help="Expect the service of this file, from `exportctl probe`. Default: service-profile.json, if it exists.",
    ),
]
RehearseSwitch = Annotated[
    Globs, Option("--rehearse-switch", metavar="NAME=VALUE", help="Set a switch of that emulator.")
]
AllEnvironments = Annotated[
    bool, Option(ALL_ENVIRONMENTS_OPTION, help="Use every environment of the config, side by side.")
]
Audit = Annotated[
    Path | None,
    Option("--audit", metavar="FILE", help="Append JSON lines to a file: what this run does, as it happens."),
]
AutoApprove = Annotated[bool, Option("--auto-approve", help="Do not ask. Required without a terminal.")]
Parallelism = Annotated[
    int, Option("--parallelism", metavar="N", min=1, help="Make up to N independent changes side by side.")
]
PlanFile = Annotated[Path | None, Argument(metavar="PLANFILE", help="A plan saved with `plan --out`.")]


def flags(
    target: Globs,
    exclude: Globs,
    allow_deletes: int,
    allow_replace: Globs,
    allow_recreate: Globs,
    resume: Globs,
    allow_older: bool,
) -> PlanOptions:
    return PlanOptions(
        targets=tuple(target or ()),
        excludes=tuple(exclude or ()),
        allow_deletes=allow_deletes,
        allow_replace=tuple(allow_replace or ()),
        allow_recreate=tuple(allow_recreate or ()),
        resume=tuple(resume or ()),
        allow_older=allow_older,
    )


def check_addresses(
    given: PlanOptions, projects: Sequence[Project], *, targets: str = "--target", excluded: Iterable[str] = ()
) -> None:
    """
    Check that every address in the options matches something in one of `projects`.

    A misspelt target would plan nothing, a misspelt exclusion would plan what it should not, and a misspelt consent
    would have no effect. `targets` names the option. `excluded` are addresses that a plan left out: an exclusion may
    match one that is live and no longer declared.

    Raises:
        UsageError: an address matches nothing declared. The hint names a similar one.
    """
    declared = {Address(EXPORTS, key) for p in projects for key in p.exports}
    declared |= {Address(DESTINATIONS, key) for p in projects for key in p.destinations}
    removed = {Address(r.root, r.name) for p in projects for r in p.removed}
    left_out = {Address(root, name) for root, _, name in (text.partition(".") for text in excluded)}
    for option, globs, known in (
        (targets, given.targets, declared | removed),
        ("--exclude", given.excludes, declared | removed | left_out),
        ("--allow-replace", given.allow_replace, declared),
        ("--allow-recreate", given.allow_recreate, declared),
        ("--resume", given.resume, declared),
    ):
        check_globs(option, globs, known)


def check_globs(option: str, globs: Iterable[str], known: Collection[Address]) -> None:
    """Raise a UsageError if a glob of an option matches none of the known addresses."""
    for glob in globs:
        if not any(is_glob_match((glob,), address) for address in known):
            hint = _nearest_address(glob, known)
            raise UsageError(f"{option} {glob}: no resource matches", rule="usage", hint=hint)


def _nearest_address(glob: str, known: Iterable[Address]) -> str:
    """Return a hint with the most similar address, else with some addresses."""
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
        return did_you_mean_address(glob, names[guess])
    return choice_hint(sorted(known, key=lambda a: (a.root != EXPORTS, a.name)))


def choice_hint(addresses: Sequence[Address]) -> str:
    more = " …" if len(addresses) > MAX_SUGGESTIONS else ""
    return f"choose one of {', '.join(map(str, addresses[:MAX_SUGGESTIONS]))}{more}"


def check_environment(setup: Setup, known: Sequence[str]) -> None:
    """Raise an Error if the chosen environment is not declared, for commands that need no project."""
    if setup.environment and setup.environment not in known:
        listed = f"choose one of {', '.join(known)}" if known else "the config has none"
        raise Error(f'the config has no environment "{setup.environment}"', rule="unknown-environment", hint=listed)


def parse_classes(text: str | None, known: frozenset[str], default: frozenset[str], option: str) -> frozenset[str]:
    """Parse names, separated by commas or spaces, or raise a UsageError: a name is unknown."""
    if text is None:
        return default
    names = [name for name in text.replace(",", " ").split() if name]
    unknown = sorted(set(names) - known)
    if unknown:
        raise UsageError(
            f"{option}: unknown name {unknown[0]}", rule="usage", hint=f"choose from {', '.join(sorted(known))}"
        )
    return frozenset(names)


def reject_option(option: str, given: Sequence[object], reason: str) -> None:
    """Raise a UsageError if an option, or one of those that it excludes, was given."""
    if any(given):
        raise UsageError(f"{option}: {reason}", rule="usage")
