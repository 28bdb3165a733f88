"""Signals as something that one can wait for."""

import os
import select
import signal
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopAsked(Exception):
    """The person asked to stop while the studio was still starting."""


class SignalBox:
    """Counts the requests to stop, and sleeps until one comes, a child ends or the time is over.

    For the main thread. Handlers only count; all work is done by whoever waits.
    """

    def __init__(self) -> None:
        self.stops = 0
        self._old: dict[signal.Signals, object] = {}

    def __enter__(self) -> "SignalBox":
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        self._old_wakeup = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            self._old[number] = signal.signal(number, self._count)
        self._old[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _nothing)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._old.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        signal.set_wakeup_fd(self._old_wakeup)
        os.close(self._reader)
        os.close(self._writer)

    def sleep(self, seconds: float) -> None:
        """Sleep at most so long; any signal ends it."""
        # Unlike select(), it takes a descriptor of any number.
        waiting = select.poll()
        waiting.register(self._reader, select.POLLIN)
        if waiting.poll(max(0.0, seconds) * 1000):
            os.read(self._reader, 4096)

    def sleep_or_stop(self, seconds: float) -> None:
        """The same, for the start: a request to stop ends the start itself."""
        if not self.stops:
            self.sleep(seconds)
        if self.stops:
            raise StopAsked

    def _count(self, number: int, _frame: FrameType | None) -> None:
        # A closing terminal may hang up several times, and means it once.
        if number != signal.SIGHUP or not self.stops:
            self.stops += 1


def _nothing(number: int, _frame: FrameType | None) -> None:
    """The wake-up alone is the message; the default would not even wake."""
