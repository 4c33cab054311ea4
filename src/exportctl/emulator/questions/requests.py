"""What a request must hold, and where public clients differ from Adobe's documents."""

from __future__ import annotations

from exportctl.emulator.questions.question import Probe, ask
from exportctl.frozen import dataclass


@dataclass(frozen=True)
class RequestsQuestions:
    """What a request must hold. By default the service takes what public clients send."""

    lower_case_enums: str = ask(
        "Are datasetFileType, compression, exportMode and timeUnit accepted in lower and upper case?",
        ("accepted", "rejected"),
        "[AE] sends lower case, [XD-new] lists upper case; flow-service.md 5.7",
        Probe.FREE,
    )
    configs_specs: str = ask(
        "Are exportable datasets listed under the connection spec of the landing zone too, or only under that of the "
        "data lake?",
        ("both", "data-lake"),
        "[AE] asks under the former, [XD-new] under the latter; flow-service.md 6",
        Probe.FREE,
    )
    source_data: str = ask(
        "Must a new source connection hold `data` with a format?",
        ("optional", "required"),
        "C11: [F] requires it, [XD-new] leaves it out",
        Probe.FREE,
    )
    target_data: str = ask(
        "Must a new target connection hold `data`?",
        ("optional", "required"),
        "C11: [F] requires it, [XD-new] leaves it out",
        Probe.FREE,
    )
    action_sub_op: str = ask(
        "Must an action of a flow have the query parameter subOp?",
        ("optional", "required"),
        "C16: [F] requires it, [UD] leaves it out",
        Probe.FREE,
    )
