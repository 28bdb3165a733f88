"""Makes the answer to a request: what `auto` became, the pictures, and their tokens."""

from __future__ import annotations

import base64
import math
import random
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

from imagestudio.images_api.capabilities import MODELS, parse_size
from imagestudio.images_api.pricing import count_prompt_tokens, image_tokens
from imagestudio.images_api.types import ImageRequest
from imagestudio.sandbox.drawing.canvas import seeded
from imagestudio.sandbox.drawing.encode import Order, draw_file

_DRAWING_AT_ONCE = 2
_MEGAPIXEL = 1024 * 1024
_SHAPES = ("1024x1024", "1024x1024", "1536x1024", "1024x1536")
_PACE = {"low": 0.6, "medium": 0.8, "high": 1.0, "xhigh": 1.25, "max": 1.5}
_NOT_AN_IMAGE = b"This is a text and no picture, as the prompt asked for it."

_drawing = threading.BoundedSemaphore(_DRAWING_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A request with every `auto` decided."""

    request: ImageRequest
    width: int
    height: int

    @classmethod
    def of(cls, request: ImageRequest) -> Resolved:
        rng = _random_of(request)
        size = rng.choice(_SHAPES) if request.size == "auto" else request.size
        quality = _quality_of(request, rng) if request.quality == "auto" else request.quality
        background = "opaque" if request.background == "auto" else request.background
        width, height = parse_size(size) or (1024, 1024)
        decided = replace(request, size=size, quality=quality, background=background)
        return cls(decided, width, height)

    def latency_s(self, usual_s: float) -> float:
        """Give a time that grows mildly with the work and varies by 30 % either way."""
        work = math.pow(self.width * self.height / _MEGAPIXEL, 0.35) * _PACE[self.request.quality]
        several = 1 + 0.08 * (self.request.n - 1)
        return usual_s * work * several * _random_of(self.request).uniform(0.7, 1.3)


def make_answer(resolved: Resolved, n: int, *, as_text: bool = False) -> dict[str, Any]:
    """Draw `n` pictures and give the whole answer."""
    files = [_NOT_AN_IMAGE if as_text else _draw(resolved, index) for index in range(n)]
    request = resolved.request
    return {
        "created": int(time.time()),
        "background": request.background,
        "data": [{"b64_json": base64.b64encode(file).decode()} for file in files],
        "output_format": request.output_format,
        "quality": request.quality,
        "size": request.size,
        "usage": _usage(resolved, n),
    }


def _draw(resolved: Resolved, index: int) -> bytes:
    request = resolved.request
    order = Order(
        prompt=request.prompt,
        index=index,
        width=resolved.width,
        height=resolved.height,
        details=f"{request.model} · {request.size} · {request.quality}",
        output_format=request.output_format,
        compression=100 if request.output_compression is None else request.output_compression,
        transparent=request.background == "transparent",
    )
    with _drawing:
        return draw_file(order)


def _usage(resolved: Resolved, n: int) -> dict[str, Any]:
    request = resolved.request
    text = count_prompt_tokens(request.prompt)
    each = image_tokens(request.model, request.quality, resolved.width, resolved.height) or 0
    return {
        "input_tokens": text,
        "input_tokens_details": {"text_tokens": text, "image_tokens": 0},
        "output_tokens": each * n,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": each * n},
        "total_tokens": text + each * n,
    }


def _quality_of(request: ImageRequest, rng: random.Random) -> str:
    """Decide as the models do: Sunburst draws `high`, the others go by the prompt."""
    if "sunburst" in request.model:
        return "high"
    return rng.choice([name for name in MODELS[request.model].qualities if name != "auto"][1:3])


def _random_of(request: ImageRequest) -> random.Random:
    return seeded(f"{request.prompt}\n{request.model}")
