"""`emulator seed` and `emulator ingest`: rows that come in, change and go away."""

from __future__ import annotations

from tests.cli.command_line import SMALL, CommandLine


def test_rows_come_in_change_and_go_away(run: CommandLine) -> None:
    seeded = run("emulator", "seed", "--dataset", "People", "--rows", "10", "--kind", "snapshot", "--change", "added")
    changed = run("emulator", "ingest", "People", "2", "--update", "3", "--remove", "1", "--change", "double")

    assert (seeded.code, changed.code) == (0, 0), seeded.err + changed.err
    assert changed.out.strip() == "People: 2 rows added, 3 changed, 1 removed."


def test_what_the_emulator_does_not_know_is_explained(run: CommandLine) -> None:
    run("emulator", "seed", "--dataset", "Clicks", "--rows", "10", "--kind", "event")
    kind = run("emulator", "seed", "--dataset", "Other", "--kind", "stream")
    change = run("emulator", "ingest", "Clicks", "1", "--change", "wide")
    event = run("emulator", "ingest", "Clicks", "0", "--update", "1")

    assert "kind must be event or record or snapshot" in kind.out + kind.err
    assert "change must be added or nested or long or double or text" in change.out + change.err
    assert "events do not change" in event.out + event.err
    assert {kind.code, change.code, event.code} == {1}


def test_the_kind_of_a_dataset_follows_from_how_its_runs_combine(run: CommandLine) -> None:
    named = "datasets: {seen: {name: Seen, combine: append}, whole: {name: Whole, combine: snapshot}}"
    run.write(f"{SMALL}  named: {{datasets: [seen, whole]}}\n{named}\n")
    assert run("emulator", "seed", "--from-config").code == 0
    refused = run("emulator", "ingest", "Seen", "0", "--update", "1")
    changed = run("emulator", "ingest", "Whole", "0", "--update", "1")

    assert "events do not change" in refused.out + refused.err
    assert changed.code == 0, changed.err
