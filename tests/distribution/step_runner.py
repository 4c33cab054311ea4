"""
A runner of steps as GitHub runs them, for tests: it reads the YAML, and fails on what it does not know.

`run` steps are run as they stand. `uses` steps are not: `PLAYED` says what stands for each, and a local path is a
composite action of ours, whose steps are run. Source: GitHub's pages "Workflow syntax", "Metadata syntax" and
"Workflow commands".
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.distribution.expressions import Open, Scope, condition_holds, fill_in

SOURCES = Path(__file__).parents[2]
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")  # what GitHub runs for `shell: bash`
_KEYS = frozenset({"name", "id", "if", "uses", "with", "run", "shell", "env"})
_FILES = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
_NOT_INHERITED = re.compile(r"GITHUB_|RUNNER_|AEP_|EXPORTCTL_|PYTHON")


class UnknownYaml(Exception):
    """A key or an action that this runner does not know."""


@dataclass
class Job:
    """What the steps of one job share."""

    workspace: Path
    temp: Path
    github: Mapping[str, Any]
    env: dict[str, str]
    path: list[str] = field(default_factory=list)
    log: str = ""
    summary: str = ""
    artifacts: dict[str, str] = field(default_factory=dict)  # name -> text of its one file


@dataclass
class Result:
    """What became of the steps of one action or job."""

    outcomes: dict[str, str] = field(default_factory=dict)  # the name of a step -> success, failure or skipped
    outputs: dict[str, str] = field(default_factory=dict)
    exit_code: int = 0

    @property
    def has_failed(self) -> bool:
        return self.exit_code != 0


def new_job(workspace: Path, temp: Path, *, event: Mapping[str, Any] | None = None, **env: str) -> Job:
    """Return a job of the repository acme/aep-exports, started by `event` or by a push."""
    for folder in (workspace, temp):
        folder.mkdir(exist_ok=True, parents=True)
    name = "pull_request" if event and "pull_request" in event else "push"
    github = {
        "event_name": name,
        "event": Open(event or {}),
        "repository": "acme/aep-exports",
        "sha": "1" * 40,
        "run_attempt": "1",
        "token": "token-of-the-job",
    }
    inherited = {key: value for key, value in os.environ.items() if not _NOT_INHERITED.match(key)}
    given = {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "acme/aep-exports",
        "GITHUB_SHA": "1" * 40,
        "GITHUB_WORKSPACE": str(workspace),
        "RUNNER_TEMP": str(temp),
    }
    return Job(workspace, temp, github, {**inherited, **given, **env})


Played = Callable[[Job, Mapping[str, str]], Mapping[str, str]]


def _set_up_python(job: Job, given: Mapping[str, str]) -> Mapping[str, str]:
    """Give the Python of the tests."""
    return {"python-path": sys.executable, "python-version": given["python-version"]}


def _cache(job: Job, given: Mapping[str, str]) -> Mapping[str, str]:
    """Find nothing, and keep nothing."""
    return {"cache-hit": ""}


def _check_out(job: Job, given: Mapping[str, str]) -> Mapping[str, str]:
    """Take the workspace as it is; a checkout with a path is one of these sources."""
    if "path" in given:
        (job.workspace / given["path"]).symlink_to(SOURCES)
    return {}


def _upload(job: Job, given: Mapping[str, str]) -> Mapping[str, str]:
    """Keep one file for the test. As at GitHub, a name is taken once, unless `overwrite` is true."""
    file = Path(given["path"])
    if given["name"] in job.artifacts and given.get("overwrite") != "true":
        raise ValueError(f"an artifact with the name {given['name']} already exists")
    if file.exists() or given.get("if-no-files-found") != "ignore":
        job.artifacts[given["name"]] = file.read_text(encoding="utf-8")
    return {}


PLAYED: Mapping[str, tuple[frozenset[str], Played]] = {
    "actions/setup-python": (frozenset({"python-version", "update-environment"}), _set_up_python),
    "actions/cache": (frozenset({"path", "key"}), _cache),
    "actions/checkout": (frozenset({"ref", "repository", "path", "token", "persist-credentials"}), _check_out),
    "actions/upload-artifact": (frozenset({"name", "path", "if-no-files-found", "overwrite"}), _upload),
}


def run_job(job: Job, workflow: Path, given: Mapping[str, str], secrets: Mapping[str, str]) -> Result:
    """Run the one job of a reusable workflow; `given` is the `with` of the caller."""
    read = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    called = read[True]["workflow_call"]  # YAML 1.1 reads the key `on` as true
    ((_, asked),) = read["jobs"].items()
    if set(secrets) - set(called["secrets"]) or set(read["defaults"]) != {"run"}:
        raise UnknownYaml(f"secrets {set(secrets)}, defaults {read['defaults']}")
    contexts = {
        "inputs": _inputs(called["inputs"], given),
        "secrets": {name: secrets.get(name, "") for name in called["secrets"]},
        "job": {"workflow_repository": "acme/exportctl", "workflow_sha": "2" * 40},
    }
    steps = [{**read["defaults"]["run"], **step} if "run" in step else step for step in asked["steps"]]
    scope = Scope({**contexts, "github": job.github})
    job.env.update({name: fill_in(value, scope) for name, value in asked["env"].items()})
    done, scope = run_steps(job, steps, contexts, {})
    done.outputs = {name: fill_in(value, scope) for name, value in asked["outputs"].items()}
    return done


def run_action(job: Job, folder: Path, given: Mapping[str, str], env: Mapping[str, str] | None = None) -> Result:
    """Run the composite action of a folder; `given` is the `with` of the step, `env` its variables."""
    action = yaml.safe_load((folder / "action.yml").read_text(encoding="utf-8"))
    if action["runs"]["using"] != "composite" or set(action["runs"]) != {"using", "steps"}:
        raise UnknownYaml(f"runs: {action['runs']}")
    inputs = _inputs(action["inputs"], given)
    variables = {**(env or {}), "GITHUB_ACTION_PATH": str(folder)}
    done, scope = run_steps(job, action["runs"]["steps"], {"inputs": inputs}, variables)
    done.outputs = {name: fill_in(one["value"], scope) for name, one in action["outputs"].items()}
    return done


def _inputs(declared: Mapping[str, Mapping[str, Any]], given: Mapping[str, str]) -> dict[str, str]:
    unknown = set(given) - set(declared)
    missing = {name for name, one in declared.items() if one.get("required") and name not in given}
    if unknown or missing:
        raise UnknownYaml(f"inputs unknown: {unknown}, missing: {missing}")
    return {name: given.get(name, _scalar(one.get("default", ""))) for name, one in declared.items()}


def run_steps(
    job: Job, steps: list[dict[str, Any]], contexts: Mapping[str, Any], env: Mapping[str, str]
) -> tuple[Result, Scope]:
    """Run steps in their order; after a failure only those whose `if` asks for it."""
    done = Result()
    known = {step["id"]: {"outputs": Open()} for step in steps if "id" in step}
    runner = {"os": "Linux", "temp": str(job.temp)}
    seen = {**contexts, "github": job.github, "runner": runner, "steps": known}
    for step in steps:
        if set(step) - _KEYS or ("run" in step) is ("uses" in step):
            raise UnknownYaml(f"step {step}")
        scope = Scope(seen, done.has_failed)
        if not condition_holds(step.get("if"), scope):
            done.outcomes[step["name"]] = "skipped"
            continue
        variables = {**env, **{name: fill_in(str(value), scope) for name, value in step.get("env", {}).items()}}
        code, outputs = _run_step(job, step, scope, variables)
        done.outcomes[step["name"]] = "failure" if code else "success"
        done.exit_code = done.exit_code or code
        if "id" in step:
            known[step["id"]] = {"outputs": Open(outputs)}
    return done, Scope(seen, done.has_failed)


def _run_step(job: Job, step: Mapping[str, Any], scope: Scope, env: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
    if "run" in step:
        return _run_script(job, step, env)
    given = {name: fill_in(_scalar(value), scope) for name, value in step.get("with", {}).items()}
    if step["uses"].startswith("./"):
        done = run_action(job, (job.workspace / step["uses"]).resolve(), given, env)
        return done.exit_code, done.outputs
    action, _, version = step["uses"].partition("@")
    if action not in PLAYED or not version:
        raise UnknownYaml(f"uses: {step['uses']}")
    known, play = PLAYED[action]
    if set(given) - known:
        raise UnknownYaml(f"{action} with {given}")
    return 0, play(job, given)


def _scalar(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _run_script(job: Job, step: Mapping[str, Any], env: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
    if step["shell"] != "bash" or "${{" in step["run"]:
        raise UnknownYaml(f"step {step}")
    files = {name: job.temp / f"_{name.lower()}" for name in _FILES}
    for file in files.values():
        file.write_text("")
    script = job.temp / "_script.sh"
    script.write_text(step["run"], encoding="utf-8")
    path = os.pathsep.join([*reversed(job.path), job.env["PATH"]])
    done = subprocess.run(
        (*BASH, str(script)),
        cwd=job.workspace,
        env={**job.env, **env, "PATH": path, **{name: str(file) for name, file in files.items()}},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    written = {name: file.read_text(encoding="utf-8") for name, file in files.items()}
    job.log += done.stdout
    job.summary += written["GITHUB_STEP_SUMMARY"]
    job.env.update(read_outputs(written["GITHUB_ENV"]))
    job.path.extend(written["GITHUB_PATH"].splitlines())
    return done.returncode, read_outputs(written["GITHUB_OUTPUT"])


def read_outputs(text: str) -> dict[str, str]:
    """Return what a step wrote, as GitHub reads it: `name=value`, or `name<<END` with lines up to END."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        several = re.fullmatch(r"([\w-]+)<<(\S+)", line)
        one = re.fullmatch(r"([\w-]+)=(.*)", line)
        if several:
            value = []
            while (following := next(lines)) != several[2]:
                value.append(following)
            found[several[1]] = "\n".join(value)
        elif one:
            found[one[1]] = one[2]
        elif line:
            raise UnknownYaml(f"GitHub cannot read this output: {line}")
    return found
