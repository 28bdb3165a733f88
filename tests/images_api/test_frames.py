"""The frames of a GIF share one sheet."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from imagestudio.images_api.capabilities import MODELS, problems
from imagestudio.images_api.known_servers import from_json
from imagestudio.images_api.types import ImageRequest

TODAY = date(2026, 11, 22)
FLARE = "gpt-image-2.6-flare"
PREVIEWER = from_json({"preset": "sandbox", "name": "x", "base_url": "http://x", "api_key": ""})


def messages(**fields: Any) -> list[tuple[str, str]]:
    request = ImageRequest(model=FLARE, prompt="a boat", output_format="gif", **fields)
    return [(found.param, found.message) for found in problems(request, TODAY, PREVIEWER)]


@pytest.mark.parametrize(
    ("count", "largest"), [(2, 960), (9, 960), (10, 816), (12, 816), (13, 720), (16, 720)]
)
def test_it_takes_square_frames_up_to_what_was_measured(count: int, largest: int) -> None:
    next_size = largest + 16

    assert messages(frame_count=count, size=f"{largest}x{largest}") == []
    assert messages(frame_count=count, size=f"{next_size}x{next_size}") == [
        (
            "size",
            f"{count} frames of {next_size}x{next_size} do not fit on one sheet. "
            "Take smaller or fewer frames.",
        )
    ]


@pytest.mark.parametrize("size", ["384x384", "512x288", "1280x720", "720x1280", "auto"])
def test_it_takes_the_usual_frames(size: str) -> None:
    assert messages(size=size) == []


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ("500x500", "The frames of a gif go in steps of 16 pixels; 500x500 does not."),
        ("1600x320", "The frames of a gif take shapes up to 3:1; 1600x320 is longer."),
        ("64x64", "Frames of 64x64 are too small for a gif of 9. Make them larger."),
        ("big", 'A size is written as "512x512", or "auto"; big is neither.'),
    ],
)
def test_it_explains_what_is_wrong_with_a_frame(size: str, words: str) -> None:
    assert messages(size=size) == [("size", words)]


@pytest.mark.parametrize("count", [1, 17, 0, -4])
def test_a_gif_has_2_to_16_frames(count: int) -> None:
    assert messages(frame_count=count) == [
        ("frame_count", f"A gif has 2 to 16 frames, not {count}.")
    ]


@pytest.mark.parametrize(
    ("duration", "is_fine"), [(20, True), (19, False), (655_350, True), (2**31, False)]
)
def test_a_frame_lasts_20_ms_or_longer(duration: int, is_fine: bool) -> None:
    found = [param for param, _ in messages(frame_duration_ms=duration)]

    assert found == ([] if is_fine else ["frame_duration_ms"])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"stream": True}, "stream"),
        ({"partial_images": 2}, "partial_images"),
        ({"output_compression": 80}, "output_compression"),
    ],
)
def test_a_gif_comes_whole(fields: dict[str, Any], expected: str) -> None:
    assert [param for param, _ in messages(**fields)] == [expected]


def test_a_gif_may_be_transparent_and_come_in_numbers() -> None:
    assert messages(background="transparent", n=4) == []


def test_it_lays_a_wide_sheet_where_a_tall_one_does_not_fit() -> None:
    rule = MODELS[FLARE].frames

    assert rule is not None
    assert rule.sheet_for((512, 512), 6) == (2048, 1024)
    assert rule.sheet_for((1280, 720), 8) == (2560, 2880)


@pytest.mark.parametrize("duration", [655_351, 700_000, 3_600_000])
def test_d12_what_the_api_shortens_itself_is_not_refused(duration: int) -> None:
    assert messages(frame_duration_ms=duration) == []
