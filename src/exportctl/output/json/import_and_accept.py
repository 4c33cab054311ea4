"""The JSON documents of edits that accept live values, and of YAML for flows that were made elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from exportctl.accept.changes import AcceptedChanges, AcceptResult, UnacceptedChanges
from exportctl.accept.patch_file import FileDiff, Patch
from exportctl.importing.result import AdoptedFlow, ImportResult, LeftOutFlow, LeftOutReason
from exportctl.model.json_form import (
    JsonObject,
    Member,
    choice,
    counts,
    flag,
    listing,
    members_of,
    nullable,
    number,
    part,
    text,
)
from exportctl.model.plan import PlanItem, Refusal
from exportctl.model.verdict import judge
from exportctl.monitor.drift import DriftEntry
from exportctl.output.json.envelope import VERDICT, Document
from exportctl.output.json.monitoring import DRIFT_ENTRY
from exportctl.planfile.serialize import FIELD, FINDING, REFUSAL, address


class _Accept(NamedTuple):
    found: AcceptResult
    patch: Patch
    written: bool
    failures: Sequence[DriftEntry]

    @property
    def refusals(self) -> list[tuple[PlanItem, Refusal]]:
        """Each safety check that blocks an apply, with its item."""
        return [(item, one) for item in self.found.targeted_plan.items for one in item.refusals]


_CHANGES: Member[Any] = listing("the differences; `before` is the live value", FIELD, lambda one: one.changes)
PATCH = Document(
    "patch",
    JsonObject[_Accept](
        "edits of the YAML that accept live values",
        project=text("the config's project", lambda a: a.found.plan.header.project),
        written=flag("true: the files were edited; false: they are unchanged"),
        folder=text("folder in which to apply the patch, relative to the working folder", lambda a: a.patch.folder),
        files=listing(
            "files with edits",
            JsonObject[FileDiff](
                "one file",
                file=text("its name, relative to the working folder"),
                diff=nullable(
                    text(
                        "unified diff with names relative to `folder`; null: a changed line holds a masked value",
                        lambda diff: diff.text,
                    )
                ),
                context=number(
                    "unchanged lines around a change; with 0, `git apply` needs --unidiff-zero",
                    lambda diff: diff.context_lines,
                ),
            ),
            lambda a: a.patch.diffs,
        ),
        accepted=listing(
            "changes that no longer differ, in plan order",
            JsonObject[AcceptedChanges](
                "differences that one edit accepts",
                address=address(),
                fields=_CHANGES,
                files=listing("edited files; empty: the edit of another address is enough", text("file")),
                allowed_rules=listing("rules that the edit allows for the export", text("rule")),
            ),
            lambda a: a.found.accepted,
        ),
        unaccepted=listing(
            "changes that still differ, in plan order",
            JsonObject[UnacceptedChanges](
                "differences that no edit accepts", address=address(), fields=_CHANGES, reason=text("for people")
            ),
            lambda a: a.found.unaccepted,
        ),
        failing=flag("`drift` still fails", lambda a: bool(a.failures)),
        failures=listing("entries for which `drift` fails", DRIFT_ENTRY),
        refusals=listing(
            "safety checks that block an apply",
            JsonObject[tuple[PlanItem, Refusal]](
                REFUSAL.description,
                address=address(lambda pair: pair[0].address),
                **members_of(REFUSAL, lambda pair: pair[1]),
            ),
        ),
        findings=listing("errors that block an apply of the config", FINDING, lambda a: a.found.targeted_plan.errors()),
        verdict=part(VERDICT, lambda a: judge(a.found.targeted_plan)),
    ),
)


def render_patch(shown: AcceptResult, patch: Patch, *, written: bool, failures: Sequence[DriftEntry]) -> str:
    """Return the document. `written`: the files were edited; `failures`: the entries for which drift still fails."""
    result = _Accept(shown, patch, written, failures)
    return PATCH.render(result, header=shown.plan.header, as_of=shown.plan.as_of)


class _Import(NamedTuple):
    found: ImportResult
    file: str | None


IMPORT = Document(
    "import",
    JsonObject[_Import](
        "YAML for flows that exportctl did not create",
        project=text("the config's project", lambda i: i.found.header.project),
        file=nullable(text("file with the YAML; null: no file was written")),
        yaml=text(
            "a config file to put beside the others; empty when there is nothing to import", lambda i: i.found.text
        ),
        exports=listing(
            "in the YAML, by address",
            JsonObject[AdoptedFlow](
                "one flow to adopt",
                address=address(),
                id=text("flow id"),
                name=text("the flow's name"),
                kept=listing(
                    "settings that the config cannot describe and that every update keeps: names, never values",
                    text("for example labels, scheduleParams.frequency or target params.csvOptions"),
                ),
            ),
            lambda i: i.found.exports,
        ),
        left_out=listing(
            "by name",
            JsonObject[LeftOutFlow](
                "one flow that is not in the YAML",
                id=text("flow id"),
                name=text("the flow's name"),
                reason=choice("the kind of reason", LeftOutReason),
                text=text("the reason, for people; to be read after the name"),
            ),
            lambda i: i.found.left_out,
        ),
        counts=counts("flows left out, by reason", LeftOutReason, lambda i: i.found.counts()),
        incomplete=flag(
            "a flow that an import should have is left out: exit code 4 with --strict", lambda i: i.found.is_incomplete
        ),
        verdict=part(VERDICT, lambda i: judge(i.found.plan)),
    ),
)


def render_import(shown: ImportResult, *, file: str | None) -> str:
    """Return the document of an import. `file` is the file that holds the YAML."""
    return IMPORT.render(_Import(shown, file), header=shown.header, as_of=shown.as_of)
