"""
Writes the files that are made from the code: schemas/ and pages of docs/. With `--check` it writes nothing, names those
that are not up to date, and ends in 1. Run from the repository: `make docs`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from exportctl.cli.app import cli_markdown
from exportctl.cli.glossary import glossary_markdown
from exportctl.config.fleet_file import fleet_schema_files
from exportctl.config.reference_docs import reference_markdown
from exportctl.config.schema.root import schema_files
from exportctl.emulator.docs import emulator_markdown as emulator_page
from exportctl.output.json import schemas
from exportctl.resources.service_values_docs import service_values_markdown
from exportctl.rules.rules_docs import rules_markdown

ROOT = Path(__file__).parents[1]


def files() -> dict[str, str]:
    """Path below the repository -> text, for every file that is made from the code."""
    return {
        **{
            f"schemas/{name}": text
            for name, text in {**schema_files(), **fleet_schema_files(), **schemas.files()}.items()
        },
        "docs/cli.md": cli_markdown(),
        "docs/configuration.md": reference_markdown(),
        "docs/emulator.md": emulator_page(),
        "docs/glossary.md": glossary_markdown(),
        "docs/rules.md": rules_markdown(),
        "docs/service-values.md": service_values_markdown(),
    }


def outdated_files() -> list[str]:
    """The files that differ from what the code says, or are missing."""
    return [name for name, text in files().items() if _read_file(name) != text]


def _read_file(name: str) -> str | None:
    path = ROOT / name
    return path.read_text(encoding="utf-8") if path.is_file() else None


def main(argv: list[str]) -> int:
    found = outdated_files()
    if argv == ["--check"]:
        for name in found:
            print(f"{name} is not up to date: make docs", file=sys.stderr)
        return 1 if found else 0
    for name in found:
        (ROOT / name).write_text(files()[name], encoding="utf-8")
        print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
