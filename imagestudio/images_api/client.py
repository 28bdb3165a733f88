"""Calls the Images API once, and says exactly what became of the call.

No retries, no redirects, no proxies from the environment: a call costs money, and whether to make
another one is for the caller to decide, who is told by the class of the error.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from imagestudio.images_api.calls import DEADLINE, Call, watchdog
from imagestudio.images_api.causes import cause_of
from imagestudio.images_api.decode import MAX_BODY_BYTES, BodyReader, DecodedBody
from imagestudio.images_api.errors import ImagesApiError, NotSent, OutcomeUnknown, UnusableAnswer
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.replies import ReplyHead, error_of_reply
from imagestudio.images_api.transport import UploadBody, open_session
from imagestudio.images_api.types import Answer, ImageRequest, Usage

__all__ = ["Call", "ImagesClient"]

CONNECT_TIMEOUT_S = 5.0
MAX_ERROR_BYTES = 256 * 1024
USER_AGENT = "ImageStudio/0.1"


class ImagesClient:
    """A client of one provider; safe to share between threads.

    `body_gate`, a semaphore for example, is held only while an answer's body is read.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        body_gate: AbstractContextManager[Any] | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self.provider = provider
        self._body_gate = body_gate or nullcontext()
        self._max_body_bytes = max_body_bytes

    def generate(self, request: ImageRequest, *, into: Path, call: Call) -> Answer:
        """Make pictures from the prompt; their files are in `into`, synced, when this returns.

        Raises one of the classes in `errors`, each saying what to do next.
        """
        body = json.dumps(generation_fields(request)).encode()
        upload = UploadBody(io.BytesIO(body), len(body))
        return self._post("images/generations", upload, "application/json", into, call)

    def _post(
        self, path: str, upload: UploadBody, content_type: str, into: Path, call: Call
    ) -> Answer:
        _make_folder(into)
        url = self.provider.url(path)
        with (
            _watched(call),
            open_session(url, call) as session,
            self._send(session, url, upload, content_type, call) as response,
        ):
            head = ReplyHead.read(response.status_code, response.headers)
            if not 200 <= head.status < 300:
                raise _error_of(head, response)
            return self._answer(head, response, into, call)

    def _send(
        self,
        session: requests.Session,
        url: str,
        upload: UploadBody,
        content_type: str,
        call: Call,
    ) -> requests.Response:
        """Send the request and wait for the answer's headers."""
        if call.cut_reason or not call.remaining_s:
            reason = call.cut_reason or DEADLINE
            raise NotSent("The call was given up before it began.", code=reason)
        try:
            return session.post(
                url,
                data=upload,
                headers=self._headers(content_type, call),
                stream=True,
                allow_redirects=False,
                timeout=_timeouts(call),
            )
        except (requests.RequestException, HTTPError, OSError) as error:
            failure = _failure(error, upload, call)
        # Raised out here, so that it does not drag along an exception that holds the headers.
        raise failure

    def _headers(self, content_type: str, call: Call) -> dict[str, str]:
        headers = self.provider.headers() | {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Content-Type": content_type,
            "User-Agent": USER_AGENT,
        }
        if call.client_request_id:
            headers["X-Client-Request-Id"] = call.client_request_id
        return headers

    def _answer(
        self, head: ReplyHead, response: requests.Response, into: Path, call: Call
    ) -> Answer:
        try:
            decoded = self._decode(response, into, call)
        except (OutcomeUnknown, UnusableAnswer) as error:
            error.http_status, error.request_id = head.status, head.request_id
            raise
        created = decoded.document.get("created")
        return Answer(
            http_status=head.status,
            request_id=head.request_id,
            created=created if type(created) is int else None,
            images=decoded.images,
            usage=Usage.parse(decoded.document.get("usage")),
            body=decoded.document,
            bytes_received=decoded.byte_count,
            duration_s=round(call.elapsed_s, 3),
            processing_ms=head.processing_ms,
            rate_limits=head.rate_limits,
        )

    def _decode(self, response: requests.Response, into: Path, call: Call) -> DecodedBody:
        def read(size: int) -> bytes:
            try:
                return response.raw.read(size, decode_content=False) or b""
            except (HTTPError, OSError) as error:
                failure = _broken(error, call)
            raise failure

        reader = BodyReader(into, max_bytes=self._max_body_bytes)
        with self._body_gate:
            reader.read_all(read)
        if not reader.byte_count and not _has_known_length(response):
            raise _broken(EOFError(), call)
        return reader.finish()


def generation_fields(request: ImageRequest) -> dict[str, object]:
    """Give the JSON of a generation: only what differs from the API's own defaults.

    `response_format` is never among it, because GPT models refuse it.
    """
    optional = {
        "n": (request.n, 1),
        "size": (request.size, "auto"),
        "quality": (request.quality, "auto"),
        "background": (request.background, "auto"),
        "output_format": (request.output_format, "png"),
        "output_compression": (request.output_compression, None),
        "moderation": (request.moderation, "auto"),
    }
    chosen = {name: value for name, (value, default) in optional.items() if value != default}
    return {"model": request.model, "prompt": request.prompt, **chosen}


def _make_folder(into: Path) -> None:
    try:
        into.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"The folder for the answer could not be made: {error.strerror}."
        raise NotSent(problem, code="disk") from error


def _timeouts(call: Call) -> tuple[float, float]:
    """Give the times to connect and to stay silent; the watchdog's deadline comes first."""
    silent_s = call.remaining_s + 1
    return min(CONNECT_TIMEOUT_S, silent_s), silent_s


@contextmanager
def _watched(call: Call) -> Iterator[None]:
    watchdog.watch(call)
    try:
        yield
    finally:
        call.hold(None)
        watchdog.forget(call)


def _has_known_length(response: requests.Response) -> bool:
    """Whether the end of the body says that it was whole; a mere close says nothing."""
    return "Content-Length" in response.headers or "Transfer-Encoding" in response.headers


def _error_of(head: ReplyHead, response: requests.Response) -> ImagesApiError:
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


def _failure(error: Exception, upload: UploadBody, call: Call) -> ImagesApiError:
    """Say what a call without an answer came to: could anything have been carried out?"""
    if upload.handed_over:
        return _broken(error, call)
    code, words = cause_of(error, call)
    return NotSent(f"The service could not be reached: {words}.", code=code)


def _broken(error: Exception, call: Call) -> OutcomeUnknown:
    code, words = cause_of(error, call)
    return OutcomeUnknown(f"The request was sent, but no whole answer came: {words}.", code=code)
