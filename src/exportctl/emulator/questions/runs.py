"""What runs do, and which files they write."""

from __future__ import annotations

from exportctl.emulator.questions.question import Probe, ask
from exportctl.frozen import dataclass


@dataclass(frozen=True)
class RunsQuestions:
    """What runs do, and which files they write. The defaults are the careful assumption of flow-service.md 13."""

    run_scope: str = ask(
        "At each moment of the schedule: is there one run of the flow, or one for each dataset?",
        ("flow", "dataset"),
        "flow-service.md 8.4",
        Probe.EXPORT,
    )
    run_duration: float = ask(
        "Seconds a run takes, while it shows as processing.",
        (0, 60, 600),
        "8.2",
        Probe.EXPORT,
        (0, 600),
    )
    run_entities: str = ask(
        "Do runs list their datasets, as entitySummaries with ids that end in the dataset's?",
        ("shown", "hidden"),
        "U17, flow-service.md 8.1",
        Probe.EXPORT,
    )
    manifest_last: bool = ask(
        "Is the manifest written after the files it lists, or before?",
        (True, False),
        "dataset-exports.md 8",
        Probe.EXPORT,
    )
    manifest_location: str = ask(
        "Is there a manifest in each export folder, or one in the target's path?",
        ("folder", "path"),
        "U18",
        Probe.EXPORT,
    )
    export_time_digits: int = ask(
        "Does %EXPORT_TIME% write 12 digits (to the minute) or 14 (to the second)?",
        (12, 14),
        "10.1 [XD-new] [UI]: 12; listings in [NB]: 14",
        Probe.EXPORT,
    )
    week_year: str = ask(
        "Is YYYY in %DATETIME(…)% the calendar year, or the year of the week as in Java (weeks of the United States, "
        "or of ISO 8601)? They differ only in the days around New Year, so the probe does not ask.",
        ("calendar", "us", "iso"),
        "[XD-new] writes YYYYMMdd; no source says how it is read",
        Probe.NEVER,
    )
    folder_names: str = ask(
        "A name in a folder holds a slash, a blank or another special character. Does the slash make levels (`.` and "
        "`..` dropped, or resolved as paths are), or does the writer replace or percent-encode such characters? No "
        "name of a probe has such characters, so that a later probe recognises it.",
        ("levels", "resolved", "underscore", "encoded"),
        "no source",
        Probe.NEVER,
    )
    destination_macro: str = ask(
        "Is %DESTINATION% the name of the target connection, of the base connection or of the flow?",
        ("target", "base", "flow"),
        "10.2 [XD-new]: the destination's name",
        Probe.EXPORT,
    )
    empty_run: str = ask(
        "What does a run without rows write: nothing, a folder, a file without rows?",
        ("nothing", "folder", "file"),
        "dataset-exports.md 10",
        Probe.EXPORT,
    )
    empty_manifest: bool = ask(
        "Does a run without files write a manifest?",
        (False, True),
        "dataset-exports.md 15",
        Probe.EXPORT,
    )
    dataset_change: str = ask(
        "After a change of a flow's datasets: does the flow send only added datasets in full, or all?",
        ("new-only", "restart"),
        "U8",
        Probe.EXPORT,
    )
    schedule_change: str = ask(
        "Does a change of mode or interval restart the full export?",
        ("continue", "restart"),
        "dataset-exports.md 5.3",
        Probe.EXPORT,
    )
    revival: str = ask(
        "The end of an expired flow is moved. Does the flow send what was added since, send everything again, or "
        "send nothing? In no case does it repeat the runs that it missed.",
        ("continue", "restart", "never"),
        "U11, dataset-exports.md 5.2",
        Probe.EXPORT,
    )
    record_versions: str = ask(
        "A row of a record dataset changed twice since the last run. Does a run export its newest version, or all? "
        "A probe adds no rows to a dataset, so it does not ask.",
        ("newest", "all"),
        "no source",
        Probe.NEVER,
    )
    failed_run_rows: str = ask(
        "A run fails. Do its rows come with the next run, or with none?",
        ("next_run", "lost"),
        "dataset-exports.md 10; no source",
        Probe.EXPORT,
    )
    missed_run_rows: str = ask(
        "A flow that was disabled skips the runs that it missed. Do their rows come with the next run, or with none?",
        ("next_run", "lost"),
        "U10; no source",
        Probe.EXPORT,
    )
    ad_hoc: str = ask(
        "Can a client start an export on demand? exportctl starts none, so the probe does not ask.",
        ("enabled", "disabled"),
        "[NB] flow-service.md 9.2",
        Probe.NEVER,
    )
