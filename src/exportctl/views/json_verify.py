"""
A verify report as one machine document of kind `verify`: every verdict with all its facts, no list cut.

Moments are whole seconds since 1970 UTC, sizes bytes; null is what nobody counted. What kept storage from being read
stands with its export and in the envelope's `errors` too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exportctl.views import json
from exportctl.views.json import Json

if TYPE_CHECKING:
    from exportctl.monitor.delivery.report import ExportVerdicts, Verdict, VerifyReport


def render_verify_report(report: VerifyReport) -> str:
    result = {
        "project": report.header.project,
        "since": report.since,
        "deep": report.deep,
        "failing": report.has_failed,
        "counts": {word.value: count for word, count in report.counts().items()},
        "exports": [_export(e) for e in report.exports],
    }
    return json.envelope("verify", result, header=report.header, as_of=report.as_of, errors=report.errors())


def _export(shown: ExportVerdicts) -> Json:
    return {
        "address": str(shown.address),
        "flow": shown.flow,
        "state": shown.state,
        "storage": shown.storage,
        "failing": shown.has_failed,
        "verdicts": [_verdict(v) for v in shown.verdicts],
        "errors": [json.error(e) for e in shown.errors],
    }


def _verdict(shown: Verdict) -> Json:
    return {
        "dataset": shown.dataset,
        "dataset_id": shown.dataset_id,
        "due": shown.due,
        "word": shown.result.value,
        "failing": shown.fails,
        "reason": shown.reason,
        "hint": shown.hint,
        "evidence": shown.evidence.value,
        "run": shown.run,
        "completed": shown.completed,
        "folder": shown.folder,
        "objects": list(shown.objects),
        "rows": shown.rows,
        "files": shown.files,
        "size": shown.size,
    }
