"""Sdist and wheel: the same bytes wherever they are built, no file too many, and links that work on an index page."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_string
from pathlib import Path

import pytest
import yaml

from exportctl import __version__
from tests.distribution.step_runner import new_job, run_steps

ROOT = Path(__file__).parents[2]
ADDRESS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["metadata"]["hooks"][
    "custom"
]["repository"]
NOT_SOURCES = shutil.ignore_patterns(".git", ".venv*", "build", "dist", "tests", ".*_cache", ".hypothesis", "site")
EPOCH = "1767225600"


def build(sources: Path, to: Path) -> dict[str, bytes]:
    """Build both with the locked hatchling, and return the bytes of each."""
    asked = (sys.executable, "-m", "hatchling", "build", "--directory", str(to))
    env = {"PATH": "", "SOURCE_DATE_EPOCH": EPOCH}
    done = subprocess.run(asked, cwd=sources, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {file.name: file.read_bytes() for file in to.iterdir()}


def unpack_sdist(built: Path, to: Path) -> Path:
    """Return the folder in the sdist."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        if hasattr(tarfile, "data_filter"):  # Python 3.11.4; later ones warn without a filter
            sdist.extraction_filter = tarfile.data_filter
        sdist.extractall(to)
    (unpacked,) = to.iterdir()
    return unpacked


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    build(ROOT, folder)
    return folder


def wheel(built: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(next(built.glob("*.whl")))


def metadata(built: Path) -> str:
    return wheel(built).read(f"exportctl-{__version__}.dist-info/METADATA").decode("utf-8")


def test_another_checkout_and_the_sdist_itself_build_the_same_bytes(built: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT, tmp_path / "checkout", ignore=NOT_SOURCES, copy_function=shutil.copy)  # with times of now
    (tmp_path / "checkout" / "src" / "exportctl" / "__pycache__").mkdir(exist_ok=True)
    unpacked = unpack_sdist(built, tmp_path / "sdist")
    first = {file.name: file.read_bytes() for file in built.iterdir()}

    assert build(tmp_path / "checkout", tmp_path / "a") == first
    assert build(unpacked, tmp_path / "b") == first


def test_the_sdist_has_what_builds_and_explains_the_package_and_no_more(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        members = sdist.getmembers()
    names = {member.name.partition("/")[2] for member in members}

    assert {name.partition("/")[0] for name in names} == {
        *(".gitignore", "CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "SECURITY.md", "docs", "examples"),
        *("exports.yaml", "hatch_build.py", "pyproject.toml", "requirements-build.txt", "requirements.txt"),
        *("schemas", "src"),
    }
    assert [name for name in names if re.search(r"__pycache__|\.pyc$|\.sqlite|(^|/)\.exportctl", name)] == []
    assert [member.name for member in members if not member.isfile() or member.uid or member.gid] == []


def test_the_wheel_has_the_package_and_its_metadata_alone(built: Path) -> None:
    names = wheel(built).namelist()
    sources = {file.relative_to(ROOT / "src").as_posix() for file in (ROOT / "src" / "exportctl").rglob("*.py")}

    assert {name for name in names if name.endswith(".py")} == sources
    assert "exportctl/py.typed" in names
    assert {name.partition("/")[0] for name in names} == {"exportctl", f"exportctl-{__version__}.dist-info"}


def test_every_link_of_the_page_on_an_index_is_an_address_and_its_file_exists(built: Path) -> None:
    page = message_from_string(metadata(built))
    linked = re.findall(r"\]\(([^)]+)\)", str(page.get_payload()))
    ours = [link for link in linked if link.startswith(ADDRESS)]
    urls = [line.partition(", ")[2] for line in page.get_all("Project-URL", [])]

    assert [link for link in (*linked, *urls) if not link.startswith("https://")] == []
    assert len(ours) > 8
    for link in (*ours, *(url for url in urls if "/blob/" in url)):
        view, tag, path = link.removeprefix(f"{ADDRESS}/").split("#")[0].split("/", 2)
        assert (view, tag) == ("tree" if (ROOT / path).is_dir() else "blob", f"v{__version__}")
        assert (ROOT / path).exists(), link


@pytest.mark.parametrize(
    ("tag", "address", "words"),
    [
        (f"v{__version__}", ADDRESS, ""),
        ("v99.0.0", ADDRESS, f"the tag is v99.0.0, and the version is {__version__}"),
        (
            f"v{__version__}",
            "https://github.com/acme/exportctl",
            "this repository is https://github.com/acme/exportctl",
        ),
    ],
)
def test_a_release_needs_the_tag_of_its_version_and_its_own_address(
    tag: str, address: str, words: str, tmp_path: Path
) -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))
    (check,) = (s for s in workflow["jobs"]["build"]["steps"] if s.get("name") == "Check the tag and the addresses")
    server, owner, name = address.rsplit("/", 2)
    job = new_job(ROOT, tmp_path)
    job.github = {"ref_name": tag, "server_url": server, "repository": f"{owner}/{name}"}
    done, _ = run_steps(job, [{**check, "shell": "bash"}], {}, {})

    assert done.has_failed is bool(words)
    assert words in job.log


def test_only_the_jobs_that_need_a_right_have_it_and_none_has_a_token_of_the_index() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]

    assert {name for name, job in jobs.items() if job["permissions"].get("id-token") == "write"} == {
        "attest",
        "publish",
    }
    assert {name for name, job in jobs.items() if job["permissions"].get("contents") == "write"} == {"release"}
    assert jobs["publish"]["environment"] == "pypi"
    assert "secrets." not in text


@pytest.mark.ecosystem
def test_make_dist_lists_what_it_built_and_what_is_in_it(tmp_path: Path) -> None:
    shutil.copytree(ROOT, tmp_path / "checkout", ignore=NOT_SOURCES)
    env = {"PATH": "/usr/bin:/bin", "HOME": str(Path.home()), "PYTHON": sys.executable, "SOURCE_DATE_EPOCH": EPOCH}
    subprocess.run((".ci/make-dist",), cwd=tmp_path / "checkout", env=env, check=True, capture_output=True, timeout=600)
    dist = tmp_path / "checkout" / "dist"
    checked = subprocess.run(
        ("sha256sum", "--check", "--strict", "SHA256SUMS"), cwd=dist, capture_output=True, check=False
    )
    sbom, of_provider = (
        yaml.safe_load((dist / f"{name}-{__version__}.cdx.json").read_text(encoding="utf-8"))
        for name in ("exportctl", "exportctl_airflow")
    )
    locked = set(re.findall(r"(?m)^([a-z0-9-]+)==", (ROOT / "requirements.txt").read_text(encoding="utf-8")))
    listed = {one["name"].lower().replace("_", "-") for one in sbom["components"]}

    assert checked.returncode == 0, checked.stdout
    assert {line.partition(": ")[0] for line in checked.stdout.decode().splitlines()} == {
        f"{name}-{__version__}{end}"
        for name in ("exportctl", "exportctl_airflow")
        for end in (".tar.gz", "-py3-none-any.whl", ".cdx.json")
    }
    product = of_provider["metadata"]["component"]
    assert (product["name"], product["version"]) == ("exportctl-airflow", __version__)
    assert of_provider.get("components", []) == []  # it brings nothing along
    assert (sbom["metadata"]["component"]["name"], sbom["metadata"]["component"]["version"]) == (
        "exportctl",
        __version__,
    )
    assert sbom["metadata"]["timestamp"] == "2026-01-01T00:00:00+00:00"
    assert listed <= locked
    assert {"httpx", "typer", "pyyaml"} <= listed
    assert str(tmp_path) not in str([sbom, of_provider])
    assert "serialNumber" not in {*sbom, *of_provider}
