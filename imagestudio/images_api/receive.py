"""Turns an answer on the wire into an `Answer` on disk, or into the error that it stands for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from imagestudio.images_api.calls import Call
from imagestudio.images_api.causes import cause_of
from imagestudio.images_api.decode import (
    MAX_PICTURE_BYTES,
    BodyReader,
    DecodedBody,
)
from imagestudio.images_api.errors import ImagesApiError, OutcomeUnknown, UnusableAnswer
from imagestudio.images_api.fetch import UrlFetcher
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.redaction import redact_document
from imagestudio.images_api.replies import ReplyHead, error_of_reply
from imagestudio.images_api.stream import OnPartial, StreamReader
from imagestudio.images_api.types import Answer, Usage

MAX_ERROR_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Receiver:
    """Reads the answer of one call."""

    provider: Provider
    body_gate: AbstractContextManager[Any]
    max_body_bytes: int
    into: Path
    call: Call

    def receive(self, head: ReplyHead, response: requests.Response) -> Answer:
        """Read an answer that comes at once."""
        fetch = None
        if self.provider.answers == "url":
            fetch = UrlFetcher(self.provider, self.call, max_bytes=MAX_PICTURE_BYTES)
        reader = BodyReader(self.into, max_bytes=self.max_body_bytes, fetch=fetch)

        def decode() -> DecodedBody:
            with self.body_gate:
                reader.read_all(self._reading(response.raw.read))
            if not reader.byte_count and not _has_known_length(response):
                raise _broken(EOFError(), self.call)
            return reader.finish()

        return self._answer(head, decode)

    def receive_events(
        self,
        head: ReplyHead,
        response: requests.Response,
        n: int,
        on_partial: OnPartial | None,
    ) -> Answer:
        """Read an answer that comes as events, each as soon as it is there."""
        reader = StreamReader(
            self.into, head, n=n, on_partial=on_partial, max_bytes=self.max_body_bytes
        )

        def decode() -> DecodedBody:
            reader.read_all(self._reading(response.raw.read1), self.body_gate)
            return reader.finish()

        return self._answer(head, decode)

    def _reading(self, read: Callable[..., bytes | None]) -> Callable[[int], bytes]:
        """Give a way to read the body that says in our own terms how it broke off."""

        def reading(size: int) -> bytes:
            try:
                piece = read(size, decode_content=False) or b""
            except (HTTPError, OSError) as error:
                failure = _broken(error, self.call)
            else:
                # What we cut ourselves may look like an ordinary end.
                if piece or not self.call.cut_reason:
                    return piece
                failure = _broken(EOFError(), self.call)
            raise failure

        return reading

    def _answer(self, head: ReplyHead, decode: Callable[[], DecodedBody]) -> Answer:
        try:
            decoded = decode()
        except (OutcomeUnknown, UnusableAnswer) as error:
            error.http_status, error.request_id = head.status, head.request_id
            raise
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
        while piece := response.raw.read(MAX_ERROR_BYTES, decode_content=False):
            body += piece
            if len(body) >= MAX_ERROR_BYTES:
                break
    except (HTTPError, OSError):
        is_whole = False
    return error_of_reply(head, bytes(body), is_whole=is_whole)


def _has_known_length(response: requests.Response) -> bool:
    """Whether the end of the body says that it was whole; a mere close says nothing."""
    return "Content-Length" in response.headers or "Transfer-Encoding" in response.headers


def _broken(error: Exception, call: Call) -> OutcomeUnknown:
    code, words = cause_of(error, call)
    return OutcomeUnknown(f"The request was sent, but no whole answer came: {words}.", code=code)
