"""A group of questions that are asked with the same objects, and the objects that the groups of one run share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field

from exportctl.errors import ServiceError
from exportctl.frozen import dataclass
from exportctl.probe.files import ListStorage, no_storage
from exportctl.probe.session import ProbeObject, ProbeSession
from exportctl.profile.answers import ProbeAnswer, ProbeQuestion, Setting

DAY = 86400
START_DAYS = 30  # the flows of a probe start so far ahead that no run can happen before they are deleted


@dataclass(frozen=True)
class NamedDataset:
    """A dataset that the user named."""

    id: str
    name: str


@dataclass
class ProbeRun:
    """
    What the groups of one run share.

    `start` is the first run of the flows that never run, in seconds since 1970 UTC. `exported` are the datasets that
    the user allows to export, `growing` is one that gets new rows all the time. `shortest_hours` is the shortest
    interval that the service accepts, `offers_manifest` says that it accepts a target connection with a manifest.
    `list_storage` lists the landing zone.
    """

    session: ProbeSession
    dataset: NamedDataset
    start: int
    objects: dict[str, ProbeObject] = field(default_factory=dict)
    exported: tuple[NamedDataset, ...] = ()
    growing: NamedDataset | None = None
    shortest_hours: int = 3
    offers_manifest: bool = False
    list_storage: ListStorage = no_storage

    @property
    def folder(self) -> str:
        return f"exportctl-probe/{self.session.names.run}"


@dataclass(frozen=True)
class QuestionGroup:
    """
    `ask` yields the answers to `questions` in any order; what it does not yield has no answer.

    `needs` are the keys of ProbeRun.objects that it uses. A group before it creates them.
    """

    title: str
    questions: tuple[ProbeQuestion, ...]
    ask: Callable[[ProbeRun], Iterator[ProbeAnswer]]
    needs: tuple[str, ...] = ()


def is_refusal(error: ServiceError) -> bool:
    """Say whether the service refused what was sent: not a missing permission, and no failure of the service."""
    return error.status is not None and 400 <= error.status < 500 and error.status not in (401, 403, 404, 409, 429)


def answer_refusal(question: str, accepted: Setting, refused: Setting, send: Callable[[], object]) -> ProbeAnswer:
    """Answer a question about what the service accepts. Any other error is raised."""
    return ProbeAnswer(question, accepted if is_accepted(send) else refused)


def is_accepted(send: Callable[[], object]) -> bool:
    """Say whether the service accepts what `send` sends. Any other error than a refusal is raised."""
    try:
        send()
    except ServiceError as error:
        if not is_refusal(error):
            raise
        return False
    return True


def answer_seconds(question: str, seconds: int | None, reason: str) -> ProbeAnswer:
    """Answer a question about how long something takes; None: not within the limit, for which `reason` has words."""
    return ProbeAnswer(question, seconds, reason if seconds is None else "")


def answer_demand(question: str, send: Callable[[], object], add: Callable[[], None]) -> ProbeAnswer:
    """Answer whether something that `send` leaves out is required: after a refusal, `add` adds it for `send`."""
    try:
        send()
    except ServiceError as error:
        if not is_refusal(error):
            raise
        add()
        send()  # a second refusal has another reason: it is raised
        return ProbeAnswer(question, "required")
    return ProbeAnswer(question, "optional")


def describe_failure(error: ServiceError) -> str:
    """Describe an error without the text of the service, because that can hold ids."""
    status = "no answer" if error.status is None else f"the service answered {error.status}"
    return f"{status} ({error.code})" if error.number else status
