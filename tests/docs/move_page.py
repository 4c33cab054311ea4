"""
What docs/how-to/move-exports-between-projects.md shows: an edit of the root config before each command, and its output.

Run as a program, it writes the blocks of the page again; look at the difference afterwards.
"""

from __future__ import annotations

from pathlib import Path

from tests.docs.monitoring_page import run_exportctl
from tests.docs.rename_page import rewrite_page, write_config
from tests.docs.shown_commands import ROOT

PAGE = ROOT / "docs" / "how-to" / "move-exports-between-projects.md"
FORMER, LATTER = "project: northwind\n", "project: northwind-exports\n"


def rename_project(folder: Path) -> None:
    write_config(folder, FORMER, LATTER)


def paste_block(folder: Path) -> None:
    """What a reader does: the lines from `move_from:` to the next empty one."""
    lines = run_exportctl(folder, "plan").split("\n")
    block = lines[lines.index("move_from:") :]
    config = folder / "exports.yaml"
    pasted = "\n".join(block[: block.index("")])
    config.write_text(f"{pasted}\n{config.read_text(encoding='utf-8')}", encoding="utf-8")


# what is done before each command of the page, in its order; then the former project makes a plan
PREPARATIONS = (rename_project, paste_block, write_config)


if __name__ == "__main__":
    rewrite_page(PAGE, PREPARATIONS)
