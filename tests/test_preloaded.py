"""A call of the preloaded exportctl does what a process that starts by itself does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command_line import SMALL
from tests.preloaded import ROOT, preloaded_exportctl

ENV = {"PYTHONPATH": str(ROOT / "src"), "ODD": "two words, ü\n=", "LAKE_ROLE_ARN": "arn:aws:iam::123456789012:role/a"}


@pytest.mark.parametrize(
    ("asked", "code"), [('plan "$ODD" 2>&1', 64), ("plan --now 2026-12-01 | cat", 0), ("explain drif </dev/null", 64)]
)
def test_a_call_is_what_a_process_of_its_own_is(asked: str, code: int, tmp_path: Path) -> None:
    ended = []
    for name, program in (("own", f'"{sys.executable}" -m exportctl'), ("shared", str(preloaded_exportctl()))):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "exports.yaml").write_text(SMALL, encoding="utf-8")
        done = subprocess.run(
            f"{program} {asked}",
            shell=True,
            cwd=folder,
            env=os.environ | ENV,
            capture_output=True,
            text=True,
            check=False,
        )
        ended.append((done.returncode, done.stdout, done.stderr))

    assert ended[0][0] == code, ended[0]
    assert ended[1] == ended[0]
