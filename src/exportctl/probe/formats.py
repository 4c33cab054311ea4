"""
Questions on formats that the service may refuse: in a target connection, in a flow, or not before a run.

The service may check the params of a target connection when it is written, or when a flow is created on it. So a wrong
format is sent first, and then each format is sent where the service checks it. The first run of each flow is 30 days
ahead, and each flow is disabled and deleted as soon as it exists. So nothing is exported.
"""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.probe import bodies
from exportctl.probe.bodies import FLOWS, TARGETS, TEMPLATES, Json
from exportctl.probe.question_group import ProbeRun, QuestionGroup, is_accepted
from exportctl.probe.session import ProbeObject
from exportctl.profile.answers import ProbeAnswer, ProbeQuestion, no_answer

AT_RUN = "run"  # the setting of invalid_params under which no format is refused before a run

QUESTIONS = (
    ProbeQuestion(
        "invalid_params",
        "Creates a target connection with a compression that does not exist, and if that is accepted, a flow on it. If "
        "both are accepted, the answer is a conclusion: no run was tried.",
    ),
    ProbeQuestion("manifest", "Sends a target connection with includeFileManifest, and a flow on it if needed."),
    ProbeQuestion("json_uncompressed", "Sends a target connection for JSON without compression, likewise."),
    ProbeQuestion("lower_case_enums", "Sends the fixed words of a target connection and of a flow in lower case."),
    ProbeQuestion("zero_interval", "Reads a one-time flow that was created with the interval 0."),
)


def ask_about_formats(run: ProbeRun) -> Iterator[ProbeAnswer]:
    """Create target connections and flows on them, and answer QUESTIONS."""
    incremental = bodies.schedule(run.start, **{TEMPLATES[0]: bodies.FOLDER})
    checked = _find_check(run, incremental)
    yield ProbeAnswer("invalid_params", checked)
    json_params = {"datasetFileType": "JSON", "compression": "NONE"}
    for question, word, params in (
        ("manifest", "manifest", {bodies.MANIFEST: True}),
        ("json_uncompressed", "json", json_params),
    ):
        if checked == AT_RUN:
            yield no_answer(question, "the service refuses no params before a run")
        else:
            schedule = None if checked == "write" else incremental
            is_taken = _is_format_accepted(run, word, params, schedule)
            run.offers_manifest |= is_taken and bodies.MANIFEST in params
            yield ProbeAnswer(question, "accepted" if is_taken else "rejected")
    lower = bodies.in_lower_case({"datasetFileType": "PARQUET", "compression": "GZIP"})
    takes_lower_case = _is_format_accepted(run, "lower-case", lower, bodies.in_lower_case(incremental))
    yield ProbeAnswer("lower_case_enums", "accepted" if takes_lower_case else "rejected")
    yield _answer_zero_interval(run)


def _find_check(run: ProbeRun, schedule: Json) -> str:
    """Find out when the service refuses a target connection that no run can use."""
    wrong = {"compression": bodies.WRONG_WORD}
    made: list[ProbeObject] = []
    if not is_accepted(lambda: made.append(_create_target(run, "wrong", wrong))):
        return "write"
    return AT_RUN if _is_flow_accepted(run, "wrong", made[0], schedule) else "flow"


def _is_format_accepted(run: ProbeRun, word: str, params: Json, schedule: Json | None) -> bool:
    """Say whether the service accepts a target connection, and with `schedule` a flow on it."""
    made: list[ProbeObject] = []
    if not is_accepted(lambda: made.append(_create_target(run, word, params))):
        return False
    return schedule is None or _is_flow_accepted(run, word, made[0], schedule)


def _create_target(run: ProbeRun, word: str, params: Json) -> ProbeObject:
    session = run.session
    body = bodies.target(session.names.of(word), run.objects["account"].id, f"{run.folder}/{word}", **params)
    return session.create(TARGETS, body)


def _is_flow_accepted(run: ProbeRun, word: str, target: ProbeObject, schedule: Json) -> bool:
    made: list[ProbeObject] = []
    if not is_accepted(lambda: made.append(_create_flow(run, word, target, schedule))):
        return False
    run.session.act(made[0], "disable")
    run.session.delete(made[0])
    return True


def _create_flow(run: ProbeRun, word: str, target: ProbeObject, schedule: Json) -> ProbeObject:
    names = run.session.names
    return run.session.create(FLOWS, bodies.flow(names.of(word), run.objects["source"].id, target.id, schedule))


def _answer_zero_interval(run: ProbeRun) -> ProbeAnswer:
    flow = _create_flow(run, "once", run.objects["target"], bodies.one_time_schedule(run.start))
    run.session.act(flow, "disable")
    interval = bodies.schedule_of(run.session.read(flow)).get("interval")
    run.session.delete(flow)
    if interval is None:
        return ProbeAnswer("zero_interval", "omitted")
    if str(interval) == "0":
        return ProbeAnswer("zero_interval", "shown")
    return no_answer("zero_interval", "the flow shows another interval")


GROUP = QuestionGroup("formats", QUESTIONS, ask_about_formats, needs=("account", "target", "source"))
