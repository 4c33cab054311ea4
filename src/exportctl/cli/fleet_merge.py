"""Join the JSON reports of the shards of one `fleet` run. A shard without a report is a failure, not silence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from exportctl.cli import exit_codes
from exportctl.cli.ci_reports import ci_run
from exportctl.cli.context import CommandContext, read_text
from exportctl.cli.fleet_run import ResultFile, show_fleet
from exportctl.config.schema_check import schema_errors
from exportctl.errors import Error, Finding, SourcePosition
from exportctl.model.plan import PlanHeader
from exportctl.output.fleet import FleetReport, FleetRow

_HINT = "write it with `--shard I/N --format json` of the fleet command that ran"


class _Merger:
    """What the files that were read hold together. One file is in memory at a time."""

    def __init__(self, results: ResultFile) -> None:
        self.rows: list[tuple[FleetRow, int | None]] = []
        self.codes: list[int] = []
        self.errors: list[Finding] = []
        self.command: str | None = None
        self.is_complete = True
        self.ended = 0
        self._results = results
        self._shards: dict[str, str] = {}  # shard -> file

    def add_file(self, call: CommandContext, file: Path) -> None:
        try:
            result = _read_report(call.folder / file, file)
        except Error as error:
            self.errors += error.findings()
            return
        command, shard = result["command"], result["shard"]
        if self.command is not None and command != self.command:
            self._fail(f"{file} is a report of fleet {command}, and those before of fleet {self.command}")
            return
        if shard in self._shards:
            self._fail(f"{file} is shard {shard}, and so is {self._shards[shard]}")
            return
        self.command = command
        self._shards[shard] = str(file)
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
        from exportctl.output.json.fleet import encode_result

        result = row[command]
        self.rows.append((_fleet_row(row), None if result is None else self._results.add(encode_result(result))))

    def _fail(self, message: str) -> None:
        self.errors.append(Finding("fleet-shard", message, hint="give `fleet merge` one report of each shard"))


def merge_reports(call: CommandContext, files: Sequence[Path]) -> int:
    """Show one report of all files, and return the exit code that counts."""
    with closing(ResultFile()) as results:
        merger = _Merger(results)
        for file in files:
            merger.add_file(call, file)
        merger.check_shards()
        merger.rows.sort(key=lambda pair: (pair[0].folder, pair[0].files, pair[0].environment or ""))
        code = exit_codes.pick_exit_code(*merger.codes, exit_codes.FAILED if merger.errors else exit_codes.DONE)
        report = FleetReport(
            merger.command or "merge",
            [row for row, _ in merger.rows],
            code,
            merger.ended or call.wall(),
            merger.is_complete and not merger.errors,
            None,
            ci_run(call),
            tuple(merger.errors),
        )
        show_fleet(call, report, [number for _, number in merger.rows], results.read)
    return code


def _read_report(path: Path, file: Path) -> dict[str, Any]:
    """Return the result of a report, or raise an Error: the file holds none."""
    from exportctl.output.json import schemas

    text = read_text(path, "the report")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise Error(f"{file} is not JSON", rule="fleet-report", hint=_HINT) from None
    if not isinstance(document, dict) or document.get("kind") != "fleet" or document.get("result") is None:
        raise Error(f"{file} is not a report of fleet", rule="fleet-report", hint=_HINT)
    if any(True for _ in schema_errors(schemas.schema("fleet"), document)):
        hint = "use one version of exportctl for all shards"
        raise Error(f"{file} is a report of another version, or was edited", rule="fleet-report", hint=hint)
    result: dict[str, Any] = document["result"]
    return result


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
