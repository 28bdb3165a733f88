"""The way back to a client: heads with what every answer carries, and bodies piece by piece."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import IO

import pybase64
from django.conf import settings

from imagestudio.web.chunked import Receive, Send
from jobs.gateway.api.calls import ApiCall
from jobs.gateway.api.errors import ErrorAnswer
from jobs.gateway.api.outcome import Parts
from jobs.gateway.api.replies import ApiResponse

# A multiple of three is encoded without padding, so the pieces make one text.
PIECE = 768 * 1024
_ALWAYS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "openai-version": "2020-10-01",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class ClientConnection:
    """One request's connection. Once a head has gone out, the status can't be changed."""

    def __init__(self, call: ApiCall, receive: Receive, send: Send) -> None:
        self.call = call
        self.has_begun = False
        self.is_gone = False
        self.was_heard = False  # All of the answer was sent to a client that was there.
        self._watching: asyncio.Task[None] | None = None
        self._receive = receive
        self._send = send
        self._headers: dict[str, str] = {}

    def add(self, headers: Mapping[str, str]) -> None:
        """Headers that go with whatever the answer will be."""
        self._headers |= headers

    @property
    def receive(self) -> Receive:
        return self._receive

    def watch(self) -> asyncio.Task[None]:
        """Notice when the client goes; only once its body is read. The task ends then."""
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())
        return self._watching

    async def stop_watching(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.is_gone = True

    async def reply(self, reply: ApiResponse) -> None:
        await self._whole(reply.status, json.dumps(reply.document).encode(), reply.headers)

    async def fail(self, error: ErrorAnswer) -> None:
        headers = error.all_headers()
        if error.status in (408, 413):
            headers["connection"] = "close"  # What was not read is not the next request.
        await self._whole(error.status, error.body(), headers)

    async def begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.has_begun = True
        elapsed_ms = round((time.monotonic() - self.call.began_at) * 1000)
        fields = {
            **_ALWAYS,
            "x-request-id": self.call.request_id,
            "openai-processing-ms": str(elapsed_ms),
            **self._headers,
            **headers,
        }
        if settings.IS_PUBLIC:
            fields["strict-transport-security"] = f"max-age={settings.SECURE_HSTS_SECONDS}"
        pairs = [(name.encode(), _plain(value)) for name, value in fields.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": pairs})

    async def write(self, data: bytes) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, data: bytes = b"") -> None:
        await asyncio.sleep(0)  # What is known of the client's going is told to us first.
        await self._send({"type": "http.response.body", "body": data})
        # Looked at before anything else runs: a server says that everybody is gone, once all is
        # sent.
        self.was_heard = not self.is_gone

    async def write_parts(self, parts: Parts) -> None:
        """The texts with the files between them, as base64, never more than a piece in memory."""
        for number, text in enumerate(parts.texts):
            await self.write(text)
            if number < len(parts.files):
                await self._write_base64(parts.files[number])

    async def _write_base64(self, file: IO[bytes]) -> None:
        # The file was read a moment ago, to check it: what comes here comes from memory.
        while data := file.read(PIECE):
            await self.write(pybase64.b64encode(data))

    async def _whole(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        kinds = {"content-type": "application/json", "content-length": str(len(body))}
        await self.begin(status, {**kinds, **headers})
        await self.end(b"" if self.call.method == "HEAD" else body)


def _plain(value: str) -> bytes:
    """A header holds one line of Latin-1, whatever a stranger's text may hold."""
    return "".join(c if c.isprintable() else " " for c in value).encode("latin-1", "replace")
