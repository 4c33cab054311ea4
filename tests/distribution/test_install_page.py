"""What docs/how-to/install.md shows of the action and the workflow is what they have."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml

from tests.distribution.installations import ACTION, ROOT

PAGE = (ROOT / "docs" / "how-to" / "install.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"(?s)```yaml\n(.*?)```", PAGE)]


def test_the_workflows_of_the_page_have_no_fault() -> None:
    found = [block for block in re.findall(r"(?s)```yaml\n(.*?)```", PAGE) if "jobs:" in block]
    linter = (str(Path(sys.executable).with_name("actionlint")), "-no-color", "-shellcheck=", "-")
    checked = [subprocess.run(linter, input=block, capture_output=True, text=True, check=False) for block in found]

    assert [one.stdout for one in checked if one.returncode] == []
    assert len(found) == 2


def test_the_page_gives_inputs_that_exist() -> None:
    plan, apply = (next(iter(block["jobs"].values())) for block in BLOCKS if "jobs" in block)
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "exportctl.yml").read_text(encoding="utf-8"))

    assert set(plan["steps"][-1]["with"]) <= set(ACTION["inputs"])
    assert set(apply["with"]) <= set(workflow[True]["workflow_call"]["inputs"])  # YAML 1.1 reads `on` as true


def test_the_page_names_every_command_and_every_output_of_the_action() -> None:
    (listed,) = re.findall(r"(?s)\* The outputs are (.*?) is a JSON object", PAGE)
    rows = re.findall(r"(?m)^\| (`[^|]*) \|", PAGE)
    named = {command for row in rows for command in re.findall(r"`([a-z]+)`", row)}

    assert set(re.findall(r"`([a-z-]+)`", listed)) == set(ACTION["outputs"])
    assert named == set(re.findall(r"`([a-z]+)`", ACTION["inputs"]["command"]["description"]))


def test_the_page_names_every_secret_of_the_workflow() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "exportctl.yml").read_text(encoding="utf-8"))

    assert [name for name in workflow[True]["workflow_call"]["secrets"] if f"`{name}`" not in PAGE] == []


def test_the_page_names_the_hook() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    (shown,) = (block["repos"][0]["hooks"][0]["id"] for block in BLOCKS if "repos" in block)

    assert shown == hook["id"]
