"""
The command line with one destination type more.

A process of its own, since exportctl builds its schema and its filters from the table of types when it is imported.
"""

from __future__ import annotations

from exportctl.emulator import specs
from exportctl.resources.destinations.table import add_type
from tests.resources.command_steps import answer_steps
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


if __name__ == "__main__":
    add_type(FILE_SHARE)
    specs.add_destination(EMULATED)
    answer_steps()
