"""What the service changes by itself."""

from __future__ import annotations

from exportctl.emulator.questions.question import Probe, ask
from exportctl.frozen import dataclass


@dataclass(frozen=True)
class BackgroundQuestions:
    """What the service changes by itself. The defaults are the careful assumption of flow-service.md 13."""

    runs_move_etags: bool = ask(
        "Does a run of an enabled flow move the flow's etag and leave the background client as updatedBy?",
        (True, False),
        "flow-service.md 2.6",
        Probe.EXPORT,
    )
    background_after_write: bool = ask(
        "Does a background client finish a write, which moves the etag (and of a flow updatedBy and updatedClient)?",
        (True, False),
        "flow-service.md 2.6, [D] samples",
        Probe.FREE,
    )
    background_actor: str = ask(
        "Does the background client overwrite updatedBy of a flow after runs and API writes only, "
        "or after UI edits too?",
        ("runs", "writes"),
        "flow-service.md 2.6; UI edits: assumed",
        Probe.NEVER,
    )
    background_actor_children: bool = ask(
        "Does the background client also overwrite updatedBy of base, source and target connections, or move their "
        "etags only?",
        (False, True),
        "flow-service.md 2.6; connections: assumed",
        Probe.NEVER,
    )
