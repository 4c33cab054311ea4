"""
One hypothesis profile for every law, the same in CI and at home.

The examples come from a seed, and the seed comes from the commit: one commit always draws the same examples, and each
commit draws new ones. `EXPORTCTL_TEST_SEED` draws those of another commit again. There is no example database, because
what a former run left in it would make two runs of one commit differ.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator, Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

SEED = "EXPORTCTL_TEST_SEED"
FACTOR = "EXPORTCTL_TEST_FACTOR"  # how many times the usual examples `make test-slow` draws
WITHOUT_COMMIT = "no-commit"  # the seed of an unpacked archive
LENGTH = 12  # characters of the commit id: enough to be unique, few enough to type


def examples(count: int, swept: int | None = None) -> int:
    """
    Return how many examples a law draws: `count`, or as many times more as the environment asks for.

    A law whose examples take long draws few in each run. `swept` is the number that the long sweep multiplies instead.
    """
    factor = int(os.environ.get(FACTOR, "1"))
    return count if factor == 1 else factor * (swept or count)


settings.register_profile(
    "exportctl",
    database=None,
    max_examples=examples(25, swept=60),
    deadline=None,
    derandomize=False,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],  # a slow machine is not a fault
)
settings.load_profile("exportctl")


def law_seed(env: Mapping[str, str], folder: Path) -> str:
    """The seed of all laws: the one given, else the commit of `folder`."""
    return env.get(SEED) or head_commit(folder) or WITHOUT_COMMIT


def head_commit(folder: Path) -> str | None:
    """The short id of the commit that is checked out, None outside Git."""
    try:
        asked = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return None
    return asked.stdout.strip()[:LENGTH] if asked.returncode == 0 else None


@pytest.hookimpl(tryfirst=True)  # hypothesis reads the option in its own pytest_configure
def pytest_configure(config: pytest.Config) -> None:
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = law_seed(os.environ, config.rootpath)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every law, so that `-m 'not law'` leaves out what each commit draws for itself."""
    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker("law")


def pytest_report_header(config: pytest.Config) -> str:
    return seed_line(config)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.get_verbosity() < 0:  # `-q`, as this project runs it: there is no header
        terminalreporter.write_line(seed_line(config))


def pytest_collection_finish(session: pytest.Session) -> None:
    if any(is_hypothesis_test(getattr(item, "obj", None)) for item in session.items):
        import_whole_package("exportctl")


def import_whole_package(name: str) -> None:
    """
    Import every module of a package.

    Hypothesis also draws constants that it finds in the modules imported so far. Without this the examples would depend
    on which tests ran before, and so on how xdist shares the tests out.
    """
    for module in walk_packages(import_module(name).__path__, f"{name}."):
        if not module.name.endswith(".__main__"):
            import_module(module.name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and is_hypothesis_test(getattr(item, "obj", None)):
        report.sections.append(("Seed of the laws", seed_line(item.config)))
    return report


def seed_line(config: pytest.Config) -> str:
    """How to draw the examples of this run again."""
    seed = config.option.hypothesis_seed
    return f"laws: {SEED}={seed} draws the examples of this run again"
