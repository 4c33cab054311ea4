"""Every way to install exportctl that the documentation shows, from a repository as a team has it. Needs an index."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml

from exportctl import __version__

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", "build", "dist", "tests", ".*_cache", ".hypothesis", "__pycache__")
AUTHOR = ("-c", "user.name=jane", "-c", "user.email=jane@acme.example", "-c", "commit.gpgsign=false")
SUPPORTED = ("3.11", "3.12", "3.13")

pytestmark = pytest.mark.ecosystem


def run(*command: str, cwd: Path, **env: str) -> str:
    """Run a program that must succeed; the tests' own paths of Python do not reach it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GIT_"))}
    done = subprocess.run(
        command, cwd=cwd, env={**kept, **env}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def shown_command(start: str, address: str) -> list[str]:
    """The command of the page that starts so, with another address in place of the one of the project."""
    page = (ROOT / "docs" / "how-to" / "install.md").read_text(encoding="utf-8")
    (found,) = re.findall(rf"(?m)(?:^|&& )({re.escape(start)}[^\n&]*)$", page)
    return [re.sub(r"git\+https://\S+", address, part) for part in shlex.split(found)]


def committed(folder: Path) -> Path:
    run("git", "init", "-q", ".", cwd=folder)
    run("git", "add", ".", cwd=folder)
    run("git", *AUTHOR, "commit", "-qm", "all", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources in a repository of their own: what is not committed here would not be installed elsewhere."""
    folder = tmp_path_factory.mktemp("sources") / "exportctl"
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    return committed(folder)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a config, outside of the sources."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(ROOT / "exports.yaml", folder)
    return folder


def check_program(program: Path, project: Path) -> None:
    """Check that the installed program answers, reads a config, and plans on the embedded emulator."""
    assert run(str(program), "--version", cwd=project) == f"exportctl {__version__}\n"
    run(str(program), "validate", cwd=project)
    assert "9 to create" in run(str(program), "plan", cwd=project)


def pythons() -> list[str]:
    """The supported Pythons of this machine: those on the PATH, and those of pyenv."""
    of_pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = {version: sorted(of_pyenv.glob(f"{version}.*/bin/python")) for version in SUPPORTED}
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    return sorted(
        {str(paths[-1]) for version, paths in found.items() if paths and version != running} | {sys.executable}
    )


@pytest.mark.parametrize("python", pythons())
def test_each_python_installs_the_package_from_git_with_uv(python: str, repository: Path, project: Path) -> None:
    uv = str(PROGRAMS / "uv")
    run(uv, "venv", "--quiet", "--python", python, "venv", cwd=project)
    asked = (uv, "pip", "install", "--quiet", "--python", "venv/bin/python", f"exportctl @ git+file://{repository}")
    run(*asked, cwd=project)

    check_program(project / "venv" / "bin" / "exportctl", project)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder on this machine."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_pip_installs_it_from_git(repository: Path, project: Path) -> None:
    """By http: the pip that comes with Python 3.11 takes no name before an address without a host."""
    run(sys.executable, "-m", "venv", "venv", cwd=project)
    run("git", "update-server-info", cwd=repository)
    with served(repository) as address:
        _, *asked = shown_command("exportctl/bin/pip install", f"git+{address}/.git")
        run("venv/bin/pip", *asked, cwd=project, NO_PROXY="127.0.0.1", no_proxy="127.0.0.1")

    check_program(project / "venv" / "bin" / "exportctl", project)


def test_pipx_installs_it(repository: Path, project: Path) -> None:
    env = {"PIPX_HOME": str(project / "pipx"), "PIPX_BIN_DIR": str(project / "bin")}
    _, *asked = shown_command("pipx install", f"git+file://{repository}")
    run(str(PROGRAMS / "pipx"), *asked, cwd=project, **env)

    check_program(project / "bin" / "exportctl", project)


def test_uv_tool_installs_it(repository: Path, project: Path) -> None:
    env = {"UV_TOOL_DIR": str(project / "tools"), "UV_TOOL_BIN_DIR": str(project / "bin")}
    _, *asked = shown_command("uv tool install", f"git+file://{repository}")
    run(str(PROGRAMS / "uv"), *asked, cwd=project, **env, UV_PYTHON=sys.executable)

    check_program(project / "bin" / "exportctl", project)


def test_pre_commit_checks_a_config_before_it_is_committed(repository: Path, project: Path) -> None:
    revision = run("git", "rev-parse", "HEAD", cwd=repository).strip()
    hooks = {"repos": [{"repo": f"file://{repository}", "rev": revision, "hooks": [{"id": "exportctl-validate"}]}]}
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump(hooks), encoding="utf-8")
    committed(project)
    pre_commit = (str(PROGRAMS / "pre-commit"), "run", "--all-files")
    env = {"PRE_COMMIT_HOME": str(project / ".cache")}
    good = run(*pre_commit, cwd=project, **env)
    config = project / "exports.yaml"
    config.write_text(config.read_text(encoding="utf-8") + "formt: json\n", encoding="utf-8")
    run("git", "add", "exports.yaml", cwd=project)
    kept = {**os.environ, **env}
    bad = subprocess.run(pre_commit, cwd=project, env=kept, capture_output=True, text=True, check=False)

    assert "exportctl validate" in good
    assert "Passed" in good
    assert bad.returncode == 1
    assert 'has no key "formt"' in bad.stdout
