"""A program that speaks to the gateway without a socket: what it sends, what comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from imagestudio.web.ear import Ear
from jobs.gateway.server.app import Gateway

HOST = "127.0.0.1"
PATIENCE_S = 30.0
MODEL = "gpt-image-2.6-flare"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The envelope's content; fails when the answer has none."""
        document = self.json()
        assert set(document) == {"error"}
        assert set(document["error"]) >= {"message", "type", "param", "code"}
        return dict(document["error"])

    @property
    def job_id(self) -> str:
        return self.headers["x-studio-job-id"]

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        blocks = self.body.decode().strip().split("\n\n")
        lines = [block.split("\n") for block in blocks if not block.startswith(":")]
        return [(name.removeprefix("event: "), json.loads(data[6:])) for name, data in lines]


@dataclass
class Exchange:
    """One request and what is sent back, as an ASGI server would carry it."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: Iterable[bytes] = (b"",)
    client: str = HOST

    def __post_init__(self) -> None:
        self._pieces = list(self.pieces)
        self._gone = asyncio.Event()
        self.sent: list[MutableMapping[str, Any]] = []
        self.first_byte = asyncio.Event()

    @property
    def scope(self) -> dict[str, Any]:
        parts = urlsplit(self.target)
        headers = {"host": HOST, **{name.lower(): value for name, value in self.headers.items()}}
        return {
            "type": "http",
            "method": self.method,
            "path": parts.path,
            "query_string": parts.query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": (self.client, 50000),
            "scheme": "http",
        }

    async def receive(self) -> MutableMapping[str, Any]:
        if self._pieces:
            piece = self._pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(self._pieces)}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self.sent.append(message)
        self.first_byte.set()

    def hang_up(self) -> None:
        self._gone.set()

    def answer(self) -> Answer:
        head = self.sent[0]
        headers = {name.decode(): value.decode("latin-1") for name, value in head["headers"]}
        body = b"".join(message["body"] for message in self.sent[1:])
        is_whole = len(self.sent) > 1 and not self.sent[-1].get("more_body", False)
        return Answer(head["status"], headers, body, is_whole)


Meanwhile = Callable[[Exchange], Awaitable[None]]


@dataclass(frozen=True)
class Program:
    """Has a key (or none) and sends requests with it."""

    secret: str = ""

    def call(
        self,
        method: str,
        target: str,
        document: object = None,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        client: str = HOST,
        meanwhile: Meanwhile | None = None,
    ) -> Answer:
        """Send one request; `meanwhile` goes on beside it, as workers and other people do."""
        sent = dict(headers or {})
        if self.secret:
            sent.setdefault("Authorization", f"Bearer {self.secret}")
        if document is not None:
            sent.setdefault("Content-Type", "application/json")
            body = json.dumps(document).encode()

        return self.together([Exchange(method, target, sent, [body], client)], meanwhile)[0]

    def together(
        self, exchanges: list[Exchange], meanwhile: Meanwhile | None = None
    ) -> list[Answer]:
        """Send several at once to one gateway; `meanwhile` sees the first of them."""
        asyncio.run(_serve([(each, None) for each in exchanges[1:]] + [(exchanges[0], meanwhile)]))
        return [each.answer() for each in exchanges]

    def generation(self, headers: Mapping[str, str] | None = None, **fields: object) -> Exchange:
        body = json.dumps({"model": MODEL, "prompt": "an otter", **fields}).encode()
        sent = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"}
        return Exchange("POST", "/v1/images/generations", sent | dict(headers or {}), [body])


async def _serve(talks: list[tuple[Exchange, Meanwhile | None]]) -> None:
    gateway = Gateway(Ear())
    await gateway.start()
    try:
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
            for exchange, meanwhile in talks:
                group.create_task(gateway(exchange.scope, exchange.receive, exchange.send))
                if meanwhile is not None:
                    group.create_task(_run(meanwhile, exchange))
    finally:
        await gateway.stop()


async def _run(meanwhile: Meanwhile, exchange: Exchange) -> None:
    await meanwhile(exchange)
