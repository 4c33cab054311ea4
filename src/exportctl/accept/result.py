"""What a patch came to: files before and after, what they accept, and what no edit accepts. Values for the views."""

from __future__ import annotations

from dataclasses import dataclass

from exportctl.model.plan import Address, FieldChange, Plan


@dataclass(frozen=True)
class AcceptedChanges:
    """
    Differences that one edit accepts, in `files`: none where an edit for others did so already. `allowed` are the rules
    that it had to allow on the export.
    """

    address: Address
    changes: tuple[FieldChange, ...]
    files: tuple[str, ...] = ()
    allowed_rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnacceptedChanges:
    """Differences that stay, and why no edit of the YAML accepts them."""

    address: Address
    changes: tuple[FieldChange, ...]
    reason: str


@dataclass(frozen=True)
class EditedFile:
    """One file, whole, as it was read and as it should be."""

    file: str
    before: str
    after: str


@dataclass(frozen=True)
class AcceptResult:
    """
    `plan` is the one that the edited config comes to, `targeted` the same for what was asked for; files that no edit
    touched are not in `edited`.
    """

    plan: Plan
    targeted_plan: Plan
    edited_files: tuple[EditedFile, ...]
    accepted: tuple[AcceptedChanges, ...]
    unaccepted: tuple[UnacceptedChanges, ...]
