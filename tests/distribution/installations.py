"""An installation of exportctl as an earlier step of a job left it, so that only one test has to install."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from tests.distribution.step_runner import Job, run_steps
from tests.preloaded import preloaded_exportctl

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def install_before(job: Job) -> None:
    """Put these sources where the action looks for what an earlier step installed."""
    named = [step for step in ACTION["runs"]["steps"] if step.get("id") in ("python", "installation")]
    inputs = {"python-version": "3.11"}
    _, scope = run_steps(job, named, {"inputs": inputs}, {"GITHUB_ACTION_PATH": str(ROOT)})
    folder = Path(scope.contexts["steps"]["installation"]["outputs"]["folder"])
    for part in ("bin", "path"):
        (folder / part).mkdir(parents=True)
        program = folder / part / "exportctl"
        program.symlink_to(preloaded_exportctl())
    (folder / "bin" / "python").symlink_to(sys.executable)
    (folder / "installed").touch()
