"""The rate budget of an organization: how fast requests start, what a 429 does, and what clients share."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.client.auth import Credentials
from exportctl.client.client import Client
from exportctl.client.rate_budget import HALVING_PAUSE, LEAST_SHARE, REGAIN, BudgetLimits, RateBudget
from exportctl.client.shared_access import SharedAccess
from exportctl.clock import system_clock
from exportctl.errors import Error, ServiceError
from exportctl.model.secret import Secret
from tests.client.scripted import FakeTime, Reply, Script, client_of, token_reply

ORGANIZATION = "0123456789ABCDEF01234567@AdobeOrg"
EMPTY = Reply(body={"items": []})


def starts(budget: RateBudget, time: FakeTime, pauses: list[float]) -> list[float]:
    """The moments at which requests start, one after another, with a pause before each."""
    found = []
    for pause in pauses:
        time.now += pause
        with budget.use_place(time.clock):
            found.append(time.now)
    return found


@given(
    st.floats(0.5, 50.0),
    st.integers(1, 10),
    st.lists(st.floats(0.0, 3.0), min_size=1, max_size=40),
)
def test_no_window_of_time_holds_more_starts_than_the_budget(
    per_second: float, parallel: int, pauses: list[float]
) -> None:
    time = FakeTime()
    found = starts(RateBudget(BudgetLimits(per_second, parallel), time.clock), time, pauses)
    for first, begin in enumerate(found):
        for last in range(first, len(found)):
            assert last - first + 1 <= parallel + per_second * (found[last] - begin) + 1e-6


def test_a_busy_budget_is_used_in_full() -> None:
    time = FakeTime()
    found = starts(RateBudget(BudgetLimits(10, 4), time.clock), time, [0.0] * 24)
    assert found[-1] - found[0] == pytest.approx(2.0)  # 4 at once, then 20 at 10 per second


def test_a_wait_that_an_interrupt_ends_sends_nothing_and_gives_its_turn_back() -> None:
    time = FakeTime()
    budget = RateBudget(BudgetLimits(1, 1), time.clock)

    def interrupt(seconds: float) -> None:
        raise Error("interrupted", rule="interrupted")

    with budget.use_place(time.clock):
        begun = time.now
    for _ in range(5):
        with pytest.raises(Error, match="interrupted"), budget.use_place(replace(time.clock, sleep=interrupt)):
            pytest.fail("it was sent")
    with budget.use_place(time.clock):
        assert time.now - begun == pytest.approx(1.0)


def test_no_more_requests_are_in_flight_than_allowed() -> None:
    budget = RateBudget(BudgetLimits(1e6, 3), system_clock())
    inside, most, lock, full = 0, 0, threading.Lock(), threading.Barrier(3)

    def send(number: int) -> None:
        nonlocal inside, most
        with budget.use_place(system_clock()):
            with lock:
                inside += 1
                most = max(most, inside)
            if number < 3:
                full.wait(30)  # the first three are inside together
            with lock:
                inside -= 1

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(send, range(12)))
    assert most == 3


def test_a_429_halves_the_budget_once_for_requests_in_flight_together_and_answers_give_it_back() -> None:
    time = FakeTime()
    budget = RateBudget(BudgetLimits(10, 1), time.clock)

    def interval() -> float:
        first, second = starts(budget, time, [100.0, 0.0])
        return second - first

    assert interval() == pytest.approx(0.1)
    for _ in range(8):
        budget.note_answer(throttled=True)
    assert interval() == pytest.approx(0.2)
    for _ in range(20):
        time.now += HALVING_PAUSE
        budget.note_answer(throttled=True)
    assert interval() == pytest.approx(0.1 / LEAST_SHARE)
    for _ in range(round(1 / REGAIN)):
        budget.note_answer(throttled=False)
    assert interval() == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("limits", "count", "expected"),
    [(BudgetLimits(10, 8), 4, BudgetLimits(2.5, 2)), (BudgetLimits(10, 2), 4, BudgetLimits(2.5, 1))],
    ids=["an even share", "at least one request"],
)
def test_runs_that_work_at_the_same_time_share_the_budget(
    limits: BudgetLimits, count: int, expected: BudgetLimits
) -> None:
    assert limits.share(count) == expected


# -- clients that share -----------------------------------------------------------------------------------------------


def clients(script: Script, time: FakeTime, *secrets: str, organization: str = ORGANIZATION) -> list[Client]:
    shared = SharedAccess(lambda _: BudgetLimits(10, 4), time.clock, httpx.WSGITransport(app=script))
    return [
        client_of(
            script,
            time=time,
            shared=shared,
            organization=organization,
            credentials=Credentials("my-client", Secret(secret)),
        )
        for secret in secrets
    ]


def test_clients_of_one_credential_ask_for_one_token_and_another_credential_for_its_own() -> None:
    script = Script([EMPTY])
    for client in clients(script, FakeTime(), "one-secret", "one-secret", "other-secret"):
        with client:
            client.list("/flows")
    assert len(script.token_requests) == 2


def test_a_shared_token_is_hidden_in_the_errors_of_each_client() -> None:
    script = Script([Reply(400, {"message": "no token-one-that-stays-hidden"})], [token_reply()])
    for client in clients(script, FakeTime(), "one-secret", "one-secret"):
        with client, pytest.raises(ServiceError) as refused:
            client.list("/flows")
        assert "token-one" not in str(refused.value)


def test_the_wait_that_one_client_is_asked_for_holds_for_every_client_of_the_organization() -> None:
    time = FakeTime()
    script = Script([Reply(429, headers=(("Retry-After", "300"),)), EMPTY])
    first, second = clients(script, time, "one-secret", "one-secret")
    with pytest.raises(ServiceError, match="429"):
        first.list("/flows")  # longer than it waits, so it ends at once
    with pytest.raises(ServiceError, match="not sent, because the service asks to wait"):
        second.list("/flows")
    time.now += 250
    begun = time.now
    assert second.list("/flows") == []
    assert time.now - begun >= 50
    assert len(script.seen) == 2


def test_a_token_endpoint_that_does_not_answer_is_not_asked_again_at_once_by_the_next_client() -> None:
    time = FakeTime()
    script = Script([EMPTY], [Reply(503)] * 5 + [token_reply()])
    first, second, third = clients(script, time, *["one-secret"] * 3)
    for client in (first, second):
        with pytest.raises(ServiceError, match="answered 503"):
            client.list("/flows")
    assert len(script.token_requests) == 5
    time.now += 60
    assert third.list("/flows") == []


def test_one_client_closes_no_connection_of_the_others() -> None:
    first, second = clients(Script([EMPTY]), FakeTime(), "one-secret", "one-secret")
    with first:
        first.list("/flows")
    assert second.list("/flows") == []
