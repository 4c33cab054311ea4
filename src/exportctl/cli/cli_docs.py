"""docs/cli.md from the commands themselves: in the tree, out Markdown. A test compares it with the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from exportctl.cli import exit_codes
from exportctl.cli.app import build_command as tree

WIDTH = 100
_HEAD = """# Command line

Every command, as `exportctl … --help` shows it. This page is written from the code.

The options `-C`, `-f`, `--env`, `--format` and `--now` may stand before or after the command. Results go to stdout,
progress, warnings and errors to stderr. With `--format json` exactly one document is printed, errors included; the
schemas are in `schemas/`. `emulator` commands print what the emulator's own interface answers, without the envelope.

| variable | means |
|---|---|
| `EXPORTCTL_ENV` | the environment, where `--env` is not given |
| `EXPORTCTL_ALLOWED_HOSTS` | further hosts that may be given the token |
| `EXPORTCTL_VAR_*` | plain references of the config |
| `EXPORTCTL_TRACEBACK=1` | show where an unexpected error comes from |
| `AEP_CLIENT_ID`, `AEP_CLIENT_SECRET`, `AEP_SCOPES`, `AEP_ACCESS_TOKEN` | credentials of the platform |
| `AEP_IMS_URL` | where the token comes from; else Adobe's IMS, and for a platform on this machine that platform |
| `AEP_ORG_ID`, `AEP_SANDBOX` | plain references; `doctor` without a config |
| `NO_COLOR`, `FORCE_COLOR`, `CI` | no colour; colour all the same; nobody watches |
| `GITHUB_ACTIONS`, `GITHUB_OUTPUT`, `GITHUB_STEP_SUMMARY` | annotations, outputs and a summary are written unasked |

## Exit codes

Of several the first in the order 64 8 1 7 6 5 4 3 9 2 0.

| code | means |
|---|---|
"""


def cli_markdown() -> str:
    """The whole page, ending in one newline."""
    rows = "".join(f"| {code} | {exit_codes.TEXTS[code]} |\n" for code in sorted(exit_codes.TEXTS))
    return _HEAD + rows + "".join(_sections()).rstrip("\n") + "\n"


def _sections() -> Iterator[str]:
    yield from _section(tree(), "exportctl", None)


def _section(command: Any, name: str, parent: Any) -> Iterator[str]:
    """A command and those below it."""
    with command.make_context(name, [], parent, resilient_parsing=True, terminal_width=WIDTH) as ctx:
        yield f"\n## {ctx.command_path}\n\n```text\n{ctx.get_help().rstrip()}\n```\n"
        for below, one in getattr(command, "commands", {}).items():
            yield from _section(one, below, ctx)
