"""A real exportctl, its emulator as a server, and a project. Airflow runs without a database here."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_HOME = tempfile.TemporaryDirectory(prefix="airflow-home-")
os.environ |= {  # before anything imports airflow
    "AIRFLOW_HOME": _HOME.name,
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
}

ROOT = Path(__file__).parents[2]
EMPTY_DOCUMENT = "print('{\"format_version\": 2}')\n"  # of a program that stands for exportctl
CLIENT, SECRET = "emulator-client", "emulator-client-secret"
LAKE_KEY = "CANARY/lake/CANARY/lake/CANARY/lake/CANA"
CONFIG = """\
version: 1
project: acme
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: dev, url: "URL"}
defaults:
  destination: lake
  schedule: {every: 3 hours, at: "00:00"}
  end: {rolling: 180 days, renew_before: 30 days}
destinations:
  lake:
    type: amazon-s3
    bucket: acme-lake
    path: aep
    auth: {access_key_id: AKIAEXAMPLEEXAMPLEAA, secret_access_key: "${env:LAKE_KEY}"}
exports:
  orders: {datasets: [Orders]}
"""


@dataclass(frozen=True)
class Emulated:
    """A project whose platform is a served emulator."""

    executable: str
    project: str
    url: str

    def emulator(self, *words: str) -> None:
        """Run a command of `exportctl emulator`."""
        subprocess.run(
            [self.executable, "emulator", *words, "--url", self.url], cwd=self.project, check=True, capture_output=True
        )


@pytest.fixture(scope="session")
def executable(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The exportctl of this checkout, in an environment of its own."""
    python = os.environ.get("EXPORTCTL_PYTHON") or str(ROOT / ".venv" / "bin" / "python")
    script = tmp_path_factory.mktemp("bin") / "exportctl"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT / "src"}" exec "{python}" -m exportctl "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return str(script)


@pytest.fixture
def emulated(executable: str, tmp_path: Path) -> Iterator[Emulated]:
    """A new emulator with the sandbox `dev` and the dataset `Orders`."""
    served, project = tmp_path / "served", tmp_path / "project"
    served.mkdir()
    project.mkdir()
    (served / "exports.yaml").write_text(CONFIG.replace("URL", "embedded"), encoding="utf-8")
    words = (executable, "emulator", "serve", "--port", "0")
    with subprocess.Popen(words, cwd=served, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = next(
            line.rpartition(" on ")[2].split(".  ")[0].split(" ")[0] for line in server.stdout if " on http" in line
        )
        url = url.rstrip(".")
        (project / "exports.yaml").write_text(CONFIG.replace("URL", url), encoding="utf-8")
        yield Emulated(executable, str(project), url)
        server.terminate()


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection and a Variable in the backend that reads the worker's environment."""
    text = f'{{"conn_type": "exportctl", "login": "{CLIENT}", "password": "{SECRET}"}}'
    monkeypatch.setenv("AIRFLOW_CONN_EXPORTCTL_DEFAULT", text)
    monkeypatch.setenv("AIRFLOW_VAR_LAKE_KEY", LAKE_KEY)


def python_script(path: Path, text: str) -> str:
    """An executable that stands for exportctl."""
    path.write_text(f"#!{sys.executable}\n{text}", encoding="utf-8")
    path.chmod(0o755)
    return str(path)
