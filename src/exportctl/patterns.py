"""
Regular expressions that are compiled when they are used for the first time.

Python compiles an expression with code in Python. For all expressions of the modules that a command loads, this takes
as long as loading a package, and a run uses few of them.
"""

from __future__ import annotations

import re
from typing import Any, cast


def compile_on_use(text: str, flags: int = 0) -> re.Pattern[str]:
    """Return what acts as the compiled expression. A mistake in the expression shows at its first use."""
    return cast("re.Pattern[str]", _Pattern(text, flags))


class _Pattern:
    """Finds each method of the compiled expression once, and keeps it."""

    def __init__(self, text: str, flags: int):
        self._text, self._flags = text, flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self._text, self._flags), name)
        setattr(self, name, found)
        return found
