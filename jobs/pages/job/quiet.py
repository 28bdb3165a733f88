"""Polls that have nothing to tell, answered without Django: most of all requests are of this kind.

The view says whom and which jobs its answer is about. Until the bell rings for one of them, the
same question gets the same 304, for a few seconds at most: what no bell tells, like a place in the
queue or the end of a session, is never missed for longer.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

from django.http import HttpRequest

from imagestudio.web.chunked import App, Message, Receive, Scope, Send
from imagestudio.web.ear import Ear

PATH = "/jobs/updates"
REMEMBERED_S = 10.0
MOST_REMEMBERED = 5_000
_NEVER = float("-inf")
_SUBJECTS = "studio.subjects"
_OF_A_BODY = (b"content-type", b"content-length")

Headers = tuple[tuple[bytes, bytes], ...]
# A hash of who asks (by cookie), where, for what, and what they have: each may be long.
Question = bytes


def is_about(request: HttpRequest, subjects: Iterable[UUID]) -> None:
    """For the view: the answer stays as it is until the bell rings for one of these."""
    scope = getattr(request, "scope", None)
    if scope is not None:
        scope[_SUBJECTS] = frozenset(subjects)


@dataclass(frozen=True, slots=True)
class Silence:
    """A 304 that may be given again."""

    headers: Headers
    subjects: frozenset[UUID]
    asked_at: float


class QuietPolls:
    """Stands before the pages on one event loop, and answers what it knows to be unchanged."""

    def __init__(self, pages: App, ear: Ear) -> None:
        self._pages = pages
        self._ear = ear
        ear.pass_on(self._note)
        self._silences: OrderedDict[Question, Silence] = OrderedDict()
        self._rung_at: OrderedDict[UUID, float] = OrderedDict()
        self._forgot_rings_at = _NEVER

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        question = _question(scope)
        if question is None:
            await self._pages(scope, receive, send)
            return
        silence = self._silences.get(question)
        if silence is not None and self._holds(silence):
            await _say_nothing_new(send, silence.headers)
            return
        self._silences.pop(question, None)
        await self._ask(question, scope, receive, send)

    async def _ask(self, question: Question, scope: Scope, receive: Receive, send: Send) -> None:
        asked_at = asyncio.get_running_loop().time()

        async def pass_on(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 304:
                self._remember(question, message, scope.get(_SUBJECTS), asked_at)
            await send(message)

        await self._pages(scope, receive, pass_on)

    def _remember(
        self, question: Question, start: Message, subjects: frozenset[UUID] | None, asked_at: float
    ) -> None:
        headers = tuple((name.lower(), value) for name, value in start["headers"])
        if subjects is None or any(name == b"set-cookie" for name, _ in headers):
            return
        kept = tuple((name, value) for name, value in headers if name not in _OF_A_BODY)
        self._silences[question] = Silence(kept, subjects, asked_at)
        self._forget(asked_at - REMEMBERED_S)

    def _forget(self, before: float) -> None:
        """What is too old to be given again, and what is too much; the oldest are first."""
        while len(self._silences) > MOST_REMEMBERED or (
            self._silences and next(iter(self._silences.values())).asked_at < before
        ):
            self._silences.popitem(last=False)

    def _holds(self, silence: Silence) -> bool:
        asked_at = silence.asked_at
        return (
            asyncio.get_running_loop().time() - asked_at < REMEMBERED_S
            and self._ear.has_heard_since(asked_at)
            and self._forgot_rings_at < asked_at
            and all(self._rung_at.get(each, _NEVER) < asked_at for each in silence.subjects)
        )

    def _note(self, subject: UUID, news: str) -> None:
        self._rung_at[subject] = asyncio.get_running_loop().time()
        self._rung_at.move_to_end(subject)
        if len(self._rung_at) > MOST_REMEMBERED:
            _, self._forgot_rings_at = self._rung_at.popitem(last=False)


def _question(scope: Scope) -> Question | None:
    """What a silence is remembered by; None for every other request."""
    if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "GET":
        return None
    headers = dict(scope["headers"])
    host, cookie, etag = (headers.get(n, b"") for n in (b"host", b"cookie", b"if-none-match"))
    if not cookie or not etag:
        return None
    digest = blake2b(digest_size=32)
    for part in (cookie, host, scope["query_string"], etag):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


async def _say_nothing_new(send: Send, headers: Headers) -> None:
    await send({"type": "http.response.start", "status": 304, "headers": list(headers)})
    await send({"type": "http.response.body", "body": b""})
