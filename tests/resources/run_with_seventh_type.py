"""
The command line with one destination type more: reads steps from stdin as JSON, writes what each answered to stdout.

A process of its own, since exportctl builds its schema and its filters from the table of types when it is imported.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

from exportctl.emulator import specs
from exportctl.resources.destinations.table import add_type
from tests.resources.seventh_type import FILE_SHARE


def _text(title: str) -> dict[str, object]:
    return {"type": "string", "title": title}


EMULATED = specs.DestinationSpec(
    "File Share",
    "77777777-0000-4000-8000-000000000001",
    "77777777-0000-4000-8000-000000000002",
    "77777777-0000-4000-8000-000000000003",
    (
        specs.Auth(
            "Ticket",
            "Ticket",
            (("serverName", _text("Server")), ("loginName", _text("Login")), ("ticketText", _text("Ticket"))),
        ),
    ),
    (("shareName", _text("Share")), ("directoryName", _text("Directory"))),
    "file-share",
    lambda auth, location: f"{auth['serverName']}_{location['shareName']}",
)


def run(steps: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """Write the file or run the command of each step, in order."""
    from exportctl.cli.main import main

    answers: list[dict[str, Any]] = []
    for step in steps:
        if "write" in step:
            (folder / "exports.yaml").write_text(str(step["write"]))
            continue
        out, err = io.StringIO(), io.StringIO()
        code = main([*step["run"], "-C", str(folder)], {"TICKET": "s3cret-ticket"}, out=out, err=err)
        answers.append({"code": code, "out": out.getvalue(), "err": err.getvalue()})
    return answers


if __name__ == "__main__":
    add_type(FILE_SHARE)
    specs.add_destination(EMULATED)
    json.dump(run(json.load(sys.stdin), Path(sys.argv[1])), sys.stdout)
