"""
When a request may be sent again, and after how long: pure, the clock and the dice are arguments.

    what came of it                     read and token      write
    429 too many requests               again               again: refused before anything was done
    not sent (refused, no route)        again               again: nothing was sent
    500 502 503 504                     again               never: it may have happened
    no answer (timed out, cut off)      again               never: it may have happened
    401                                 once, with a new token, for both: the gateway refused it (client.py)
    anything else                       never               never

"Write" is POST, PATCH and DELETE alike: a PATCH repeated after a lost answer would meet its own new etag. What to do
when a write may have happened is the business of apply, which looks first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

SERVER_TROUBLE = frozenset({500, 502, 503, 504})
THROTTLING = frozenset({429, 500, 503})  # many simultaneous calls can surface as 500 [TR]


class Trouble(StrEnum):
    THROTTLED = "throttled"
    UNSENT = "unsent"
    FAILED = "failed"
    LOST = "lost"


def trouble(status: int) -> Trouble | None:
    """What kind of trouble an HTTP status is, None if repeating cannot help."""
    if status == 429:
        return Trouble.THROTTLED
    return Trouble.FAILED if status in SERVER_TROUBLE else None


def can_repeat(kind: Trouble, *, writes: bool) -> bool:
    """The table above."""
    return not writes or kind in (Trouble.THROTTLED, Trouble.UNSENT)


def may_have_happened(status: int) -> bool:
    """Whether a write with this answer may have changed something all the same."""
    return status < 400 or status == 408 or status >= 500


@dataclass(frozen=True)
class Backoff:
    """How often and how long (seconds): waits doubling from `first` up to `longest`, all within `total`."""

    tries: int = 5
    first: float = 0.5
    longest: float = 60.0
    total: float = 180.0

    def wait_seconds(self, tried: int, dice: float, line: float | None) -> float:
        """
        Seconds before the next try, after `tried` tries.

        Without a wish of the service full jitter: anything up to the doubled wait, so that parallel callers do not
        come back together. With one, that and a little more, for the same reason. `dice` is in [0, 1).
        """
        if line is not None:
            return min(line, self.longest) + dice * self.first
        return dice * min(self.longest, self.first * 2.0 ** (tried - 1))


def retry_after(text: str | None, now: float) -> float | None:
    """
    Seconds a `Retry-After` header asks for, 0 for a moment already past, None if there is none that can be read.

    `now` is the service's time in seconds since 1970 (its Date header), so a clock that is wrong here does no harm.
    Both forms are standard; integer seconds are what other Adobe APIs behind this gateway document [GW].
    """
    if text is None:
        return None
    if re.fullmatch(r"\s*[0-9]{1,9}\s*", text):
        return float(text)
    at = http_date(text)
    return None if at is None else max(0.0, at.timestamp() - now)


def http_date(text: str | None) -> datetime | None:
    """The moment an HTTP date names, in UTC, or None if it names none."""
    try:
        found = parsedate_to_datetime(text or "")
    except (ValueError, TypeError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
