"""The result of accept: files before and after, the accepted differences, and those that no edit accepts."""

from __future__ import annotations

from dataclasses import dataclass

from exportctl.model.plan import Address, FieldChange, Plan


@dataclass(frozen=True)
class AcceptedChanges:
    """
    Differences that one edit accepts in `files`; no files if an edit for other differences accepts them too.

    `allowed_rules` are the rules that the edit allows on the export.
    """

    address: Address
    changes: tuple[FieldChange, ...]
    files: tuple[str, ...] = ()
    allowed_rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnacceptedChanges:
    """Differences that remain, and why no edit of the YAML accepts them."""

    address: Address
    changes: tuple[FieldChange, ...]
    reason: str


@dataclass(frozen=True)
class EditedFile:
    """The full text of one file before and after the edits."""

    file: str
    before: str
    after: str


@dataclass(frozen=True)
class AcceptResult:
    """
    The edits and their effect.

    `plan` is the plan of the edited config, `targeted_plan` its part for the requested addresses. `edited_files` has
    only files that changed.
    """

    plan: Plan
    targeted_plan: Plan
    edited_files: tuple[EditedFile, ...]
    accepted: tuple[AcceptedChanges, ...]
    unaccepted: tuple[UnacceptedChanges, ...]
