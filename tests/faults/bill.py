"""What the upstream said to one call, and what it will write on its bill for it."""

from __future__ import annotations

import json
import re
from typing import Any

from imagestudio.images_api import pricing

END_OF_HEAD = b"\r\n\r\n"
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
MICROUSD = 1_000_000
GAVE_UP = {408, 424, 444, 460, 499}
OWN_FAILURES = {"server_error", "server_is_overloaded"}
BEFORE_ANY_WORK = {"insufficient_quota", "invalid_api_key"}


class Reply:
    """The bytes of an answer, noted before each of them is sent; a call without one is empty."""

    def __init__(self) -> None:
        self._said = bytearray()

    def note(self, data: bytes) -> None:
        self._said += data

    @property
    def status(self) -> int:
        """0 is no answer at all."""
        found = STATUS.match(self._head_and_body[0])
        return int(found.group(1)) if found else 0

    @property
    def is_whole(self) -> bool:
        head, body = self._head_and_body
        length = LENGTH.search(head)
        if length is None:
            return body.endswith(b"0\r\n\r\n")  # In chunks.
        return len(body) >= int(length.group(1))

    @property
    def is_refusal(self) -> bool:
        """Whether it says, before anything was made, that nothing will be.

        An error of a gateway is none: nobody knows what goes on behind it. Nor is an error that
        came with the status of success, but for one that is about the account.
        """
        if 300 <= self.status < 500:
            return self.status not in GAVE_UP
        if self.status == 200:
            return self.is_whole and self._error_code in BEFORE_ANY_WORK
        return self.status in (500, 503) and self.is_whole and self._error_code in OWN_FAILURES

    def microusd(self, model: str) -> int | None:
        """By the rates of the model; None where this answer leaves it open."""
        if self.is_refusal:
            return 0
        usage = self._usage if self.status == 200 and self.is_whole else None
        rates = pricing.rates_of(model)
        if usage is None or rates is None:
            return None
        text_in, image_in, image_out = usage
        amount = text_in * rates.text_in + image_in * rates.image_in + image_out * rates.image_out
        return round(amount / MICROUSD)

    @property
    def _usage(self) -> tuple[int, int, int] | None:
        """Tokens of text in, of images in, of images out; None where they make no sense."""
        _, found, text = bytes(self._said).rpartition(b'"usage": ')
        try:
            usage: Any = json.JSONDecoder().raw_decode(text.decode())[0] if found else None
            ins, outs = usage["input_tokens_details"], usage["output_tokens_details"]
            tokens = (ins["text_tokens"], ins["image_tokens"], outs["image_tokens"])
        except (ValueError, KeyError, TypeError):
            return None
        is_sane = all(type(each) is int and each >= 0 for each in tokens)
        return tokens if is_sane and tokens[2] else None  # No picture is made of nothing.

    @property
    def _error_code(self) -> str | None:
        """What an error in the official envelope is called."""
        try:
            error: Any = json.loads(self._head_and_body[1])["error"]
            return str(error["code"])
        except (ValueError, KeyError, TypeError):
            return None

    @property
    def _head_and_body(self) -> tuple[bytes, bytes]:
        """Without what came before it: `100 Continue`, once or very often."""
        rest = bytes(self._said)
        while True:
            head, _, rest = rest.partition(END_OF_HEAD)
            if not head.startswith(b"HTTP/1.1 1"):
                return head, rest
