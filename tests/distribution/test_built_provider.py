"""The provider for Airflow: built like exportctl, released with it in one version, reading the documents it writes."""

from __future__ import annotations

import ast
import re
import shutil
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.version import Version

from exportctl import __version__
from exportctl.output.json.envelope import FORMAT_VERSION
from tests.distribution.step_runner import new_job, run_steps
from tests.distribution.test_built_files import ADDRESS, NOT_SOURCES, ROOT, build, unpack_sdist

PROVIDER = ROOT / "airflow"
SOURCES = PROVIDER / "src" / "exportctl_airflow"
SETTINGS = tomllib.loads((PROVIDER / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("provider")
    build(PROVIDER, folder)
    return folder


def wheel(built: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(next(built.glob("*.whl")))


def metadata(built: Path) -> Message:
    return message_from_bytes(wheel(built).read(f"exportctl_airflow-{__version__}.dist-info/METADATA"))


def constant(module: str, name: str) -> Any:
    """A constant of a module, read without importing it: Airflow is not installed here."""
    body = ast.parse((SOURCES / f"{module}.py").read_text(encoding="utf-8")).body
    (value,) = (n.value for n in body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == name)
    return ast.literal_eval(value)


def test_another_checkout_and_the_sdist_itself_build_the_same_bytes(built: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(PROVIDER, checkout / "airflow", ignore=NOT_SOURCES, copy_function=shutil.copy)  # with times of now
    shutil.copy(ROOT / ".gitignore", checkout)  # hatchling reads it, and puts it into the sdist
    unpacked = unpack_sdist(built, tmp_path / "sdist")
    first = {file.name: file.read_bytes() for file in built.iterdir()}

    assert build(checkout / "airflow", tmp_path / "a") == first
    assert build(unpacked, tmp_path / "b") == first


def test_both_files_have_the_package_and_what_builds_it_alone(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    modules = {f"exportctl_airflow/{file.name}" for file in SOURCES.glob("*.py")}
    in_wheel = set(wheel(built).namelist())

    assert {name for name in in_wheel if not name.startswith(f"exportctl_airflow-{__version__}.dist-info/")} == {
        *modules,
        "exportctl_airflow/py.typed",
    }
    assert {name for name in in_wheel if name.endswith("LICENSE")}
    assert {name for name in names if not name.startswith("src/")} == {
        *(".gitignore", "LICENSE", "PKG-INFO", "README.md", "hatch_build.py", "pyproject.toml"),
    }


def test_every_link_of_its_page_is_an_address_and_its_file_exists(built: Path) -> None:
    found = metadata(built)
    urls = [line.partition(", ")[2] for line in found.get_all("Project-URL", [])]
    links = [*re.findall(r"\]\(([^)]+)\)", str(found.get_payload())), *urls]
    files = [link.partition(f"/v{__version__}/")[2] for link in links if "/blob/" in link]

    assert [link for link in links if not link.startswith(ADDRESS)] == []
    assert len(files) >= 3
    assert [file for file in files if not (ROOT / file).exists()] == []


def test_both_packages_have_one_version_and_one_address(built: Path) -> None:
    assert metadata(built)["Version"] == __version__
    assert SETTINGS["tool"]["hatch"]["metadata"]["hooks"]["custom"]["repository"] == ADDRESS


def test_the_provider_reads_the_documents_that_this_exportctl_writes() -> None:
    assert constant("outcome", "FORMAT_VERSION") == FORMAT_VERSION
    assert Version(constant("outcome", "OLDEST")) <= Version(__version__)


def test_a_release_with_two_versions_is_refused(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(PROVIDER, checkout / "airflow", ignore=NOT_SOURCES)
    (checkout / "src" / "exportctl").mkdir(parents=True)
    for name in ("pyproject.toml", "src/exportctl/__init__.py"):
        shutil.copy(ROOT / name, checkout / name)
    module = checkout / "airflow" / "src" / "exportctl_airflow" / "__init__.py"
    module.write_text(module.read_text(encoding="utf-8").replace(__version__, "9.9.9"), encoding="utf-8")
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))
    (check,) = (s for s in workflow["jobs"]["build"]["steps"] if str(s.get("name")).startswith("Check the tag"))
    server, owner, name = ADDRESS.rsplit("/", 2)
    job = new_job(checkout, tmp_path)
    job.github = {"ref_name": f"v{__version__}", "server_url": server, "repository": f"{owner}/{name}"}
    done, _ = run_steps(job, [{**check, "shell": "bash"}], {}, {})

    assert done.has_failed
    assert f"the tag is v{__version__}, and the version is 9.9.9" in job.log
    assert "change airflow/src/exportctl_airflow/__init__.py" in job.log


def test_a_release_publishes_every_package_that_was_built() -> None:
    """Both are published by the steps that name no package: what `make dist` wrote is what goes out."""
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]

    assert any("cp dist/*.whl dist/*.tar.gz packages/" in command for command in commands)
    assert any("gh release create" in command and "dist/*" in command for command in commands)
    assert "make test test-airflow" in commands
