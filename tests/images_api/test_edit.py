"""Edits and variations on the wire."""

from __future__ import annotations

import base64
import json
import threading
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from imagestudio.images_api.client import Call, ImagesClient, InputFile, Inputs, Reference
from imagestudio.images_api.errors import NotSent, OutcomeUnknown, Refused
from imagestudio.images_api.known_servers import from_json
from imagestudio.images_api.types import Answer, ImageRequest, SvgAuthor
from imagestudio.images_api.wire import VARIATION_PROMPT
from tests.images_api.conftest import KEY
from tests.images_api.events import completed, partial, stream
from tests.images_api.forms import files_of, parts_of, texts_of
from tests.upstream import Connection, ScriptedUpstream, png_bytes, reset_in_request, response_bytes

EDIT = ImageRequest(operation="edit", model="gpt-image-2", prompt="ein Hut für 水獺")
MEGABYTE = 1024 * 1024


class Studio:
    """A client with a folder of pictures to send."""

    def __init__(self, upstream: ScriptedUpstream, folder: Path) -> None:
        self.upstream = upstream
        self.folder = folder

    def client(self, **switches: Any) -> ImagesClient:
        entry = {"name": "x", "base_url": self.upstream.base_url, "api_key": KEY}
        return ImagesClient(from_json(entry | switches))

    def file(self, colour: str = "teal", name: str = "otter.png", **fields: Any) -> InputFile:
        path = self.folder / f"{colour}-{name}"
        path.write_bytes(png_bytes(64, 64, colour))
        return InputFile(path, name, fields.get("content_type", "image/png"))

    def edit(
        self,
        *images: Any,
        request: ImageRequest = EDIT,
        mask: Any = None,
        markup: Any = None,
        **switches: Any,
    ) -> Answer:
        inputs = Inputs(images or (self.file(),), mask=mask, markup=markup)
        client = self.client(**switches)
        return client.edit(request, inputs, into=self.folder / "in", call=Call(20))

    def vary(self, request: ImageRequest, **switches: Any) -> Answer:
        client = self.client(**switches)
        return client.vary(request, self.file(), into=self.folder / "in", call=Call(20))


@pytest.fixture
def studio(upstream: ScriptedUpstream, tmp_path: Path) -> Studio:
    return Studio(upstream, tmp_path)


def test_it_sends_a_form_with_the_words_and_the_picture(studio: Studio) -> None:
    answer = studio.edit()

    [call] = studio.upstream.calls
    assert call.path == "/v1/images/edits"
    assert texts_of(call) == {"model": "gpt-image-2", "prompt": "ein Hut für 水獺"}
    assert files_of(call) == [("image", png_bytes(64, 64, "teal"))]
    assert len(answer.images) == 1


def test_it_says_how_long_the_form_is(studio: Studio) -> None:
    studio.edit()

    [call] = studio.upstream.calls
    assert int(call.headers["content-length"]) == len(call.body)
    assert "transfer-encoding" not in call.headers


def test_it_sends_several_pictures_in_their_order(studio: Studio) -> None:
    studio.edit(studio.file("plum"), studio.file("gold"), studio.file("navy"))

    assert files_of(studio.upstream.calls[0]) == [
        ("image[]", png_bytes(64, 64, "plum")),
        ("image[]", png_bytes(64, 64, "gold")),
        ("image[]", png_bytes(64, 64, "navy")),
    ]


@pytest.mark.parametrize("layer", ["mask", "markup"])
def test_it_sends_a_layer_after_the_pictures(studio: Studio, layer: str) -> None:
    layers: dict[str, Any] = {layer: studio.file("gold")}

    studio.edit(studio.file("plum"), **layers)

    assert [name for name, _ in files_of(studio.upstream.calls[0])] == ["image", layer]


def test_it_spells_every_choice_as_text(studio: Studio) -> None:
    request = replace(
        EDIT,
        n=2,
        size="1024x1536",
        output_format="svg",
        partial_images=2,
        svg=SvgAuthor(model="gpt-5.6-terra", effort="low"),
        input_fidelity="high",
    )
    studio.upstream.script(stream(completed(kind="image_edit"), completed(kind="image_edit")))

    studio.edit(request=request)

    assert texts_of(studio.upstream.calls[0]) == {
        "model": "gpt-image-2",
        "prompt": "ein Hut für 水獺",
        "n": "2",
        "size": "1024x1536",
        "output_format": "svg",
        "svg[model]": "gpt-5.6-terra",
        "svg[reasoning][effort]": "low",
        "input_fidelity": "high",
        "partial_images": "2",
        "stream": "true",
    }


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("otter.png", "otter.png"),
        ("Ferien in Kärnten 2026.png", "Ferien_in_K_rnten_2026.png"),
        ('a"; x="b\r\nX-Evil: 1.png', "a_x_b_X-Evil_1.png"),
        ("水獺", "_"),
        ("", "picture"),
        ("x" * 300, "x" * 100),
    ],
)
def test_a_file_name_does_no_harm(studio: Studio, name: str, sent: str) -> None:
    file = replace(studio.file(), name=name)

    studio.edit(file)

    assert parts_of(studio.upstream.calls[0])[-1].file_name == sent


def test_it_streams_the_answer_to_an_edit(studio: Studio) -> None:
    seen: list[int] = []
    studio.upstream.script(stream(partial(kind="image_edit"), completed(kind="image_edit")))

    answer = studio.client().edit(
        replace(EDIT, partial_images=1),
        Inputs((studio.file(),)),
        into=studio.folder / "in",
        call=Call(20),
        on_partial=lambda index, _: seen.append(index),
    )

    assert seen == [0]
    assert len(answer.images) == 1


@pytest.mark.parametrize(
    ("switches", "count", "names"),
    [
        ({"image_field": "image[]"}, 1, ["image[]"]),
        ({"image_field": "image"}, 3, ["image", "image", "image"]),
        ({"preset": "vllm-omni"}, 2, ["image", "image"]),
    ],
)
def test_a_provider_names_the_parts(
    studio: Studio, switches: dict[str, Any], count: int, names: list[str]
) -> None:
    studio.edit(*[studio.file()] * count, **switches)

    assert [name for name, _ in files_of(studio.upstream.calls[0])] == names


def test_a_provider_names_the_mask(studio: Studio) -> None:
    studio.edit(mask=studio.file("gold"), preset="vllm-omni")

    names = [name for name, _ in files_of(studio.upstream.calls[0])]
    assert names == ["image", "mask_image"]


def test_a_provider_is_sent_only_what_it_knows(studio: Studio) -> None:
    request = replace(EDIT, size="512x512", quality="high", safety_identifier="5f0c", stream=True)

    studio.edit(request=request, preset="sglang", model_names={"gpt-image-2": "qwen-image"})

    assert texts_of(studio.upstream.calls[0]) == {
        "model": "qwen-image",
        "prompt": "ein Hut für 水獺",
        "quality": "high",
        "response_format": "b64_json",
        "size": "512x512",
    }


def test_a_deployment_is_named_in_the_address_alone(studio: Studio) -> None:
    studio.edit(preset="azure-deployment", api_version="2026-10-01")

    [call] = studio.upstream.calls
    assert call.path == ("/v1/openai/deployments/gpt-image-2/images/edits?api-version=2026-10-01")
    assert "model" not in texts_of(call)
    assert call.headers["api-key"] == KEY
    assert "authorization" not in call.headers


def test_it_sends_json_with_data_urls_where_that_is_wanted(studio: Studio) -> None:
    studio.edit(
        studio.file("plum"),
        studio.file("gold", "b.jpg", content_type="image/jpeg"),
        mask=studio.file("navy"),
        edit_form="json",
    )

    [call] = studio.upstream.calls
    encoded = {
        colour: base64.b64encode(png_bytes(64, 64, colour)).decode()
        for colour in ("plum", "gold", "navy")
    }
    assert call.headers["content-type"] == "application/json"
    assert int(call.headers["content-length"]) == len(call.body)
    assert call.json == {
        "model": "gpt-image-2",
        "prompt": "ein Hut für 水獺",
        "images": [
            {"image_url": f"data:image/png;base64,{encoded['plum']}"},
            {"image_url": f"data:image/jpeg;base64,{encoded['gold']}"},
        ],
        "mask": {"image_url": f"data:image/png;base64,{encoded['navy']}"},
    }


def test_it_sends_references_as_json(studio: Studio) -> None:
    studio.edit(
        Reference(file_id="file-a"),
        Reference(image_url="https://example.com/a.png"),
        mask=Reference(file_id="file-m"),
    )

    sent = studio.upstream.calls[0].json
    assert sent["images"] == [{"file_id": "file-a"}, {"image_url": "https://example.com/a.png"}]
    assert sent["mask"] == {"file_id": "file-m"}


def test_a_data_url_has_a_limit(studio: Studio) -> None:
    large = studio.folder / "large.png"
    with large.open("wb") as file:
        file.truncate(16 * MEGABYTE)

    with pytest.raises(Refused, match=r"large\.png is too large") as caught:
        studio.edit(InputFile(large, "large.png", "image/png"), edit_form="json")

    assert caught.value.code == "image_too_large"
    assert studio.upstream.connection_count == 0


def test_it_varies_by_an_edit_where_there_is_nothing_else(studio: Studio) -> None:
    studio.vary(replace(EDIT, operation="vary", prompt="", n=3))

    [call] = studio.upstream.calls
    assert call.path == "/v1/images/edits"
    assert texts_of(call)["prompt"] == VARIATION_PROMPT
    assert texts_of(call)["n"] == "3"


def test_it_varies_as_it_is_told(studio: Studio) -> None:
    studio.vary(replace(EDIT, operation="vary", prompt="in winter"))

    assert texts_of(studio.upstream.calls[0])["prompt"] == "in winter"


def test_it_varies_natively_where_that_is_possible(studio: Studio) -> None:
    request = replace(EDIT, operation="vary", n=2, size="512x512", quality="high")

    studio.vary(request, has_variations=True, edit_form="json")

    [call] = studio.upstream.calls
    assert call.path == "/v1/images/variations"
    assert texts_of(call) == {"model": "gpt-image-2", "n": "2", "size": "512x512"}
    assert files_of(call) == [("image", png_bytes(64, 64, "teal"))]


def test_nothing_is_sent_when_a_picture_is_gone(studio: Studio) -> None:
    missing = InputFile(studio.folder / "gone.png", "gone.png", "image/png")

    with pytest.raises(NotSent, match="could not be read") as caught:
        studio.edit(missing)

    assert caught.value.code == "input"
    assert studio.upstream.connection_count == 0


def test_nothing_was_carried_out_when_a_picture_broke_off(studio: Studio) -> None:
    large = studio.folder / "large.png"
    with large.open("wb") as file:
        file.truncate(40 * MEGABYTE)
    studio.upstream.script(reset_in_request(after=100_000))

    with pytest.raises(NotSent):
        studio.edit(InputFile(large, "large.png", "image/png"))


def test_nothing_was_carried_out_when_a_picture_shrank_on_the_way(studio: Studio) -> None:
    large = studio.folder / "large.png"
    with large.open("wb") as file:
        file.truncate(40 * MEGABYTE)
    reading = threading.Event()

    def read_slowly(connection: Connection) -> None:
        connection.socket.recv(1000)
        with large.open("r+b") as file:
            file.truncate(MEGABYTE)
        reading.set()
        while connection.socket.recv(1 << 20):
            pass

    studio.upstream.script(read_slowly)

    with pytest.raises(NotSent):
        studio.edit(InputFile(large, "large.png", "image/png"))


def test_each_call_has_a_form_of_its_own(studio: Studio) -> None:
    studio.edit()
    studio.edit()

    first, second = studio.upstream.calls
    assert first.headers["content-type"] != second.headers["content-type"]
    assert files_of(first) == files_of(second)


@pytest.mark.parametrize("form", ["multipart", "json"])
def test_pictures_are_never_held_in_memory(studio: Studio, form: str) -> None:
    byte_count = 50 * MEGABYTE if form == "multipart" else 14 * MEGABYTE
    large = studio.folder / "large.png"
    with large.open("wb") as file:
        file.truncate(byte_count)
    received: list[int] = []
    studio.upstream.script(swallow(received))

    tracemalloc.start()
    try:
        studio.edit(*[InputFile(large, "large.png", "image/png")] * 16, edit_form=form)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert received[0] > 16 * byte_count
    assert peak < 12 * MEGABYTE


def swallow(received: list[int]) -> Any:
    """Read a request without keeping it, and answer with one picture."""

    def behave(connection: Connection) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.socket.recv(1)
        fields = head.lower().split(b"content-length:")[1]
        left = length = int(fields.split(b"\r\n")[0])
        buffer = bytearray(1 << 18)
        while left:
            left -= connection.socket.recv_into(buffer, min(left, len(buffer)))
        received.append(length)
        body = {"created": 1, "data": [{"b64_json": base64.b64encode(png_bytes()).decode()}]}
        connection.send(response_bytes(json.dumps(body)))

    return behave


def test_a_break_after_the_form_leaves_the_outcome_unknown(studio: Studio) -> None:
    def hang_up(connection: Connection) -> None:
        connection.read_request()

    studio.upstream.script(hang_up)

    with pytest.raises(OutcomeUnknown):
        studio.edit()
