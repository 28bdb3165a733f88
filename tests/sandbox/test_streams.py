"""Events while the sandbox draws, and the formats that move and scale."""

from __future__ import annotations

import base64
import threading
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from imagestudio.images_api.client import Call, ImagesClient, InputFile, Inputs
from imagestudio.images_api.errors import OutcomeUnknown
from imagestudio.images_api.pricing import actual_microusd, estimate, frame_tokens, image_tokens
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import ImageRequest
from tests.sandbox.conftest import KEY, Sandbox, photo, picture_of, png_of

FLARE = "gpt-image-2.6-flare"
COMMON = {"type", "b64_json", "created_at", "size", "quality", "background", "output_format"}


def test_it_sends_previews_and_then_the_picture(sandbox: Sandbox) -> None:
    events = sandbox.events(sandbox.post(stream=True, partial_images=2))

    assert [event["type"] for event in events] == [
        "image_generation.partial_image",
        "image_generation.partial_image",
        "image_generation.completed",
    ]
    assert [event.get("partial_image_index") for event in events] == [0, 1, None]
    assert all(set(event) >= COMMON for event in events)


def test_previews_look_like_the_picture_more_and_more(sandbox: Sandbox) -> None:
    response = sandbox.post(stream=True, partial_images=3, size="1024x1024")

    *previews, whole = [picture_of(event["b64_json"]) for event in sandbox.events(response)]

    distances = [max(ImageStat.Stat(ImageChops.difference(p, whole)).mean) for p in previews]
    assert distances == sorted(distances, reverse=True)
    assert all(preview.size == whole.size for preview in previews)


def test_an_edit_streams_under_its_own_names(sandbox: Sandbox) -> None:
    response = sandbox.edit(png_of(photo()), stream="true", partial_images=1)

    assert [event["type"] for event in sandbox.events(response)] == [
        "image_edit.partial_image",
        "image_edit.completed",
    ]


def test_it_charges_for_previews(sandbox: Sandbox) -> None:
    response = sandbox.post(model="gpt-image-2", size="1024x1024", stream=True, partial_images=3)

    usage = sandbox.events(response)[-1]["usage"]
    assert usage["output_tokens"] == (image_tokens("gpt-image-2", "low", 1024, 1024) or 0) + 300
    assert "output_tokens_details" not in usage


@pytest.mark.parametrize("fields", [{"stream": True}, {"stream": True, "partial_images": 0}])
def test_a_stream_may_have_no_previews(sandbox: Sandbox, fields: dict[str, Any]) -> None:
    [event] = sandbox.events(sandbox.post(**fields))

    assert event["type"] == "image_generation.completed"


def test_previews_without_a_stream_are_none(sandbox: Sandbox) -> None:
    assert "data" in sandbox.post(partial_images=2).json()


def watch(sandbox: Sandbox, into: Path, prompt: str = "an otter") -> list[int]:
    """Stream through our own client and give the numbers of the previews."""
    seen: list[int] = []
    request = ImageRequest(model=FLARE, prompt=prompt, quality="low", partial_images=2)
    ImagesClient(Provider("sandbox", sandbox.base_url, KEY)).generate(
        request, into=into, call=Call(60), on_partial=lambda index, _: seen.append(index)
    )
    return seen


def test_our_client_can_watch_it(sandbox: Sandbox, tmp_path: Path) -> None:
    assert watch(sandbox, tmp_path / "in") == [0, 1]


@pytest.mark.parametrize("word", ["cut-stream", "stream-error", "cut", "partial"])
def test_a_stream_fails_as_it_is_told(sandbox: Sandbox, tmp_path: Path, word: str) -> None:
    with pytest.raises(OutcomeUnknown):
        watch(sandbox, tmp_path / "in", f"an otter [{word}]")

    assert sandbox.ledger()[0]["billed"]
    assert sandbox.ledger("outcome")[0]["outcome"] == word


@pytest.mark.parametrize("word", ["cut-stream", "stream-error"])
def test_the_words_of_streams_leave_other_answers_alone(sandbox: Sandbox, word: str) -> None:
    assert sandbox.post(prompt=f"an otter [{word}]").status_code == 200


def test_a_fault_comes_before_the_stream(sandbox: Sandbox) -> None:
    response = sandbox.post(prompt="[rate-limit]", stream=True)

    assert response.status_code == 429


def test_previews_come_while_it_still_draws(sandbox: Sandbox, tmp_path: Path) -> None:
    shown, answered = threading.Event(), threading.Event()
    request = ImageRequest(
        model=FLARE, prompt="an otter [slow:1.5]", quality="low", partial_images=1
    )
    client = ImagesClient(Provider("sandbox", sandbox.base_url, KEY))

    def draw() -> None:
        client.generate(
            request, into=tmp_path / "in", call=Call(60), on_partial=lambda *_: shown.set()
        )
        answered.set()

    thread = threading.Thread(target=draw)
    thread.start()

    assert shown.wait(20)
    assert not answered.is_set()
    thread.join()


def test_our_client_can_edit_with_it(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "otter.png"
    path.write_bytes(png_of(photo()))
    request = ImageRequest(
        operation="edit", model=FLARE, prompt="a hat", size="1024x1024", quality="low"
    )

    answer = ImagesClient(Provider("sandbox", sandbox.base_url, KEY)).edit(
        request,
        Inputs((InputFile(path, "otter.png", "image/png"),)),
        into=tmp_path / "in",
        call=Call(60),
    )

    tokens_in = 1024 * 8
    assert (
        actual_microusd(FLARE, answer.usage) == (estimate(request).high_microusd or 0) + tokens_in
    )


def test_it_draws_a_gif_that_moves(sandbox: Sandbox) -> None:
    response = sandbox.post(
        model=FLARE, output_format="gif", size="512x512", frame_count=6, frame_duration_ms=125
    )

    answer = response.json()
    picture = picture_of(answer["data"][0]["b64_json"])
    assert (picture.format, picture.size) == ("GIF", (512, 512))
    assert getattr(picture, "n_frames", 1) == 6
    assert picture.info["duration"] == 120
    assert answer["usage"]["output_tokens"] == frame_tokens(FLARE, "low", (512, 512), 6)


def test_it_draws_frames_that_differ(sandbox: Sandbox) -> None:
    response = sandbox.post(model=FLARE, output_format="gif")

    picture = picture_of(response.json()["data"][0]["b64_json"])
    frames = []
    for number in range(getattr(picture, "n_frames", 1)):
        picture.seek(number)
        frames.append(picture.convert("RGB").tobytes())
    assert picture.size == (512, 512)
    assert len(set(frames)) > 5


def test_it_draws_a_gif_with_transparency(sandbox: Sandbox) -> None:
    response = sandbox.post(model=FLARE, output_format="gif", background="transparent")

    picture = picture_of(response.json()["data"][0]["b64_json"]).convert("RGBA")
    assert picture.getpixel((2, 2))[3] == 0  # type: ignore[index]


def test_it_writes_an_svg_without_anything_that_runs(sandbox: Sandbox) -> None:
    prompt = '<script>alert(1)</script> & "hats" ]]>\x00'
    response = sandbox.post(
        model=FLARE,
        output_format="svg",
        prompt=prompt.replace("\x00", ""),
        size="1024x1024",
        svg={"model": "gpt-5.6-terra", "reasoning": {"effort": "low"}},
    )

    answer = response.json()
    file = base64.b64decode(answer["data"][0]["b64_json"])
    root = ET.fromstring(file)  # noqa: S314 Our own drawing, of a few kilobytes.
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names == {"svg", "title", "rect", "circle", "text"}
    assert answer["svg_usage"]["model"] == "gpt-5.6-terra"
    assert answer["svg_usage"]["total_tokens"] > 0


def test_a_picture_of_a_wide_frame_fits(sandbox: Sandbox) -> None:
    picture = picture_of(
        sandbox.post(model=FLARE, output_format="gif", size="768x432", frame_count=2).json()[
            "data"
        ][0]["b64_json"]
    )

    assert isinstance(picture, Image.Image)
    assert picture.size == (768, 432)
