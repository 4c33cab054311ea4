"""
Links from `file:line:column` to the line in the repository of the config.

    host                                      form
    github.com, github.*                      REPOSITORY/blob/COMMIT/FILE#L10
    gitlab.com, gitlab.*                      REPOSITORY/-/blob/COMMIT/FILE#L10
    Azure DevOps: `/_git/` in the path        REPOSITORY?path=/FILE&version=GCCOMMIT&line=10&lineEnd=11&…
    bitbucket.org                             REPOSITORY/src/COMMIT/FILE#lines-10
    Bitbucket Data Center: `/projects/…`      REPOSITORY/browse/FILE?at=COMMIT#10

Source: the handlers of GitWebLinks (github.com/reduckted/GitWebLinks), an extension of VS Code that makes such links.
Any other repository, and any that is not a plain https URL, has no links: the position is plain text then.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from exportctl.errors import SourcePosition
from exportctl.model.source_commit import SourceCommit
from exportctl.patterns import compile_on_use

LineUrl = Callable[[SourcePosition], str | None]

_PLAIN_HTTPS = compile_on_use(r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~%+-]+)+")
_COMMIT = compile_on_use(r"[0-9a-f]{7,64}")


def line_url(repository: str | None, commit: SourceCommit | None, at: SourcePosition) -> str | None:
    """Return the URL of a line; None if the repository, the commit or the file is not one that can be linked to."""
    base = (repository or "").rstrip("/").removesuffix(".git")
    if commit is None or not _COMMIT.fullmatch(commit.id) or not _PLAIN_HTTPS.fullmatch(base):
        return None
    file = posixpath.normpath(posixpath.join(commit.folder, at.file))
    if file.startswith(("/", "..")):
        return None  # outside the checkout
    return _line_url(base, commit.id, quote(file), at.line)


def _line_url(base: str, commit: str, file: str, line: int) -> str | None:
    address = urlsplit(base)
    host, path = address.hostname or "", address.path
    if "/_git/" in path:
        lines = f"line={line}&lineEnd={line + 1}&lineStartColumn=1&lineEndColumn=1"
        return f"{base}?path=/{file}&version=GC{commit}&{lines}"
    if host == "bitbucket.org":
        return f"{base}/src/{commit}/{file}#lines-{line}"
    if re.fullmatch(r".*/(projects|users)/[^/]+/repos/[^/]+", path):
        return f"{base}/browse/{file}?at={commit}#{line}"
    if host.startswith("github."):
        return f"{base}/blob/{commit}/{file}#L{line}"
    return f"{base}/-/blob/{commit}/{file}#L{line}" if host.startswith("gitlab.") else None
