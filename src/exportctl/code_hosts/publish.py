"""
Keep one comment or one issue for one marker: create it, replace it in place, or close it.

    own posts with the marker     comment              issue, open             issue, closed
    none                          create               create                  nothing to close
    one or more, open             replace the oldest   replace the oldest      explain and close each
    only closed ones                                   reopen the newest       nothing to close

A post of another author is left as it is and named: a person can copy our marker to mislead reviewers. A
closed issue is reopened, because its link, its subscribers and its history are where people look for it.

If the answer to a create is lost, exportctl looks for the post for a while. It never sends a second create: without the
post the command fails, and the next run finds what was made in the meantime.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum

from exportctl.clock import Clock
from exportctl.code_hosts.cut_text import cut_markdown
from exportctl.code_hosts.post import CommentHost, IssueHost, Post, UncertainWrite
from exportctl.frozen import dataclass

LOOKS_AFTER_LOSS = (1.0, 3.0, 6.0)  # seconds before each look for a post with a lost answer
DUPLICATE = "This comment of exportctl is a duplicate. The first one is kept up to date."


class Publication(StrEnum):
    """What was done."""

    CREATED = "created"
    UPDATED = "updated"
    REOPENED = "reopened"
    CLOSED = "closed"
    UNCHANGED = "unchanged"
    NOTHING_TO_CLOSE = "nothing to close"


@dataclass(frozen=True)
class Published:
    """The result: `others` are the authors of posts that carry the same marker and were left alone."""

    done: Publication
    address: str = ""
    others: tuple[str, ...] = ()
    is_cut: bool = False


def publish_comment(host: CommentHost, marker: str, body: str, clock: Clock) -> Published:
    """Create the comment with this marker, or replace its text."""
    text = cut_markdown(body, host.limit)
    own, others = _split_posts(host.list_comments(marker))
    if not own:
        made = _create(lambda: host.create_comment(marker, text), lambda: host.list_comments(marker), clock)
        return Published(Publication.CREATED, made.address, others, text != body)
    for duplicate in own[1:]:
        host.update_comment(duplicate, DUPLICATE)
    if own[0].body != text:
        host.update_comment(own[0], text)
    done = Publication.UNCHANGED if own[0].body == text else Publication.UPDATED
    return Published(done, own[0].address, others, text != body)


def publish_issue(host: IssueHost, marker: str, title: str, body: str, clock: Clock) -> Published:
    """Open the issue with this marker, or replace its title and text, and reopen it if it is closed."""
    text = cut_markdown(body, host.issue_limit)
    own, others = _split_posts(host.list_issues(marker))
    if not own:
        made = _create(lambda: host.create_issue(marker, title, text), lambda: host.list_issues(marker), clock)
        return Published(Publication.CREATED, made.address, others, text != body)
    kept = next((post for post in own if post.is_open), own[-1])
    host.update_issue(kept, title, text, is_open=True)
    done = Publication.UPDATED if kept.is_open else Publication.REOPENED
    return Published(done, kept.address, others, text != body)


def close_issue(host: IssueHost, marker: str, title: str, body: str, reason: str) -> Published:
    """Close every open issue with this marker, with a comment that says why."""
    text = cut_markdown(body, host.issue_limit)
    own, others = _split_posts(host.list_issues(marker))
    still_open = [post for post in own if post.is_open]
    for post in still_open:
        host.explain_issue(post, reason)
        host.update_issue(post, title, text, is_open=False)
    if not still_open:
        return Published(Publication.NOTHING_TO_CLOSE, "", others)
    return Published(Publication.CLOSED, still_open[0].address, others, text != body)


def _create(create: Callable[[], Post], look: Callable[[], Iterable[Post]], clock: Clock) -> Post:
    """Create a post. If the answer is lost, look for the post and raise the error only if it is not there."""
    try:
        return create()
    except UncertainWrite as error:
        for seconds in LOOKS_AFTER_LOSS:
            clock.sleep(seconds)
            own, _ = _split_posts(look())
            if own:
                return own[0]
        error.hint = "it may exist all the same: run the command again, it finds the post and replaces it"
        raise


def _split_posts(posts: Iterable[Post]) -> tuple[Sequence[Post], tuple[str, ...]]:
    """Return our own posts, and the authors of the others."""
    found = list(posts)
    return [p for p in found if p.is_own], tuple(dict.fromkeys(p.author for p in found if not p.is_own))
