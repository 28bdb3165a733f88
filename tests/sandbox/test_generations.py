from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
import requests
from PIL import Image

from imagestudio.images_api.client import Call, ImagesClient
from imagestudio.images_api.pricing import actual_microusd, estimate, image_tokens
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import ImageRequest
from tests.sandbox.conftest import KEY, Sandbox

FLARE = "gpt-image-2.6-flare"


def pictures(response: requests.Response) -> list[Image.Image]:
    files = [base64.b64decode(item["b64_json"]) for item in response.json()["data"]]
    return [Image.open(io.BytesIO(file)) for file in files]


@pytest.mark.parametrize("size", ["1024x1024", "1536x1024", "1024x1536"])
def test_it_draws_the_size_that_was_asked_for(sandbox: Sandbox, size: str) -> None:
    [picture] = pictures(sandbox.post(size=size))

    assert f"{picture.width}x{picture.height}" == size


@pytest.mark.parametrize(("width", "height"), [(1232, 544), (2560, 1440)])
def test_it_draws_free_sizes(sandbox: Sandbox, width: int, height: int) -> None:
    [picture] = pictures(sandbox.post(model=FLARE, size=f"{width}x{height}"))

    assert picture.size == (width, height)


@pytest.mark.parametrize("output_format", ["png", "webp", "jpeg"])
def test_it_draws_the_format_that_was_asked_for(sandbox: Sandbox, output_format: str) -> None:
    response = sandbox.post(output_format=output_format)

    [picture] = pictures(response)
    picture.load()
    assert picture.format == output_format.upper()
    assert response.json()["output_format"] == output_format


@pytest.mark.parametrize("output_format", ["webp", "jpeg"])
def test_it_compresses_as_it_is_told(sandbox: Sandbox, output_format: str) -> None:
    large = sandbox.post(output_format=output_format, output_compression=95)
    small = sandbox.post(output_format=output_format, output_compression=20)

    assert len(small.content) < len(large.content) / 3


@pytest.mark.parametrize("output_format", ["png", "webp"])
def test_it_draws_transparent_backgrounds(sandbox: Sandbox, output_format: str) -> None:
    response = sandbox.post(background="transparent", output_format=output_format, size="1024x1024")

    [picture] = pictures(response)
    alpha = picture.getchannel("A")
    assert alpha.getpixel((1020, 500)) == 0
    assert alpha.getpixel((512, 512)) == 255
    assert response.json()["background"] == "transparent"


def test_it_draws_opaque_pictures_otherwise(sandbox: Sandbox) -> None:
    [picture] = pictures(sandbox.post())

    assert picture.mode == "RGB"


def test_it_draws_as_many_as_were_asked_for_and_each_another(sandbox: Sandbox) -> None:
    items = sandbox.post(n=3).json()["data"]

    assert len({item["b64_json"] for item in items}) == 3


def test_it_draws_the_same_for_the_same_prompt(sandbox: Sandbox) -> None:
    first, second = sandbox.post(size="1024x1024"), sandbox.post(size="1024x1024")

    assert first.json()["data"] == second.json()["data"]


def test_it_weighs_what_real_pictures_weigh(sandbox: Sandbox) -> None:
    [item] = sandbox.post(size="1024x1024").json()["data"]

    assert 700_000 < len(base64.b64decode(item["b64_json"])) < 2_500_000


def test_it_says_what_auto_became(sandbox: Sandbox) -> None:
    answer = sandbox.post(model=FLARE, quality="auto", size="auto", background="auto").json()

    assert answer["quality"] in {"medium", "high"}
    assert answer["size"] in {"1024x1024", "1536x1024", "1024x1536"}
    assert answer["background"] == "opaque"


def test_it_draws_sunburst_in_high_quality_unless_told(sandbox: Sandbox) -> None:
    answer = sandbox.post(model="gpt-image-2.6-sunburst", quality="auto").json()

    assert answer["quality"] == "high"


def test_it_takes_nulls_for_unset(sandbox: Sandbox) -> None:
    response = sandbox.post(n=None, size=None, background=None, user=None, output_compression=None)

    assert response.status_code == 200


def test_it_takes_defaults_that_are_spelled_out(sandbox: Sandbox) -> None:
    response = sandbox.post(
        n=1, output_format="png", output_compression=100, stream=False, partial_images=0, user="u"
    )

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("model", "quality"), [(FLARE, "low"), ("gpt-image-2", "high"), ("gpt-image-1-mini", "low")]
)
def test_it_counts_tokens_as_the_real_service_does(
    sandbox: Sandbox, model: str, quality: str
) -> None:
    answer = sandbox.post(
        model=model, quality=quality, size="1024x1024", n=2, prompt="x" * 400
    ).json()

    tokens = 2 * (image_tokens(model, quality, 1024, 1024) or 0)
    assert answer["usage"] == {
        "input_tokens": 100,
        "input_tokens_details": {"text_tokens": 100, "image_tokens": 0},
        "output_tokens": tokens,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": tokens},
        "total_tokens": 100 + tokens,
    }


def test_it_marks_its_answers_as_the_sandbox(sandbox: Sandbox) -> None:
    headers = sandbox.post().headers

    assert headers["x-sandbox"] == "true"
    assert headers["x-request-id"].startswith("req_sandbox_")
    assert int(headers["openai-processing-ms"]) > 0


def test_our_client_can_use_it(sandbox: Sandbox, tmp_path: Path) -> None:
    client = ImagesClient(Provider("sandbox", sandbox.base_url, KEY))
    request = ImageRequest(model=FLARE, prompt="a lighthouse", n=2, size="1024x1024", quality="low")

    answer = client.generate(request, into=tmp_path / "in", call=Call(60))

    assert [image.problem for image in answer.images] == [None, None]
    assert actual_microusd(FLARE, answer.usage) == estimate(request).high_microusd
