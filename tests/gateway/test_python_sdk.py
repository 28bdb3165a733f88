"""The official Python client against a whole studio: only base URL, key and model are ours."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
import requests
from PIL import Image

from tests.sandbox.conftest import layer, photo, png_of
from tests.studio import RunningStudio, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("programs")]

MODEL = "gpt-image-2.6-flare"


@pytest.fixture
def sdk(studio: RunningStudio, secret: str) -> Iterator[openai.OpenAI]:
    url = f"{studio.base_url}/v1"
    with openai.OpenAI(api_key=secret, base_url=url, max_retries=0) as sdk:
        yield sdk


@pytest.fixture
def otter(tmp_path: Path) -> Path:
    path = tmp_path / "otter.png"
    path.write_bytes(png_of(photo(512, 512)))
    return path


def pictures(response: openai.types.ImagesResponse) -> list[Image.Image]:
    return [
        Image.open(io.BytesIO(base64.b64decode(item.b64_json or "")))
        for item in response.data or []
    ]


def test_it_generates_several(sdk: openai.OpenAI) -> None:
    response = sdk.images.generate(
        model=MODEL, prompt="an otter", n=2, size="1024x1024", quality="low"
    )

    assert [picture.size for picture in pictures(response)] == [(1024, 1024)] * 2
    assert response.usage is not None
    assert response.usage.output_tokens > 0
    assert (response.quality, response.size) == ("low", "1024x1024")


def test_it_gives_an_address_when_asked(sdk: openai.OpenAI) -> None:
    response = sdk.images.generate(
        model=MODEL, prompt="an otter", quality="low", response_format="url"
    )

    assert response.data
    fetched = requests.get(response.data[0].url or "", timeout=20)
    assert fetched.headers["Content-Type"] == "image/png"
    assert Image.open(io.BytesIO(fetched.content)).format == "PNG"


def test_it_edits_a_file_stream(sdk: openai.OpenAI, otter: Path) -> None:
    with otter.open("rb") as file:
        response = sdk.images.edit(model=MODEL, prompt="a hat", image=file, quality="low")

    assert len(pictures(response)) == 1


def test_it_edits_several_with_a_mask(sdk: openai.OpenAI, otter: Path) -> None:
    mask = layer(512, 512, clear=(0, 0, 99, 99))

    response = sdk.images.edit(
        model=MODEL, prompt="a hat", image=[otter, otter], mask=mask, quality="low"
    )

    assert response.usage is not None
    assert response.usage.input_tokens_details.image_tokens == 2048


def test_it_edits_with_markup(sdk: openai.OpenAI, otter: Path) -> None:
    markup = layer(512, 512, clear=(0, 0, 400, 400))

    response = sdk.images.edit(
        model=MODEL, prompt="a hat here", image=otter, markup=markup, quality="low"
    )

    assert len(pictures(response)) == 1


def test_it_varies(sdk: openai.OpenAI, otter: Path) -> None:
    with pytest.warns(DeprecationWarning, match="deprecated"):
        response = sdk.images.create_variation(image=otter, n=2, size="1024x1024")

    assert len(pictures(response)) == 2


def test_it_streams_previews(sdk: openai.OpenAI) -> None:
    stream = sdk.images.generate(
        model=MODEL, prompt="an otter", quality="low", stream=True, partial_images=2
    )

    events = list(stream)

    assert [event.type for event in events] == [
        "image_generation.partial_image",
        "image_generation.partial_image",
        "image_generation.completed",
    ]
    assert all(base64.b64decode(event.b64_json)[:4] == b"\x89PNG" for event in events)


def test_it_streams_an_edit(sdk: openai.OpenAI, otter: Path) -> None:
    stream = sdk.images.edit(
        model=MODEL, prompt="a hat", image=otter, quality="low", stream=True, partial_images=1
    )

    assert [event.type for event in stream] == ["image_edit.partial_image", "image_edit.completed"]


def test_it_lists_models(sdk: openai.OpenAI) -> None:
    assert MODEL in [model.id for model in sdk.models.list()]
    assert sdk.models.retrieve(MODEL).id == MODEL


def test_errors_have_the_classes_that_programs_expect(
    sdk: openai.OpenAI, studio: RunningStudio
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        sdk.images.generate(model=MODEL, prompt="[moderation]")
    assert (refused.value.code, refused.value.type) == (
        "moderation_blocked",
        "image_generation_user_error",
    )
    with pytest.raises(openai.BadRequestError) as wrong:
        sdk.images.generate(model=MODEL, prompt="x", size="100x100")
    assert wrong.value.param == "size"
    with pytest.raises(openai.NotFoundError) as unknown:
        sdk.images.generate(model="dall-e-9", prompt="x")
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(api_key="ist_mine", base_url=sdk.base_url).models.list()


def test_nothing_is_sent_again_that_may_have_been_paid(
    sdk: openai.OpenAI, studio: RunningStudio
) -> None:
    eager, prompt = sdk.with_options(max_retries=3), "[gateway-timeout] paid or not"

    with pytest.raises(openai.InternalServerError) as unknown:
        eager.images.generate(model=MODEL, prompt=prompt, quality="low")

    assert unknown.value.code == "outcome_unknown"
    assert len([line for line in studio.ledger() if line.get("prompt") == prompt]) == 1


def test_the_same_key_pays_once(sdk: openai.OpenAI, studio: RunningStudio) -> None:
    prompt, headers = "an otter, once", {"Idempotency-Key": "once"}

    first, second = (
        sdk.images.generate(model=MODEL, prompt=prompt, quality="low", extra_headers=headers)
        for _ in range(2)
    )

    assert first.data == second.data
    assert len([line for line in studio.ledger() if line.get("prompt") == prompt]) == 1


def test_an_impatient_program_that_tries_again_by_itself_pays_once(
    sdk: openai.OpenAI, studio: RunningStudio
) -> None:
    prompt = "[slow:2.5] an otter for the impatient"

    response = sdk.with_options(timeout=1.5, max_retries=4).images.generate(
        model=MODEL, prompt=prompt, quality="low"
    )

    assert len(pictures(response)) == 1
    assert len([line for line in studio.ledger() if line.get("prompt") == prompt]) == 1


def test_what_took_too_long_can_be_fetched(sdk: openai.OpenAI, studio: RunningStudio) -> None:
    hasty = sdk.with_options(timeout=3.0, max_retries=0)
    with pytest.raises(openai.InternalServerError, match="The job goes on"):
        hasty.images.generate(model=MODEL, prompt="[slow:6] an otter at rest", quality="low")

    statement = "SELECT id FROM jobs_job WHERE prompt LIKE %s AND state = 'succeeded'"
    [[job_id]] = wait_for(lambda: studio.rows(statement, "%at rest%"), 20)

    fetched = sdk.get(f"/studio/jobs/{job_id}/result", cast_to=openai.types.ImagesResponse)
    assert len(pictures(fetched)) == 1


def test_all_of_it_is_in_the_history(sdk: openai.OpenAI, studio: RunningStudio) -> None:
    sdk.images.generate(model=MODEL, prompt="an otter for the history", quality="low")

    page = studio.visitor().sign_in().get("/history/").text

    assert "an otter for the history" in page


def test_d08_the_client_for_azure_works_both_ways(studio: RunningStudio, secret: str) -> None:
    ways: list[dict[str, str]] = [
        {"azure_endpoint": studio.base_url},
        {"base_url": f"{studio.base_url}/v1"},
    ]
    for way in ways:
        with openai.AzureOpenAI(api_key=secret, api_version="2025-04-01-preview", **way) as azure:  # type: ignore[call-overload]
            response = azure.images.generate(model=MODEL, prompt="an otter", quality="low")

        assert len(pictures(response)) == 1


def test_d08_a_wrong_base_url_has_its_code(studio: RunningStudio, secret: str) -> None:
    with (
        openai.OpenAI(api_key=secret, base_url=studio.base_url) as lost,
        pytest.raises(openai.NotFoundError, match="ends with /v1") as refused,
    ):
        lost.images.generate(model=MODEL, prompt="x")

    assert refused.value.code == "unknown_url"
