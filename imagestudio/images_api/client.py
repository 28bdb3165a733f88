"""Calls the Images API once, and says exactly what became of the call.

No retries, no redirects, no proxies from the environment: a call costs money, and whether to make
another one is for the caller to decide, who is told by the class of the error.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from imagestudio.images_api.calls import Call, watched
from imagestudio.images_api.causes import cause_of
from imagestudio.images_api.codes import OwnCode
from imagestudio.images_api.decode import MAX_BODY_BYTES, MAX_PICTURE_BYTES
from imagestudio.images_api.errors import (
    ImagesApiError,
    NotSent,
    OutcomeUnknown,
    UnusableAnswer,
)
from imagestudio.images_api.fetch import UrlFetcher
from imagestudio.images_api.lifecycle import ListedModel
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.receive import Receiver, read_error, read_said
from imagestudio.images_api.replies import ReplyHead, error_of_success
from imagestudio.images_api.stream import OnPartial
from imagestudio.images_api.transport import CONNECT_TIMEOUT_S, UploadBody, open_session
from imagestudio.images_api.types import Answer, AnswerImage, ImageRequest
from imagestudio.images_api.uploads import (
    Input,
    InputFile,
    Inputs,
    Reference,
    UploadFile,
    edit_upload,
    json_upload,
)
from imagestudio.images_api.wire import fields_of, variation_fields

__all__ = ["Call", "ImagesClient", "InputFile", "Inputs", "Reference"]

MAX_LIST_BYTES = 4 * 1024 * 1024
USER_AGENT = "ImageStudio/0.1"


class ImagesClient:
    """A client of one provider; safe to share between threads.

    `body_gate`, a semaphore for example, is held only while an answer's body is read; of a
    streamed answer, only while each piece is worked on.

    The methods that make pictures put their files into `into`, synced, before they return. They
    raise one of the classes in `errors`, each saying what to do next. A request for previews is
    streamed: `on_partial` gets each one's number and its file, which is gone when it returns.
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

    def generate(
        self,
        request: ImageRequest,
        *,
        into: Path,
        call: Call,
        on_partial: OnPartial | None = None,
    ) -> Answer:
        """Make pictures from the prompt."""
        upload = json_upload(fields_of(request, self.provider))
        return self._post("images/generations", request, upload, into, call, on_partial)

    def edit(
        self,
        request: ImageRequest,
        inputs: Inputs,
        *,
        into: Path,
        call: Call,
        on_partial: OnPartial | None = None,
    ) -> Answer:
        """Change or combine pictures, which are read from disk while they are sent."""
        fields = fields_of(request, self.provider)
        with edit_upload(fields, inputs, self.provider) as upload:
            return self._post("images/edits", request, upload, into, call, on_partial)

    def vary(
        self,
        request: ImageRequest,
        image: Input,
        *,
        into: Path,
        call: Call,
        on_partial: OnPartial | None = None,
    ) -> Answer:
        """Vary a picture: natively where the provider can, else as an edit that asks for it."""
        inputs = Inputs((image,))
        if not self.provider.has_variations:
            return self.edit(request, inputs, into=into, call=call, on_partial=on_partial)
        fields = variation_fields(request, self.provider)
        with edit_upload(fields, inputs, self.provider, is_variation=True) as upload:
            return self._post("images/variations", request, upload, into, call)

    def fetch(self, urls: Sequence[str], *, into: Path, call: Call) -> tuple[AnswerImage, ...]:
        """Get pictures that an earlier answer named; each says whether it came."""
        _make_folder(into)
        fetcher = UrlFetcher(self.provider, call, max_bytes=MAX_PICTURE_BYTES)
        with watched(call):
            return tuple(fetcher(url, into, index) for index, url in enumerate(urls))

    def list_models(self, *, call: Call) -> tuple[ListedModel, ...]:
        """Ask for the models that this key may see, with their shutdown dates.

        A missing entry is no proof that a model is gone.
        """
        if not self.provider.can_list_models:
            return ()
        try:
            text = self._get("models", call)
            return ListedModel.read_list(json.loads(text))
        except (requests.RequestException, HTTPError, OSError, ValueError, RecursionError) as error:
            _, words = cause_of(error, call)
        raise NotSent(f"The list of models could not be read: {words}.", code=OwnCode.NO_LIST)

    def _get(self, path: str, call: Call) -> bytes:
        url = self.provider.url(path)
        with (
            watched(call),
            open_session(url, call, self.provider) as session,
            session.get(
                url,
                headers=self._headers(call),
                stream=True,
                allow_redirects=False,
                timeout=_timeouts(call),
            ) as response,
        ):
            head = self._head(response)
            if head.status != requests.codes.ok:
                raise read_error(head, response)
            text = bytearray()
            read_said(response, MAX_LIST_BYTES, text)
            return bytes(text)

    def _post(
        self,
        path: str,
        request: ImageRequest,
        upload: UploadFile,
        into: Path,
        call: Call,
        on_partial: OnPartial | None = None,
    ) -> Answer:
        _make_folder(into)
        on_partial = on_partial if request.partial_images else None  # Else nobody asked for any.
        url = self.provider.url(path, request.model)
        receiver = Receiver(self.provider, self._body_gate, self._max_body_bytes, into, call)
        with (
            watched(call),
            open_session(url, call, self.provider) as session,
            self._send(session, url, upload, call) as response,
        ):
            head = self._head(response)
            if not 200 <= head.status < 300:
                raise read_error(head, response)
            try:
                return receiver.receive(head, response, request.n, on_partial)
            except UnusableAnswer as error:
                failure = error_of_success(head, error)
        raise failure

    def _head(self, response: requests.Response) -> ReplyHead:
        is_direct = self.provider.is_direct
        return ReplyHead.read(response.status_code, response.headers, is_direct=is_direct)

    def _send(
        self, session: requests.Session, url: str, upload: UploadFile, call: Call
    ) -> requests.Response:
        """Send the request and wait for the answer's headers."""
        if call.is_cut or not call.remaining_s:
            raise NotSent("The call was given up before it began.", code=OwnCode.DEADLINE)
        try:
            return session.post(
                url,
                data=upload.body,
                headers=self._headers(call) | {"Content-Type": upload.content_type},
                stream=True,
                allow_redirects=False,
                timeout=_timeouts(call),
            )
        except (requests.RequestException, HTTPError, OSError) as error:
            failure = _failure(error, upload.body, call)
        # Raised out here, so that it does not drag along an exception that holds the headers.
        raise failure

    def _headers(self, call: Call) -> dict[str, str]:
        headers = self.provider.headers() | {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": USER_AGENT,
        }
        if call.client_request_id:
            headers["X-Client-Request-Id"] = call.client_request_id
        return headers


def _make_folder(into: Path) -> None:
    try:
        into.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"The folder for the answer could not be made: {error.strerror}."
        raise NotSent(problem, code=OwnCode.DISK) from error


def _timeouts(call: Call) -> tuple[float, float]:
    """Give the times to connect and to stay silent; the watchdog's deadline comes first."""
    silent_s = call.remaining_s + 1
    return min(CONNECT_TIMEOUT_S, silent_s), silent_s


def _failure(error: Exception, upload: UploadBody, call: Call) -> ImagesApiError:
    """Say what a call without an answer came to: could anything have been carried out?"""
    code, words = cause_of(error, call)
    if upload.handed_over:
        message = f"The request was sent, but no whole answer came: {words}."
        return OutcomeUnknown(message, code=code)
    return NotSent(f"The service could not be reached: {words}.", code=code)
