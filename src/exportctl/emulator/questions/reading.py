"""What the service shows when it is read."""

from __future__ import annotations

from exportctl.emulator.questions.question import Probe, ask
from exportctl.frozen import dataclass


@dataclass(frozen=True)
class ReadingQuestions:
    """What the service shows when it is read. The defaults are the careful assumption of flow-service.md 13."""

    read_secrets: str = ask(
        "Does GET show, mask or leave out auth params of format password (s3Role among them)?",
        ("mask", "show", "omit"),
        "U6, flow-service.md 2.2",
        Probe.FREE,
    )
    child_descriptions: str = ask(
        "Are descriptions of base, source and target connections kept or silently dropped? Flows keep theirs.",
        ("keep", "drop"),
        "[D] 2.1 lists the field, no sample shows it kept",
        Probe.FREE,
    )
    default_end_time: str = ask(
        "Does GET show the end that the platform sets (creation plus six months) if the client sent none?",
        ("hidden", "shown"),
        "U12, [XD-new]",
        Probe.FREE,
    )
    template_key: str = ask(
        "Which spelling of the folder template does GET show? Both are accepted on write.",
        ("foldernameTemplate", "folderNameTemplate", "as-sent"),
        "C2, flow-service.md 7.1",
        Probe.FREE,
    )
    interval_type: str = ask(
        "Is interval shown as a number or as text?",
        ("integer", "string"),
        "C19, [AE]",
        Probe.FREE,
    )
    list_lag: float = ask(
        "Seconds until lists show a created object and leave out a deleted one.",
        (0, 1, 5, 60),
        "U2, U22",
        Probe.FREE,
        (0, 60),
    )
    read_lag: float = ask(
        "Seconds after the POST for which requests by id answer 404: GET, PATCH, action and DELETE.",
        (0, 1, 5, 30),
        "U22: 404 shortly after POST [inf]",
        Probe.FREE,
        (0, 60),
    )
    stale_reads: float = ask(
        "Seconds after a PATCH or an action for which lists and GET show the version before it, etag included.",
        (0, 1, 5, 30),
        "U2, U22",
        Probe.FREE,
        (0, 60),
    )
    labelled: str = ask(
        "Are objects with access labels visible, or missing from lists and 404 by id?",
        ("visible", "hidden"),
        "[LB]",
        Probe.NEVER,
    )
    transition_state: str = ask(
        "Which state does a flow show while the service finishes a write: the one after it, a word for the change "
        "(initializing, updating, enabling, disabling, deleting), or the form …-finalizing (and pending after the "
        "creation)? Where a write takes no time, no probe can see it.",
        ("after", "change", "finalizing"),
        "flow-service.md 2.6, [F] [FE]",
        Probe.NEVER,
    )
    data_behavior: str = ask(
        "How does Catalog name the behavior of a dataset: in short (time-series, record), in upper case, as the `$id` "
        "of the behavior, or not at all, as for datasets older than `classification`? exportctl reads it when it "
        "needs it, so the probe does not ask.",
        ("short", "upper", "uri", "missing"),
        "[C] and a published answer show time-series; record is assumed, and so is that older datasets have none",
        Probe.NEVER,
    )
    state_case: str = ask(
        "Are states shown in lower or upper case?",
        ("lower", "upper"),
        "assumed; lower in [D] [F]",
        Probe.FREE,
    )
