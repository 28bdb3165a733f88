"""Request bodies that are read from disk while they are sent, however large the pictures are."""

from __future__ import annotations

import io
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pybase64
from requests_toolbelt import MultipartEncoder

from imagestudio.images_api.codes import OwnCode
from imagestudio.images_api.errors import NotSent, Refused
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.transport import UploadBody
from imagestudio.images_api.wire import form_fields

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

MAX_DATA_URL_CHARS = 20 * 1024 * 1024
_BASE64_BYTES = 3 * 64 * 1024  # A multiple of three is encoded without padding.
_MAX_NAME_CHARS = 100


@dataclass(frozen=True, slots=True)
class InputFile:
    """A picture on our disk that goes along."""

    path: Path
    name: str
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A picture that the service has already, or can read elsewhere; the JSON form only."""

    file_id: str | None = None
    image_url: str | None = None


Input = InputFile | Reference


@dataclass(frozen=True, slots=True)
class Inputs:
    """The pictures of an edit, in their order, and what is laid over the first of them."""

    images: tuple[Input, ...]
    mask: Input | None = None
    markup: Input | None = None

    def all(self) -> tuple[Input, ...]:
        return (*self.images, *(layer for layer in (self.mask, self.markup) if layer))


@dataclass(frozen=True, slots=True)
class UploadFile:
    """A body that is ready to be sent once."""

    body: UploadBody
    content_type: str
    is_streamed: bool = False


def json_upload(fields: Mapping[str, object]) -> UploadFile:
    body = json.dumps(fields).encode()
    is_streamed = fields.get("stream") is True
    return UploadFile(UploadBody(io.BytesIO(body), len(body)), "application/json", is_streamed)


@contextmanager
def edit_upload(
    fields: Mapping[str, object],
    inputs: Inputs,
    provider: Provider,
    *,
    is_variation: bool = False,
) -> Iterator[UploadFile]:
    """Open the pictures, give the body, and close them when it was sent.

    A variation has no JSON form.
    """
    is_streamed = fields.get("stream") is True
    has_references = any(isinstance(picture, Reference) for picture in inputs.all())
    as_json = (provider.edit_form == "json" or has_references) and not is_variation
    with ExitStack() as stack:
        if as_json:
            source, length = _json_with_pictures(fields, inputs, stack)
            yield UploadFile(UploadBody(source, length), "application/json", is_streamed)
        else:
            encoder = _form(fields, inputs, provider, stack)
            yield UploadFile(UploadBody(encoder, encoder.len), encoder.content_type, is_streamed)


def _form(
    fields: Mapping[str, object], inputs: Inputs, provider: Provider, stack: ExitStack
) -> MultipartEncoder:
    """Spell a multipart form: texts first, as the official clients do, then the files."""
    parts: list[tuple[str, object]] = list(form_fields(fields))
    several = "image[]" if len(inputs.images) > 1 else "image"
    image_field = several if provider.image_field == "auto" else provider.image_field
    named = [(image_field, image) for image in inputs.images]
    named += [(provider.mask_field, inputs.mask)] if inputs.mask else []
    named += [("markup", inputs.markup)] if inputs.markup else []
    for name, picture in named:
        if isinstance(picture, InputFile):
            file = _opened(picture, stack)
            parts.append((name, (_plain(picture.name), file, picture.content_type)))
    return MultipartEncoder(fields=parts)


def _json_with_pictures(
    fields: Mapping[str, object], inputs: Inputs, stack: ExitStack
) -> tuple[IO[bytes], int]:
    """Write the JSON around places that the pictures fill in as data URLs while it is sent."""
    marker = uuid.uuid4().hex
    files: list[tuple[IO[bytes], str, int]] = []

    def reference(picture: Input) -> dict[str, str | None]:
        if isinstance(picture, Reference):
            key = "file_id" if picture.file_id else "image_url"
            return {key: picture.file_id or picture.image_url}
        files.append(_as_data_url(picture, stack))
        return {"image_url": marker}

    document = {**fields, "images": [reference(image) for image in inputs.images]}
    for name, layer in (("mask", inputs.mask), ("markup", inputs.markup)):
        if layer:
            document[name] = reference(layer)
    texts = json.dumps(document).encode().split(marker.encode())
    length = sum(map(len, texts)) + sum(length for _, _, length in files)
    return io.BufferedReader(_Joined(_woven(texts, files))), length


def _as_data_url(picture: InputFile, stack: ExitStack) -> tuple[IO[bytes], str, int]:
    file = _opened(picture, stack)
    byte_count = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = f"data:{picture.content_type};base64,"
    length = len(head) + (byte_count + 2) // 3 * 4
    if length > MAX_DATA_URL_CHARS:
        message = f"{picture.name} is too large for this provider, which takes 14 MB a picture."
        raise Refused(message, code=OwnCode.IMAGE_TOO_LARGE, param="inputs")
    return file, head, length


def _woven(texts: list[bytes], files: list[tuple[IO[bytes], str, int]]) -> Iterator[bytes]:
    yield texts[0]
    for text, (file, head, _) in zip(texts[1:], files, strict=True):
        yield head.encode()
        while data := file.read(_BASE64_BYTES):
            yield pybase64.b64encode(data)
        yield text


class _Joined(io.RawIOBase):
    """Pieces of bytes as one file to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        room = memoryview(buffer)
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        given, self._rest = self._rest[: len(room)], self._rest[len(room) :]
        room[: len(given)] = given
        return len(given)


def _opened(picture: InputFile, stack: ExitStack) -> IO[bytes]:
    try:
        return stack.enter_context(picture.path.open("rb"))
    except OSError as error:
        problem = f"A picture that goes along could not be read: {error.strerror}."
        raise NotSent(problem, code=OwnCode.INPUT) from error


def _plain(name: str) -> str:
    """Make a member's file name harmless in a header; nobody on the other side needs it."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name)[-_MAX_NAME_CHARS:] or "picture"
