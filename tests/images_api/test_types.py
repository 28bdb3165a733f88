from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from imagestudio.images_api.types import AnswerImage, ImageRequest, Usage

DETAILED = {
    "input_tokens": 50,
    "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
    "output_tokens": 1372,
    "output_tokens_details": {"text_tokens": 2, "image_tokens": 1370},
    "total_tokens": 1422,
}


def test_it_reads_back_the_request_that_it_stored() -> None:
    request = ImageRequest(
        model="gpt-image-2", prompt="é", n=3, output_format="webp", output_compression=40
    )

    stored = json.loads(json.dumps(request.to_json()))

    assert ImageRequest.from_json(stored) == request


def test_it_reads_a_request_from_before_or_after_its_time() -> None:
    stored = {"model": "gpt-image-2", "prompt": "an otter", "complexity": "high"}

    assert ImageRequest.from_json(stored) == ImageRequest(model="gpt-image-2", prompt="an otter")


def test_it_splits_tokens_by_their_details() -> None:
    usage = Usage.parse(DETAILED)

    assert usage == Usage(50, 1372, 10, 40, 2, 1370, DETAILED)


def test_it_takes_output_without_details_for_images() -> None:
    usage = Usage.parse({"input_tokens": 5, "output_tokens": 100})

    assert usage is not None
    assert (usage.text_in, usage.image_in, usage.text_out, usage.image_out) == (5, 0, 0, 100)


@pytest.mark.parametrize(
    "change",
    [
        {"input_tokens": None},
        {"input_tokens": -1},
        {"output_tokens": "1372"},
        {"output_tokens": 1372.0},
        {"output_tokens": True},
        {"output_tokens": 10**12},
        {"input_tokens_details": []},
        {"input_tokens_details": {"text_tokens": 1}},
        {"output_tokens_details": {"text_tokens": 0, "image_tokens": -5}},
    ],
)
def test_it_takes_a_usage_that_makes_no_sense_for_none(change: dict[str, Any]) -> None:
    assert Usage.parse(DETAILED | change) is None


@pytest.mark.parametrize("usage", [None, "free", 7, [], {}])
def test_it_takes_what_is_no_usage_for_none(usage: object) -> None:
    assert Usage.parse(usage) is None


def test_it_reads_no_picture_from_outside_the_folder(tmp_path: Path) -> None:
    line = {"index": 0, "path": "../../etc/passwd", "sha256": "", "byte_count": 1, "problem": None}

    image = AnswerImage.from_json(line, tmp_path)

    assert image.path == tmp_path / "passwd"
