"""Error classes of a call, divided by what the caller should do about it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imagestudio.images_api.redaction import redact
from imagestudio.images_api.types import AnswerImage, Usage

MAX_TEXT_CHARS = 2_000


def clean_text(text: object, limit: int = MAX_TEXT_CHARS) -> str:
    """Make a stranger's text fit to store and to show: no control characters, no secrets, short."""
    # A slice first, so that a text of megabytes costs no more than a short one.
    whole = str(text)
    kept = whole[: limit * 2]
    if len(kept) < len(whole):
        kept = kept.rpartition(" ")[0] or kept  # Its last word may be half a key.
    printable = "".join(character if character.isprintable() else " " for character in kept)
    words = redact(" ".join(printable.split()))
    return words if len(words) <= limit else words[: limit - 1] + "…"


class ImagesApiError(Exception):
    """Base of all; `str()` is a sentence for people and never holds a key."""

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
        retry_after_s: float | None = None,
        categories: tuple[str, ...] = (),
        moderation_stage: str | None = None,
        may_be_billed: bool = False,
    ) -> None:
        self.message = clean_text(message)
        self.code = clean_text(code, 100) if code else None
        self.param = clean_text(param, 100) if param else None
        self.http_status = http_status
        self.request_id = request_id
        self.retry_after_s = retry_after_s
        self.categories = tuple(clean_text(category, 100) for category in categories[:20])
        self.moderation_stage = moderation_stage
        self.may_be_billed = may_be_billed
        super().__init__(self.message)


class NotSent(ImagesApiError):
    """Nothing that could be carried out reached the service: try again later, nothing was spent."""


class Rejected(ImagesApiError):
    """Turned away by a rate limit: wait `retry_after_s`, nothing was spent.

    `is_shared` where the answer speaks of the rate of all calls, and not of this one alone.
    """

    is_shared = True


class Retryable(ImagesApiError):
    """The service itself failed and said so in its own envelope: a few tries more are right."""


class AccountFault(ImagesApiError):
    """Key, permission or money of the account: no call will work until someone mends it."""


class Refused(ImagesApiError):
    """A final no to this request; the same request will be refused again.

    `may_be_billed` where it came in place of pictures that may have been made.
    """


class ModerationRefused(Refused):
    """Refused by the service's safety system; `categories` may say why.

    `moderation_stage` may say what was refused: the input, or the finished picture.
    """


class OutcomeUnknown(ImagesApiError):
    """Sent, and no whole answer came: it may have been carried out and billed.

    `images` are the pictures that arrived whole before the answer broke off.
    """

    images: tuple[AnswerImage, ...] = ()


class UnusableAnswer(ImagesApiError):
    """A whole answer that was probably paid for and can't be read.

    `images` are the pictures in it that are good all the same; `raw_path` is what was kept of it
    for an admin to look at; `document` is what it says in place of pictures.
    """

    images: tuple[AnswerImage, ...] = ()
    raw_path: Path | None = None
    usage: Usage | None = None
    document: Mapping[str, Any] | None = None
