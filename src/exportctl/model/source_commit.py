"""The commit that a config was read from, for links to its lines. Values only."""

from __future__ import annotations

from exportctl.frozen import dataclass


@dataclass(frozen=True)
class SourceCommit:
    """The commit that is checked out, and where the working folder is in it."""

    id: str  # of the commit, in hexadecimal digits
    folder: str = ""  # from the root of the checkout to the folder of the config, without slashes at its ends
    is_edited: bool = False  # the config files have changes that no commit has: lines can be others
