"""
The JSON document of `verify`: every verdict with all its facts, and no list is cut.

Moments are whole seconds since 1970 UTC, sizes are bytes; null stands for what was not counted. A reason why storage
could not be read is in its export and in the envelope's `errors`.
"""

from __future__ import annotations

from exportctl.model.json_form import JsonObject, choice, counts, flag, listing, nullable, number, text
from exportctl.monitor.delivery.report import DeliveryResult, Evidence, ExportVerdicts, Verdict, VerifyReport
from exportctl.output.json.envelope import MOMENT, Document
from exportctl.output.json.forms import PROJECT
from exportctl.planfile.serialize import ERROR, address

_VERDICT = JsonObject[Verdict](
    "one dataset and one expected run",
    dataset=text("dataset name"),
    dataset_id=text("dataset id; empty where it is unknown"),
    due=nullable(number(f"when the run was due, {MOMENT}; null: no run was due")),
    result=choice("the result", DeliveryResult),
    failing=flag("the verdict makes the exit code 9", lambda v: v.fails),
    reason=text("for people"),
    hint=nullable(text("what to do")),
    evidence=choice("what the result is based on, weakest first", Evidence),
    run=nullable(text("run id")),
    completed=nullable(number(f"when the run ended, {MOMENT}")),
    folder=nullable(text("the run's folder in storage")),
    objects=listing("objects that the reason is about", text("path in storage")),
    rows=nullable(number("rows in the files, or rows that the run reports")),
    files=nullable(number("data files found")),
    size=nullable(number("bytes of the data files found")),
)
VERIFY = Document(
    "verify",
    JsonObject[VerifyReport](
        "whether the files of each expected run arrived",
        project=PROJECT,
        since=number(f"start of the window, {MOMENT}; `as_of` is its end"),
        deep=flag("file contents were read too"),
        failing=flag("the exit code is 9, unless there are errors", lambda r: r.has_failed),
        counts=counts("verdicts by result", DeliveryResult, lambda r: r.counts()),
        exports=listing(
            "by address",
            JsonObject[ExportVerdicts](
                "one export",
                address=address(),
                flow=nullable(text("flow id; null: not applied")),
                state=text("enabled, disabled, finished, expired, unknown or not applied"),
                storage=text("what was read; begins with `runs only` where storage was not read"),
                failing=flag("one of its verdicts fails", lambda e: e.has_failed),
                verdicts=listing("by dataset, then by time", _VERDICT),
                errors=listing("why its storage could not be read", ERROR),
            ),
        ),
    ),
)


def render_verify_report(report: VerifyReport) -> str:
    """Return the document of a verify report."""
    return VERIFY.render(report, header=report.header, as_of=report.as_of, errors=report.errors())
