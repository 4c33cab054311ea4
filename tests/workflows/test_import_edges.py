"""Flows made elsewhere with values at the edge: import applies the rules of validate, and says which one it is."""

from __future__ import annotations

import pytest

from exportctl.model.plan import Verb
from tests.workflows.import_runs import export, run_import, write_import
from tests.workflows.world import SANDBOX, START, World

DAILY = {"exportMode": "FIRST_FULL_THEN_INCREMENTAL", "timeUnit": "day", "interval": 1, "startTime": START + 86400}


def test_a_flow_whose_own_values_break_a_rule_is_imported_with_an_exception_for_it(empty: World) -> None:
    ui = empty.emulator.ui
    ui.create_flow("above", ["Orders"], sandbox=SANDBOX, schedule={**DAILY, "foldernameTemplate": "a/../%DATASET_ID%"})
    made = ui.create_flow("cut", ["Returns"], sandbox=SANDBOX, params={"path": "other"})
    ui.rename(made["id"], "cut\x07", sandbox=SANDBOX)

    found = run_import(empty)
    write_import(empty, found)

    assert "dot-level" in {one["rule"] for one in export(found, "above")["allow"]}
    assert "invisible-character" in {one["rule"] for one in export(found, "cut")["allow"]}
    assert {item.verb for item in empty.plan().items} == {Verb.ADOPT}


def test_a_flow_in_a_location_that_breaks_a_rule_is_left_out_by_the_name_of_the_rule(empty: World) -> None:
    ui = empty.emulator.ui
    ui.create_flow("above", ["Orders"], sandbox=SANDBOX, params={"path": "aep/../other"})
    ui.create_flow("root", ["Orders"], sandbox=SANDBOX, destination="SFTP", params={"remotePath": " "})
    ui.create_flow("good", ["Returns"], sandbox=SANDBOX)

    made = run_import(empty)

    reasons = {one.name: one.text for one in made.left_out}
    assert reasons == {
        "above": "path contains a level named .. [dot-level]",
        "root": "path is empty: SFTP needs a folder [empty-path]",
    }
    assert export(made, "good")["adopt"]


@pytest.mark.parametrize("end", ["", "\n", "\n\n", " "])
def test_a_long_description_is_no_cut_one_however_it_ends(empty: World, end: str) -> None:
    made = empty.emulator.ui.create_flow("orders", ["Orders"], sandbox=SANDBOX)
    text = "All orders of all shops, for the finance team. " * 3 + "Ask Ada." + end
    empty.emulator.ui.describe(made["id"], text, sandbox=SANDBOX)

    write_import(empty, run_import(empty))
    empty.apply()

    assert empty.plan().is_empty
    assert empty.flow("orders")["description"].startswith(text)
