"""
What a run is doing, on stderr: one line that moves on a terminal, a plain line now and then elsewhere.

    on a terminal      ⠹ reading flows, page 3            a third of a second after a request began
    elsewhere          reading flows, page 3 (5 s)        after 5 seconds, then every 10

The line on a terminal is erased before anything else is written, also after an interrupt. A thread draws it; `tick` is
all that this thread does, so that tests call it with a clock of their own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from exportctl.cli.streams import OutputStream
from exportctl.clock import elapsed_seconds
from exportctl.output.wrapping import count_cells

FIRST_DRAWING = 0.3  # seconds that a request may take before a terminal shows it
FIRST_LINE, NEXT_LINE = 5.0, 10.0  # seconds until the first plain line, and between two
_LINGER = 0.2  # seconds for which the line stays between two requests
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ERASE = "\r\x1b[K"
_BAR = 20  # cells


class Progress:
    """A line of progress; safe to use from several threads. `width` returns None without a terminal to draw on."""

    def __init__(
        self,
        stream: OutputStream,
        width: Callable[[], int | None],
        seconds: Callable[[], float] = elapsed_seconds,
        rate: float = 0.1,
    ):
        self.is_off = False
        self._stream = stream
        self._width = width
        self._seconds = seconds
        self._rate = rate  # seconds between two ticks; 0: no thread, `tick` is called by a test
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._text = ""
        self._running = 0
        self._changed = self._began = self._last_line = float("-inf")
        self._waits_until = float("-inf")
        self._steps: tuple[int, int] | None = None
        self._is_drawn = False
        self._frame = 0

    @property
    def is_drawing(self) -> bool:
        """Whether a terminal shows the line."""
        return not self.is_off and self._width() is not None

    def begin(self, text: str) -> None:
        """Say what begins now. It ends with a call of `end`."""
        with self._lock:
            now = self._seconds()
            if self._began == float("-inf"):
                self._began = self._last_line = now
            self._changed = self._changed if self._running else now
            self._running, self._text = self._running + 1, text
            self._waits_until = float("-inf")
        self._start_ticking()

    def end(self) -> None:
        with self._lock:
            self._running -= 1
            self._changed = self._changed if self._running else self._seconds()

    def announce_wait(self, seconds: float) -> None:
        """Say that the service asks to wait, for that time or until something begins."""
        with self._lock:
            self._text, self._waits_until = f"asked to wait {seconds:.0f} s", self._seconds() + seconds

    @contextmanager
    def count_steps(self, total: int) -> Iterator[Callable[[], None]]:
        """Show a bar until the end of the `with`; yield the function that counts one more step."""

        def count() -> None:
            with self._lock:
                done = self._steps[0] if self._steps else 0
                self._steps = (done + 1, total)

        self._steps, self._began = (0, total), self._seconds()
        self.tick()  # at once: a short apply ends before the next one
        self._start_ticking()
        try:
            yield count
        finally:
            self._steps = None
            with self.erase_line():
                pass

    @contextmanager
    def erase_line(self) -> Iterator[None]:
        """Erase the line, and draw nothing until the end of the `with`."""
        with self._lock:
            if self._is_drawn:
                self._is_drawn = False
                self._stream.write(_ERASE)
            yield

    def close(self) -> None:
        """Erase the line for good."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        with self.erase_line():
            pass

    def tick(self) -> None:
        """Draw the line, or write one, if it is time."""
        with self._lock:
            now, width = self._seconds(), self._width()
            if width is None:
                self._write_line(now)
            elif self._is_due(now):
                self._draw(now, width)
            else:
                with self.erase_line():
                    pass

    def _start_ticking(self) -> None:
        if self.is_off or not self._rate or self._thread is not None:
            return
        self._thread = threading.Thread(target=self._tick_until_ended, daemon=True)
        self._thread.start()

    def _tick_until_ended(self) -> None:
        while not self._ended.wait(self._rate):
            self.tick()

    def _is_due(self, now: float) -> bool:
        if self._steps or now < self._waits_until:
            return True
        since = now - self._changed
        return (
            since >= FIRST_DRAWING if self._running and not self._is_drawn else bool(self._running) or since < _LINGER
        )

    def _draw(self, now: float, width: int) -> None:
        self._frame = (self._frame + 1) % len(_FRAMES)
        text = f"{_FRAMES[self._frame]} {self._bar_text(now) if self._steps else self._text}"
        while count_cells(text) >= width:
            text = text[:-1]
        self._is_drawn = True
        self._stream.write(f"\r{text}\x1b[K")

    def _bar_text(self, now: float) -> str:
        done, total = self._steps or (0, 1)
        full = _BAR * done // max(total, 1)
        return f"applying {'━' * full}{'┄' * (_BAR - full)} {done}/{total}  {now - self._began:.0f} s"

    def _write_line(self, now: float) -> None:
        waited = NEXT_LINE if self._last_line > self._began else FIRST_LINE
        if self._running and not self._steps and now - self._last_line >= waited:
            self._last_line = now
            self._stream.write(f"{self._text} ({now - self._began:.0f} s)\n")
