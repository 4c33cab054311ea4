"""
Alerts of one sandbox of `fleet`, as its JSON report and SARIF hold them.

A CI runner has its checkout in a folder of its own, and a report can be made in any folder of it. So alerts name files
from the root of the Git checkout, and what they are about names no other folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from exportctl.cli.context import CommandContext
from exportctl.cli.sarif_output import checkout_path, repository_root
from exportctl.config.checkout import checkout_root
from exportctl.config.files import MAIN_FILE
from exportctl.errors import SourcePosition
from exportctl.output.fleet import FleetRow
from exportctl.output.json.fleet import encode_alerts
from exportctl.output.sarif import SarifResult


def name_in_checkout(call: CommandContext, row: FleetRow) -> str:
    """Return the name of a row with its folder from the root of the checkout."""
    return replace(row, folder=_path(call, row, "")).name


def encode_row_alerts(call: CommandContext, row: FleetRow, alerts: Iterable[SarifResult]) -> str:
    """Return alerts with files from the folder of their project as the text of its row."""
    return encode_alerts(tuple(_place_alerts(call, row, alerts)))


def _place_alerts(call: CommandContext, row: FleetRow, alerts: Iterable[SarifResult]) -> Iterator[SarifResult]:
    paths = dict[str, str]()
    for alert in alerts:
        at = alert.finding.at or SourcePosition((*row.files, MAIN_FILE)[0])
        if at.file not in paths:
            paths[at.file] = _path(call, row, at.file)
        yield replace(alert, finding=replace(alert.finding, at=replace(at, file=paths[at.file])))


def _path(call: CommandContext, row: FleetRow, file: str) -> str:
    """Return the path of a file of a project from the root of the checkout, that of the working folder first."""
    folder = call.folder / row.folder
    root = checkout_root(call.folder) or checkout_root(folder) or repository_root(call.folder)
    return checkout_path(folder / file, root)
