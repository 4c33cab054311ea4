"""The schema of what `verify` says, as a row of `output_schemas.RESULTS`."""

from __future__ import annotations

from exportctl.output_schema_parts import ADDRESS, closed, counts, flag, listing, maybe, number, one_of, ref, text

WORDS = ("COMPLETE", "EMPTY", "LATE", "FAILED", "MISSING", "FILES-MISSING", "MISMATCH", "UNKNOWN")
EVIDENCE = ("none", "runs", "files", "manifest", "content")

_VERDICT = closed(
    "one dataset and one expected run",
    dataset=text("dataset name"),
    dataset_id=text("dataset id; empty where it is not known"),
    due=maybe(number("when the run was due, seconds since 1970 UTC; null: none was")),
    word=one_of("what became of it", WORDS),
    failing=flag("counts for exit code 9"),
    reason=text("for people"),
    hint=maybe(text("what to do")),
    evidence=one_of("what the word rests on, the best last", EVIDENCE),
    run=maybe(text("run id")),
    completed=maybe(number("when the run ended, seconds since 1970 UTC")),
    folder=maybe(text("the run's folder in storage")),
    objects=listing("what the reason is about", text("path in storage")),
    rows=maybe(number("counted in the files, or else as the run says")),
    files=maybe(number("data files found")),
    size=maybe(number("bytes of the data files found")),
)

VERIFY = closed(
    "whether files arrived",
    project=text("the config's project"),
    since=number("the beginning of the window, seconds since 1970 UTC; `as_of` is its end"),
    deep=flag("contents were read too"),
    failing=flag("exit code 9, unless there are errors"),
    counts=counts("verdicts by word", WORDS),
    exports=listing(
        "by address",
        closed(
            "one export",
            address=ADDRESS,
            flow=maybe(text("flow id; null: not applied")),
            state=text("enabled, disabled, finished, expired, unknown or not applied"),
            storage=text("what was read; begins with `runs only` where storage was left alone"),
            failing=flag("one of its verdicts fails"),
            verdicts=listing("by dataset, then by time", _VERDICT),
            errors=listing("why its storage could not be read", ref("error")),
        ),
    ),
)
