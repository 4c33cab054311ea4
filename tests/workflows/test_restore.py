"""A restored table is what the emulator knows, at several moments, in each format, however the runs combine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from exportctl.errors import Error
from exportctl.restore.engine import Engine
from exportctl.restore.report import RestoreReport
from exportctl.restore.request import CheckOptions, RestoreRequest
from exportctl.restore.script import query_text
from exportctl.workflows.restore import write_script
from exportctl.workflows.restore_check import check_restore, write_restore
from tests.workflows.orders_sandbox import DAY, HOUR
from tests.workflows.restore_sandbox import (
    EVENTS,
    FIRST,
    FORMATS,
    KINDS,
    NIGHTS,
    RECORDS,
    RestoreSandbox,
    pass_nights,
    restore_sandbox,
)
from tests.workflows.world import SANDBOX


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestoreSandbox]:
    with restore_sandbox(tmp_path_factory.mktemp("restore")) as made:
        pass_nights(made)
        yield made


def differences(restored: str, lines: list[str], folder: Path) -> tuple[int, list[Any]]:
    """How many rows were restored, and what is in only one of a restored table and the emulator's rows."""
    known = folder / "known.json"
    known.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    with duckdb.connect() as found:
        found.execute("SET TimeZone = 'UTC'")
        found.execute(f"CREATE TABLE restored AS {restored}")
        columns = {row[0]: row[1] for row in found.execute("DESCRIBE restored").fetchall()}
        read = f"SELECT * FROM read_json('{known}', columns = {columns}, format = 'newline_delimited')"
        found.execute(f"CREATE TABLE known AS {read}")
        count = found.execute("SELECT count(*) FROM restored").fetchall()[0][0]
        extra = found.execute("FROM restored EXCEPT ALL FROM known").fetchall()
        return count, extra + found.execute("FROM known EXCEPT ALL FROM restored").fetchall()


ASKED_NIGHTS = (0, 1, NIGHTS - 1)
TABLES = [  # each run plays each two of format, kind of rows and night once
    pytest.param(export, dataset, night, marks=() if (one + other + third) % 3 == 0 else pytest.mark.slow)
    for one, export in enumerate(FORMATS)
    for other, dataset in enumerate(KINDS)
    for third, night in enumerate(ASKED_NIGHTS)
]


@pytest.mark.parametrize(("export", "dataset", "night"), TABLES)
def test_a_restored_table_is_what_the_emulator_knows(
    scene: RestoreSandbox, tmp_path: Path, export: str, dataset: str, night: int
) -> None:
    asked = RestoreRequest(dataset, FIRST + night * DAY)
    with scene.verifier(export) as verifier:
        report = write_restore(verifier, asked, tmp_path / "table", CheckOptions())

    (check,) = report.checks
    expected = scene.table(dataset, night)
    found, wrong = differences(f"FROM '{tmp_path}/table/*/*.parquet'", expected, tmp_path)
    assert (check.failures, found, wrong) == ((), len(expected), [])
    assert check.restored == found


@pytest.mark.parametrize("export", FORMATS)
def test_the_script_for_duckdb_gives_the_same_rows(scene: RestoreSandbox, tmp_path: Path, export: str) -> None:
    with scene.verifier(export) as verifier:
        _, script = write_script(verifier, RestoreRequest(RECORDS), Engine.DUCKDB, None)

    with duckdb.connect() as found:
        for statement in script.statements:
            found.execute(statement)
        query = query_text(script.query, Engine.DUCKDB)
        found.execute(f"COPY ({query}) TO '{tmp_path}/out.parquet' (FORMAT parquet)")
    expected = scene.table(RECORDS, NIGHTS - 1)
    assert differences(f"FROM '{tmp_path}/out.parquet'", expected, tmp_path) == (len(expected), [])


def check_report(scene: RestoreSandbox, export: str, **asked: Any) -> RestoreReport:
    with scene.verifier(export) as verifier:
        return check_restore(verifier, RestoreRequest(**asked), CheckOptions())


def test_columns_that_were_added_are_named_with_their_first_file(scene: RestoreSandbox) -> None:
    (check,) = check_report(scene, "parquet", dataset=EVENTS).checks

    assert (check.schemas, [added.partition(" ")[0] for added in check.added]) == (4, ["score", "device.rank"])
    assert check.first_time is not None and check.last_time is not None and check.first_time < check.last_time


def test_the_export_has_several_datasets_and_sql_is_for_one(scene: RestoreSandbox) -> None:
    with scene.verifier("parquet") as verifier, pytest.raises(Error, match="several datasets"):
        write_script(verifier, RestoreRequest(), Engine.DUCKDB, None)
    with scene.verifier("parquet") as verifier, pytest.raises(Error, match="no dataset of this name"):
        write_script(verifier, RestoreRequest("Ordres"), Engine.DUCKDB, None)


@pytest.mark.parametrize("export", ["parquet", "lines"])
def test_a_column_that_became_text_is_named_with_the_first_file_that_differs(tmp_path: Path, export: str) -> None:
    with restore_sandbox(tmp_path, (export,)) as changed:
        emulator = changed.world.emulator
        emulator.set_time(FIRST + HOUR)
        for night, change in enumerate(("added", "text", None), start=1):
            emulator.ingest(SANDBOX, EVENTS, 5, change=change)
            emulator.set_time(FIRST + HOUR + night * DAY)
        events = [path for path in changed.files(export) if emulator_id(changed, EVENTS) in str(path)]

        (check,) = check_report(changed, export, dataset=EVENTS).checks
        (before,) = check_report(changed, export, dataset=EVENTS, as_of=FIRST + DAY).checks

    assert (before.failures, before.restored) == ((), 35)
    (failure,) = check.failures
    assert ("score is text" in failure, events[2].name in failure) == (True, True), failure


def emulator_id(scene: RestoreSandbox, dataset: str) -> str:
    return next(str(one["id"]) for one in scene.world.emulator.datasets(SANDBOX) if one["name"] == dataset)
