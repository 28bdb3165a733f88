"""Reads an answer that comes as events: previews on the way, and the picture at the end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

from imagestudio.images_api.decode import (
    CHUNK_BYTES,
    MAX_BODY_BYTES,
    DecodedBody,
    disk_errors_told,
    refuse_pictures,
    sync_folder,
)
from imagestudio.images_api.errors import OutcomeUnknown, UnusableAnswer
from imagestudio.images_api.lexer import PictureLexer
from imagestudio.images_api.pictures import PictureFile
from imagestudio.images_api.replies import ReplyHead, error_of_event
from imagestudio.images_api.sse import EventLexer
from imagestudio.images_api.types import AnswerImage

MAX_EVENT_BYTES = 64 * 1024 * 1024
DONE = b"[DONE]"

# Gets the preview's number and a file that is there for the time of this call only.
OnPartial = Callable[[int, Path], None]

logger = logging.getLogger(__name__)


class StreamReader:
    """Takes events until every picture that was asked for is complete.

    A stream that ends before that raises OutcomeUnknown; an error that comes as an event raises
    the class that fits it. Previews go to `on_partial` and are never taken for results.
    """

    def __init__(
        self,
        into: Path,
        head: ReplyHead,
        *,
        n: int = 1,
        on_partial: OnPartial | None = None,
        max_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._into = into
        self._head = head
        self._n = n
        self._on_partial = on_partial
        self._max_bytes = max_bytes
        self.byte_count = 0
        self._has_partials = False
        self._event_count = 0
        self._events = EventLexer(self._take_data, self._end_event)
        self._lexer: PictureLexer | None = None
        self._pictures: list[PictureFile] = []
        self._document: dict[str, Any] = {}

    @property
    def is_complete(self) -> bool:
        return len(self._pictures) >= self._n

    def read_all(self, read: Callable[[int], bytes], gate: AbstractContextManager[Any]) -> None:
        """Read until all is there; the gate is passed for each piece, not held while waiting."""
        try:
            with disk_errors_told():
                while not self.is_complete and (chunk := read(CHUNK_BYTES)):
                    with gate:
                        self._feed(chunk)
                if not self.is_complete:
                    self._events.end()
        except (OutcomeUnknown, UnusableAnswer) as error:
            # Not what the lexer found: a preview is no result.
            error.images = self._images()
            raise
        finally:
            self._drop_event()

    def finish(self) -> DecodedBody:
        images = self._images()
        if not images:
            message = "The stream ended before the picture was complete."
            raise OutcomeUnknown(message, code="truncated")
        with disk_errors_told():
            for picture in self._pictures:
                picture.sync()
            sync_folder(self._into)
        if all(image.problem for image in images):
            refuse_pictures(self._document, images, "no picture", self._new_lexer())
        document = {**self._document, "data": [{} for _ in images]}
        return DecodedBody(document, images, self.byte_count)

    def _feed(self, chunk: bytes) -> None:
        self.byte_count += len(chunk)
        if self.byte_count > self._max_bytes:
            raise UnusableAnswer(
                f"The answer is larger than {self._max_bytes:,} bytes.", code="bad_response"
            )
        self._events.feed(chunk)

    def _take_data(self, piece: bytes) -> None:
        if self._lexer is None:
            self._lexer = self._new_lexer()
        self._lexer.feed(piece)

    def _new_lexer(self) -> PictureLexer:
        self._event_count += 1
        prefix = f"event-{self._event_count}-"
        return PictureLexer(self._into, max_bytes=MAX_EVENT_BYTES, prefix=prefix)

    def _end_event(self, name: str) -> None:
        lexer = self._lexer
        if lexer is None or self.is_complete:
            self._drop_event()
            return
        # Pings and "[DONE]" are no JSON objects; nothing but objects means anything here.
        if lexer.text.lstrip()[:1] == b"{":
            self._read_event(name, lexer, lexer.parse())
        self._drop_event()

    def _read_event(self, name: str, lexer: PictureLexer, document: dict[str, Any]) -> None:
        kind = str(document.get("type") or name)
        if document.get("error") or kind == "error":
            raise error_of_event(self._head, document, has_partials=self._has_partials)
        picture = lexer.take_picture(document)
        if kind.endswith(".partial_image"):
            self._has_partials = True
            self._hand_over(picture, document.get("partial_image_index"))
        elif kind.endswith(".completed"):
            self._complete(picture, document)

    def _hand_over(self, picture: PictureFile | None, index: object) -> None:
        if picture is None or self._on_partial is None:
            return
        image = picture.image(index if type(index) is int else 0)
        if image.problem:
            return
        try:
            self._on_partial(image.index, image.path)
        except Exception:
            # A preview that cannot be shown must not cost the picture that was paid for.
            logger.exception("a preview was lost")

    def _complete(self, picture: PictureFile | None, document: dict[str, Any]) -> None:
        self._document = document | {"created": document.get("created_at")}
        if picture is None:
            refuse_pictures(document, (), "no picture", self._new_lexer())
        picture.rename(str(len(self._pictures)))
        self._pictures.append(picture)

    def _drop_event(self) -> None:
        """Forget the event, and remove what it wrote unless that became a result."""
        lexer, self._lexer = self._lexer, None
        for picture in lexer.pictures if lexer else ():
            if picture not in self._pictures:
                with suppress(OSError):
                    picture.discard()

    def _images(self) -> tuple[AnswerImage, ...]:
        return tuple(picture.image(index) for index, picture in enumerate(self._pictures))
