"""Join the JSON reports of the shards of one `fleet` run. A shard without a report is a failure, not silence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exportctl import __version__
from exportctl.cli import exit_codes
from exportctl.cli.ci_reports import ci_run
from exportctl.cli.context import SARIF, CommandContext, read_text
from exportctl.cli.fleet_output import StoredTexts, show_fleet
from exportctl.config.schema_check import schema_errors
from exportctl.errors import Error, Finding, SourcePosition, UsageError
from exportctl.model.plan import PlanHeader
from exportctl.output.fleet import FleetReport, FleetRow, shared_projects
from exportctl.pipelines.fleet_matrix import split_shard

if TYPE_CHECKING:
    from exportctl.output.json.fleet import StoredParts

_HINT = "write it with `--shard I/N --format json` of the fleet command that ran"
_ONE_OF_EACH = "give `fleet merge` one report of each shard"
_ONE_COMMIT = "run all shards in the same folder of the same commit"


class _Merger:
    """What the files that were read hold together. One file is in memory at a time."""

    def __init__(self, texts: StoredTexts) -> None:
        self.rows: list[tuple[FleetRow, StoredParts]] = []
        self.codes: list[int] = []
        self.errors: list[Finding] = []
        self.command: str | None = None
        self.is_complete = True
        self.ended = 0
        self._texts = texts
        self._shards: dict[str, str] = {}  # shard -> file
        self._members: dict[str | None, str] = {}  # digest of all sandboxes -> the first file that has it

    def add_file(self, call: CommandContext, file: Path) -> None:
        try:
            result = _read_report(call.folder / file, file)
        except Error as error:
            self.errors += error.findings()
            return
        command, shard, members = result["command"], result["shard"], result["members_digest"]
        if self.command is not None and command != self.command:
            self._fail(f"{file} is a report of fleet {command}, and those before of fleet {self.command}")
            return
        if shard in self._shards:
            what = "of all sandboxes" if shard is None else f"shard {shard}"
            self._fail(f"{file} is {what}, and so is {self._shards[shard]}")
            return
        if shard is not None and self._members and members not in self._members:
            other = next(iter(self._members.values()))
            self._fail(f"{file} is a part of other sandboxes than {other}", hint=_ONE_COMMIT)
            return
        self.command = command
        self._shards[shard] = str(file)
        if shard is not None:
            self._members.setdefault(members, str(file))
        self.codes.append(result["exit_code"])
        self.is_complete &= result["complete"]
        self.ended = max(self.ended, result["ended"])
        for row in result["sandboxes"]:
            self._add_row(row, command)

    def check_shards(self) -> None:
        """Add an error for each shard that no file holds."""
        counts = {shard.partition("/")[2] for shard in self._shards if shard}
        if None in self._shards and len(self._shards) > 1:
            self._fail(f"{self._shards[None]} is of all sandboxes, so there is nothing to merge")  # type: ignore[index]
        if len(counts) > 1:
            self._fail(f"the reports are of runs with {' and '.join(sorted(counts))} shards")
        for count in counts:
            for index in range(1, int(count) + 1):
                if f"{index}/{count}" not in self._shards:
                    self._fail(f"shard {index}/{count} has no report")

    def _add_row(self, row: dict[str, Any], command: str) -> None:
        from exportctl.output.json.fleet import StoredParts, encode_stored

        result, alerts = row[command], row["alerts"]
        stored = (self._texts.add(encode_stored(part)) if part else None for part in (result, alerts))
        self.rows.append((_fleet_row(row), StoredParts(*stored)))

    def _fail(self, message: str, hint: str = _ONE_OF_EACH) -> None:
        self.errors.append(Finding("fleet-shard", message, hint=hint))


def merge_reports(call: CommandContext, files: Sequence[Path]) -> int:
    """Show one report of all files, and return the exit code that counts."""
    with closing(StoredTexts()) as texts:
        merger = _Merger(texts)
        for file in files:
            merger.add_file(call, file)
        merger.check_shards()
        if call.format == SARIF and merger.command not in (None, "drift"):
            message = f"--format sarif: only fleet drift has alerts, and these are reports of fleet {merger.command}"
            raise UsageError(message, rule="usage")
        merger.rows.sort(key=lambda pair: (pair[0].folder, pair[0].files, pair[0].environment or ""))
        is_complete = merger.is_complete and not merger.errors
        errors = (*merger.errors, *shared_projects(row for row, _ in merger.rows))
        code = exit_codes.pick_exit_code(*merger.codes, exit_codes.FAILED if errors else exit_codes.DONE)
        report = FleetReport(
            merger.command or "merge",
            [row for row, _ in merger.rows],
            code,
            merger.ended or call.wall(),
            is_complete,
            run=ci_run(call),
            errors=errors,
        )
        show_fleet(call, report, [stored for _, stored in merger.rows], texts)
    return code


def _read_report(path: Path, file: Path) -> dict[str, Any]:
    """Return the result of a report, or raise an Error: the file holds none."""
    text = read_text(path, "the report")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise Error(f"{file} is not JSON", rule="fleet-report", hint=_HINT) from None
    if isinstance(document, dict) and document.get("kind") == "error" and _fits("error", document):
        why = "; ".join(str(_finding(error)).partition("\n")[0] for error in document["errors"])
        raise Error(f"{file} holds no result, because its run failed: {why}", rule="fleet-report")
    result = document.get("result") if isinstance(document, dict) and document.get("kind") == "fleet" else None
    if not isinstance(result, dict):
        raise Error(f"{file} is not a report of fleet", rule="fleet-report", hint=_HINT)
    if not _fits("fleet", document) or not _is_sound(result):
        written = result.get("exportctl")
        version = f"exportctl {written}" if isinstance(written, str) else "another version"
        what = "was edited" if written == __version__ else f"is of {version}, and this is exportctl {__version__}"
        hint = "use one version of exportctl for all shards and for the merge"
        raise Error(f"{file} cannot be merged: it {what}", rule="fleet-report", hint=hint)
    return result


def _fits(kind: str, document: dict[str, Any]) -> bool:
    """Check a document against the schema of its kind."""
    from exportctl.output.json import schemas

    return not any(True for _ in schema_errors(schemas.schema(kind), document))


def _is_sound(result: dict[str, Any]) -> bool:
    """Check what the schema cannot say: exit codes that exist, and a shard that is one."""
    index, count = (1, 1) if result["shard"] is None else split_shard(result["shard"])
    codes = (result["exit_code"], *(row["exit_code"] for row in result["sandboxes"]))
    return 1 <= index <= count and all(code in exit_codes.ORDER for code in codes)


def _fleet_row(row: dict[str, Any]) -> FleetRow:
    platform = row["platform"]
    header = platform and PlanHeader(
        platform["organization"], platform["sandbox"], platform["environment"], row["project"] or "", platform["kind"]
    )
    return FleetRow(
        row["folder"],
        tuple(row["files"]),
        row["environment"],
        row["exit_code"],
        row["read"],
        row["summary"],
        row["project"],
        header,
        row["as_of"],
        tuple(row["attention"]),
        row["attention_count"],
        tuple(map(_finding, row["errors"])),
    )


def _finding(error: dict[str, Any]) -> Finding:
    at = SourcePosition(error["file"], error["line"], error["column"]) if error["file"] is not None else None
    return Finding(error["rule"], error["message"], at, error["hint"])
