"""The schema of what `verify` says, as a row of `output_schemas.RESULTS`."""

from __future__ import annotations

from exportctl.output_schema_parts import (
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
