"""What a run shows of its requests: the line of progress, and with `-v` and `-vv` each request when it has ended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from exportctl.cli.progress import Progress
from exportctl.client.guard import SecretGuard

if TYPE_CHECKING:
    from exportctl.client.transport import Answer, NoAnswer, Request

_LINES, _BODIES = 1, 2  # how often -v was given


class RequestView:
    """
    An observer of requests; safe to use from several threads.

    The embedded emulator has no progress: it answers at once, and its waits take no time.
    """

    def __init__(self, progress: Progress, verbosity: int, say: Callable[[str], None], guard: SecretGuard):
        self._progress = progress
        self._verbosity = verbosity
        self._say = say
        self._guard = guard
        self._pages: dict[str, set[str]] = {}
        self._lock = threading.Lock()

    def begin_request(self, request: Request) -> None:
        if not _is_embedded(request):
            self._progress.begin(self._text(request))

    def end_request(self, request: Request, got: Answer | NoAnswer, seconds: float) -> None:
        from exportctl.client import trace

        if not _is_embedded(request):
            self._progress.end()
        if self._verbosity >= _LINES:
            lines = [trace.request_text(request, got, seconds, self._guard.mask)]
            lines += trace.body_texts(request, got, self._guard.mask) if self._verbosity >= _BODIES else []
            self._say("\n  ".join(lines))

    def _text(self, request: Request) -> str:
        """Return what the request does; for a further page of a list also which one."""
        from exportctl.client import trace

        words, url = trace.activity_text(request), urlsplit(request.url)
        with self._lock:
            pages = self._pages.setdefault(url.path, set())
            pages.add(url.query)
            number = len(pages)
        return f"{words}, page {number}" if number > 1 else words


def _is_embedded(request: Request) -> bool:
    from exportctl.workflows.connect import EMBEDDED_URL

    return request.url.startswith(f"{EMBEDDED_URL}/")
