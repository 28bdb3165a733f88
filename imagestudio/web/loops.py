"""Loops that nothing ends: what a step raises is logged with the loop's name, and it goes on."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager

import psycopg

from imagestudio.web.database import release_connection
from imagestudio.web.errors import is_away

logger = logging.getLogger(__name__)

# Of disks and networks, and of PostgreSQL where it is asked without Django.
_OUTAGES = (OSError, psycopg.OperationalError, psycopg.InterfaceError)
# A disk that is there does not have what our code looks for.
_NO_OUTAGES = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError)


def every(
    pause_s: float, stop: threading.Event | None = None, *, at_once: bool = True
) -> Iterator[None]:
    """Now, and again so long after each step was done, until `stop` is set."""
    stop = stop or threading.Event()
    if not at_once:
        stop.wait(pause_s)
    while not stop.is_set():
        yield
        stop.wait(pause_s)


def keep_doing(name: str, step: Callable[[], object], times: Iterable[object]) -> None:
    """Do the step each time, in this thread."""
    for _ in times:
        with _survived(name):
            try:
                step()
            except Exception:
                release_connection()  # The next time gets one that works.
                raise


def keep_doing_aside(
    name: str, step: Callable[[], object], times: Iterable[object]
) -> threading.Thread:
    """Do it in a thread of its own, which ends with its process.

    Between two steps the thread keeps no connection to the database.
    """

    def step_tidily() -> None:
        try:
            step()
        finally:
            release_connection()

    thread = threading.Thread(
        target=keep_doing, args=(name, step_tidily, times), name=name, daemon=True
    )
    thread.start()
    return thread


class AsyncLoop:
    """The same as a task. Belongs to one event loop, and ends with it or when it is stopped."""

    def __init__(
        self,
        name: str,
        step: Callable[[], Awaitable[object]],
        pause_s: Callable[[], float],
    ) -> None:
        self._name = name
        self._step = step
        self._pause_s = pause_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        task, self._task = self._task, None
        while task is not None and not task.done():
            # Once is not always enough: a connection that is just being made may swallow it.
            task.cancel()
            await asyncio.wait([task], timeout=0.5)

    async def _run(self) -> None:
        while True:
            with _survived(self._name):
                await self._step()
            await asyncio.sleep(self._pause_s())


def is_outage(error: Exception) -> bool:
    """Whether an engine, a disk or a network is away: it is known, and worth no traceback."""
    return is_away(error) or (isinstance(error, _OUTAGES) and not isinstance(error, _NO_OUTAGES))


@contextmanager
def _survived(name: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # Whatever it was: nobody else does what the loop is there for.
        if not is_outage(error):
            logger.exception("the loop %r goes on after an error that nobody foresaw", name)
            return
        words = str(error).partition("\n")[0][:200]
        logger.warning("the loop %r goes on after %s: %s", name, type(error).__name__, words)
