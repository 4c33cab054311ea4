"""schemas/ and the pages of docs/ that are made from the code are up to date; what docs/ links to exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from exportctl.config.reference_docs import reference_markdown
from exportctl.config.schema.root import SCHEMA
from exportctl.resources.destinations.table import TYPES

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def test_every_generated_file_is_up_to_date() -> None:
    asked = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert asked.stderr == ""
    assert asked.returncode == 0


def test_the_reference_names_every_key_of_the_schema() -> None:
    page = reference_markdown()
    maps = [SCHEMA, *SCHEMA["$defs"].values()]

    missing = {key for schema in maps for key in schema.get("properties", {}) if f"| `{key}`" not in page}
    assert missing == set()


def test_the_reference_names_every_destination_type_and_its_fields() -> None:
    rows = {line.split("`")[1]: line for line in reference_markdown().splitlines() if line.startswith("| `")}

    for kind in TYPES.values():
        names = {field.name for field in kind.location} | {f.name for method in kind.methods for f in method.fields}
        assert {name for name in names if f"`{name}`" not in rows[kind.name]} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_page_links_only_to_what_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    broken = [
        target
        for target in LINK.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL))
        if not target.startswith(("http://", "https://")) and not has_target(page, target)
    ]

    assert broken == []


def has_target(page: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    other = (page.parent / name) if name else page
    if not other.exists():
        return False
    return not anchor or anchor in anchors(other.read_text(encoding="utf-8"))


def anchors(text: str) -> set[str]:
    """Headings as GitHub names them."""
    found = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}
