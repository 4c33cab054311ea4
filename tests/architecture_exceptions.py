"""
What the real tree may do against a rule of the architecture, each with its reason. An entry that nothing needs fails.
"""

from __future__ import annotations

from collections.abc import Mapping

# rule -> (pattern over modules, subject of the finding) -> reason
EXCEPTIONS: Mapping[str, Mapping[tuple[str, str], str]] = {}
