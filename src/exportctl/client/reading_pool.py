"""Threads that read. An interrupt does not wait for them: a read changes nothing, and a silent server takes minutes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any

PATIENCE = 1.0  # seconds that an interrupt waits for requests under way


class ReadingPool(ThreadPoolExecutor):
    """A pool of threads; an interrupt leaves its `with` within a second. The process must end then."""

    def __init__(self, size: int):
        super().__init__(size)
        self._futures: list[Future[Any]] = []

    def submit(self, call: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        future = super().submit(call, *args, **named)
        self._futures.append(future)
        return future

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            self.shutdown(wait=False, cancel_futures=True)
            wait(self._futures, timeout=PATIENCE)
        else:
            self.shutdown()
