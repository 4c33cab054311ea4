"""
The image: built from the Dockerfile without a daemon, and entered as the user that it names, with a read-only root.

No registry is at hand, so mmdebstrap makes a Debian that stands for the base. `buildah` builds in a chroot. Entering is
a chroot into the mounted image, in a mount namespace of its own. It needs root, because it mounts: `make test-image`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from exportctl import __version__

ROOT = Path(__file__).parents[2]
WITH_PIP = (
    "FROM localhost/base\nRUN apt-get update -qq && apt-get install -qq -y --no-install-recommends python3-venv\n"
)
ENTER = """
set -e
mount --bind "$1" "$1"
mount --bind "$2" "$1$4"
mount -t tmpfs tmpfs "$1/tmp"
mount -o remount,ro,bind "$1"
root=$1 user=$3 folder=$4
shift 4
exec chroot --userspec="$user" "$root" /usr/bin/env -i "$@"
"""


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass(frozen=True)
class Image:
    """The mounted root of an image, and what it says about itself."""

    root: Path
    config: dict[str, object]

    def start(self, project: Path, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in it as an engine with a read-only root would."""
        user, folder, env = (self.config[key] for key in ("User", "WorkingDir", "Env"))
        assert isinstance(env, list)
        asked = (str(self.root), str(project), str(user), str(folder), *env, "sh", "-c", f'cd {folder}; exec "$@"', "-")
        whole = ("unshare", "--mount", "sh", "-c", ENTER, "-", *asked, *command)
        return subprocess.run(whole, capture_output=True, text=True, timeout=300, check=False)

    def exportctl(self, project: Path, *arguments: str) -> str:
        entry = self.config["Entrypoint"]
        assert isinstance(entry, list)
        done = self.start(project, *entry, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    folder = tmp_path_factory.mktemp("image")
    buildah = (
        "buildah",
        "--storage-driver",
        "vfs",
        "--root",
        str(folder / "storage"),
        "--runroot",
        str(folder / "run"),
    )
    build = (*buildah, "bud", "--quiet", "--isolation", "chroot")
    (folder / "base").mkdir()
    packages = "--include=python3,ca-certificates"
    run("mmdebstrap", "--variant=minbase", packages, "--mode=root", "bookworm", "base/base.tar", cwd=folder)
    (folder / "base" / "Dockerfile").write_text("FROM scratch\nADD base.tar /\n", encoding="utf-8")
    (folder / "with-pip").write_text(WITH_PIP, encoding="utf-8")
    run(*build, "--tag", "base", "base", cwd=folder)
    run(*build, "--tag", "with-pip", "--file", "with-pip", "base", cwd=folder)
    named = ("BASE=localhost/base", "BUILD_BASE=localhost/with-pip", f"VERSION={__version__}")
    options = [part for one in named for part in ("--build-arg", one)]
    run(*build, *options, *secrets(folder), "--tag", "exportctl", str(ROOT), cwd=folder)
    container = run(*buildah, "from", "localhost/exportctl", cwd=folder).strip()
    found = json.loads(run(*buildah, "inspect", "--type", "image", "localhost/exportctl", cwd=folder))
    return Image(Path(run(*buildah, "mount", container, cwd=folder).strip()), found["OCIv1"]["config"])


def secrets(folder: Path) -> list[str]:
    """The certificates of this machine, if pip needs its own here."""
    certificates = os.environ.get("PIP_CERT")
    if not certificates:
        return []
    (folder / "pip.conf").write_text("[global]\ncert = /run/secrets/ca.pem\n", encoding="utf-8")
    return ["--secret", f"id=pip.conf,src={folder / 'pip.conf'}", "--secret", f"id=ca.pem,src={certificates}"]


@pytest.fixture
def project(tmp_path: Path, image: Image) -> Path:
    shutil.copy(ROOT / "exports.yaml", tmp_path)
    uid, _, gid = str(image.config["User"]).partition(":")
    os.chown(tmp_path, int(uid), int(gid))
    return tmp_path


@pytest.mark.slow
@pytest.mark.ecosystem
def test_the_image_validates_plans_and_applies_without_root_on_a_read_only_root(image: Image, project: Path) -> None:
    assert image.exportctl(project, "--version") == f"exportctl {__version__}\n"
    image.exportctl(project, "validate")
    assert "9 to create" in image.exportctl(project, "plan")
    assert "Final check: no changes." in image.exportctl(project, "apply", "--auto-approve")


@pytest.mark.slow
@pytest.mark.ecosystem
def test_the_image_holds_no_build_tool_no_secret_and_can_change_nothing(image: Image, project: Path) -> None:
    site = next((image.root / "opt" / "exportctl" / "lib").glob("python3.*/site-packages"))
    written = image.start(project, "touch", "/opt/exportctl/x", "/x")

    assert [name for name in ("pip", "hatchling", "setuptools") if (site / name).exists()] == []
    assert not list((image.root / "opt" / "exportctl" / "bin").glob("pip*"))
    assert not (image.root / "usr" / "bin" / "gcc").exists()
    assert not (image.root / "etc" / "pip.conf").exists()
    assert written.returncode == 1
    assert written.stderr.count("Read-only file system") == 2


@pytest.mark.slow
@pytest.mark.ecosystem
def test_the_image_says_what_it_is_and_who_runs_it(image: Image) -> None:
    labels = image.config["Labels"]
    assert isinstance(labels, dict)

    assert image.config["User"] == "65532:65532"
    assert "Healthcheck" not in image.config
    assert labels["org.opencontainers.image.version"] == __version__
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"


@pytest.mark.ecosystem
def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    run(str(Path(sys.executable).with_name("hadolint")), "Dockerfile", cwd=ROOT)
