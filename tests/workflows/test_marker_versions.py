"""Markers of other versions on live objects: nothing that another version wrote is misread, and nothing is lost."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest

from exportctl.errors import NewerMarker
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import Cause, Verb, digest
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor import drift
from exportctl.resources import marker
from exportctl.resources.kinds import FLOW, KINDS, Kind
from exportctl.workflows import apply as apply_workflow
from tests.workflows.orders_sandbox import (
    apply_config,
    field_causes,
    findings,
    item,
    marker_line,
    moved_orders,
    objects,
    orders,
    orders_and_other,
    target,
    writes_of,
)
from tests.workflows.world import SANDBOX, World

BY_PATH = {kind.path.lstrip("/"): kind for kind in KINDS.values()}
Change = Callable[[str, Kind], str]


def rewritten(made: World, change: Change, *collections: str) -> None:
    """Every marker of these collections, or of all, as `change` leaves it."""
    found = {}
    for name in collections or BY_PATH:
        marked = [doc for doc in objects(made, name) if "[exportctl/" in doc.get("description", "")]
        lines = [marker_line(doc["description"]) for doc in marked]
        found[name] = [
            {**doc, "description": doc["description"].replace(line, change(line, BY_PATH[name]))}
            for doc, line in zip(marked, lines, strict=True)
        ]
    made.emulator.ui.load(found, sandbox=SANDBOX)


def checked(head: str) -> str:
    return f"{head}{hashlib.sha256(head.encode()).hexdigest()[:4]}]"


def body(line: str) -> tuple[str, str, str]:
    """Owner and state, digests, and the words behind them."""
    found = re.fullmatch(r"\[exportctl/2 (\w .*? \d+[a-z]*) (\S+)(.*) [0-9a-f]{4}\]", line)
    assert found is not None
    return found[1], found[2], found[3]


def by_position(line: str, kind: Kind) -> list[str]:
    """The digests of the fields that version 1 had, but of the end, in its order; `-` where nothing is known."""
    given = dict(re.findall(r"([a-z])([0-9a-f]{4}(?:[g-v]{4})?)", body(line)[1]))
    return [given.get(code, "-") for code in marker.CODES_1.get(kind.name, "")]


def in_version_1(line: str, kind: Kind, digests: list[str] | None = None) -> str:
    """The same marker as version 1 had it: digests without codes, the end after a dot."""
    state, _, words = body(line)
    parts = by_position(line, kind) if digests is None else digests
    words = re.sub(r" wo=\S+", "", words).replace(" e=", ".")
    return checked(f"[exportctl/1 {state} {''.join(parts)}{words} ")


def one_less(line: str, kind: Kind) -> str:
    known = by_position(line, kind)
    return in_version_1(line, kind, known[: max(n for n, digest in enumerate(known) if digest != "-")])


def one_more(line: str, kind: Kind) -> str:
    return in_version_1(line, kind, [*by_position(line, kind), "77d0"])


def grown(line: str, kind: Kind) -> str:
    """Of a sister version, which has one more field, a flag and a word for the time of the config."""
    state, digests, words = body(line)
    return checked(f"[exportctl/2 {state}x {digests}w77d0{words} k=t7x2k0 ")


def without_long_digests(line: str, kind: Kind) -> str:
    """Of an older version, which kept four digits of every value."""
    return checked(re.sub(r" wo=\S+", "", line)[:-5])


def shrunk(line: str, kind: Kind) -> str:
    """Of a sister version, which has one field less."""
    state, digests, words = body(line)
    return checked(f"[exportctl/2 {state} {digests[5:] or '-'}{words} ")


@pytest.mark.parametrize("change", [in_version_1, one_more, grown, without_long_digests])
def test_another_format_alone_is_no_reason_for_a_write(small: World, change: Change) -> None:
    apply_config(small, orders())
    rewritten(small, change)
    plan = small.plan()
    assert (plan.steps(), findings(plan)) == ((), [])
    assert writes_of(small) == []
    assert not drift.build_drift_report(plan, end_warning=0).entries


def test_the_next_write_of_an_object_is_of_this_version_and_others_stay(small: World) -> None:
    apply_config(small, orders_and_other())
    rewritten(small, in_version_1)
    small.write(orders_and_other(title="Orders daily"))
    assert field_causes(small.plan()) == {"title": Cause.PENDING}
    assert writes_of(small) == ["PATCH /flows"]
    assert marker_line(small.flow("Orders daily")["description"]).startswith("[exportctl/2 e acme orders 1o t")
    assert marker_line(small.flow("other")["description"]).startswith("[exportctl/1 e acme other ")
    assert marker_line(target(small, "Orders daily")["description"]).startswith("[exportctl/1 ")


@pytest.mark.parametrize("change", [in_version_1, grown], ids=["version 1", "a sister"])
def test_what_was_last_applied_is_believed(small: World, change: Change) -> None:
    apply_config(small, orders())
    rewritten(small, change)
    small.emulator.ui.rename("orders", "Renamed by hand")
    small.emulator.ui.disable("Renamed by hand")
    plan = small.plan()
    assert field_causes(plan) == {"title": Cause.DRIFT, "enabled": Cause.PAUSED}
    assert findings(plan) == []


@pytest.mark.parametrize("change", [one_less, shrunk], ids=["version 1", "a sister"])
def test_a_field_that_another_version_did_not_know_is_unknown_and_learnt_by_one_marker_write(
    small: World, change: Change
) -> None:
    apply_config(small, orders())
    rewritten(small, change, "flows")
    plan = small.plan()
    assert (item(plan).verb, plan.is_empty) == (Verb.MARK, True)
    assert set(field_causes(plan).values()) == {Cause.ALREADY_MATCHES}
    assert "marker-damaged" not in findings(plan)
    assert writes_of(small) == ["PATCH /flows"]
    assert writes_of(small) == []


def test_a_difference_in_an_unknown_field_has_an_unknown_origin(small: World) -> None:
    apply_config(small, orders())
    rewritten(small, shrunk, "flows")
    small.emulator.ui.rename("orders", "Renamed by hand")
    assert field_causes(small.plan()) == {"title": Cause.UNKNOWN_ORIGIN}


def test_what_a_sister_version_wrote_is_written_back(small: World) -> None:
    apply_config(small, orders())
    rewritten(small, grown)
    apply_config(small, orders(title="Orders daily", subpath="daily"))
    for line in (marker_line(d["description"]) for d in (small.flow("Orders daily"), target(small, "Orders daily"))):
        assert "w77d0" in line
        assert line[:-6].endswith(" k=t7x2k0")
    _, found = marker.parse_marker(small.flow("Orders daily")["description"], FLOW)
    assert found is not None
    assert (found.damaged, found.unread[0]) == (False, "x")


def test_a_persons_own_text_goes_back_as_it_was_with_half_a_character_in_it(small: World) -> None:
    apply_config(small, orders())
    own = "cut off \ud83d\n\x00 \u202e [exportctl/9 e acme"
    before = target(small)
    loaded = {**before, "description": f"{own}\n{before['description']}"}
    small.emulator.ui.load({"targetConnections": [loaded]}, sandbox=SANDBOX)
    apply_config(small, orders(subpath="daily"))
    assert target(small)["description"].startswith(f"{own}\nManaged in Git: ")


# -- two values with the same four digits ------------------------------------------------------------------------------

ONE, SAME = (f"arn:aws:iam::123456789012:role/{name}" for name in ("one", "x181697"))
ACCOUNT = "destinations.s3-role"


def with_role(arn: str) -> dict[str, Any]:
    return moved_orders(auth={"role_arn": arn})


def sent_role(made: World) -> str:
    return str(objects(made, "connections")[0]["auth"]["params"]["s3Role"])


def test_another_arn_with_the_same_four_digits_is_a_pending_change_and_is_sent(small: World) -> None:
    assert digest({"role_arn": ONE}) == digest({"role_arn": SAME})
    apply_config(small, with_role(ONE))
    small.write(with_role(SAME))
    assert field_causes(small.plan(), ACCOUNT) == {"auth.role_arn": Cause.PENDING}
    apply_config(small)
    assert sent_role(small) == SAME
    rewritten(small, without_long_digests, "connections")
    assert not small.plan().steps()


def test_the_next_write_of_an_account_adds_its_long_digests(small: World) -> None:
    apply_config(small, with_role("arn:aws:iam::123456789012:role/before"))
    rewritten(small, without_long_digests, "connections")
    apply_config(small, with_role(ONE))
    small.write(with_role(SAME))
    assert field_causes(small.plan(), ACCOUNT) == {"auth.role_arn": Cause.PENDING}


# -- a later version at work at the same time -------------------------------------------------------------------------


def newer(line: str, kind: Kind) -> str:
    return line.replace("[exportctl/2 ", "[exportctl/3 ")


def test_what_a_later_version_writes_after_the_plan_was_made_is_not_written_over(small: World) -> None:
    apply_config(small, orders())
    small.write(orders(title="Orders daily"))
    with small.open_plan() as made:
        flow = small.flow("orders")
        small.emulator.ui.describe("orders", flow["description"].replace("[exportctl/2 ", "[exportctl/3 "))
        applying = apply_workflow.start_apply(made, small.setup(), PlanOptions(), parallelism=1, stop=threading.Event())
        outcomes = [*applying.execute_steps()]
        with pytest.raises(NewerMarker):
            applying.run_final_check()
    assert [(o.status, o.rule) for o in outcomes] == [(OutcomeStatus.FAILED, "newer-marker")]
    assert "was written by a newer exportctl: upgrade" in str(outcomes[0].message)
    assert small.flow("orders")["description"].count("[exportctl/3 ") == 1


def test_nothing_is_made_beside_what_a_later_version_makes(small: World) -> None:
    apply_config(small, orders())
    small.write(orders_and_other())
    with small.open_plan() as made:
        rewritten(small, newer, "flows")
        applying = apply_workflow.start_apply(made, small.setup(), PlanOptions(), parallelism=1, stop=threading.Event())
        rules = {o.rule for o in applying.execute_steps() if o.status is OutcomeStatus.FAILED}
    assert rules == {"newer-marker"}
    assert len(objects(small, "flows")) == 1
