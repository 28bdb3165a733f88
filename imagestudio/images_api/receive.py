"""Turns an answer on the wire into an `Answer` on disk, or into the error that it stands for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import requests
from urllib3.exceptions import HTTPError

from imagestudio.images_api.bodies import AnswerBody, BodyKind, read_bounded
from imagestudio.images_api.calls import Call
from imagestudio.images_api.causes import cause_of
from imagestudio.images_api.codings import Read
from imagestudio.images_api.decode import (
    MAX_PICTURE_BYTES,
    BodyReader,
    DecodedBody,
    PictureReader,
    disk_errors_told,
)
from imagestudio.images_api.errors import ImagesApiError, OutcomeUnknown, UnusableAnswer
from imagestudio.images_api.fetch import UrlFetcher
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.redaction import redact_document
from imagestudio.images_api.replies import ReplyHead, error_of_reply
from imagestudio.images_api.stream import OnPartial, StreamReader
from imagestudio.images_api.types import Answer, Usage

MAX_ERROR_BYTES = 256 * 1024


class Reader(Protocol):
    """Takes a body from the socket, and makes sense of it when it is whole."""

    @property
    def byte_count(self) -> int: ...

    def read_all(self, read: Read, gate: AbstractContextManager[Any]) -> None: ...

    def finish(self) -> DecodedBody: ...


@dataclass(frozen=True, slots=True)
class Receiver:
    """Reads the answer of one call."""

    provider: Provider
    body_gate: AbstractContextManager[Any]
    max_body_bytes: int
    into: Path
    call: Call

    def receive(
        self, head: ReplyHead, response: requests.Response, n: int, on_partial: OnPartial | None
    ) -> Answer:
        """Read an answer as what it is, whatever was asked for."""
        # Events are read as they come; everything else in large pieces.
        read = self._reading(response.raw.read1 if head.is_event_stream else response.raw.read)
        coding = response.headers.get("Content-Encoding", "")
        with AnswerBody(read, coding, self.into, max_bytes=self.max_body_bytes) as body:
            try:
                with disk_errors_told():
                    reader = self._read(body, head, response, n, on_partial)
                    if not reader.byte_count and not _has_known_length(response):
                        raise _broken(EOFError(), self.call)
                    decoded = reader.finish()
            except (OutcomeUnknown, UnusableAnswer) as error:
                error.http_status, error.request_id = head.status, head.request_id
                raise
            body.is_good = not any(image.problem for image in decoded.images)
        return self._answer(head, decoded)

    def _read(
        self,
        body: AnswerBody,
        head: ReplyHead,
        response: requests.Response,
        n: int,
        on_partial: OnPartial | None,
    ) -> Reader:
        label = response.headers.get("Content-Type", "")
        if not head.is_event_stream:
            with self.body_gate:
                reader = self._reader(body.kind(label), head, n, on_partial)
                reader.read_all(body.read, nullcontext())
                return reader
        # The gate is for work; what comes in its own time must not keep the others waiting.
        reader = self._reader(body.kind(label), head, n, on_partial)
        reader.read_all(body.read, self.body_gate)
        return reader

    def _reader(
        self, kind: BodyKind, head: ReplyHead, n: int, on_partial: OnPartial | None
    ) -> Reader:
        fetch = UrlFetcher(self.provider, self.call, max_bytes=MAX_PICTURE_BYTES)
        match kind:
            case BodyKind.PICTURE:
                return PictureReader(self.into, max_bytes=MAX_PICTURE_BYTES)
            case BodyKind.DOCUMENT:
                return BodyReader(self.into, max_bytes=self.max_body_bytes, fetch=fetch)
            case BodyKind.EVENTS | BodyKind.LINES:
                return StreamReader(
                    self.into,
                    head,
                    n=n,
                    on_partial=on_partial,
                    max_bytes=self.max_body_bytes,
                    fetch=fetch,
                    is_lines=kind is BodyKind.LINES,
                )

    def _reading(self, read: Callable[..., bytes | None]) -> Callable[[int], bytes]:
        """Give a way to read the body that says in our own terms how it broke off."""

        def reading(size: int) -> bytes:
            try:
                piece = read(size, decode_content=False) or b""
            except (HTTPError, OSError) as error:
                failure = _broken(error, self.call)
            else:
                # What we cut ourselves may look like an ordinary end.
                if piece or not self.call.is_cut:
                    return piece
                failure = _broken(EOFError(), self.call)
            raise failure

        return reading

    def _answer(self, head: ReplyHead, decoded: DecodedBody) -> Answer:
        body = redact_document(decoded.document)
        created = body.get("created")
        return Answer(
            http_status=head.status,
            request_id=head.request_id,
            created=created if type(created) is int else None,
            images=decoded.images,
            usage=Usage.of_answer(body),
            body=body,
            bytes_received=decoded.byte_count,
            duration_s=round(self.call.elapsed_s, 3),
            processing_ms=head.processing_ms,
            rate_limits=head.rate_limits,
        )


def read_error(head: ReplyHead, response: requests.Response) -> ImagesApiError:
    """Read the body of an answer that is no success, as far as it matters."""
    body = bytearray()
    is_whole = True
    try:
        read_said(response, MAX_ERROR_BYTES, body)
    except (HTTPError, OSError):
        is_whole = False
    return error_of_reply(head, bytes(body), is_whole=is_whole)


def read_said(response: requests.Response, max_bytes: int, text: bytearray) -> None:
    """Add what an answer without pictures says, unpacked, up to so many bytes."""

    def read(size: int) -> bytes:
        return response.raw.read(size, decode_content=False) or b""

    read_bounded(read, response.headers.get("Content-Encoding", ""), max_bytes, text)


def _has_known_length(response: requests.Response) -> bool:
    """Whether the end of the body says that it was whole; a mere close says nothing."""
    return "Content-Length" in response.headers or "Transfer-Encoding" in response.headers


def _broken(error: Exception, call: Call) -> OutcomeUnknown:
    code, words = cause_of(error, call)
    return OutcomeUnknown(f"The request was sent, but no whole answer came: {words}.", code=code)
