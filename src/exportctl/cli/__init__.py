"""
The command line. A file per command family; each command reads, plans, shows, asks, applies, and ends in an exit code.

`run` is what the installed `exportctl` calls. `--version` is answered here, before anything heavy is imported.
"""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command line of this process and leave it with the exit code."""
    if sys.argv[1:] == ["--version"]:
        from exportctl import __version__

        print(f"exportctl {__version__}")  # noqa: T201 (nothing else may be imported for this)
        return
    from exportctl.cli.main import main

    sys.exit(main(sys.argv[1:]))
