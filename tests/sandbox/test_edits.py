"""What becomes of pictures that come along."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image, ImageChops, ImageStat

from imagestudio.images_api.wire import VARIATION_PROMPT
from tests.sandbox.conftest import (
    Sandbox,
    error_of,
    layer,
    photo,
    picture_of,
    png_of,
    running,
)

PHOTO = png_of(photo())
HOLE = (400, 400, 640, 640)


def result(response: requests.Response) -> Image.Image:
    assert response.status_code == 200, response.text
    return picture_of(response.json()["data"][0]["b64_json"]).convert("RGB")


def change(before: Image.Image, after: Image.Image, box: tuple[int, int, int, int]) -> float:
    """Measure how much changed within a box, as the mean of all levels."""
    difference = ImageChops.difference(before.crop(box), after.crop(box))
    return max(ImageStat.Stat(difference).mean)


def test_it_changes_a_picture_and_one_can_still_tell_which(sandbox: Sandbox) -> None:
    edited = result(sandbox.edit(PHOTO, size="1024x1024"))

    assert 10 < change(photo(), edited, (0, 0, 1024, 1024)) < 120


def test_an_edit_keeps_the_shape_unless_told(sandbox: Sandbox) -> None:
    assert result(sandbox.edit(png_of(photo(1600, 900)))).size == (1600, 896)
    assert result(sandbox.edit(png_of(photo(900, 1600)), model="gpt-image-1-mini")).size == (
        1024,
        1536,
    )


def test_it_changes_what_the_mask_leaves_open_and_hardly_anything_else(sandbox: Sandbox) -> None:
    edited = result(sandbox.edit(PHOTO, mask=layer(clear=HOLE), size="1024x1024"))

    assert change(photo(), edited, HOLE) > 20
    # Not exactly as it was, because the real models do not keep it exactly either.
    for kept in ((0, 0, 1024, 340), (0, 700, 1024, 1024)):
        assert 0 < change(photo(), edited, kept) < 8


def test_it_changes_what_the_markup_points_at(sandbox: Sandbox) -> None:
    strokes = Image.new("RGBA", (1024, 1024))
    strokes.paste((255, 0, 0, 255), HOLE)

    edited = result(sandbox.edit(PHOTO, markup=png_of(strokes), size="1024x1024"))

    assert change(photo(), edited, HOLE) > 20
    assert change(photo(), edited, (420, 100, 900, 300)) < 8


@pytest.mark.parametrize("output_format", ["PNG", "JPEG", "WEBP"])
def test_it_reads_the_usual_formats(sandbox: Sandbox, output_format: str) -> None:
    response = sandbox.edit(png_of(photo(), output_format), model="gpt-image-1-mini")

    assert result(response).size in {(1024, 1024), (1024, 1536), (1536, 1024)}


@pytest.mark.parametrize("name", ["image", "image[]", "image[0]"])
def test_it_reads_pictures_by_any_of_their_names(sandbox: Sandbox, name: str) -> None:
    files = [(name, ("a.png", PHOTO, "application/octet-stream"))] * 2
    texts = {"model": "gpt-image-1-mini", "prompt": "a hat", "quality": "low"}

    response = sandbox.send("POST", "/images/edits", data=texts, files=files)

    assert response.json()["usage"]["input_tokens_details"]["image_tokens"] == 2048


def test_it_counts_the_pictures_that_came_along(sandbox: Sandbox) -> None:
    response = sandbox.edit(PHOTO, png_of(photo(1024, 1536)), prompt="x" * 40)

    assert response.json()["usage"]["input_tokens_details"] == {
        "text_tokens": 10,
        "image_tokens": 1024 + 1536,
    }


def test_it_reads_data_urls_in_json(sandbox: Sandbox) -> None:
    url = f"data:image/png;base64,{base64.b64encode(PHOTO).decode()}"
    mask = f"data:image/png;base64,{base64.b64encode(layer(clear=HOLE)).decode()}"

    response = sandbox.post(
        "/images/edits",
        images=[{"image_url": url}],
        mask={"image_url": mask},
        size="1024x1024",
    )

    assert change(photo(), result(response), HOLE) > 20


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ({"file_id": "file-1"}, "image_file_not_found"),
        ({"image_url": "https://example.com/a.png"}, "failed_to_download_image"),
        ({"image_url": "data:image/png;base64,#"}, "invalid_base64_image"),
        ({"image_url": "data:image/png;base64,QUJD"}, "invalid_image_file"),
        ({}, "invalid_value"),
        ("file-1", "invalid_value"),
    ],
)
def test_it_refuses_references_that_lead_nowhere(
    sandbox: Sandbox, reference: Any, code: str
) -> None:
    response = sandbox.post("/images/edits", images=[reference])

    assert (response.status_code, error_of(response)["code"]) == (400, code)


@pytest.mark.parametrize(
    ("parts", "param", "code"),
    [
        ({"seed": "4"}, "seed", "unknown_parameter"),
        ({"n": "two"}, "n", "invalid_type"),
        ({"n": "11"}, "n", "invalid_value"),
        ({"stream": "maybe"}, "stream", "invalid_type"),
        ({"prompt": None}, "prompt", "missing_required_parameter"),
        ({"mask": layer(64, 64, clear=(0, 0, 9, 9))}, "mask", "invalid_value"),
        ({"mask": PHOTO}, "mask", "invalid_value"),
        ({"mask": b""}, "mask", "empty_image_file"),
        ({"mask": b"not a picture"}, "mask", "invalid_image_file"),
        ({"model": "gpt-image-2", "markup": layer(clear=HOLE)}, "markup", "invalid_value"),
        ({"video": b"x"}, "video", "unknown_parameter"),
        ({"output_format": "gif", "mask": layer(clear=HOLE)}, "mask", "invalid_value"),
    ],
)
def test_it_refuses_what_the_real_service_refuses(
    sandbox: Sandbox, parts: dict[str, Any], param: str, code: str
) -> None:
    error = error_of(sandbox.edit(PHOTO, **parts))

    assert (error["param"], error["code"]) == (param, code)


@pytest.mark.parametrize("count", [0, 17])
def test_it_takes_1_to_16_pictures(sandbox: Sandbox, count: int) -> None:
    response = sandbox.edit(*[png_of(photo(64, 64))] * count, mask=None)

    assert response.status_code == 400


def test_it_refuses_a_mask_beside_a_markup(sandbox: Sandbox) -> None:
    both = {"mask": layer(clear=HOLE), "markup": layer(clear=HOLE)}

    assert error_of(sandbox.edit(PHOTO, **both))["param"] == "markup"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nfoo\r\n\r\nbar\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\n: \xff\r\n\r\nbar\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\na: b\r\n\r\n\r\n" * 90 + b"--x--"),
    ],
)
def test_it_refuses_a_broken_form(sandbox: Sandbox, content_type: str, body: bytes) -> None:
    headers = {"Content-Type": content_type}

    response = sandbox.send("POST", "/images/edits", data=body, headers=headers)

    assert response.status_code == 400
    assert error_of(response)["type"] == "invalid_request_error"


def test_it_reads_a_form_that_comes_in_chunks(sandbox: Sandbox) -> None:
    prepared = requests.Request(
        "POST",
        "http://x",
        data={"model": "gpt-image-1-mini", "prompt": "a hat", "quality": "low"},
        files=[("image", ("a.png", PHOTO))],
    ).prepare()
    body = prepared.body
    assert isinstance(body, bytes)
    pieces = iter([body[:7], body[7:1000], body[1000:]])

    response = sandbox.send(
        "POST",
        "/images/edits",
        data=pieces,
        headers={"Content-Type": prepared.headers["Content-Type"]},
    )

    assert response.status_code == 200


def test_it_varies_a_picture(sandbox: Sandbox) -> None:
    response = sandbox.send(
        "POST",
        "/images/variations",
        data={"n": "2", "size": "512x512"},
        files=[("image", ("a.png", PHOTO))],
    )

    first, second = [picture_of(item["b64_json"]) for item in response.json()["data"]]
    assert first.size == second.size == (512, 512)
    assert first.tobytes() != second.tobytes()


def test_it_varies_by_an_edit_that_asks_for_it(sandbox: Sandbox) -> None:
    varied = result(sandbox.edit(PHOTO, prompt=VARIATION_PROMPT, size="1024x1024"))

    # The same two fields of colour are there, in another light.
    upper, lower = (
        ImageStat.Stat(varied.crop(box)).mean
        for box in ((200, 200, 800, 400), (200, 650, 800, 850))
    )
    assert max(abs(one - other) for one, other in zip(upper, lower, strict=True)) > 40


@pytest.mark.parametrize(
    ("texts", "param"),
    [({"prompt": "x"}, "prompt"), ({"size": "2048x2048"}, "size"), ({"n": "0"}, "n")],
)
def test_a_variation_knows_little(sandbox: Sandbox, texts: dict[str, str], param: str) -> None:
    files = [("image", ("a.png", PHOTO))]

    response = sandbox.send("POST", "/images/variations", data=texts, files=files)

    assert error_of(response)["param"] == param


def test_variations_may_be_retired_as_they_are_at_the_real_service(tmp_path: Path) -> None:
    with running(tmp_path, has_variations=False) as sandbox:
        response = sandbox.send("POST", "/images/variations", files=[("image", ("a.png", PHOTO))])

    assert response.status_code == 404


def test_it_may_answer_with_addresses(tmp_path: Path) -> None:
    with running(tmp_path, answers="url") as sandbox:
        url = sandbox.post().json()["data"][0]["url"]
        response = requests.get(url, timeout=30)
        gone = requests.get(f"{url}x", timeout=30)

    assert response.content.startswith(b"\x89PNG")
    assert gone.status_code == 404
