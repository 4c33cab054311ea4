"""What the service does with a write."""

from __future__ import annotations

from exportctl.emulator.questions.question import Probe, ask
from exportctl.frozen import dataclass


@dataclass(frozen=True)
class WritingQuestions:
    """What the service does with a write. The defaults are the careful assumption of flow-service.md 13."""

    patch_objects: str = ask(
        "Does add or replace of an object replace all of it (RFC 6902), or merge? /auth/params is replaced in both "
        "cases, as documented.",
        ("merge", "replace"),
        "U5, flow-service.md 4.1; [ED] and [AE] patch with the changed keys only",
        Probe.FREE,
    )
    patch_checks: str = ask(
        "Does a patch check only what it changes, or the whole object? The second refuses each patch of an object with "
        "a value that the service shows and does not take. No probe can make such an object.",
        ("changed", "whole"),
        "U14; no source",
        Probe.NEVER,
    )
    source_patch: str = ask(
        "Can a client patch a source connection? Its datasets cannot change in any case.",
        ("allowed", "405"),
        "[F] has it, [D] leaves it out",
        Probe.FREE,
    )
    old_source_in_use: float = ask(
        "Seconds for which a source connection cannot be deleted (1447) after its flow uses another one.",
        (0, 30, 600),
        "U9",
        Probe.FREE,
        (0, 600),
    )
    manifest: str = ask(
        "Is includeFileManifest listed in the target specs and accepted, or neither?",
        ("accepted", "rejected"),
        "U18, [BD]",
        Probe.FREE,
    )
    json_uncompressed: str = ask(
        "Is JSON with compression NONE accepted?",
        ("accepted", "rejected"),
        "C3",
        Probe.FREE,
    )
    past_start: str = ask(
        "Does the service accept a startTime in the past? `rejected` accepts an unchanged one, `rejected-always` "
        "does not.",
        ("accepted", "rejected", "rejected-always"),
        "U13, [NB]",
        Probe.EXPORT,
    )
    one_hour: str = ask(
        "Is an interval of 1 hour accepted?",
        ("accepted", "rejected"),
        "C1, release notes of July 2026",
        Probe.FREE,
    )
    eight_hours: str = ask(
        "Is an interval of 8 hours accepted?",
        ("accepted", "rejected"),
        "C1",
        Probe.FREE,
    )
    nine_hours: str = ask(
        "Is an interval of 9 hours accepted?",
        ("accepted", "rejected"),
        "C1",
        Probe.FREE,
    )
    other_intervals: str = ask(
        "Is any other whole number of hours or days accepted?",
        ("accepted", "rejected"),
        "C1",
        Probe.FREE,
    )
    landing_zone_encryption: str = ask(
        "Does the connection spec of the landing zone list encryption, and under the published names?",
        ("listed", "renamed", "absent"),
        "release notes of September 2025; names: assumed",
        Probe.FREE,
    )
    blob_service_principal: str = ask(
        "Does the connection spec of Azure Blob list a Microsoft Entra service principal, and under the names of Azure "
        "Data Lake Gen2?",
        ("listed", "renamed", "absent"),
        "release notes of September 2026; names: assumed",
        Probe.FREE,
    )
    normalise: str = ask(
        "Does the service store what it was sent, drop trailing slashes of path, remotePath and folder template, "
        "or lower-case datasetFileType, compression, bucketName and container?",
        ("none", "trailing-slash", "case"),
        "flow-service.md 5.7: lower-case values seen in [AE]",
        Probe.FREE,
    )
    delete_status: int = ask(
        "Status of an accepted DELETE.",
        (202, 204),
        "C4",
        Probe.FREE,
    )
    child_patch_answer: str = ask(
        "Does PATCH of a source or target connection answer id and etag, or the items list?",
        ("id-etag", "items"),
        "C5",
        Probe.FREE,
    )
    description_length: int = ask(
        "How many characters of a description does the service keep? 0: all.",
        (0, 256, 120),
        "U7",
        Probe.FREE,
    )
    description_text: str = ask(
        "Does a description keep its line ends and its non-ASCII characters?",
        ("kept", "one-line", "ascii"),
        "U7",
        Probe.FREE,
    )
    names: str = ask(
        "Are names kept as they are, or trimmed?",
        ("kept", "trimmed"),
        "U7",
        Probe.FREE,
    )
    late_effect: float = ask(
        "Seconds by which the answer to a PATCH or an action, and the new etag, come before the effect. Until then "
        "lists and GET show the former values, and lastOperation is in progress.",
        (0, 5, 20),
        "flow-service.md 2.6: 1 to 7 s in [D] samples",
        Probe.FREE,
        (0, 20),
    )
    late_failure: str = ask(
        "Can a PATCH of a flow that the service accepted fail later? Then the values stay as they were, and "
        "lastOperation says failed.",
        ("never", "always"),
        "flow-service.md 2.5: lastOperation.status.errors",
        Probe.NEVER,
    )
    transition: float = ask(
        "Seconds after a write in which the object is in transition and refuses PATCH, action and DELETE.",
        (0, 1, 5, 10),
        "flow-service.md 2.6, FLOW 1416 1420 1421 1457 1458",
        Probe.FREE,
        (0, 10),
    )
    delete_lag: float = ask(
        "Seconds for which GET still returns a deleted flow, with state delete-finalizing, before 404.",
        (1, 0, 5, 10),
        "[DF]: 202, then 404",
        Probe.FREE,
        (0, 10),
    )
    name_unique: bool = ask(
        "Must names be unique in a collection of a sandbox?",
        (False, True),
        "U7",
        Probe.FREE,
    )
