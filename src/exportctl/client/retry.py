"""
Decide when a request may be sent again, and after how many seconds. Pure: the clock and the dice are arguments.

    result                              read and token      write
    429 too many requests               repeat              repeat: the service refused it and did nothing
    not sent (refused, no route)        repeat              repeat: nothing was sent
    500 502 503 504                     repeat              never: it may have happened
    no answer (timed out, cut off)      repeat              never: it may have happened
    401                                 repeat once with a new token (client.py): the gateway refused the token
    anything else                       never               never

A write is a POST, PATCH or DELETE. A PATCH that is repeated after a lost answer would meet its own new etag.
When a write may have happened, apply reads the object first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

SERVER_TROUBLE = frozenset({500, 502, 503, 504})
THROTTLING = frozenset({429, 500, 503})  # many parallel requests can cause a 500 [TR]


class Trouble(StrEnum):
    THROTTLED = "throttled"
    UNSENT = "unsent"
    FAILED = "failed"
    LOST = "lost"


def trouble(status: int) -> Trouble | None:
    """Return the kind of trouble that an HTTP status means, None if a repeat cannot help."""
    if status == 429:
        return Trouble.THROTTLED
    return Trouble.FAILED if status in SERVER_TROUBLE else None


def can_repeat(kind: Trouble, *, writes: bool) -> bool:
    """Decide by the table above."""
    return not writes or kind in (Trouble.THROTTLED, Trouble.UNSENT)


def may_have_happened(status: int) -> bool:
    """Check whether a write with this answer may have changed something."""
    return status < 400 or status == 408 or status >= 500


@dataclass(frozen=True)
class Backoff:
    """Number of tries and waits in seconds: waits double from `first` up to `longest`, all within `total`."""

    tries: int = 5
    first: float = 0.5
    longest: float = 60.0
    total: float = 180.0

    def wait_seconds(self, tried: int, dice: float, requested: float | None) -> float:
        """
        Return the seconds before the next try, after `tried` tries.

        `requested` are the seconds that the service asks for (Retry-After). Without them the wait is random, up to the
        doubled wait, so that parallel callers do not return at the same time. With them a small random part is added
        for the same reason. `dice` is in [0, 1).
        """
        if requested is not None:
            return min(requested, self.longest) + dice * self.first
        return dice * min(self.longest, self.first * 2.0 ** (tried - 1))


def retry_after(text: str | None, now: float) -> float | None:
    """
    Return the seconds that a `Retry-After` header asks for: 0 for a past moment, None without a readable header.

    `now` is the time of the service in seconds since 1970 (its Date header), so a wrong local clock does no harm.
    Both forms are standard; other Adobe APIs behind this gateway document whole seconds [GW].
    """
    if text is None:
        return None
    if re.fullmatch(r"\s*[0-9]{1,9}\s*", text):
        return float(text)
    at = http_date(text)
    return None if at is None else max(0.0, at.timestamp() - now)


def http_date(text: str | None) -> datetime | None:
    """Parse an HTTP date; return the moment in UTC, None if the text is not a date."""
    try:
        found = parsedate_to_datetime(text or "")
    except (ValueError, TypeError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
