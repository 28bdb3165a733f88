"""A service that cuts what stays silent for long is asked for events, and gives one picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from imagestudio.images_api import pricing
from imagestudio.images_api.client import Call, ImagesClient, InputFile, Inputs
from imagestudio.images_api.known_servers import from_json
from imagestudio.images_api.types import Answer, ImageRequest
from tests.images_api.conftest import KEY
from tests.images_api.events import completed, partial, stream
from tests.images_api.forms import texts_of
from tests.upstream import USAGE, ScriptedUpstream, images, png_bytes

OTTER = ImageRequest(model="gpt-image-2", prompt="an otter")


class Azure:
    def __init__(self, upstream: ScriptedUpstream, folder: Path) -> None:
        entry = {"name": "azure", "preset": "azure", "base_url": upstream.base_url, "api_key": KEY}
        self.client = ImagesClient(from_json(entry))
        self.upstream, self.folder = upstream, folder
        self.previews: list[int] = []

    def generate(self, **fields: Any) -> Answer:
        return self.client.generate(
            replace(OTTER, **fields),
            into=self.folder / "in",
            call=Call(20),
            on_partial=lambda index, _: self.previews.append(index),
        )


@pytest.fixture
def azure(upstream: ScriptedUpstream, tmp_path: Path) -> Azure:
    return Azure(upstream, tmp_path)


def test_d04_a_single_picture_of_azure_comes_as_events_and_is_one_answer(azure: Azure) -> None:
    azure.upstream.script(stream(partial(), completed("coral")))

    answer = azure.generate()

    sent = azure.upstream.calls[0].json
    assert (sent["stream"], sent["partial_images"]) == (True, 1)
    assert [image.path.read_bytes() for image in answer.images] == [png_bytes(64, 64, "coral")]
    assert answer.usage is not None
    assert answer.usage.output_tokens == USAGE["output_tokens"]
    assert azure.previews == []


def test_d04_an_edit_too(azure: Azure, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(png_bytes())
    azure.upstream.script(stream(completed(kind="image_edit")))

    azure.client.edit(
        replace(OTTER, operation="edit"),
        Inputs((InputFile(file, "a.png", "image/png"),)),
        into=tmp_path / "in",
        call=Call(20),
    )

    texts = texts_of(azure.upstream.calls[0])
    assert (texts["stream"], texts["partial_images"]) == ("true", "1")


def test_d04_previews_that_were_asked_for_are_handed_over(azure: Azure) -> None:
    azure.upstream.script(stream(partial(0), partial(1), completed()))

    azure.generate(partial_images=2)

    assert azure.upstream.calls[0].json["partial_images"] == 2
    assert azure.previews == [0, 1]


@pytest.mark.parametrize("fields", [{"n": 2}, {"output_format": "gif"}, {"output_format": "svg"}])
def test_d04_what_no_service_streams_is_asked_for_whole(
    azure: Azure, fields: dict[str, Any]
) -> None:
    azure.upstream.script(images(fields.get("n", 1)))

    azure.generate(**fields)

    assert {"stream", "partial_images"}.isdisjoint(azure.upstream.calls[0].json)


def test_d04_an_answer_in_one_piece_is_taken_as_well(azure: Azure) -> None:
    azure.upstream.script(images(1))

    assert len(azure.generate().images) == 1


def test_d04_the_official_service_is_asked_as_before(upstream: ScriptedUpstream) -> None:
    provider = from_json({"name": "openai", "api_key": KEY})

    assert provider.as_sent(OTTER) == OTTER


def test_d04_the_estimate_counts_the_preview_that_comes_along(azure: Azure) -> None:
    request = replace(OTTER, size="1024x1024", quality="low")
    plain, sent = (
        pricing.estimate(each) for each in (request, azure.client.provider.as_sent(request))
    )

    assert (plain.high_microusd, sent.high_microusd) == (5890, 8890)
    assert plain.low_microusd == sent.low_microusd


def test_d04_the_switch_can_be_set_for_any_service() -> None:
    entry = {"name": "x", "base_url": "https://x.example/v1", "api_key": KEY}

    assert from_json({**entry, "streams_stills": True}).as_sent(OTTER).stream
    assert (
        not from_json({**entry, "preset": "azure", "streams_stills": False}).as_sent(OTTER).stream
    )
