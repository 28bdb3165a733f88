from __future__ import annotations

import pytest
from PIL import Image, ImageStat

from imagestudio.images_api.types import ImageRequest
from imagestudio.sandbox.answers import Resolved
from imagestudio.sandbox.drawing.caption import set_caption
from imagestudio.sandbox.drawing.picture import MOTIFS, draw_picture

PROMPTS = [motif.words.split()[0] for motif in MOTIFS]


def picture(prompt: str, index: int = 0, width: int = 320, height: int = 320) -> Image.Image:
    return draw_picture(prompt, index, width, height)


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("size", [(320, 320), (480, 160), (160, 480), (48, 16)])
def test_it_draws_every_motif_in_every_shape(prompt: str, size: tuple[int, int]) -> None:
    drawn = picture(prompt, 0, *size)

    assert drawn.size == size
    assert drawn.mode == "RGB"


@pytest.mark.parametrize("prompt", PROMPTS)
def test_it_draws_something_to_look_at(prompt: str) -> None:
    spread = ImageStat.Stat(picture(prompt).convert("L")).stddev[0]

    assert spread > 10


def test_it_draws_the_same_for_the_same_prompt_and_number() -> None:
    assert picture("a fox").tobytes() == picture("a fox").tobytes()


def test_it_draws_another_for_another_number() -> None:
    assert picture("a fox", 0).tobytes() != picture("a fox", 1).tobytes()


def test_it_draws_another_for_another_prompt() -> None:
    assert picture("a fox").tobytes() != picture("an old fox").tobytes()


def test_it_draws_from_prompts_in_any_script() -> None:
    assert picture("水獺 🦦").size == (320, 320)


@pytest.mark.parametrize("prompt", ["", "x" * 5_000, "水獺 🦦 é\n\x07", "a\tb"])
@pytest.mark.parametrize("size", [(1024, 1024), (1408, 480), (480, 1408)])
def test_it_sets_any_words_within_the_picture(prompt: str, size: tuple[int, int]) -> None:
    blank = Image.new("RGB", size, "white")

    for left, top, right, bottom in set_caption(blank, prompt, "gpt-image-2 · high"):
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]


def test_it_takes_longer_for_more_and_finer_pictures() -> None:
    def latency_s(**fields: object) -> float:
        request = ImageRequest.from_json(
            {"model": "gpt-image-2.6-flare", "prompt": "x", "size": "1024x1024", "quality": "low"}
            | fields
        )
        return Resolved.of(request).latency_s(2.0)

    assert latency_s() < latency_s(quality="max")
    assert latency_s() < latency_s(size="3840x2160")
    assert latency_s() < latency_s(n=4)


def test_it_varies_its_latency_by_a_third_at_most() -> None:
    seconds = [
        Resolved.of(
            ImageRequest(model="gpt-image-2", prompt=str(number), size="1024x1024", quality="high")
        ).latency_s(1.0)
        for number in range(50)
    ]

    assert 0.7 <= min(seconds) < 0.85
    assert 1.15 < max(seconds) <= 1.3
