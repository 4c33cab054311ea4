"""The limits of the service, what it does by itself at an end, and the forms of its answers."""

from __future__ import annotations

from exportctl.emulator.questions.question import Probe, ask
from exportctl.frozen import dataclass


@dataclass(frozen=True)
class LimitsQuestions:
    """Limits, ends and forms of answers. The defaults are the careful assumption of flow-service.md 13."""

    default_limit: int = ask(
        "How many objects has a page of a list that was asked for without limit? The probe does not ask, because it "
        "would have to create more objects than the longest page holds.",
        (20, 5, 100),
        "U2",
        Probe.NEVER,
    )
    empty_list: str = ask(
        "Has an empty list the keys items and _links, and a last page the key _links?",
        ("keys", "bare"),
        "U24; [D] samples omit _links",
        Probe.FREE,
    )
    configs_total: str = ask(
        "What is pageInfo.total of a page of exportable datasets: the number of all, of those on the page, too low, "
        "too high, another one on each page, or is it missing? The probe does not ask: exportctl compares the pages.",
        ("all", "page", "low", "high", "shrinking", "growing", "absent"),
        "[XD-new] shows one page, with 149; flow-service.md 6",
        Probe.NEVER,
    )
    configs_has_next: str = ask(
        "Has a page of exportable datasets pageInfo.hasNext? The probe does not ask: without it exportctl reads on "
        "after each full page.",
        ("shown", "absent"),
        "[XD-new] shows it, [AE] relies on it; flow-service.md 6",
        Probe.NEVER,
    )
    not_found_status: int = ask(
        "Status of FLOW-1439, not found.",
        (404, 400),
        "C15: [LB] shows 404, [FE] lists 400",
        Probe.FREE,
    )
    rate_limit: int = ask(
        "How many requests in a minute does the gateway take before it answers 429? 0: any number. The probe does not "
        "ask, because it would hold up all other clients of the sandbox.",
        (0, 50),
        "U16: 50 on a page of unknown quality; `Retry-After` is assumed",
        Probe.NEVER,
    )
    longest_end: int = ask(
        "How many days from now may an endTime be? 0: any number; the probe tries ten years.",
        (0, 365),
        "U13",
        Probe.FREE,
    )
    invalid_params: str = ask(
        "Are wrong params of a target connection refused when it is written, when a flow is created on it, or does "
        "only the run fail?",
        ("write", "flow", "run"),
        "U14",
        Probe.FREE,
    )
    sftp_port: str = ask(
        "Is the port of an SFTP account kept, ignored or refused?",
        ("kept", "ignored", "refused"),
        "C8, dataset-exports.md 15 no. 6",
        Probe.FREE,
    )
    zero_interval: str = ask(
        "Does GET show the interval 0 of a one-time export?",
        ("shown", "omitted"),
        "dataset-exports.md 15 no. 3",
        Probe.FREE,
    )
    ended_flows: str = ask(
        "Does the service itself disable a flow past its end, and a one-time flow an hour after its start?",
        ("enabled", "disabled"),
        "U11; the hour is assumed",
        Probe.EXPORT,
    )
    missed_runs: str = ask(
        "Are the runs that a disabled flow missed skipped, or caught up when it is enabled again?",
        ("skipped", "caught-up"),
        "U10",
        Probe.EXPORT,
    )
    delete_during_run: str = ask(
        "Can a flow be deleted while a run of it is in progress?",
        ("accepted", "refused"),
        "U23",
        Probe.EXPORT,
    )
    run_retention: int = ask(
        "For how many days does the service show a run? 0: always. The probe does not ask, because it would have to "
        "wait so long.",
        (0, 30, 7),
        "U19: not documented",
        Probe.NEVER,
    )
    run_status_case: str = ask(
        "Is the status of a run written `success` or `Success`?",
        ("lower", "capital"),
        "C12",
        Probe.EXPORT,
    )
    run_end_member: str = ask(
        "Is the end of a run durationSummary.completedAtUTC or stoppedAtUTC?",
        ("completedAtUTC", "stoppedAtUTC"),
        "C13",
        Probe.EXPORT,
    )
