"""Jobs of a config in a folder of a repository: GitHub reads only the root's workflows, and jobs start at the root."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from exportctl.pipelines.systems import SYSTEMS
from exportctl.workflows.load_config import Setup
from exportctl.workflows.pipelines import read_pipeline
from tests.cli.command_line import CommandLine
from tests.pipelines.jobs import read_steps, run_text
from tests.pipelines.test_jobs_run import SAMPLES, embedded_config


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    for name in ("acme", "data/acme_1"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "exports.yaml").write_text(embedded_config(), encoding="utf-8")
    return tmp_path


def test_two_folders_have_workflows_at_the_root_that_share_no_name(repository: Path) -> None:
    done = [CommandLine(repository / name)("init", "--ci", "github") for name in ("acme", "data/acme_1")]
    folder = repository / ".github" / "workflows"

    assert [one.code for one in done] == [0, 0], done[0].err + done[1].err
    assert ".github/workflows/exportctl-data-acme-1-plan.yml" in done[1].out
    assert "the jobs run in data/acme_1" in done[1].err
    texts = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}
    assert len(texts) == 6
    plan = yaml.safe_load(texts["exportctl-acme-plan.yml"])
    assert plan["defaults"]["run"]["working-directory"] == "acme"
    assert plan["jobs"]["plan"]["steps"][-1]["with"]["path"] == "acme/plan.json"
    assert "--workflow exportctl-data-acme-1-plan.yml" in texts["exportctl-data-acme-1-apply.yml"]
    groups = {name: yaml.safe_load(text)["jobs"].popitem()[1].get("concurrency") for name, text in texts.items()}
    assert groups["exportctl-acme-apply.yml"] != groups["exportctl-data-acme-1-apply.yml"]


@pytest.mark.parametrize("system", ["gitlab", "azure", "jenkins"])
def test_the_jobs_of_a_folder_start_at_the_root_and_keep_their_files_where_the_next_step_looks(
    system: str, repository: Path
) -> None:
    below = repository / "data" / "acme_1"
    files = SYSTEMS[system].render(read_pipeline(Setup(below)))
    activate = repository / ".exportctl-venv" / "bin" / "activate"
    activate.parent.mkdir(parents=True)
    activate.write_text("", encoding="utf-8")
    step = next(step for step in read_steps(system, files) if step.does("plan"))
    given = {name: SAMPLES[name] for name in step.variables if name in SAMPLES}
    done = run_text(system, step.text, repository, {"EXPORTCTL_ENV": "prod", **given})
    kept = {"gitlab": "plan-$EXPORTCTL_ENV.json", "azure": "plan.json", "jenkins": "plan.json"}[system]

    assert done.returncode == 0, done.stderr
    assert all(name.startswith("data/acme_1/") for name in files)
    assert f"data/acme_1/{kept}" in "".join(files.values())
    assert (below / kept.replace("$EXPORTCTL_ENV", "prod")).exists()


def test_a_folder_that_a_shell_reads_in_another_way_gets_no_jobs(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "$(id) it's"
    folder.mkdir()
    (folder / "exports.yaml").write_text(embedded_config(), encoding="utf-8")
    done = CommandLine(folder)("init", "--ci", "gitlab")

    assert done.code == 1
    assert "use letters, digits" in done.err
    assert [one.name for one in folder.iterdir()] == ["exports.yaml"]


def test_jobs_for_the_file_of_f_are_refused_because_they_would_read_another(tmp_path: Path) -> None:
    run = CommandLine(tmp_path)
    (tmp_path / "mine.yaml").write_text(embedded_config(), encoding="utf-8")
    done = run("-f", "mine.yaml", "init", "--ci", "gitlab")

    assert done.code == 64
    assert "exports.yaml" in done.err
    assert [one.name for one in tmp_path.iterdir()] == ["mine.yaml"]
