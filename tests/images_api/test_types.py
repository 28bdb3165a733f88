from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from imagestudio.images_api.types import AnswerImage, ImageRequest, SvgAuthor, Usage
from tests.images_api.conftest import Facts

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
    stored = {"model": "gpt-image-2", "prompt": "an otter", "mood": "high"}

    assert ImageRequest.from_json(stored) == ImageRequest(model="gpt-image-2", prompt="an otter")


def test_it_reads_back_what_goes_along(facts: Facts) -> None:
    request = ImageRequest(
        operation="edit",
        model="gpt-image-2",
        prompt="é",
        svg=SvgAuthor(model="gpt-5.6-terra", effort="low"),
        inputs=(facts(), facts(format="jpeg")),
        mask=facts(has_alpha=True),
    )

    stored = json.loads(json.dumps(request.to_json()))

    assert ImageRequest.from_json(stored) == request


@pytest.mark.parametrize(
    ("fields", "is_streamed"),
    [({}, False), ({"partial_images": 1}, True), ({"stream": True}, True)],
)
def test_it_streams_for_previews_and_when_asked(fields: dict[str, Any], is_streamed: bool) -> None:
    assert ImageRequest(model="x", prompt="y", **fields).is_streamed is is_streamed


def test_it_notes_that_an_author_of_svg_wants_money_too() -> None:
    usage = Usage.of_answer({"usage": DETAILED, "svg_usage": {"total_tokens": 900}})

    assert usage is not None
    assert usage.svg_tokens == 900


@pytest.mark.parametrize("author", [{}, {"total_tokens": "many"}])
def test_it_takes_an_author_without_a_count_for_some_cost(author: dict[str, Any]) -> None:
    usage = Usage.of_answer({"usage": DETAILED, "svg_usage": author})

    assert usage is not None
    assert usage.svg_tokens > 0


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
        {"output_tokens": "many"},
        {"output_tokens": 1371},
        {"output_tokens": True},
        {"output_tokens": 10**12},
        {"input_tokens_details": []},
        {"input_tokens_details": {"text_tokens": 51}},
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
