"""The shell steps of the files that `init --ci` writes, read as each CI system reads them, and a runner of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import yaml

from tests.preloaded import preloaded_exportctl


@dataclass(frozen=True)
class Step:
    """One shell text; `variables` are those that its job gives it, by name, as written in the file."""

    file: str
    job: str
    text: str
    variables: Mapping[str, str]

    def does(self, command: str) -> bool:
        return f"exportctl {command}" in self.text


def read_github(file: str, text: str) -> Iterator[Step]:
    for name, job in yaml.safe_load(text)["jobs"].items():
        for step in job["steps"]:
            if "run" in step:
                yield Step(file, name, step["run"], {**job.get("env", {}), **step.get("env", {})})


def read_gitlab(file: str, text: str) -> Iterator[Step]:
    for name, job in yaml.safe_load(text).items():
        for script in (*job.get("before_script", ()), *job.get("script", ())):
            yield Step(file, name, script, job.get("variables", {}))


def read_azure(file: str, text: str) -> Iterator[Step]:
    for path, step in _walk(yaml.safe_load(text), ()):
        if "bash" in step:
            yield Step(file, ".".join(path), step["bash"], step.get("env", {}))


def _walk(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    if isinstance(node, dict):
        yield path, node
        name = node.get("stage", node.get("job"))
        for below in node.values():
            yield from _walk(below, (*path, name) if name else path)
    elif isinstance(node, list):
        for one in node:
            yield from _walk(one, path)


def read_jenkins(file: str, text: str) -> Iterator[Step]:
    stage, variables = "", dict[str, str]()
    for found in re.finditer(
        r"stage\('(?P<stage>[^']+)'\)|credentialsId: '(?P<id>[\w-]+)', variable: '(?P<name>\w+)'"
        r"|(?P<with>withCredentials)|sh '''\n(?P<text>.*?)'''",
        text,
        re.DOTALL,
    ):
        if found["stage"]:
            stage, variables = found["stage"], {}
        elif found["with"]:
            variables = {}
        elif found["name"]:
            variables[found["name"]] = found["id"]
        else:
            yield Step(file, stage, dedent(found["text"]), dict(variables))


READERS: Mapping[str, Callable[[str, str], Iterator[Step]]] = {
    "github": read_github,
    "gitlab": read_gitlab,
    "azure": read_azure,
    "jenkins": read_jenkins,
}
# How each system starts a shell text. GitLab and Jenkins take `sh` where there is no bash.
SHELLS: Mapping[str, tuple[str, ...]] = {
    "github": ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"),
    "gitlab": ("sh", "-e", "-c"),
    "azure": ("bash", "--noprofile", "--norc", "-c"),
    "jenkins": ("sh", "-xe", "-c"),
}


def read_steps(system: str, files: Mapping[str, str]) -> list[Step]:
    return [step for file, text in files.items() for step in READERS[system](file, text)]


def the_step(steps: list[Step], command: str) -> Step:
    """The step that runs one command; several of one text count as one."""
    found = {step.text: step for step in steps if step.does(command)}
    assert len(found) == 1, [*found]
    return next(iter(found.values()))


def run_text(system: str, text: str, folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one shell text in a folder, with the exportctl of this checkout first in PATH."""
    path = os.pathsep.join((str(preloaded_exportctl().parent), str(Path(sys.executable).parent), os.environ["PATH"]))
    return subprocess.run(
        [*SHELLS[system], text],
        cwd=folder,
        env={"PATH": path, "HOME": "/nonexistent", "CI": "true", "PYTHONPATH": os.pathsep.join(sys.path), **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
