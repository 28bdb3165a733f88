"""Everything that we send and everything that the sandbox says, held against the contract."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from imagestudio.images_api.capabilities import MODELS
from imagestudio.images_api.client import Call, ImagesClient, InputFile, Inputs
from imagestudio.images_api.errors import (
    AccountFault,
    ImagesApiError,
    ModerationRefused,
    Refused,
    Rejected,
)
from imagestudio.images_api.known_servers import from_json
from imagestudio.images_api.types import ImageRequest, InputFacts, SvgAuthor
from imagestudio.sandbox.magic import FAULTS
from tests.images_api.conftest import KEY, OTTER
from tests.images_api.contract import (
    documented_error,
    documented_errors,
    faults,
    form_instance,
)
from tests.images_api.events import completed, stream
from tests.images_api.forms import files_of, texts_of
from tests.sandbox.conftest import Sandbox, layer, photo, png_of, running
from tests.upstream import ScriptedUpstream, images, png_bytes, reply

TODAY = date(2026, 11, 22)
PICTURE = InputFacts(sha256="0" * 64, format="png", width=64, height=64, byte_count=900)
LAYER = replace(PICTURE, has_alpha=True)

CHOICES: dict[str, tuple[Any, ...]] = {
    "n": (1, 2, 10),
    "size": ("auto", "1024x1024", "1536x1024", "2048x1152", "512x512"),
    "quality": ("auto", "low", "high", "xhigh", "max"),
    "background": ("auto", "opaque", "transparent"),
    "output_format": ("png", "webp", "jpeg", "gif", "svg"),
    "output_compression": (None, 0, 60),
    "moderation": ("auto", "low"),
    "complexity": ("auto", "low", "high"),
    "frame_count": (None, 2, 16),
    "frame_duration_ms": (None, 20, 500),
    "svg": (None, SvgAuthor(model="gpt-5.6-terra"), SvgAuthor(model="x", effort="max")),
    "input_fidelity": ("auto", "low", "high"),
    "partial_images": (0, 1, 3),
    "stream": (False, True),
    "safety_identifier": (None, "5f0c"),
    "mask": (None, LAYER),
    "markup": (None, LAYER),
}


def requests_of(operation: Any, inputs: tuple[InputFacts, ...]) -> Iterator[ImageRequest]:
    """Give every request that differs from the plain one by one choice or by two."""
    for model in ("gpt-image-2.6-flare", "gpt-image-2", "gpt-image-1.5"):
        plain = ImageRequest(operation=operation, model=model, prompt="é", inputs=inputs)
        for one, other in itertools.combinations(CHOICES, 2):
            for values in itertools.product(CHOICES[one], CHOICES[other]):
                request = replace(plain, **dict(zip((one, other), values, strict=True)))
                if not MODELS[model].problems(request, TODAY, allows_previews=True):
                    yield request


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One for all the tests of this file: it is asked and never changed."""
    with running(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


class Wire:
    """Sends requests to a scripted upstream and gives them back as it saw them."""

    def __init__(self, upstream: ScriptedUpstream, folder: Path) -> None:
        self.upstream = upstream
        self.folder = folder
        self.file = InputFile(folder / "a.png", "a.png", "image/png")
        self.file.path.write_bytes(png_bytes())

    def send(self, request: ImageRequest, **switches: Any) -> Any:
        entry = {"name": "x", "base_url": self.upstream.base_url, "api_key": KEY, **switches}
        client = ImagesClient(from_json(entry))
        answer = stream(*[completed()] * request.n) if request.is_streamed else images(size="64x64")
        self.upstream.script(answer)
        if request.operation == "generate":
            client.generate(request, into=self.folder / "in", call=Call(20))
        else:
            client.edit(request, self._inputs(request), into=self.folder / "in", call=Call(20))
        return self.upstream.calls.pop()

    def _inputs(self, request: ImageRequest) -> Inputs:
        return Inputs(
            (self.file,) * len(request.inputs),
            mask=self.file if request.mask else None,
            markup=self.file if request.markup else None,
        )


@pytest.fixture
def wire(upstream: ScriptedUpstream, tmp_path: Path) -> Wire:
    return Wire(upstream, tmp_path)


def thinned(found: Iterator[ImageRequest], count: int = 70) -> list[ImageRequest]:
    """Take requests from all over: the whole lot differs in nothing that matters to the wire."""
    everything = list(dict.fromkeys(found))
    return everything[:: max(1, len(everything) // count)]


def test_every_generation_that_we_send_is_within_the_contract(wire: Wire) -> None:
    for request in thinned(requests_of("generate", ())):
        assert faults("CreateImageRequest", wire.send(request).json) == []


@pytest.mark.parametrize("count", [1, 16])
def test_every_form_that_we_send_is_within_the_contract(wire: Wire, count: int) -> None:
    for request in thinned(requests_of("edit", (PICTURE,) * count), 40):
        call = wire.send(request)
        instance = form_instance(texts_of(call), files_of(call))
        assert faults("CreateImageEditForm", instance) == []


def test_every_json_edit_that_we_send_is_within_the_contract(wire: Wire) -> None:
    for request in thinned(requests_of("edit", (PICTURE, PICTURE)), 40):
        call = wire.send(request, edit_form="json")
        assert faults("CreateImageEditJson", call.json) == []


def test_a_native_variation_is_within_the_contract(wire: Wire) -> None:
    provider = from_json(
        {
            "name": "x",
            "base_url": wire.upstream.base_url,
            "api_key": KEY,
            "has_variations": True,
            "response_format": "b64_json",
        }
    )
    request = ImageRequest(operation="vary", model="sd", prompt="", n=2, size="512x512")

    ImagesClient(provider).vary(request, wire.file, into=wire.folder / "in", call=Call(20))

    [call] = wire.upstream.calls
    instance = form_instance(texts_of(call), files_of(call))
    assert faults("CreateImageVariationForm", instance) == []


@pytest.mark.parametrize(
    ("schema", "instance"),
    [
        ("CreateImageRequest", {"prompt": "x", "seed": 1}),
        ("CreateImageRequest", {"prompt": "x", "output_format": "gif", "stream": True}),
        ("CreateImageEditForm", {"prompt": "x", "image": "", "mask": "", "markup": ""}),
        ("ImagesResponse", {"data": []}),
        ("ErrorEnvelope", {"error": "no"}),
    ],
)
def test_the_contract_has_teeth(schema: str, instance: dict[str, Any]) -> None:
    assert faults(schema, instance) != []


def test_the_requests_are_of_every_kind() -> None:
    found = thinned(requests_of("edit", (PICTURE,)), 80)

    assert {"gif", "svg", "png"} <= {request.output_format for request in found}
    assert {True, False} == {request.is_streamed for request in found}
    assert any(request.mask for request in found)
    assert any(request.markup for request in found)


DOCUMENTED = {
    ("BadRequest", "moderation"): (400, ModerationRefused),
    ("BadRequest", "unknownField"): (400, Refused),
    ("TooMany", "rate"): (429, Rejected),
    ("TooMany", "money"): (429, AccountFault),
}


@pytest.mark.parametrize(("where", "expected"), DOCUMENTED.items())
def test_every_documented_error_is_of_its_class(
    client: ImagesClient,
    upstream: ScriptedUpstream,
    tmp_path: Path,
    where: tuple[str, str],
    expected: tuple[int, type[ImagesApiError]],
) -> None:
    status, family = expected
    upstream.script(reply(documented_error(*where), status))

    with pytest.raises(family) as caught:
        client.generate(OTTER, into=tmp_path, call=Call(20))

    assert type(caught.value) is family


def test_every_documented_error_is_tried() -> None:
    assert set(documented_errors()) == set(DOCUMENTED)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"n": 3, "output_format": "webp", "output_compression": 40},
        {"model": "gpt-image-2.6-flare", "quality": "auto", "size": "auto"},
        {"background": "transparent", "safety_identifier": "5f0c"},
        {"model": "gpt-image-2.6-flare", "output_format": "gif", "frame_count": 2},
        {"model": "gpt-image-2.6-flare", "output_format": "svg"},
    ],
)
def test_the_sandbox_answers_within_the_contract(sandbox: Sandbox, fields: dict[str, Any]) -> None:
    response = sandbox.post(**fields)

    assert response.status_code == 200
    assert faults("ImagesResponse", response.json()) == []


def test_the_sandbox_edits_within_the_contract(sandbox: Sandbox) -> None:
    mask = layer(clear=(0, 0, 400, 400))

    response = sandbox.edit(png_of(photo()), mask=mask, size="1024x1024")

    assert faults("ImagesResponse", response.json()) == []


def test_the_sandbox_streams_within_the_contract(sandbox: Sandbox) -> None:
    generated = sandbox.post(stream=True, partial_images=2, safety_identifier="5f0c")
    edited = sandbox.edit(png_of(photo()), stream="true", partial_images=1)

    for event in sandbox.events(generated):
        assert faults("ImageGenerationStreamEvent", event) == []
    for event in sandbox.events(edited):
        assert faults("ImageEditStreamEvent", event) == []


def test_a_late_error_of_the_sandbox_is_within_the_contract(sandbox: Sandbox) -> None:
    [event] = sandbox.events(sandbox.post(prompt="[stream-error]", stream=True))

    assert faults("StreamErrorEvent", event) == []


@pytest.mark.parametrize("prompt", [f"[{word}]" for word in FAULTS])
def test_every_fault_of_the_sandbox_is_within_the_contract(sandbox: Sandbox, prompt: str) -> None:
    response = sandbox.post(prompt=prompt)

    assert faults("ErrorEnvelope", response.json()) == []


@pytest.mark.parametrize("fields", [{"n": 99}, {"seed": 1}, {"model": "x"}, {"prompt": None}])
def test_every_refusal_of_the_sandbox_is_within_the_contract(
    sandbox: Sandbox, fields: dict[str, Any]
) -> None:
    response = sandbox.post(**fields)

    assert faults("ErrorEnvelope", response.json()) == []


def test_the_models_of_the_sandbox_are_within_the_contract(sandbox: Sandbox) -> None:
    listed = sandbox.get("/models").json()

    assert faults("ModelList", listed) == []
    assert json.dumps(listed)
