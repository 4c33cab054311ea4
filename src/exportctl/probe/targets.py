"""
Questions on accounts and target connections: what the service accepts, keeps, and shows, and how soon.

No flow uses these objects while they are asked, so nothing is exported.
"""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.errors import Conflict, NotFound, ServiceError
from exportctl.probe import bodies
from exportctl.probe.bodies import BASES, TARGETS, Json
from exportctl.probe.question_group import (
    ProbeRun,
    QuestionGroup,
    answer_demand,
    answer_refusal,
    answer_seconds,
    describe_failure,
    is_refusal,
)
from exportctl.probe.session import IN_TRANSITION, ProbeObject, ProbeSession, json_body
from exportctl.profile.answers import Need, ProbeAnswer, ProbeQuestion, no_answer

BACKGROUND_SECONDS = 20.0  # how long to look for a write of a background client; samples show 1 to 7 [D]

QUESTIONS = (
    ProbeQuestion("read_lag", "Reads the new account by id until the service knows it."),
    ProbeQuestion("target_data", "Creates a target connection without data, and if that is refused, with it."),
    ProbeQuestion("list_lag", "Lists the target connection by name until the list holds it."),
    ProbeQuestion("child_descriptions", "Reads the description of the new target connection."),
    ProbeQuestion("normalise", "Creates a target connection whose path ends in a slash, and reads it."),
    ProbeQuestion("name_unique", "Creates a second target connection with the same name."),
    ProbeQuestion("child_patch_answer", "Renames the target connection, and looks at the form of the answer."),
    ProbeQuestion("transition", "Renames the target connection again at once, until the service accepts it."),
    ProbeQuestion("stale_reads", "Renames the target connection, and reads it until another etag is shown."),
    ProbeQuestion("late_effect", "Reads on until the new name is shown."),
    ProbeQuestion(
        "background_after_write",
        f"Reads the etag of the target connection for {BACKGROUND_SECONDS:g} seconds after its last write.",
    ),
    ProbeQuestion(
        "read_secrets",
        "Creates an account for Amazon S3 with a role that does not exist, reads it, and deletes it. No flow uses it. "
        "The landing zone has no credentials, so it cannot answer.",
    ),
    ProbeQuestion(
        "sftp_port",
        "Creates an account for SFTP with a port, on a host that cannot exist, reads it, and deletes it. If it is "
        "refused, creates it without the port.",
    ),
    ProbeQuestion(
        "state_after_create",
        "Reads the state of the new target connection.",
        Need.FACT,
        "Which state does a new target connection show?",
    ),
)


def ask_about_targets(run: ProbeRun) -> Iterator[ProbeAnswer]:
    """Create the account and the target connections of the probe, and answer QUESTIONS."""
    session = run.session
    base = session.create(BASES, bodies.landing_zone(session.names.of("account")))
    run.objects["account"] = base
    yield _answer_read_lag(session, base)
    name = session.names.of("target")
    first = bodies.target(name, base.id, f"{run.folder}/slash/")

    def create_first() -> None:
        run.objects["target"] = session.create(TARGETS, first)

    yield answer_demand("target_data", create_first, lambda: session.demanded_data.add(TARGETS))
    target = run.objects["target"]
    yield _answer_list_lag(session, target)
    doc = session.read(target)
    yield ProbeAnswer("state_after_create", str(doc.get("state")))
    yield ProbeAnswer("child_descriptions", "keep" if doc.get("description") == bodies.TEXT else "drop")
    yield _answer_normalise(run, doc)
    second = bodies.target(name, base.id, f"{run.folder}/second")
    yield answer_refusal("name_unique", False, True, lambda: session.create(TARGETS, second))
    yield from _answer_patches(session, target)
    yield _answer_secrets(session)
    yield _answer_sftp_port(session)


def _answer_read_lag(session: ProbeSession, base: ProbeObject) -> ProbeAnswer:
    def is_known() -> bool:
        session.check_stop()
        try:
            session.client.get(base.path)
        except NotFound:
            return False
        return True

    lag = session.measure_wait(is_known, base.written)
    return answer_seconds("read_lag", lag, "not known by id within the limit")


def _answer_list_lag(session: ProbeSession, target: ProbeObject) -> ProbeAnswer:
    def is_listed() -> bool:
        session.check_stop()
        listed = session.client.list(TARGETS, params=[("property", f"name=={target.name}")])
        return any(one.get("id") == target.id for one in listed)

    lag = session.measure_wait(is_listed, target.written)
    return answer_seconds("list_lag", lag, "not listed within the limit")


def _answer_normalise(run: ProbeRun, doc: Json) -> ProbeAnswer:
    sent = bodies.target("", "", f"{run.folder}/slash/")["params"]
    shown = bodies.params_of(doc)
    changed = {key for key in sent if shown.get(key) != sent[key]}
    known: dict[str, set[str]] = {
        "none": set(),
        "trailing-slash": {key for key in sent if shown.get(key) == str(sent[key]).rstrip("/") != sent[key]},
        "case": {key for key in sent if shown.get(key) == str(sent[key]).lower() != sent[key]},
    }
    setting = next((name for name, keys in known.items() if keys == changed), None)
    if setting is None:
        return no_answer("normalise", "the service changes values in a way that no setting describes")
    return ProbeAnswer("normalise", setting)


def _answer_patches(session: ProbeSession, target: ProbeObject) -> Iterator[ProbeAnswer]:
    first, second, third = (session.names.of(f"renamed-{number}") for number in (1, 2, 3))
    body = json_body(session.patch(target, bodies.replace_operation("/name", first)))
    yield ProbeAnswer("child_patch_answer", "items" if "items" in body else "id-etag")
    yield _answer_transition(session, target, second, _written_etag(body))
    session.read_until(target, lambda doc: doc.get("name") == second)
    yield from _answer_late_reads(session, target, third)


def _written_etag(body: Json) -> str:
    return str((body.get("items") or [body])[0].get("etag"))


def _answer_transition(session: ProbeSession, target: ProbeObject, name: str, etag: str) -> ProbeAnswer:
    """
    Repeat a PATCH until the answer is not that the object is in transition.

    The first try has the etag of the write before, because reads may lag. A 412 to the etag that GET shows ends it too:
    then the object is not in transition, but GET shows a former version.
    """
    since = target.written

    def is_accepted() -> bool:
        for known in (etag, None):
            session.check_stop()
            tag = known or str(session.read(target)["etag"])
            try:
                session.client.exchange("PATCH", target.path, body=[bodies.replace_operation("/name", name)], etag=tag)
            except Conflict:
                continue
            except ServiceError as error:
                if error.number in IN_TRANSITION:
                    return False
                raise
            return True
        return True

    seconds = session.measure_wait(is_accepted, since)
    session.patch(target, bodies.replace_operation("/name", name))
    return answer_seconds("transition", seconds, "still in transition after the limit")


def _answer_late_reads(session: ProbeSession, target: ProbeObject, name: str) -> Iterator[ProbeAnswer]:
    """PATCH once more, and see when GET shows another etag, the new name, and an etag that no write of ours has."""
    written = _written_etag(json_body(session.patch(target, bodies.replace_operation("/name", name))))
    since, shown_before = target.written, target.etag  # the etag that the accepted PATCH named
    stale = session.measure_wait(lambda: session.read(target).get("etag") != shown_before, since)
    late = session.measure_wait(lambda: session.read(target).get("name") == name, since)
    yield answer_seconds("stale_reads", stale, "GET showed the former etag until the limit")
    is_late = late is None or (stale is not None and late > stale)
    yield answer_seconds("late_effect", late if is_late else 0, "GET showed the former name until the limit")
    moved = session.wait_for(lambda: session.read(target).get("etag") != written, BACKGROUND_SECONDS)
    yield ProbeAnswer("background_after_write", bool(moved))


def _answer_secrets(session: ProbeSession) -> ProbeAnswer:
    try:
        account = session.create(BASES, bodies.made_up_account(session.names.of("made-up")))
    except ServiceError as error:
        if not is_refusal(error):
            raise
        return no_answer("read_secrets", f"no account with made-up values: {describe_failure(error)}")
    shown = bodies.auth_params_of(session.read(account)).get(bodies.ROLE_PARAM)
    session.delete(account)
    return ProbeAnswer("read_secrets", {None: "omit", bodies.ROLE: "show"}.get(shown, "mask"))


def _answer_sftp_port(session: ProbeSession) -> ProbeAnswer:
    try:
        account = session.create(BASES, bodies.sftp_account(session.names.of("with-port")))
    except ServiceError as error:
        if not is_refusal(error):
            raise
        return _answer_refused_port(session)
    shown = bodies.auth_params_of(session.read(account)).get(bodies.PORT_PARAM)
    session.delete(account)
    if shown is None:
        return ProbeAnswer("sftp_port", "ignored")
    if str(shown) == str(bodies.PORT):
        return ProbeAnswer("sftp_port", "kept")
    return no_answer("sftp_port", "the account shows another port")


def _answer_refused_port(session: ProbeSession) -> ProbeAnswer:
    """Create the account without its port, to see whether it was the port that the service refused."""
    body = bodies.sftp_account(session.names.of("without-port"), has_port=False)
    try:
        session.delete(session.create(BASES, body))
    except ServiceError as error:
        if not is_refusal(error):
            raise
        return no_answer("sftp_port", "the service takes no account on a host that does not exist")
    return ProbeAnswer("sftp_port", "refused")


GROUP = QuestionGroup("accounts and target connections", QUESTIONS, ask_about_targets)
