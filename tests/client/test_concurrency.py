"""The limit of parallel requests follows refusals and slow answers."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.client.concurrency import ConcurrencyLimit

READ = "GET /flows"


def test_answers_as_short_as_ever_double_the_limit_in_each_round() -> None:
    limit = ConcurrencyLimit(16, 4)
    sizes = []
    for _ in range(4):
        sizes.append(limit.maximum)
        for _ in range(limit.maximum):
            limit.note_answer(READ, 0.3)
    assert sizes == [4, 8, 16, 16]


def test_answers_from_before_the_limit_count_up_to_the_upper_limit() -> None:
    limit = ConcurrencyLimit(16, 4)
    sizes = []
    for answers in (0, 6, 100):
        limit.count_answers(answers)
        sizes.append(limit.maximum)
    assert sizes == [4, 10, 16]


def test_answers_that_wait_in_a_queue_reduce_the_limit_to_where_it_began() -> None:
    limit = ConcurrencyLimit(16, 4)
    for _ in range(12):
        limit.note_answer(READ, 0.3)
    assert limit.maximum == 16

    for _ in range(400):
        limit.note_answer(READ, 1.5)

    assert limit.maximum == 4


def test_a_slow_kind_of_request_is_no_queue() -> None:
    limit = ConcurrencyLimit(16, 4)
    for _ in range(20):
        limit.note_answer(READ, 0.2)
        limit.note_answer("POST /flows", 3.0)
    assert limit.maximum == 16


def test_after_a_refusal_the_limit_grows_by_one_for_as_many_answers_as_it_allows() -> None:
    limit = ConcurrencyLimit(16)
    limit.halve()
    assert limit.maximum == 8
    sizes = set()
    for _ in range(8):
        sizes.add(limit.maximum)
        limit.note_answer(READ, 0.3)
    assert (sizes, limit.maximum) == ({8}, 9)


@pytest.mark.parametrize("refused", [1, 5, 8])
def test_one_burst_of_refusals_halves_the_limit_once(refused: int) -> None:
    limit = ConcurrencyLimit(8)
    for _ in range(8):
        limit.__enter__()
    for _ in range(refused):
        limit.halve()
    assert limit.maximum == 4


@given(st.lists(st.sampled_from(["halve", "quick", "slow"]), max_size=60), st.integers(1, 20), st.integers(1, 20))
def test_the_limit_stays_between_one_and_its_upper_limit(events: list[str], most: int, first: int) -> None:
    limit = ConcurrencyLimit(most, first)
    for event in events:
        if event == "halve":
            limit.halve()
        else:
            limit.note_answer(READ, 0.2 if event == "quick" else 5.0)
        assert 1 <= limit.maximum <= limit.upper_limit == most


def test_no_more_than_the_limit_are_inside() -> None:
    limit, inside, most = ConcurrencyLimit(3), [0], [0]
    lock = threading.Lock()

    def work() -> None:
        for _ in range(20):
            with limit:
                with lock:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                with lock:
                    inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (inside[0], most[0] <= 3) == (0, True)
