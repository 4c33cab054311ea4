"""
What the build adds to the metadata: the addresses of the project, and the README with links that work anywhere.

It does what hatch_build.py of exportctl does. That file is outside of this package, so its sdist could not use it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_RELATIVE_LINK = re.compile(r"\]\(\.\./([^)]+)\)")


class ProjectAddresses(MetadataHookInterface):
    """The hook that hatchling calls for each build."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the two fields that pyproject.toml declares as dynamic."""
        repository, tag = self.config["repository"], f"v{metadata['version']}"
        files = f"{repository}/blob/{tag}"
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": _RELATIVE_LINK.sub(lambda link: f"]({files}/{link[1]})", text),
        }
        metadata["urls"] = {
            "Repository": repository,
            "Documentation": f"{files}/docs/how-to/run-with-airflow.md",
            "Changelog": f"{files}/CHANGELOG.md",
            "Issues": f"{repository}/issues",
        }
