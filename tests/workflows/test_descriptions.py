"""A service that keeps less of a description than it was sent: no text of a person is lost, and nothing is repeated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from exportctl.emulator import Switches
from exportctl.errors import RefusedError
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import Plan
from tests.workflows.test_spellings import SpellingTransport, applied, text
from tests.workflows.world import SANDBOX, World, config, world

LONG = ("Who may read this export, and whom to ask. " * 6).strip()


def orders(**changes: Any) -> dict[str, Any]:
    return config(exports={"orders": {"datasets": ["Orders"], **changes}})


class ReadingTransport(httpx.BaseTransport):
    """Notes the connections that are read by their ids."""

    def __init__(self, made: World):
        self.inner, self.read = httpx.WSGITransport(app=made.emulator), list[str]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        collection, _, identity = request.url.path.split("/flowservice/")[-1].partition("/")
        if request.method == "GET" and identity and collection != "flows":
            self.read.append(collection)
        return self.inner.handle_request(request)


def test_one_connection_of_a_run_is_read_again_to_see_that_descriptions_are_kept(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(config(exports={"orders": {"datasets": ["Orders"]}, "returns": {"datasets": ["Returns"]}}))
    reading = ReadingTransport(made)

    outcomes, _ = made.apply(transport=reading)

    assert {o.status for o in outcomes} == {OutcomeStatus.DONE}
    assert len([name for name in reading.read if name != "connectionSpecs"]) == 1


def cutting(made: World, length: int) -> SpellingTransport:
    return SpellingTransport(made, "flows", "/description", text(lambda whole: whole[:length]))


def the_flow(made: World) -> dict[str, Any]:
    (flow,) = made.emulator.snapshot(SANDBOX)["flows"]
    return flow


def refusals(plan: Plan) -> list[str]:
    return [r.safety_check for item in plan.items for r in item.refusals]


def room(plan: Plan) -> int:
    """Read how many characters the refusal says there is room for."""
    (allow,) = [r.allow for item in plan.items for r in item.refusals]
    return int(next(word for word in allow.split() if word.isdigit()))


def assert_that_the_next_apply_is_refused(made: World) -> None:
    made.emulator.advance(61)
    made.forget_requests()
    assert refusals(made.plan()) == ["description-cut"]
    with pytest.raises(RefusedError):
        made.apply()
    assert made.writes() == []


# Inside the text, inside the line for people, inside the marker, before its last character.
@pytest.mark.parametrize("length", [200, 256, 280, 300, 320, 370, 376])
def test_a_marker_that_was_cut_off_is_refused_until_the_text_is_short_enough(tmp_path: Path, length: int) -> None:
    made = world(tmp_path)
    made.write(orders(description=LONG))

    _, final_check = made.apply(transport=cutting(made, length))

    assert not final_check.passed
    assert {o.rule for o in final_check.outcomes if o.status is OutcomeStatus.FAILED} == {"description-cut"}
    kept = made.flow("orders")["description"]
    assert kept[: len(LONG)] == LONG[:length]
    for _ in range(2):
        made.emulator.advance(61)
        made.forget_requests()
        assert refusals(made.plan()) == ["description-cut"]
        with pytest.raises(RefusedError):
            made.apply(transport=cutting(made, length))
        assert made.writes() == []

    made.write(orders(description=LONG[: room(made.plan())]))
    assert made.apply(transport=cutting(made, length))[1].passed
    assert made.plan().steps() == ()
    assert len(made.emulator.snapshot(SANDBOX)["flows"]) == 1


LINE = "\nManaged in Git: https://github.com/acme/exports"


@pytest.mark.parametrize("shown", ["", "\n", LINE, f"{LINE}\n"], ids=["text", "line end", "line", "its line end"])
def test_a_cut_between_two_lines_is_refused_and_a_marker_that_a_person_removed_is_written(
    tmp_path: Path, shown: str
) -> None:
    made = world(tmp_path, Switches(description_length=256))
    made.write(orders(description=f"{'Whom to ask. ' * 20}"[: 255 - len(shown)] + "."))
    assert not made.apply()[1].passed
    assert_that_the_next_apply_is_refused(made)

    made.emulator.switches = Switches()
    made.emulator.ui.describe("orders", the_flow(made)["description"])  # the same text, by a person
    made.apply()
    assert made.plan().steps() == ()
    assert the_flow(made)["description"].endswith("]")


def test_a_text_that_a_patch_brings_and_that_is_cut_between_two_lines_is_refused(tmp_path: Path) -> None:
    """The last operation of the flow says that more was sent than the service shows."""
    made = world(tmp_path, Switches(description_length=256))
    made.write(orders())
    made.apply()
    made.write(orders(description=LONG[:255] + "."))
    _, final_check = made.apply()
    assert [o.rule for o in final_check.outcomes] == ["description-cut"]
    assert not final_check.passed
    assert_that_the_next_apply_is_refused(made)


def test_an_account_with_a_text_that_leaves_no_room_for_the_marker_is_patched_once(tmp_path: Path) -> None:
    made = world(tmp_path, Switches(description_length=256))
    made.write(orders())
    made.apply()
    (base,) = made.emulator.snapshot(SANDBOX)["connections"]
    by_hand = {**base, "description": LONG[:256], "updatedClient": "exc_app"}
    made.emulator.ui.load({"connections": [by_hand]}, sandbox=SANDBOX)
    assert not made.apply()[1].passed
    assert_that_the_next_apply_is_refused(made)


@pytest.mark.parametrize("length", [230, 256, 262, 270, 300])
def test_the_text_of_a_person_survives_a_service_that_cuts_the_marker_off(tmp_path: Path, length: int) -> None:
    """It is nowhere but in the sandbox: the config accepts it."""
    made = world(tmp_path)
    own = LONG[:222].strip()
    made.write(orders())
    made.apply()
    flow = made.flow("orders")
    made.emulator.ui.describe(flow["id"], f"{own}\n{flow['description']}"[:length])  # the UI is cut off as well
    accepted = {"address": "exports.orders", "field": "description", "reason": "r", "owner": "o", "until": "2027-06-01"}
    made.write({**orders(title="T"), "accept": [accepted]})

    for _ in range(4):
        made.emulator.advance(61)
        try:
            made.apply(transport=cutting(made, length))
        except RefusedError:
            assert refusals(made.plan()) == ["description-cut"]
        assert the_flow(made)["description"].startswith(own[:length])
        assert len(the_flow(made)["description"]) <= length
    assert len(made.emulator.snapshot(SANDBOX)["flows"]) == 1


def test_nothing_is_created_where_the_first_marker_does_not_fit(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(orders())
    # account and source are created side by side, and whichever is first is checked
    cut = SpellingTransport(made, "connections sourceConnections", "/description", text(lambda whole: whole[:70]))

    outcomes, _ = made.apply(transport=cut)

    (failed,) = [o for o in outcomes if o.status is OutcomeStatus.FAILED]
    assert failed.rule == "descriptions-dropped"
    assert "kept only 70 characters" in str(failed.message)
    assert not any(made.emulator.snapshot(SANDBOX).values())


def test_where_the_marker_alone_does_not_fit_the_plan_says_what_to_shorten(tmp_path: Path) -> None:
    made = world(tmp_path, Switches(description_length=120))
    made.write(orders())

    assert not made.apply()[1].passed

    made.emulator.advance(61)
    (refusal,) = [r for item in made.plan().items for r in item.refusals]
    assert (refusal.safety_check, "keeps 120 characters" in refusal.text) == ("description-cut", True)
    assert refusal.allow.startswith("use a shorter `repository`")
    made.write({k: v for k, v in orders().items() if k != "repository"})
    assert made.apply()[1].passed
    assert made.plan().steps() == ()


@pytest.mark.parametrize(
    "switches",
    [
        Switches(description_text="one-line"),
        Switches(description_text="ascii"),
        Switches(names="trimmed"),
        Switches(description_text="one-line", description_length=256),
    ],
    ids=["line ends lost", "non-ASCII lost", "names trimmed", "line ends lost and cut off"],
)
def test_a_text_in_another_form_is_said_once_and_never_grows(tmp_path: Path, switches: Switches) -> None:
    made = world(tmp_path, switches)
    transport = SpellingTransport(made, "flows", "/nothing", lambda value: value)
    described = {"description": "For people:\nall Örders", "title": "Örders "}

    assert len(applied(made, orders(**described), transport)) == 1
    made.emulator.advance(61)
    assert applied(made, orders(**described), transport) == ()
    lengths = []
    for every in ("6 hours", "12 hours", "1 day", "3 hours"):
        made.emulator.advance(61)
        applied(made, orders(**described, schedule={"every": every, "at": "02:00"}), transport)
        lengths.append(len(the_flow(made)["description"]))
    after = the_flow(made)["description"]
    assert set(lengths) == {lengths[0]}
    assert after.count("Managed in Git") == after.count("[exportctl/") == 1
