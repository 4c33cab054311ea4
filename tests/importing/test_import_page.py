"""The import page says what the code does: its example is a config, its table has every reason, its options exist."""

from __future__ import annotations

import re
from pathlib import Path

from exportctl.cli.app import build_command
from exportctl.cli.context import SHARED
from exportctl.config import load
from exportctl.importing.result import LeftOutReason

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "import-existing-flows.md").read_text(encoding="utf-8")
CONFIG = b"""\
version: 1
project: acme
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: demo}
"""


def test_its_example_is_a_config() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)

    project, findings = load.load_project(
        load.parse_config({"exports.yaml": CONFIG, "exports/imported.yaml": example.encode()}), None, {}
    )

    assert findings == ()
    assert project is not None
    assert [(e.key, e.schedule.at, e.subpath) for e in project.exports.values()] == [
        ("orders-to-the-lake", 7200, "orders")
    ]


def test_it_names_every_reason() -> None:
    assert [reason for reason in LeftOutReason if f"`{reason}`" not in PAGE] == []


def test_it_names_every_option() -> None:
    own = {
        option
        for param in build_command().commands["import"].params
        for option in param.opts
        if param.name not in SHARED
    }

    assert own == {"--all", "--flow", "--name", "--into", "--strict", "--update", "--dry-run"}
    assert [option for option in own if f"`{option}" not in PAGE] == []
