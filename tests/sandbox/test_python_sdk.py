"""The official Python client, pointed at the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from PIL import Image

from tests.sandbox.conftest import KEY, Sandbox, layer, photo, picture_of, png_of

MINI, FLARE = "gpt-image-1-mini", "gpt-image-2.6-flare"


@pytest.fixture
def sdk(sandbox: Sandbox) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=KEY, base_url=sandbox.base_url, max_retries=0) as sdk:
        yield sdk


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "otter.png"
    path.write_bytes(png_of(photo(512, 512)))
    return path


def first(response: openai.types.ImagesResponse) -> Image.Image:
    assert response.data
    return picture_of(response.data[0].b64_json or "")


def test_it_generates(sdk: openai.OpenAI) -> None:
    response = sdk.images.generate(model=MINI, prompt="an otter", n=2, size="1024x1024")

    assert len(response.data or []) == 2
    assert first(response).size == (1024, 1024)
    assert response.usage is not None
    assert response.usage.output_tokens > 0


def test_it_edits_one(sdk: openai.OpenAI, path: Path) -> None:
    response = sdk.images.edit(model=MINI, prompt="a hat", image=path, quality="low")

    assert first(response).size == (1024, 1024)


def test_it_edits_several_with_a_mask(sdk: openai.OpenAI, path: Path) -> None:
    with path.open("rb") as file:
        response = sdk.images.edit(
            model=FLARE,
            prompt="a hat",
            image=[file, path],
            mask=layer(512, 512, clear=(0, 0, 99, 99)),
            quality="low",
        )

    assert response.usage is not None
    assert response.usage.input_tokens_details.image_tokens == 2048


def test_it_streams(sdk: openai.OpenAI) -> None:
    stream = sdk.images.generate(
        model=MINI, prompt="an otter", quality="low", stream=True, partial_images=2
    )

    assert [event.type for event in stream] == [
        "image_generation.partial_image",
        "image_generation.partial_image",
        "image_generation.completed",
    ]


def test_it_streams_an_edit(sdk: openai.OpenAI, path: Path) -> None:
    stream = sdk.images.edit(
        model=MINI, prompt="a hat", image=path, quality="low", stream=True, partial_images=1
    )

    assert [event.type for event in stream] == ["image_edit.partial_image", "image_edit.completed"]


def test_it_varies(sdk: openai.OpenAI, path: Path) -> None:
    with pytest.warns(
        DeprecationWarning, match="deprecated"
    ):  # The official service has retired it.
        response = sdk.images.create_variation(image=path, n=1, size="512x512")

    assert first(response).size == (512, 512)


def test_it_lists_models(sdk: openai.OpenAI) -> None:
    assert MINI in [model.id for model in sdk.models.list()]


def test_it_raises_its_own_errors(sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.images.generate(model=MINI, prompt="[moderation]")

    assert caught.value.code == "moderation_blocked"
    with pytest.raises(openai.RateLimitError):
        sdk.images.generate(model=MINI, prompt="[no-money]")
    with pytest.raises(openai.APIError, match="error while drawing"):
        list(sdk.images.generate(model=MINI, prompt="[stream-error]", stream=True))
