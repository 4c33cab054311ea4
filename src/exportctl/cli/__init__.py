"""
The command line: a command parses options, calls a workflow, prints an output and returns an exit code.

The installed `exportctl` calls `run`, which answers `--version` before anything heavy is imported.
"""

from __future__ import annotations

import gc
import sys

OBJECTS_BETWEEN_COLLECTIONS = 50_000  # Python's own 700 looks a hundred times through what the imports only add to


def run() -> None:
    """Run the command line of this process, and exit with its code."""
    if sys.argv[1:] == ["--version"]:
        from exportctl import __version__

        print(f"exportctl {__version__}")  # noqa: T201 (nothing else may be imported for this)
        return
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    from exportctl.cli import interrupts

    try:
        interrupts.raise_on_termination()
        from exportctl.cli.main import main
        from exportctl.cli.streams import open_missing_descriptors

        open_missing_descriptors()
        code = main(sys.argv[1:])
    except BaseException as error:
        if not interrupts.was_interrupted(error):
            raise
        interrupts.write_interrupted()
        code = interrupts.EXIT_CODE
    if code == interrupts.EXIT_CODE:
        interrupts.end_interrupted_process()
    interrupts.ignore_signals()
    gc.freeze()  # at its end, Python would look through all objects for cycles: they end with the process
    sys.exit(code)
