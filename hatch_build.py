"""
What the build adds to the metadata: the addresses of the project, and the README with links that work anywhere.

An index page shows the README alone, so a link to a file of the repository becomes its address at the tag of the
version. The address is stated once, in pyproject.toml under [tool.hatch.metadata.hooks.custom].
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_RELATIVE_LINK = re.compile(r"\]\((?!https?://|#)([^)]+)\)")


class ProjectAddresses(MetadataHookInterface):
    """The hook that hatchling calls for each build."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the two fields that pyproject.toml declares as dynamic."""
        repository, tag = self.config["repository"], f"v{metadata['version']}"
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": absolute_readme(Path(self.root), repository, tag),
        }
        metadata["urls"] = {
            "Repository": repository,
            "Documentation": f"{repository}/blob/{tag}/docs/README.md",
            "Changelog": f"{repository}/blob/{tag}/CHANGELOG.md",
            "Issues": f"{repository}/issues",
        }


def absolute_readme(root: Path, repository: str, tag: str) -> str:
    """Return README.md in which links to files and folders of the repository name these at a tag."""

    def address(link: re.Match[str]) -> str:
        view = "tree" if (root / link[1]).is_dir() else "blob"
        return f"]({repository}/{view}/{tag}/{link[1]})"

    return _RELATIVE_LINK.sub(address, (root / "README.md").read_text(encoding="utf-8"))
