"""
Questions on flows and their schedules: what the service accepts, keeps and shows, and what a deletion does.

The first run of each flow is 30 days ahead, and each flow is disabled as soon as it exists. So nothing is exported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from exportctl.errors import NotFound, ServiceError
from exportctl.probe import bodies
from exportctl.probe.bodies import BASES, FLOWS, SOURCES, TARGETS, TEMPLATES, Json
from exportctl.probe.question_group import (
    DAY,
    ProbeRun,
    QuestionGroup,
    answer_demand,
    answer_refusal,
    answer_seconds,
    describe_failure,
    is_accepted,
    is_refusal,
)
from exportctl.probe.session import IN_TRANSITION, IN_USE, ProbeObject, ProbeSession
from exportctl.profile.answers import Need, ProbeAnswer, ProbeQuestion, no_answer

LATER_FOLDER = "%DATASET_ID%/later/%EXPORT_TIME%"
CUTS = (256, 120)  # lengths of a description that the emulator plays
FAR_YEARS, YEAR_DAYS = 10, 365  # an end that is called far, and the shorter limit that the emulator plays
HOURS = {"eight_hours": 8, "one_hour": 1, "nine_hours": 9, "other_intervals": 5}

QUESTIONS = (
    ProbeQuestion("source_data", "Creates a source connection without data, and if that is refused, with it."),
    ProbeQuestion("action_sub_op", "Disables the flow without subOp, and if that is refused, with it."),
    ProbeQuestion("source_patch", "Renames a source connection."),
    ProbeQuestion("interval_type", "Reads the interval of a flow that was sent as a number."),
    ProbeQuestion("template_key", "Reads the folder template of two flows, each sent in one spelling."),
    ProbeQuestion("default_end_time", "Reads a flow that was created without an end."),
    ProbeQuestion("description_length", "Reads a flow that was created with a description of 2000 characters."),
    ProbeQuestion("description_text", "Looks for the line end and the letter that is not ASCII in this description."),
    ProbeQuestion("names", "Reads the name of a flow that was created with a blank at the end of its name."),
    ProbeQuestion("patch_objects", "Patches a schedule with an object that leaves out the end, and reads it."),
    ProbeQuestion("eight_hours", "Patches the schedule to every 8 hours."),
    ProbeQuestion("old_source_in_use", "Points the flow at another source connection, and deletes the former one."),
    ProbeQuestion("state_case", "Reads the state of the new flow."),
    ProbeQuestion("delete_status", "Deletes a flow, and looks at the status."),
    ProbeQuestion("delete_lag", "Reads the deleted flow until the answer is 404."),
    ProbeQuestion("one_hour", "Patches the schedule to every hour."),
    ProbeQuestion("nine_hours", "Patches the schedule to every 9 hours."),
    ProbeQuestion("other_intervals", "Patches the schedule to every 5 hours."),
    ProbeQuestion(
        "longest_end", f"Patches the end to {FAR_YEARS} years ahead, and if that is refused, to about a year."
    ),
    ProbeQuestion(
        "interval_as_text", "Patches the interval as text.", Need.FACT, 'Is an interval sent as text ("3") accepted?'
    ),
    ProbeQuestion(
        "states",
        "Reads a flow after it is created, disabled, enabled, disabled again, patched and deleted.",
        Need.FACT,
        "Which states does a flow show after each action?",
    ),
    ProbeQuestion(
        "action_moves_etag", "Compares the etag before and after disabling.", Need.FACT, "Does disabling move the etag?"
    ),
    ProbeQuestion(
        "delete_in_use",
        "Deletes the account and the target connection of a flow that exists.",
        Need.FACT,
        "What does the service answer to a deletion of an account and of a target connection in use?",
    ),
)


def ask_about_flows(run: ProbeRun) -> Iterator[ProbeAnswer]:
    """Create two flows, and answer QUESTIONS."""
    session = run.session
    sources: list[ProbeObject] = []
    yield answer_demand(
        "source_data",
        lambda: sources.append(_create_source(run, "source")),
        lambda: session.demanded_data.add(SOURCES),
    )
    first, second = sources[0], _create_source(run, "other-source")
    yield _answer_source_patch(session, second)
    run.objects["source"] = second
    states: list[str] = []
    flow = _create_flow(run, first, run.objects["target"], "export", 0, endTime=run.start + 60 * DAY)
    doc = session.read(flow)
    state = str(doc.get("state"))
    states.append(f"created: {state}")
    yield ProbeAnswer("state_case", "upper" if state.isupper() else "lower")
    before = doc.get("etag")
    yield answer_demand(
        "action_sub_op", lambda: session.act(flow, "disable"), lambda: setattr(session, "demands_sub_op", True)
    )
    doc = _read_state(session, flow, "disabled")
    states.append(f"disabled: {doc.get('state')}")
    yield ProbeAnswer("action_moves_etag", doc.get("etag") != before)
    states.append(_state_after_enabling(session, flow))
    doc = _read_state(session, flow, "disabled")
    yield ProbeAnswer("interval_type", "string" if isinstance(_schedule(doc).get("interval"), str) else "integer")
    yield from _answer_second_flow(run, second, doc)
    yield from _answer_schedule_patches(run, flow, doc)
    states.append(f"patched: {session.read(flow).get('state')}")
    yield _answer_old_source(session, flow, first, second)
    yield from _answer_deletion(run, flow, states)


def _read_state(session: ProbeSession, flow: ProbeObject, state: str) -> Json:
    return session.read_until(flow, lambda shown: str(shown.get("state")).lower() == state)


def _state_after_enabling(session: ProbeSession, flow: ProbeObject) -> str:
    """Enable the flow, which starts in 30 days, look at its state, and disable it again in every case."""
    try:
        session.act(flow, "enable")
    except ServiceError as error:
        if not is_refusal(error):
            raise
        return f"enabled: refused with {error.status}"
    try:
        return f"enabled: {_read_state(session, flow, 'enabled').get('state')}"
    finally:
        session.act(flow, "disable")


def _create_source(run: ProbeRun, word: str) -> ProbeObject:
    names = [{"id": run.dataset.id, "name": run.dataset.name}]
    return run.session.create(SOURCES, bodies.source(run.session.names.of(word), names))


def _create_flow(
    run: ProbeRun,
    source: ProbeObject,
    target: ProbeObject,
    word: str,
    spelling: int,
    has_texts: bool = False,
    **params: Any,
) -> ProbeObject:
    schedule = bodies.schedule(run.start, **{TEMPLATES[spelling]: bodies.FOLDER}, **params)
    body = bodies.flow(run.session.names.of(word), source.id, target.id, schedule)
    return run.session.create(FLOWS, bodies.flow_with_texts(body) if has_texts else body)


def _schedule(doc: Json) -> Json:
    return bodies.schedule_of(doc)


def _answer_source_patch(session: ProbeSession, source: ProbeObject) -> ProbeAnswer:
    try:
        session.patch(source, bodies.replace_operation("/name", session.names.of("renamed-source")))
    except ServiceError as error:
        if error.status == 405:
            return ProbeAnswer("source_patch", "405")
        if not is_refusal(error):
            raise
        return no_answer("source_patch", describe_failure(error))
    return ProbeAnswer("source_patch", "allowed")


def _answer_second_flow(run: ProbeRun, source: ProbeObject, first: Json) -> Iterator[ProbeAnswer]:
    """Create a flow without an end and with the other spelling, disable it, and read it."""
    session = run.session
    name = session.names.of("other-target")
    target = session.create(TARGETS, bodies.target(name, run.objects["account"].id, f"{run.folder}/other"))
    flow = _create_flow(run, source, target, "other-export", 1, has_texts=True)
    session.act(flow, "disable")
    doc = session.read(flow)
    yield ProbeAnswer("default_end_time", "shown" if "endTime" in _schedule(doc) else "hidden")
    yield _answer_template(first, doc)
    yield from _answer_texts(doc, flow.name)
    session.delete(flow)


def _answer_texts(doc: Json, name: str) -> Iterator[ProbeAnswer]:
    """Compare the texts that a flow shows with those that it was created with."""
    yield ProbeAnswer("names", "kept" if doc.get("name") == name else "trimmed")
    shown = str(doc.get("description") or "")
    if not shown.startswith(bodies.TEXT):
        yield no_answer("description_text", "the flow shows another description")
    else:
        has_line_end, is_ascii = "\n" in shown, shown.isascii()
        yield ProbeAnswer("description_text", "one-line" if not has_line_end else "ascii" if is_ascii else "kept")
    if shown.endswith(bodies.LONG_TAIL):
        yield ProbeAnswer("description_length", 0)
    elif len(shown) in CUTS:
        yield ProbeAnswer("description_length", len(shown))
    else:
        yield no_answer("description_length", f"the service keeps {len(shown)} characters, and no setting plays that")


def _answer_template(first: Json, second: Json) -> ProbeAnswer:
    """Compare the spellings that two flows show. Each was sent one of TEMPLATES, in this order."""
    shown = [[key for key in TEMPLATES if key in _schedule(doc)] for doc in (first, second)]
    if shown == [[key] for key in TEMPLATES]:
        return ProbeAnswer("template_key", "as-sent")
    if shown[0] == shown[1] and len(shown[0]) == 1:
        return ProbeAnswer("template_key", shown[0][0])
    return no_answer("template_key", "the flows show no template, or both spellings")


def _answer_schedule_patches(run: ProbeRun, flow: ProbeObject, doc: Json) -> Iterator[ProbeAnswer]:
    session = run.session
    whole = _schedule(doc)
    end = whole.get("endTime")
    key = next((key for key in TEMPLATES if key in whole), TEMPLATES[0])
    part = {name: value for name, value in whole.items() if name != "endTime"} | {key: LATER_FOLDER}
    session.patch(flow, bodies.replace_operation("/scheduleParams", part))
    shown = _schedule(session.read_until(flow, lambda one: LATER_FOLDER in _schedule(one).values()))
    if LATER_FOLDER in shown.values():
        yield ProbeAnswer("patch_objects", "merge" if shown.get("endTime") == end else "replace")
    else:
        yield no_answer("patch_objects", "the flow never showed what an accepted PATCH had changed")

    def send(**changes: object) -> object:
        return session.patch(flow, bodies.replace_operation("/scheduleParams", {**whole, **changes}))

    for question, hours in HOURS.items():
        answer = answer_refusal(question, "accepted", "rejected", partial(send, interval=hours))
        if hours == 1 and answer.setting == "accepted":
            run.shortest_hours = hours
        yield answer
    yield _answer_longest_end(session, send)
    yield answer_refusal("interval_as_text", True, False, lambda: send(interval="3"))


def _answer_longest_end(session: ProbeSession, send: Callable[..., object]) -> ProbeAnswer:
    def is_allowed(days: int) -> bool:
        return is_accepted(partial(send, endTime=session.clock.now() + days * DAY))

    if is_allowed(FAR_YEARS * YEAR_DAYS):
        return ProbeAnswer("longest_end", 0)
    if is_allowed(YEAR_DAYS - 1) and not is_allowed(YEAR_DAYS + 2):
        return ProbeAnswer("longest_end", YEAR_DAYS)
    return no_answer("longest_end", f"an end {FAR_YEARS} years ahead is refused, by a limit that no setting plays")


def _answer_old_source(
    session: ProbeSession, flow: ProbeObject, former: ProbeObject, source: ProbeObject
) -> ProbeAnswer:
    session.patch(flow, bodies.replace_operation("/sourceConnectionIds", [source.id]))
    since = session.clock.monotonic()

    def is_deleted() -> bool:
        try:
            session.send_delete(former)
        except ServiceError as error:
            if error.number in IN_USE | IN_TRANSITION:
                return False
            raise
        return True

    seconds = session.measure_wait(is_deleted, since)
    return answer_seconds("old_source_in_use", seconds, "still in use after the limit")


def _answer_deletion(run: ProbeRun, flow: ProbeObject, states: list[str]) -> Iterator[ProbeAnswer]:
    session = run.session
    answers = [_try_delete(session, run.objects[name]) for name in ("account", "target")]
    yield ProbeAnswer("delete_in_use", ", ".join(answers))
    answer = session.delete(flow)
    yield ProbeAnswer("delete_status", answer.status)

    def is_gone() -> bool:
        session.check_stop()
        try:
            states.append(f"deleted: {session.client.get(flow.path).get('state')}")
        except NotFound:
            return True
        return False

    seconds = session.measure_wait(is_gone, flow.written)
    yield ProbeAnswer("states", ", ".join(dict.fromkeys([*states, "gone: 404"])))
    yield answer_seconds("delete_lag", seconds, "still there after the limit")


def _try_delete(session: ProbeSession, one: ProbeObject) -> str:
    """Delete an object that another one uses, and return what the service answers."""
    kind = "account" if one.collection == BASES else "target"
    try:
        answer = session.send_delete(one)
    except ServiceError as error:
        return f"{kind}: refused with {error.status} {error.number or ''}".rstrip()
    return f"{kind}: accepted with {answer.status}"


GROUP = QuestionGroup("flows and schedules", QUESTIONS, ask_about_flows, needs=("account", "target"))
