"""
What the hosts of code have in common: a post (a comment or an issue), and what a host can do with it.

`publish.py` decides what to write. Each host only reads and writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from exportctl.errors import ServiceError
from exportctl.frozen import dataclass


@dataclass(frozen=True)
class Post:
    """
    A comment or an issue that carries the marker.

    `parts` are the ids with which its host finds it again. `is_own`: the identity of the token wrote it. `author` and
    `address` are texts of the host, for people.
    """

    parts: tuple[str, ...]
    body: str
    author: str
    is_own: bool
    address: str = ""
    is_open: bool = True


class UncertainWrite(ServiceError):
    """A POST got no answer, or one that does not say whether the host did what was asked."""


class CommentHost(Protocol):
    """The comments of one pull request. `limit` is in UTF-16 units, the largest count of a text that a host uses."""

    name: str
    limit: int

    def list_comments(self, marker: str) -> Iterator[Post]:
        """Yield the comments that begin with the marker, oldest first, of every author."""

    def create_comment(self, marker: str, body: str) -> Post:
        """Create a comment, or raise an UncertainWrite: it may exist."""

    def update_comment(self, post: Post, body: str) -> None:
        """Replace the text of a comment."""

    def find_pull_request(self, commit: str) -> str | None:
        """Return the number of the merged pull request that brought a commit to its branch."""


class IssueHost(Protocol):
    """The issues (or work items) of one repository."""

    name: str
    noun: str
    issue_limit: int

    def list_issues(self, marker: str) -> Iterator[Post]:
        """Yield the issues that carry the marker, oldest first, open and closed, of every author."""

    def create_issue(self, marker: str, title: str, body: str) -> Post:
        """Open an issue, or raise an UncertainWrite: it may exist."""

    def update_issue(self, post: Post, title: str, body: str, *, is_open: bool) -> None:
        """Replace title and text of an issue, and open or close it."""

    def explain_issue(self, post: Post, text: str) -> None:
        """Add a comment to an issue."""


def begins_with(marker: str, body: object) -> bool:
    """Check whether a text of the host has the marker as its first line: quoted further down it means nothing."""
    return isinstance(body, str) and body.lstrip("\ufeff \t\r\n").split("\n", 1)[0].strip() == marker
