"""A TCP proxy that can be cruel: refuse, fall silent, be slow, cut at a byte."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

CHUNK_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a connection was cut: these bytes were the first that did not arrive."""

    lost: bytes
    was_sent: bool  # By the studio; else it was told to it.

    def __str__(self) -> str:
        return f"{'sent' if self.was_sent else 'told'} {self.lost[:200]!r}"


def _never(data: bytes, is_ours: bool) -> bool:
    return False


class Proxy:
    """Stands between the studio's processes and one server; a context manager."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.port = 0
        self.sent_bytes = 0  # By the studio.
        self.answered_bytes = 0  # To the studio.
        self.cuts: list[Cut] = []
        self.last_trouble = 0.0  # By the wall's clock.
        self._delay_s = 0.0
        self._cut_at: Callable[[bytes, bool], bool] = _never
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def refuse(self) -> None:
        """Nobody is at home: connections are refused, and those that stand are reset."""
        self._do(self._refuse())

    def freeze(self) -> None:
        """Take everything, pass on nothing."""
        self._do(self._set_flow(False))

    @property
    def is_frozen(self) -> bool:
        return not self._flows.is_set()

    def reset(self) -> None:
        """Cut all connections that stand; new ones work."""
        self._do(self._reset())

    def slow(self, delay_s: float) -> None:
        self._delay_s = delay_s

    def cut_after_sending(self, count: int) -> None:
        """Reset the connection over which the studio has sent so many bytes more, once."""
        limit = self.sent_bytes + count
        self._cut_at = lambda data, is_ours: self.sent_bytes >= limit

    def cut_after_answering(self, count: int) -> None:
        """Reset the connection over which the studio was told so many bytes more, once."""
        limit = self.answered_bytes + count
        self._cut_at = lambda data, is_ours: self.answered_bytes >= limit

    def cut_at(self, text: bytes, *, sent: bool, after: int = 0) -> None:
        """Reset all connections in place of passing on this text, sent by the studio or told to it.

        It goes through so often `after`; then the cut comes, once.
        """
        seen = 0

        def is_it(data: bytes, is_ours: bool) -> bool:
            nonlocal seen
            if is_ours is sent and text in data:
                seen += 1
            return seen > after

        self._cut_at = is_it

    def freeze_after_sending(self, count: int) -> None:
        """Fall silent as soon as the studio has sent so many bytes more."""
        limit = self.sent_bytes + count

        def is_reached(data: bytes, is_ours: bool) -> bool:
            if self.sent_bytes >= limit:
                self._flows.clear()
                self._cut_at = _never
            return False

        self._cut_at = is_reached

    def heal(self) -> None:
        """Be an honest cable again."""
        if self._server is None or self.is_frozen:
            self.last_trouble = time.time()
        self._delay_s, self._cut_at = 0.0, _never
        self._do(self._set_flow(True))
        self._do(self._listen())

    def __enter__(self) -> Self:
        self._thread.start()
        self.heal()
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._refuse())
        self._do(self._end_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(
                self._connect, "127.0.0.1", self.port, reuse_address=True, backlog=512
            )
            self.port = self._server.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._reset()

    async def _reset(self) -> None:
        self.last_trouble = time.time()
        for writer in list(self._open):
            _abort(writer)
        # What waits to be passed on has nowhere to go any more.
        await asyncio.sleep(0)

    async def _end_all(self) -> None:
        ours = asyncio.all_tasks() - {asyncio.current_task()}
        for task in ours:
            task.cancel()
        await asyncio.gather(*ours, return_exceptions=True)

    async def _set_flow(self, flows: bool) -> None:
        if flows:
            self._flows.set()
        else:
            self._flows.clear()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            await self._flows.wait()
            there = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            _abort(writer)
            self._open.discard(writer)
            return
        self._open.add(there[1])
        try:
            ways = (self._pass_on(reader, there[1], True), self._pass_on(there[0], writer, False))
            await asyncio.gather(*ways)
        finally:
            for each in (writer, there[1]):
                self._open.discard(each)
                each.close()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_ours: bool
    ) -> None:
        try:
            while data := await reader.read(CHUNK_BYTES):
                await asyncio.sleep(self._delay_s)
                await self._flows.wait()
                self._count(len(data), is_ours)
                if self._cut_at(data, is_ours):
                    self._cut_at = _never
                    self.cuts.append(Cut(data, is_ours))
                    await self._reset()
                    return
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        except OSError:
            # Whoever was killed resets its side; the other must hear of it.
            _abort(writer)

    def _count(self, count: int, is_ours: bool) -> None:
        if is_ours:
            self.sent_bytes += count
        else:
            self.answered_bytes += count


def _abort(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    with suppress(OSError, AttributeError):
        # A RST, as from a machine that fell over.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    writer.transport.abort()
