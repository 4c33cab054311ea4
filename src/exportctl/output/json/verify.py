"""
A verify report as one machine document of kind `verify`: every verdict with all its facts, no list cut.

Moments are whole seconds since 1970 UTC, sizes bytes; null is what nobody counted. What kept storage from being read
stands with its export and in the envelope's `errors` too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exportctl.output.json import documents
from exportctl.output.json.documents import Json
from exportctl.output.json.schema_parts import (
    ADDRESS,
    choice,
    counts,
    flag,
    listing,
    make_nullable,
    number,
    ref,
    strict_object,
    text,
)

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
    return documents.envelope("verify", result, header=report.header, as_of=report.as_of, errors=report.errors())


def _export(shown: ExportVerdicts) -> Json:
    return {
        "address": str(shown.address),
        "flow": shown.flow,
        "state": shown.state,
        "storage": shown.storage,
        "failing": shown.has_failed,
        "verdicts": [_verdict(v) for v in shown.verdicts],
        "errors": [documents.error(e) for e in shown.errors],
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


VERIFY_RESULTS = ("COMPLETE", "EMPTY", "LATE", "FAILED", "MISSING", "FILES-MISSING", "MISMATCH", "UNKNOWN")
EVIDENCE = ("none", "runs", "files", "manifest", "content")

_VERDICT = strict_object(
    "one dataset and one expected run",
    dataset=text("dataset name"),
    dataset_id=text("dataset id; empty where it is not known"),
    due=make_nullable(number("when the run was due, seconds since 1970 UTC; null: none was")),
    word=choice("what became of it", VERIFY_RESULTS),
    failing=flag("counts for exit code 9"),
    reason=text("for people"),
    hint=make_nullable(text("what to do")),
    evidence=choice("what the word rests on, the best last", EVIDENCE),
    run=make_nullable(text("run id")),
    completed=make_nullable(number("when the run ended, seconds since 1970 UTC")),
    folder=make_nullable(text("the run's folder in storage")),
    objects=listing("what the reason is about", text("path in storage")),
    rows=make_nullable(number("counted in the files, or else as the run says")),
    files=make_nullable(number("data files found")),
    size=make_nullable(number("bytes of the data files found")),
)

VERIFY = strict_object(
    "whether files arrived",
    project=text("the config's project"),
    since=number("the beginning of the window, seconds since 1970 UTC; `as_of` is its end"),
    deep=flag("contents were read too"),
    failing=flag("exit code 9, unless there are errors"),
    counts=counts("verdicts by word", VERIFY_RESULTS),
    exports=listing(
        "by address",
        strict_object(
            "one export",
            address=ADDRESS,
            flow=make_nullable(text("flow id; null: not applied")),
            state=text("enabled, disabled, finished, expired, unknown or not applied"),
            storage=text("what was read; begins with `runs only` where storage was left alone"),
            failing=flag("one of its verdicts fails"),
            verdicts=listing("by dataset, then by time", _VERDICT),
            errors=listing("why its storage could not be read", ref("error")),
        ),
    ),
)
