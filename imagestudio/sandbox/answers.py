"""Makes the answer to a request: what `auto` became, the pictures, and their tokens."""

from __future__ import annotations

import base64
import math
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image

from imagestudio.images_api.capabilities import MODELS, parse_size
from imagestudio.images_api.frames import DEFAULT_FRAMES
from imagestudio.images_api.pricing import (
    PARTIAL_IMAGE_TOKENS,
    count_prompt_tokens,
    frame_tokens,
    image_tokens,
    input_tokens,
)
from imagestudio.images_api.sizes import FixedSizes, FreeSizes
from imagestudio.images_api.types import ImageRequest
from imagestudio.sandbox.drawing import edit
from imagestudio.sandbox.drawing.animate import gif_of
from imagestudio.sandbox.drawing.canvas import seeded
from imagestudio.sandbox.drawing.encode import DrawingOrder, draw, file_of
from imagestudio.sandbox.drawing.vector import svg_of
from imagestudio.sandbox.parsing import Wanted

_DRAWING_AT_ONCE = 2
_MEGAPIXEL = 1024 * 1024
_SHAPES = ("1024x1024", "1024x1024", "1536x1024", "1024x1536")
_FRAME = "512x512"
_FRAME_MS = 200
_PACE = {"low": 0.6, "medium": 0.8, "high": 1.0, "xhigh": 1.25, "max": 1.5}
_NOT_AN_IMAGE = b"This is a text and no picture, as the prompt asked for it."
_SVG_AUTHOR = "sandbox-author"

_ASKS_TO_VARY = re.compile(r"\bvariation\b", re.IGNORECASE)

_drawing = threading.BoundedSemaphore(_DRAWING_AT_ONCE)

# Gives what stands in `data` for the bytes of one file.
Deliver = Callable[[bytes, str], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A request with every `auto` decided."""

    request: ImageRequest
    width: int
    height: int

    @classmethod
    def of(cls, request: ImageRequest) -> Resolved:
        rng = _random_of(request)
        size = _size_of(request, rng) if request.size == "auto" else request.size
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


def make_answer(
    wanted: Wanted, resolved: Resolved, n: int, deliver: Deliver, *, as_text: bool = False
) -> dict[str, Any]:
    """Draw `n` pictures and give the whole answer."""
    request = resolved.request
    files = [_NOT_AN_IMAGE if as_text else _file(wanted, resolved, index) for index in range(n)]
    answer: dict[str, Any] = {
        "created": int(time.time()),
        "background": request.background,
        "data": [deliver(file, request.output_format) for file in files],
        "output_format": request.output_format,
        "quality": request.quality,
        "size": request.size,
        "usage": _usage(resolved, n),
    }
    if request.safety_identifier:
        answer["safety_identifier"] = request.safety_identifier
    if request.output_format == "svg":
        answer["svg_usage"] = _svg_usage(request, files[0] if files else b"")
    return answer


def make_events(
    wanted: Wanted, resolved: Resolved, *, as_text: bool = False
) -> Iterator[dict[str, Any]]:
    """Draw the picture and give the events of its development, the last one with the result."""
    request = resolved.request
    kind = "image_edit" if wanted.images else "image_generation"
    image = _image(wanted, resolved, 0)
    for step in range(request.partial_images):
        coarse = edit.preview(image.convert("RGB"), step, request.partial_images)
        file = file_of(coarse, request.output_format, _compression(request))
        yield _event(f"{kind}.partial_image", resolved, file, partial_image_index=step)
    file = file_of(image, request.output_format, _compression(request))
    usage = _usage(resolved, 1)
    # Events leave these details out, as the real ones do.
    del usage["output_tokens_details"]
    ended: dict[str, Any] = {"usage": usage}
    if request.safety_identifier:
        ended["safety_identifier"] = request.safety_identifier
    yield _event(f"{kind}.completed", resolved, _NOT_AN_IMAGE if as_text else file, **ended)


def _event(kind: str, resolved: Resolved, file: bytes, **fields: object) -> dict[str, Any]:
    request = resolved.request
    return {
        "type": kind,
        "b64_json": base64.b64encode(file).decode(),
        "created_at": int(time.time()),
        "size": request.size,
        "quality": request.quality,
        "background": request.background,
        "output_format": request.output_format,
        **fields,
    }


def _file(wanted: Wanted, resolved: Resolved, index: int) -> bytes:
    request = resolved.request
    if request.output_format == "svg":
        return svg_of(request.prompt, resolved.width, resolved.height)
    image = _image(wanted, resolved, index)
    if request.output_format == "gif":
        frames = request.frame_count or DEFAULT_FRAMES
        return gif_of(image, frames, request.frame_duration_ms or _FRAME_MS)
    return file_of(image, request.output_format, _compression(request))


def _image(wanted: Wanted, resolved: Resolved, index: int) -> Image.Image:
    request = resolved.request
    order = DrawingOrder(
        prompt=request.prompt,
        index=index,
        width=resolved.width,
        height=resolved.height,
        details=f"{request.model} · {request.size} · {request.quality}",
        transparent=request.background == "transparent",
        change=_change(wanted, index),
        # Words across the picture would change what a mask is there to keep.
        has_caption=not (wanted.mask or wanted.markup),
    )
    with _drawing:
        return draw(order)


def _change(wanted: Wanted, index: int) -> Callable[[Image.Image], Image.Image] | None:
    """Choose what becomes of the pictures that came along."""
    if not wanted.images:
        return None
    first, mask, markup = wanted.images[0], wanted.mask, wanted.markup
    is_variation = wanted.request.operation == "vary" or _ASKS_TO_VARY.search(wanted.request.prompt)
    if is_variation and not (mask or markup):
        return lambda drawn: edit.vary(first, index, drawn.size)
    if mask:
        return lambda drawn: edit.paint_in(first, mask, drawn)
    if markup:
        return lambda drawn: edit.follow(first, markup, drawn)
    return lambda drawn: edit.restyle(wanted.images, drawn)


def _compression(request: ImageRequest) -> int:
    return 100 if request.output_compression is None else request.output_compression


def _usage(resolved: Resolved, n: int) -> dict[str, Any]:
    request = resolved.request
    text = count_prompt_tokens(request.prompt)
    image_in = sum(input_tokens(facts.width, facts.height) for facts in request.inputs)
    image_out = _tokens_of_one(resolved) * n + PARTIAL_IMAGE_TOKENS * request.partial_images
    return {
        "input_tokens": text + image_in,
        "input_tokens_details": {"text_tokens": text, "image_tokens": image_in},
        "output_tokens": image_out,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": image_out},
        "total_tokens": text + image_in + image_out,
    }


def _tokens_of_one(resolved: Resolved) -> int:
    request, size = resolved.request, (resolved.width, resolved.height)
    if request.output_format == "gif":
        return frame_tokens(request.model, request.quality, size, request.frame_count) or 0
    return image_tokens(request.model, request.quality, *size) or 0


def _svg_usage(request: ImageRequest, file: bytes) -> dict[str, Any]:
    text_in, text_out = count_prompt_tokens(request.prompt), count_prompt_tokens(file.decode())
    return {
        "model": request.svg.model if request.svg else _SVG_AUTHOR,
        "input_tokens": text_in,
        "output_tokens": text_out,
        "reasoning_tokens": text_out // 2,
        "total_tokens": text_in + text_out,
    }


def _size_of(request: ImageRequest, rng: random.Random) -> str:
    """Decide as the models do: an edit keeps its shape, and a frame is small."""
    if request.output_format == "gif":
        return _FRAME
    if not request.inputs:
        return rng.choice(_SHAPES)
    width, height = request.inputs[0].width, request.inputs[0].height
    return "{}x{}".format(*_nearest(MODELS[request.model].sizes, width, height))


def _nearest(sizes: FixedSizes | FreeSizes, width: int, height: int) -> tuple[int, int]:
    if isinstance(sizes, FreeSizes):
        return sizes.nearest(width, height)
    known = [parse_size(preset.value) or (1024, 1024) for preset in sizes.presets]
    return min(known, key=lambda size: abs(math.log(size[0] / size[1] / (width / height))))


def _quality_of(request: ImageRequest, rng: random.Random) -> str:
    """Decide as the models do: Sunburst draws `high`, the others go by the prompt."""
    if "sunburst" in request.model:
        return "high"
    return rng.choice([name for name in MODELS[request.model].qualities if name != "auto"][1:3])


def _random_of(request: ImageRequest) -> random.Random:
    return seeded(f"{request.prompt}\n{request.model}")
