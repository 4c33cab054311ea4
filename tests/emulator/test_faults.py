"""Faults: which request they strike, and what the client then meets."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pytest

from exportctl.emulator import AnswerLost, Emulator, Fault
from tests.emulator.emulator_api import Api, Json

DAY = 86_400  # seconds


def test_the_nth_match_is_struck_and_no_other(api: Api, emulator: Emulator) -> None:
    emulator.add_fault(Fault("status", method="GET", path="/flows$", nth=2, count=2, status=503))

    assert [api.get("/flows").status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    assert api.get("/connections").status_code == 200


def test_a_count_of_nothing_strikes_for_ever_until_cleared(api: Api, emulator: Emulator) -> None:
    emulator.add_fault(Fault("status", count=0, status=500, body={"message": "x"}, headers={"x-more": "y"}))

    answers = [api.get("/flows") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [500, 500, 500]
    assert (answers[0].json(), answers[0].headers["x-more"]) == ({"message": "x"}, "y")
    emulator.clear_faults()
    assert api.get("/flows").status_code == 200


def test_method_and_query_narrow_a_fault(api: Api, emulator: Emulator) -> None:
    emulator.add_fault(Fault("status", method="POST", path="action", query="op=disable", status=500))
    flow = api.flow()

    assert api.code(api.act(flow, "enable")) == "1422-400"
    assert api.act(flow, "disable").status_code == 500


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("effect", ["status", "html", "throttle"])
def test_an_answer_is_replaced_before_or_after_the_write(
    api: Api, emulator: Emulator, when: str, made: int, effect: str
) -> None:
    emulator.add_fault(Fault(effect, method="POST", when=when, status=504))

    answer = api.post("/connections", api.base_body())

    assert answer.status_code in (429, 504)
    assert len(emulator.snapshot()["connections"]) == made


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_an_answer_is_lost_before_or_after_the_write(api: Api, emulator: Emulator, when: str, made: int) -> None:
    emulator.add_fault(Fault("lost", method="POST", when=when))

    with pytest.raises(AnswerLost):
        api.post("/connections", api.base_body())

    assert isinstance(AnswerLost(), OSError)
    assert len(emulator.snapshot()["connections"]) == made
    assert emulator.writes()[-1]["status"] == 0


def test_a_cut_answer_is_no_json_but_the_write_is_done(api: Api, emulator: Emulator) -> None:
    emulator.add_fault(Fault("cut", method="POST"))

    answer = api.post("/connections", api.base_body())

    assert answer.status_code == 201
    with pytest.raises(ValueError, match=r"Unterminated|Expecting|delimiter"):
        answer.json()
    assert len(emulator.snapshot()["connections"]) == 1


def test_html_comes_where_json_should(api: Api, emulator: Emulator) -> None:
    emulator.add_fault(Fault("html"))

    answer = api.get("/flows")

    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html")
    assert answer.text.startswith("<html>")


@pytest.mark.parametrize(
    ("after", "form", "header"),
    [(7, "seconds", "7"), (7, "date", "Thu, 01 Jan 2026 00:00:07 GMT"), (None, "seconds", None)],
)
def test_a_throttle_says_when_to_come_back_or_not(
    api: Api, emulator: Emulator, after: int | None, form: str, header: str | None
) -> None:
    emulator.add_fault(Fault("throttle", retry_after=after, retry_form=form))

    answer = api.get("/flows")

    assert (answer.status_code, answer.json()["error_code"]) == (429, "429050")
    assert answer.headers.get("Retry-After") == header


def test_a_slow_answer_moves_a_manual_clock_on(api: Api, emulator: Emulator) -> None:
    emulator.add_fault(Fault("slow", delay=DAY))  # this test would take a day if it took the time itself
    before = emulator.now

    assert api.get("/flows").status_code == 200

    assert emulator.now == before + DAY


def test_a_slow_answer_takes_its_time_on_a_real_clock(connect: Callable[..., Api]) -> None:
    emulator = Emulator()
    emulator.seed(["dev"])
    emulator.add_fault(Fault("slow", delay=0.05))
    api, wall = connect(emulator), time.monotonic()

    assert api.get("/flows").status_code == 200

    assert time.monotonic() - wall >= 0.05
    emulator.close()


def test_a_stale_read_shows_the_object_before_its_last_write_once(api: Api, emulator: Emulator) -> None:
    path = f"/connections/{api.base()}"
    old = api.item(path)
    api.replace(path, "/name", "new")
    emulator.add_fault(Fault("stale", method="GET", path="/connections/"))

    assert api.item(path) == old
    assert api.item(path)["name"] == "new"


def test_a_stale_read_does_not_know_what_was_just_made_and_knows_what_was_deleted(api: Api, emulator: Emulator) -> None:
    path = f"/connections/{api.base()}"
    emulator.add_fault(Fault("stale", method="GET"))
    assert api.get(path).status_code == 404

    api.delete(path)
    emulator.add_fault(Fault("stale", method="GET"))
    assert api.item(path)["name"] == "account"
    assert api.get(path).status_code == 404


def test_a_stale_list_is_the_one_before_the_last_write(api: Api, emulator: Emulator) -> None:
    api.base("a")
    b = api.base("b")

    def stale() -> list[str]:
        emulator.add_fault(Fault("stale", method="GET"))
        return sorted(api.names("connections"))

    assert stale() == ["a"]
    assert sorted(api.names("connections")) == ["a", "b"]
    api.replace(f"/connections/{b}", "/name", "c")
    emulator.clear_faults()
    assert stale() == ["a", "b"]
    api.delete(f"/connections/{b}")
    emulator.clear_faults()
    assert stale() == ["a", "c"]


def test_a_stale_read_does_not_show_another_sandbox(api: Api, connect: Callable[..., Api], emulator: Emulator) -> None:
    path = f"/connections/{api.base()}"
    api.replace(path, "/name", "new")
    emulator.add_fault(Fault("stale", method="GET"))

    assert connect(emulator, "prod").get(path).status_code == 404


def names_by_page(api: Api, **params: str) -> list[str]:
    found = []
    while True:
        answer = api.get("/connections", orderby="createdAt", **params).json()
        found.append("".join(item["name"] for item in answer["items"]))
        if "next" not in answer["_links"]:
            return found
        params["continuationToken"] = httpx.URL(answer["_links"]["next"]["href"]).params["continuationToken"]


@pytest.mark.parametrize(
    ("fault", "pages"),
    [
        (Fault("repeat-page", nth=1), ["ab", "ab", "cd", "e"]),
        (Fault("repeat-page", nth=2), ["ab", "cd", "cd", "e"]),
        (Fault("repeat-page", nth=3), ["ab", "cd", "e", "e"]),
        (Fault("drop-item", nth=1), ["a", "cd", "e"]),
        (Fault("drop-item", nth=3), ["ab", "cd", ""]),
    ],
)
def test_a_page_is_bent(api: Api, emulator: Emulator, fault: Fault, pages: list[str]) -> None:
    for name in "abcde":
        api.base(name)
    emulator.add_fault(fault)

    assert names_by_page(api) == pages


def test_a_token_expires_in_the_middle(api: Api, emulator: Emulator) -> None:
    emulator.add_fault(Fault("expire-token", path="/flows", nth=2))

    assert api.get("/flows").status_code == 200
    assert api.get("/flows").json()["error_code"] == "401013"
    assert api.get("/flows").status_code == 401
    api.http.headers["Authorization"] = f"Bearer {emulator.issue_token()}"
    assert api.get("/flows").status_code == 200


def test_the_oldest_of_several_faults_strikes_and_all_count(api: Api, emulator: Emulator) -> None:
    emulator.add_fault(Fault("status", status=501))
    emulator.add_fault(Fault("status", status=502, nth=2))

    assert [api.get("/flows").status_code for _ in range(3)] == [501, 502, 200]


def test_faults_go_to_json_and_back() -> None:
    fault = Fault("throttle", method="PATCH", path="x", nth=3, when="after", retry_after=1.5, headers={"a": "b"})

    assert Fault.from_json(fault.to_json()) == fault
    with pytest.raises(ValueError, match="surprise"):
        Fault.from_json({"effect": "lost", "surprise": 1})


@pytest.mark.parametrize(
    "change",
    [{"effect": "x"}, {"when": "x"}, {"retry_form": "x"}, {"nth": 0}, {"count": -1}, {"path": "("}, {"query": "("}],
)
def test_a_fault_that_makes_no_sense_is_refused(change: Json) -> None:
    with pytest.raises((ValueError, __import__("re").error)):
        Fault(**{"effect": "lost", **change})
