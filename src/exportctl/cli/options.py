"""Options that several commands share, declared once with their help, and what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from exportctl.errors import UsageError
from exportctl.flags import Flags

Globs = list[str] | None

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
PutBack = Annotated[
    Globs,
    typer.Option("--put-back", metavar="ADDR", help="Undo a stop made by hand: switch on again, restore the end."),
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
    put_back: Globs = None,
) -> Flags:
    return Flags(
        targets=tuple(target or ()),
        allow_deletes=allow_deletes,
        allow_replace=tuple(allow_replace or ()),
        allow_recreate=tuple(allow_recreate or ()),
        put_back=tuple(put_back or ()),
    )


def classes(text: str | None, known: frozenset[str], default: frozenset[str], option: str) -> frozenset[str]:
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


def reject(option: str, given: Sequence[object], why: str) -> None:
    """
    Raises:
        UsageError: an option was given where it has no meaning.
    """
    if any(given):
        raise UsageError(f"{option}: {why}", rule="usage")
