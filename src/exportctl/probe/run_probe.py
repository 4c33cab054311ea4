"""
One probe from the first question to the last deletion.

    ProbeRun ──▶ each group of questions ──▶ answers ──▶ deletion of every object ──▶ ProbeResult

A group that fails leaves its other questions without an answer, and the next group goes on. After an interrupt no
further question is asked. The deletion always follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from exportctl.errors import Error, ServiceError
from exportctl.frozen import dataclass
from exportctl.probe.cleanup import delete_session_objects
from exportctl.probe.question_group import ProbeRun, QuestionGroup, describe_failure
from exportctl.profile.answers import ProbeAnswer, no_answer

Report = Callable[[str], None]


@dataclass(frozen=True)
class ProbeResult:
    """The answer to each question, in their order, and how many objects of probes remain, by collection."""

    answers: tuple[ProbeAnswer, ...]
    remaining: Mapping[str, int]
    interrupted: bool = False


def run_groups(
    run: ProbeRun, groups: tuple[QuestionGroup, ...], report: Report, start_group: Callable[[str], None]
) -> ProbeResult:
    """Ask all questions, then delete all objects. `start_group` is called with the title of each group."""
    answers: list[ProbeAnswer] = []
    interrupted = False
    try:
        for group in groups:
            report(f"Asking about {group.title}: {len(group.questions)} questions.")
            start_group(group.title)
            answers += _ask_group(run, group)
    except Error as error:
        if error.rule != "interrupted":
            raise
        interrupted = True
    finally:
        report("Deleting the objects of the probe.")
        start_group("deletion")
        run.session.end_questions()
        remaining = delete_session_objects(run.session)
    return ProbeResult(tuple(answers), remaining, interrupted)


def _ask_group(run: ProbeRun, group: QuestionGroup) -> list[ProbeAnswer]:
    """Return an answer to each question of a group, in the order of its table."""
    found: dict[str, ProbeAnswer] = {}
    reason = "the probe found no answer"
    missing = [key for key in group.needs if key not in run.objects]
    if missing:
        reason = f"it needs an object that could not be created: {missing[0]}"
    try:
        for answer in () if missing else group.ask(run):
            found[answer.question] = answer
    except ServiceError as error:
        reason = describe_failure(error)
    return [found.get(one.name) or no_answer(one.name, reason) for one in group.questions]
