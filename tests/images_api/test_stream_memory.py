"""One event may be a whole picture of many megabytes: it is never held."""

from __future__ import annotations

import base64
import random
import tracemalloc
from contextlib import nullcontext
from pathlib import Path

import pytest

from imagestudio.images_api.replies import ReplyHead
from imagestudio.images_api.stream import StreamReader

MEGABYTE = 1024 * 1024
PICTURE = random.Random(20261122).randbytes(3 * 10 * MEGABYTE)  # noqa: S311 It is only noise.
HEAD = b'event: image_generation.completed\ndata: {"b64_json": "'


@pytest.mark.parametrize("chunk", [16 * 1024, 256 * 1024])
def test_a_picture_of_30_mb_passes_through_in_constant_memory(tmp_path: Path, chunk: int) -> None:
    text = HEAD + base64.b64encode(PICTURE) + b'"}\n\n'
    reader = StreamReader(tmp_path, ReplyHead.read(200, {}))
    position = 0

    def read(_: int) -> bytes:
        nonlocal position
        piece = text[position : position + chunk]
        position += len(piece)
        return piece

    tracemalloc.start()
    try:
        reader.read_all(read, nullcontext())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert reader.finish().images[0].path.read_bytes() == PICTURE
    assert peak < 3 * MEGABYTE
