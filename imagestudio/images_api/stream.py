"""Reads an answer that comes as events: previews on the way, and the picture at the end."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagestudio.fsync import sync_folder
from imagestudio.images_api.codes import OwnCode
from imagestudio.images_api.decode import (
    CHUNK_BYTES,
    MAX_BODY_BYTES,
    PREVIEW,
    DecodedBody,
    Fetch,
    disk_errors_told,
    is_preview,
    keep_rest,
    refuse_pictures,
)
from imagestudio.images_api.errors import ImagesApiError, OutcomeUnknown, UnusableAnswer
from imagestudio.images_api.lexer import PictureLexer
from imagestudio.images_api.pictures import PictureFile
from imagestudio.images_api.replies import ReplyHead, error_of_event
from imagestudio.images_api.sse import EventLexer, LineLexer
from imagestudio.images_api.types import AnswerImage

MAX_EVENT_BYTES = 64 * 1024 * 1024

# An event without a picture that is as large may hold one in a place that nobody looks at.
_LARGE_BYTES = 1000

# Servers have names of their own. A preview is never a result; anything else that holds a whole
# picture is one, and the stream may have more to say unless its name is that of an end.
_END = re.compile(r"(complete|completed|done|final|finished|succeeded)$", re.IGNORECASE)
_TYPE = re.compile(rb'"type"\s*:\s*"([^"\\]{1,200})"')

# Gets the preview's number and a file that is there for the time of this call only.
OnPartial = Callable[[int, Path], None]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Result:
    """A picture of the answer: in a file, or still at an address."""

    is_end: bool
    picture: PictureFile | None = None
    url: str = ""


class StreamReader:
    """Takes events until every picture that was asked for is complete.

    A stream that ends before that raises OutcomeUnknown; an error that comes as an event raises
    the class that fits it, unless pictures had come before. Previews go to `on_partial` and are
    never taken for results. What an event held that could not be read stays in the folder.
    """

    def __init__(
        self,
        into: Path,
        head: ReplyHead,
        *,
        n: int = 1,
        on_partial: OnPartial | None = None,
        max_bytes: int = MAX_BODY_BYTES,
        fetch: Fetch | None = None,
        is_lines: bool = False,
    ) -> None:
        self._into = into
        self._head = head
        self._n = n
        self._on_partial = on_partial
        self._max_bytes = max_bytes
        self._fetch = fetch
        self.byte_count = 0
        self._has_partials = False
        self._event_count = 0
        self._events = (LineLexer if is_lines else EventLexer)(self._take_data, self._end_event)
        self._lexer: PictureLexer | None = None
        self._results: list[_Result] = []
        self._is_at_end = False
        self._problem = ""
        self._document: dict[str, Any] = {}

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to wait for; the price may come behind the picture."""
        if len(self._ends()) >= self._n:
            return True
        return len(self._results) >= self._n and bool(self._document.get("usage"))

    def read_all(self, read: Callable[[int], bytes], gate: AbstractContextManager[Any]) -> None:
        """Read until all is there; the gate is passed for each piece, not held while waiting."""
        try:
            with disk_errors_told():
                while not self.is_complete and (chunk := read(CHUNK_BYTES)):
                    with gate:
                        self._feed(chunk)
                if not self.is_complete:
                    self._is_at_end = True
                    self._events.end()
        except (OutcomeUnknown, UnusableAnswer) as error:
            self._keep_event(self._events.name, is_cut=True)
            # Not what the lexer found: a preview is no result.
            error.images = tuple(image for image in self._images() if not image.problem)
            if isinstance(error, UnusableAnswer) and error.raw_path:
                keep_rest(error.raw_path, read, self._max_bytes - self.byte_count)
            raise
        except ImagesApiError as error:
            self._keep_event(self._events.name, is_cut=True)
            if not self._results:
                raise
            self._problem = str(error)
        finally:
            self._drop_event()

    def finish(self) -> DecodedBody:
        if not self._results:
            message = "The stream ended before the picture was complete."
            raise OutcomeUnknown(message, code=OwnCode.TRUNCATED)
        with disk_errors_told():
            images = self._images()
            sync_folder(self._into)
        if all(image.problem for image in images):
            refuse_pictures(self._document, images, "no picture")
        document = {**self._document, "data": [{} for _ in images]}
        return DecodedBody(document, images, self.byte_count)

    def _feed(self, chunk: bytes) -> None:
        self.byte_count += len(chunk)
        if self.byte_count > self._max_bytes:
            raise UnusableAnswer(
                f"The answer is larger than {self._max_bytes:,} bytes.", code=OwnCode.BAD_RESPONSE
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
        # Pings and "[DONE]" are no JSON objects; nothing but objects means anything here.
        if lexer and not self.is_complete and (lexer.pictures or lexer.text.lstrip()[:1] == b"{"):
            try:
                document = lexer.parse()
            except (OutcomeUnknown, UnusableAnswer) as error:
                is_cut = self._is_at_end and isinstance(error, OutcomeUnknown)
                self._keep_event(name, is_cut=is_cut)
                if is_cut:
                    raise
                # One bad event says nothing of those that follow.
            else:
                self._read_event(name, lexer, document)
        self._drop_event()

    def _read_event(self, name: str, lexer: PictureLexer, document: dict[str, Any]) -> None:
        kind = str(document.get("type") or name)
        items = lexer.items(document)
        if kind == "error" or (document.get("error") and not lexer.pictures):
            raise error_of_event(self._head, document, has_partials=self._has_partials)
        if is_preview(kind, document):
            self._has_partials = True
            pictures = [lexer.take_picture(item) for item in items]
            self._hand_over(next(iter(pictures), None), document.get("partial_image_index"))
            return
        is_end = bool(_END.search(kind))
        for item in items:
            picture, url = lexer.take_picture(item), item.get("url")
            if picture:
                self._take(_Result(is_end, picture))
            # An address may stand for many things before the end.
            elif isinstance(url, str) and url and (is_end or item is not document):
                self._take(_Result(is_end, url=url))
        if not items and len(lexer.text) >= _LARGE_BYTES:
            lexer.keep_raw()
        self._learn(kind, document, lexer)

    def _take(self, result: _Result) -> None:
        if result.picture:
            result.picture.rename(str(len(self._results)))
        self._results.append(result)

    def _learn(self, kind: str, document: dict[str, Any], lexer: PictureLexer) -> None:
        """Remember what the event says beside its picture, the price above all."""
        if kind.endswith(".completed") and kind.startswith("image_") and not self._results:
            # Its own words say that nothing more will come.
            refuse_pictures(document, (), "no picture", lexer)
        if self._results and (document.get("usage") or not self._document):
            created = document.get("created_at", document.get("created"))
            self._document |= {**document, "created": created}

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

    def _keep_event(self, name: str, *, is_cut: bool) -> None:
        """Keep what an event held that broke off, or is no JSON, unless it was a preview."""
        lexer, self._lexer = self._lexer, None
        if lexer is None:
            return
        said = _TYPE.search(lexer.text)
        kind = said[1].decode(errors="replace") if said else name
        is_end, is_partial = bool(_END.search(kind)), bool(PREVIEW.search(kind))
        with suppress(OSError):
            lexer.break_off()
            for picture in lexer.pictures:
                if is_partial:
                    picture.discard()
                # What broke off before it said its name may have been a preview.
                elif not picture.image(0).problem and (is_end or not is_cut):
                    self._take(_Result(is_end, picture))
        if not is_partial:
            lexer.keep_raw()

    def _drop_event(self) -> None:
        """Forget the event, and remove what it wrote unless that became a result."""
        lexer, self._lexer = self._lexer, None
        results = [result.picture for result in self._results]
        for picture in lexer.pictures if lexer else ():
            if picture not in results:
                with suppress(OSError):
                    picture.discard()

    def _ends(self) -> list[_Result]:
        return [result for result in self._results if result.is_end]

    def _images(self) -> tuple[AnswerImage, ...]:
        """Give the results: those that are named so, where they are enough."""
        ends = self._ends()
        results = ends if len(ends) >= self._n else self._results
        images = [self._image(index, each) for index, each in enumerate(results)]
        found = [image for image in images if image]
        if self._problem:
            path = self._into / f"{len(found)}.part"
            found.append(AnswerImage(len(found), path, "", 0, self._problem))
        return tuple(found)

    def _image(self, index: int, result: _Result) -> AnswerImage | None:
        if result.picture:
            result.picture.sync()
            return result.picture.image(index)
        return self._fetch(result.url, self._into, index) if self._fetch else None
