"""Multipart bodies: texts, and pictures under every name that clients give them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import (
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from jobs.gateway.calls import Ask
from jobs.gateway.faults import Fault, Trouble, invalid
from jobs.states import InputRole

_IMAGE = re.compile(r"image(\[([0-9]{0,3})\])?")
_BROKEN = (
    MultiPartParserError,
    TooManyFieldsSent,
    TooManyFilesSent,
    SuspiciousOperation,
    ValueError,  # A boundary in a character set that nobody knows.
)
_LAYERS = {role.value: role for role in (InputRole.MASK, InputRole.MARKUP)}


@dataclass(frozen=True, slots=True)
class Form:
    texts: tuple[tuple[str, str], ...]
    images: tuple[UploadedFile[bytes], ...]
    layers: dict[InputRole, UploadedFile[bytes]]

    def close(self) -> None:
        for file in (*self.images, *self.layers.values()):
            file.close()


def read_form(ask: Ask) -> Form:
    """Take the form apart; files go to disk as they are read, and what they are is asked later."""
    meta = {
        "CONTENT_TYPE": ask.call.headers.get("content-type", ""),
        "CONTENT_LENGTH": ask.body_bytes,
    }
    try:
        body: Any = ask.body  # The stubs know of no file that is read in the usual way.
        parser = MultiPartParser(meta, body, [TemporaryFileUploadHandler()], "utf-8")
        data, files = parser.parse()
    except RequestDataTooBig:
        message = "The texts of your form are too long."
        raise Fault(Trouble(status=413, message=message, code="request_too_large")) from None
    except _BROKEN:
        message = "The multipart form of your request is broken, or has too many parts."
        raise invalid(None, message, "invalid_form") from None
    _check_names(list(files), list(data))
    texts = tuple((name, text) for name in data for text in data.getlist(name)[-1:])
    images = [
        file
        for name in sorted(filter(_is_image, files), key=_order)
        for file in files.getlist(name)
    ]
    layers: dict[InputRole, Any] = {_LAYERS[name]: files[name] for name in files if name in _LAYERS}
    return Form(texts, tuple(images), layers)


def _check_names(files: list[str], texts: list[str]) -> None:
    for name in files:
        if not _is_image(name) and name not in _LAYERS:
            raise invalid(name[:60], f"Unknown parameter: '{name[:60]}'.", "unknown_parameter")
    for name in texts:
        if _is_image(name) or name in _LAYERS:
            message = f"Invalid type for '{name}': expected a file, but got a string instead."
            raise invalid(name, message, "invalid_type")


def _is_image(name: str) -> bool:
    return _IMAGE.fullmatch(name) is not None


def _order(name: str) -> int:
    """`image` and `image[]` as they came, `image[0]`, `image[1]`, ... by their numbers."""
    match = _IMAGE.fullmatch(name)
    return int(match[2]) if match and match[2] else 0
