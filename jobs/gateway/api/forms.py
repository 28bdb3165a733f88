"""Multipart bodies: texts, and pictures under every name that clients give them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Any

import pybase64
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from jobs.gateway.api import multipart
from jobs.gateway.api.calls import ApiRequest
from jobs.gateway.api.errors import ApiError, ErrorAnswer, invalid
from jobs.gateway.api.multipart import BrokenForm, Part
from jobs.states import InputRole

_IMAGE = re.compile(r"image(\[([0-9]{0,3})\])?")
_LAYERS = {role.value: role for role in (InputRole.MASK, InputRole.MARKUP)}
_CHARSET = "_charset_"  # The field by which a form names the character set of all its texts.
# Python knows these as encodings, but nobody writes texts in them.
_NO_CHARSETS = ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined")


@dataclass(frozen=True, slots=True)
class RequestForm:
    texts: tuple[tuple[str, str], ...]
    images: tuple[UploadedFile[bytes], ...]
    layers: dict[InputRole, UploadedFile[bytes]]

    def close(self) -> None:
        for file in (*self.images, *self.layers.values()):
            file.close()


def read_form(request: ApiRequest) -> RequestForm:
    """Take the form apart; files go to disk as they are read, and what they are is asked later."""
    try:
        parts = multipart.parts_of(request.body, request.call.headers.get("content-type", ""))
    except BrokenForm as error:
        raise invalid(None, str(error), "invalid_form") from None
    texts = [part for part in parts if part.filename is None]
    files = [part for part in parts if part.filename is not None and not _is_no_choice(part)]
    _check_names([part.name for part in files], [part.name for part in texts])
    if len(files) > settings.DATA_UPLOAD_MAX_NUMBER_FILES:
        raise invalid(None, "The form of your request has too many files.", "invalid_form")
    values = dict(_texts(request.body, texts))
    with ExitStack() as opened:
        taken = [(part.name, opened.enter_context(_file(request.body, part))) for part in files]
        opened.pop_all()
    images = sorted(
        (pair for pair in taken if _is_image(pair[0])), key=lambda pair: _order(pair[0])
    )
    layers = {_LAYERS[name]: file for name, file in taken if name in _LAYERS}
    return RequestForm(tuple(values.items()), tuple(file for _, file in images), layers)


def _is_no_choice(part: Part) -> bool:
    """As browsers send the field of a file when none was chosen."""
    return part.filename == "" and part.byte_count == 0


def _texts(body: IO[bytes], parts: Sequence[Part]) -> Iterator[tuple[str, str]]:
    if sum(part.byte_count for part in parts) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        message = "The texts of your form are too long."
        raise ApiError(ErrorAnswer(status=413, message=message, code="request_too_large"))
    data = [(part, b"".join(_pieces(body, part))) for part in parts]
    of_all = next((text.decode("ascii", "replace") for p, text in data if p.name == _CHARSET), "")
    for part, raw in data:
        if part.name != _CHARSET:
            yield part.name, _decoded(part.name, raw, part.charset or of_all)


def _decoded(name: str, raw: bytes, charset: str) -> str:
    """In the character set that the form names, else in UTF-8; never with letters made up."""
    try:
        if charset.lower().replace("-", "_") in _NO_CHARSETS:
            raise LookupError
        return raw.decode(charset or "utf-8-sig")
    except (LookupError, ValueError):
        message = (
            f"'{name[:60]}' is not in {charset[:40] or 'UTF-8'}. Send UTF-8, or name the charset"
            " in the head of its part: Content-Type: text/plain; charset=gbk."
        )
        raise invalid(name[:60], message, "invalid_encoding") from None


def _file(body: IO[bytes], part: Part) -> UploadedFile[bytes]:
    # Nothing on disk is named after what a stranger wrote.
    with ExitStack() as opened:
        file: Any = opened.enter_context(TemporaryFile())
        for piece in _pieces(body, part):
            file.write(piece)
        size = file.tell()
        file.seek(0)
        opened.pop_all()
    return UploadedFile(file, name=_shown_name(part.filename or ""), size=size)


def _shown_name(text: str) -> str:
    name = re.split(r"[/\\]", text)[-1]
    shown = "".join(letter for letter in name if letter.isprintable())
    return "picture" if shown in ("", ".", "..") else shown


def _pieces(body: IO[bytes], part: Part) -> Iterator[bytes]:
    pieces = part.pieces(body)
    return _without_base64(part, pieces) if part.is_base64 else pieces


def _without_base64(part: Part, pieces: Iterator[bytes]) -> Iterator[bytes]:
    left = b""
    try:
        for piece in pieces:
            letters = left + b"".join(piece.split())
            cut = len(letters) // 4 * 4
            left = letters[cut:]
            yield pybase64.b64decode(letters[:cut], validate=True)
        if left:
            raise ValueError
    except ValueError:
        message = f"The part '{part.name[:60]}' says that it is base64, and is not."
        raise invalid(part.name[:60], message, "invalid_form") from None


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
