"""Fleets for the tests of outputs: a sandbox in which something was found, and one that was not read."""

from __future__ import annotations

from dataclasses import replace

from exportctl.errors import Finding, SourcePosition
from exportctl.monitor.drift import DEFAULT_FAILING, build_drift_report
from exportctl.output.fleet import FleetReport, FleetRow
from exportctl.output.json.fleet import encode_alerts, encode_stored
from exportctl.output.json.monitoring import drift_result
from exportctl.output.sarif import SarifResult
from tests.output.sample_plans import AS_OF, DAY, EVIL, HEADER, full_plan


def fleet_result() -> str:
    """The JSON of the first row's result."""
    return encode_stored(drift_result(build_drift_report(full_plan(), end_warning=30 * DAY), DEFAULT_FAILING))


def fleet_alerts() -> str:
    """The JSON of the first row's alerts."""
    found = Finding(
        "drift", "teams/sales prod: exports.orders `path`", SourcePosition("teams/sales/exports.yaml", 9, 3)
    )
    return encode_alerts([SarifResult(found, "teams/sales prod exports.orders path")])


def full_fleet() -> FleetReport:
    """A report of drift."""
    found = FleetRow(
        "teams/sales",
        (),
        "prod",
        3,
        True,
        "1 drift.",
        "acme",
        HEADER,
        AS_OF,
        ("drift: exports.orders `path`: aep -> elsewhere",),
        30,
    )
    error = Finding("yaml-bracket", "this [ is not closed", SourcePosition("teams/web/web.yaml", 1, 10), "close it")
    unread = FleetRow("teams/web", ("web.yaml",), None, 1, False, "not read: see the error", errors=(error,))
    return FleetReport(
        "drift", (found, unread), 1, AS_OF + 60, shard="1/4", errors=(Finding("shard", "2/4 is missing"),)
    )


def evil_fleet() -> FleetReport:
    """The same with texts that would do harm."""
    whole = full_fleet()
    header = replace(HEADER, sandbox=EVIL, project=EVIL)
    error = Finding("evil", EVIL, SourcePosition(EVIL), EVIL)
    rows = [
        replace(row, folder=EVIL, environment=EVIL, header=header, attention=(EVIL,), summary=EVIL, errors=(error,))
        for row in whole.rows
    ]
    return replace(whole, rows=rows, errors=(error,))
