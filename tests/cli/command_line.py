"""Runs the command line in this process, with streams, an environment and a folder of its own."""

from __future__ import annotations

import io
import json
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exportctl.cli.main import main
from exportctl.emulator import Emulator
from tests.output.document_schemas import check_document

ROOT = Path(__file__).parents[2]
START = 1_800_000_000  # 2027-01-15 08:00:00 UTC; the emulator's clock stands still there
ORGANIZATION = "0123456789ABCDEF01234567@AdobeOrg"
STATE = ".exportctl/0123456789ABCDEF01234567.sqlite"


class Terminal(io.StringIO):
    """A stream with a person at it."""

    def isatty(self) -> bool:
        return True


@contextmanager
def ends_after(seconds: float) -> Iterator[None]:
    """End what hangs with an exception."""

    def raise_error(*_: object) -> None:
        raise RuntimeError(f"it hangs for {seconds} s")

    former = signal.signal(signal.SIGALRM, raise_error)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


@dataclass(frozen=True)
class CommandResult:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout, which its schema describes."""
        document = json.loads(self.out)
        check_document(document, document["kind"])
        return document


@dataclass
class CommandLine:
    """Runs commands in one folder. `env` is the whole environment."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def __call__(
        self,
        *argv: str,
        stdin: io.StringIO | None = None,
        watched: bool = False,
        columns: int | None = None,
        env: Mapping[str, str] | None = None,
        **variables: str,
    ) -> CommandResult:
        """
        `env` and `variables` are set for this command only.

        `watched`: stderr is a terminal, so wide that no sentence breaks. `columns`: stdout is one too, of this width.
        """
        out = Terminal() if columns else io.StringIO()
        err = Terminal() if watched or columns else io.StringIO()
        variables = {"COLUMNS": str(columns or 1000), **variables}
        code = main(
            ["-C", str(self.folder), *argv],
            {**self.env, **(env or {}), **variables},
            stdin=stdin or io.StringIO(),
            out=out,
            err=err,
        )
        return CommandResult(code, out.getvalue(), err.getvalue())

    def write(self, text: str, name: str = "exports.yaml") -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def edit(self, before: str, after: str, name: str = "exports.yaml") -> None:
        text = (self.folder / name).read_text(encoding="utf-8")
        assert before in text
        self.write(text.replace(before, after), name)

    def writes(self) -> int:
        """How many changes the emulator was asked for so far."""
        with closing(self.emulator()) as emulator:
            return len(emulator.writes())

    def emulator(self) -> Emulator:
        """The embedded one, to look into; close it."""
        return Emulator(self.folder / STATE)


LAKE_AND_ORDERS = """\
defaults:
  destination: lake
  schedule: {every: 1 day, at: "02:00"}
  format: parquet
  end: {rolling: 180 days, renew_before: 30 days}
destinations:
  lake: {type: amazon-s3, bucket: acme-lake, path: aep, auth: {role_arn: "${env:LAKE_ROLE_ARN}"}}
exports:
  orders: {datasets: [Orders]}
"""

SMALL = (
    """\
version: 1
project: acme
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: demo, url: embedded}
"""
    + LAKE_AND_ORDERS
    + """\
  returns: {datasets: [Returns]}
"""
)


def fixed_clock_command_line(folder: Path, text: str = SMALL, env: Mapping[str, str] | None = None) -> CommandLine:
    """A config on an emulator whose clock stands still, so that waiting takes no time."""
    run = CommandLine(folder, dict(env or {}))
    run.write(text)
    Emulator(folder / STATE, clock=START, organization=ORGANIZATION).close()
    assert run("emulator", "seed", "--from-config").code == 0
    return run


def copied_command_line(template: Path, folder: Path) -> CommandLine:
    """What lies in `template`, prepared once for several tests, in a folder of its own."""
    shutil.copytree(template, folder, dirs_exist_ok=True)
    return CommandLine(folder)


def northwind(folder: Path) -> CommandLine:
    """The config at the root of the repository."""
    shutil.copy(ROOT / "exports.yaml", folder)
    return fixed_clock_command_line(folder, (ROOT / "exports.yaml").read_text(encoding="utf-8"))
