"""The gateway's limit of requests in a minute, as a switch: no document of Adobe names one."""

from __future__ import annotations

from math import ceil

from exportctl.emulator.store import Store
from exportctl.emulator.wire import Answer, RequestRefused

WINDOW = 60  # seconds
_SETTING = "recent_requests"


def count_request(store: Store, limit: int, now: float) -> None:
    """
    Count a request; 0 is no limit.

    Raises:
        RequestRefused: 429 with Retry-After: the requests of the last minute are as many as the limit.
    """
    # rule: rate-limit
    if not limit:
        return
    recent = [moment for moment in store.get_setting(_SETTING, []) if now - WINDOW < moment <= now]
    if len(recent) >= limit:
        wait = max(1, ceil(recent[0] + WINDOW - now))
        body = {"error_code": "429050", "message": "Too many requests"}
        raise RequestRefused(Answer(429, body, (("Retry-After", str(wait)),)))
    store.set_setting(_SETTING, [*recent, now])
