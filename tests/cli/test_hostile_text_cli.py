"""Whatever text the service holds in names, descriptions and markers, every command goes on and writes legibly."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from exportctl.cli.main import main
from tests.cli.command_line import CommandLine

SANDBOX = "demo"
HALVES = "a\ud83d \udc00b \udcff\udc80"
CONTROLS = "x\x00y\x1b[31mz\r\x85\u2028\ufffe\x0b \u202eabc\u2066"
ODD = f"{HALVES} {CONTROLS} 😀𐍈 Ω<&|`]]> "
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("plan",),
    ("plan", "--format", "json"),
    ("plan", "--format", "markdown"),
    ("plan", "--out", "plan.json"),
    ("show", "plan.json"),
    ("snapshot", "--out", "sandbox.json"),
    ("plan", "--refresh-from", "sandbox.json"),
    ("plan", "--rehearse"),
    ("drift", "--format", "json"),
    ("drift", "--format", "markdown"),
    ("drift", "--patch"),
    ("status", "--expiring", "400d"),
    ("status", "--format", "json"),
    ("status", "--format", "markdown"),
    ("forecast", "--svg", "runs.svg"),
    ("forecast", "--format", "json"),
    ("report", "-o", "-"),
    ("runs", "orders"),
    ("verify", "--runs-only"),
    ("verify", "--runs-only", "--format", "junit"),
    ("import", "--all"),
    ("import", "--all", "--format", "json"),
    ("doctor",),
    ("datasets",),
    ("renew",),
    ("apply", "--auto-approve", "--audit", "audit.jsonl"),
)
Change = Callable[[str, dict[str, Any], str], dict[str, Any]]


def above(collection: str, doc: dict[str, Any], text: str) -> dict[str, Any]:
    return {"description": f"{text}\n{doc.get('description', '')}"}


def inside(collection: str, doc: dict[str, Any], text: str) -> dict[str, Any]:
    return {"description": f"{doc.get('description', '')[:-6]}{text}]"}


def checked(collection: str, doc: dict[str, Any], text: str) -> dict[str, Any]:
    return {"description": f"[exportctl/1 e acme orders 1o {text} .abc 0000]"}


def named(collection: str, doc: dict[str, Any], text: str) -> dict[str, Any]:
    return {"name": f"{doc.get('name', '')}{text}"}


def edited(collection: str, doc: dict[str, Any], text: str) -> dict[str, Any]:
    return {"updatedBy": text, "updatedClient": text}


@dataclass(frozen=True)
class Written:
    code: int
    out: bytes
    err: bytes


def run(folder: Path, *command: str, **env: str) -> Written:
    """One command, on streams that take nothing but ASCII, as with LANG=C."""
    out, err = io.BytesIO(), io.BytesIO()
    streams = [io.TextIOWrapper(one, encoding="ascii", write_through=True) for one in (out, err)]
    code = main(["-C", str(folder), *command], env, stdin=io.StringIO(), out=streams[0], err=streams[1])
    return Written(code, out.getvalue(), err.getvalue())


@pytest.fixture
def applied_with_others(applied: CommandLine) -> CommandLine:
    with closing(applied.emulator()) as emulator:
        emulator.ui.create_flow("By hand", ["Returns"], sandbox=SANDBOX, destination="Data Landing Zone")
    return applied


def change_all(made: CommandLine, change: Change, text: str) -> None:
    """Change every flow and connection, ours and those of others."""
    with closing(made.emulator()) as emulator:
        seen = emulator.snapshot(SANDBOX)
        names = ("connections", "sourceConnections", "targetConnections", "flows")
        changed = {name: [{**doc, **change(name, doc, text)} for doc in seen[name]] for name in names}
        emulator.ui.load(changed, sandbox=SANDBOX)


ODDITIES = [(above, ODD), (inside, ODD), (checked, ODD), (named, ODD), (edited, ODD), (above, ODD * 500)]


@pytest.mark.parametrize(
    ("change", "text"), ODDITIES, ids=["above", "inside", "checked", "named", "edited", "huge and above"]
)
def test_no_text_of_the_service_stops_a_command_or_is_written_so_that_it_cannot_be_read(
    applied_with_others: CommandLine, change: Change, text: str
) -> None:
    made = applied_with_others
    change_all(made, change, text)
    summary, outputs = made.folder / "summary.md", made.folder / "outputs"
    actions = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(outputs)}
    for command in COMMANDS:
        if command == ("show", "plan.json") and not (made.folder / "plan.json").exists():
            continue  # a plan that apply would refuse is not saved
        ended = run(made.folder, *command, **actions)
        said = ended.out.decode("utf-8") + ended.err.decode("utf-8")
        assert "unexpected" not in said, (command, said[-2000:])
        assert "\x1b[31m" not in said
        assert "\u202e" not in said
    for file in (path for path in made.folder.iterdir() if path.is_file()):
        file.read_bytes().decode("utf-8")
    ElementTree.parse(made.folder / "runs.svg")


def test_half_a_character_is_spelled_out_in_every_form_of_a_file(applied: CommandLine) -> None:
    with closing(applied.emulator()) as emulator:
        emulator.ui.rename("orders", "cut \ud83d")
    summary = applied.folder / "summary.md"
    ended = run(applied.folder, "plan", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary))
    assert b'"cut \\ud83d" -> "orders"' in ended.out
    assert "\\ud83d" in summary.read_text(encoding="utf-8").replace("&#92;", "\\")
    assert run(applied.folder, "forecast", "--svg", "runs.svg").code == 0


def test_a_person_may_type_half_a_character(applied: CommandLine) -> None:
    assert applied("emulator", "ui", "rename", "orders", "typed \udcff").code == 0
    with closing(applied.emulator()) as emulator:
        assert "typed \udcff" in {flow["name"] for flow in emulator.snapshot(SANDBOX)["flows"]}
