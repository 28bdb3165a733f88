"""Pictures that the service itself reads: passed on where it can, and never fetched here."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from imagestudio.accounts.models import User
from imagestudio.images_api import pricing
from imagestudio.images_api.providers import Provider
from jobs.models import Job
from jobs.services.refill import refill
from jobs.states import State
from tests.conftest import MakeJob
from tests.gateway.asgi import MODEL, Answer, Meanwhile, Program
from tests.sandbox.conftest import layer, photo, png_of
from tests.upstream import ScriptedUpstream

pytestmark = pytest.mark.django_db(transaction=True)

EDITS = "/v1/images/edits"
LATER = {"Prefer": "respond-async"}
THERE, FILE = "https://pictures.example.com/otter.png?sig=a%2Fb", "file-abcDEF123"
SEA = f"data:image/png;base64,{base64.b64encode(png_of(photo(64, 64))).decode()}"
MASK = f"data:image/png;base64,{base64.b64encode(layer(64, 64, clear=(0, 0, 9, 9))).decode()}"


@pytest.fixture
def reads(settings: Any) -> None:
    """The service reads addresses itself, as the official one does."""
    settings.PROVIDERS = (replace(settings.PROVIDERS[0], reads_references=True),)


def ask(program: Program, *images: object, **more: Any) -> Answer:
    wish = {"model": MODEL, "prompt": "a hat", "images": list(images), **more}
    return program.call("POST", EDITS, wish, headers=LATER)


def test_d05_it_passes_on_what_the_service_reads(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile, reads: None
) -> None:
    images = [{"image_url": THERE}, {"image_url": SEA}, {"file_id": FILE}]
    wish = {"model": MODEL, "prompt": "a hat", "images": images}

    answer = program.call("POST", EDITS, wish, meanwhile=worker)

    assert answer.status == 200
    first, second, third = upstream.calls[0].json["images"]
    assert (first, third) == ({"image_url": THERE}, {"file_id": FILE})
    assert second["image_url"].startswith("data:image/png;base64,")


def test_d05_the_job_keeps_what_went_along(program: Program, reads: None) -> None:
    answer = ask(program, THERE, SEA)

    [kept] = Job.objects.get().image_request.references
    assert (kept.position, kept.image_url) == (0, THERE)
    assert answer.json()["parameters"]["references"] == [
        {"position": 0, "image_url": THERE, "file_id": None}
    ]


def test_d05_the_estimate_counts_what_nobody_has_seen(program: Program, reads: None) -> None:
    ask(program, THERE)
    request = Job.objects.get().image_request

    without = pricing.estimate(replace(request, references=()))

    assert pricing.estimate(request).input_tokens_low == (without.input_tokens_low or 0) + 1536


def test_d05_what_is_missing_is_made_of_the_same_pictures(
    program: Program, reads: None, alice: User, make_job: MakeJob
) -> None:
    ask(program, THERE, SEA, n=3)
    asked = Job.objects.get()
    partial = make_job(state=State.SUCCEEDED, images=1, n=3, request=asked.request)

    again = refill(alice, partial)

    assert again.image_request.references == asked.image_request.references


@pytest.mark.parametrize("layer_name", ["mask", "markup"])
def test_d05_a_layer_needs_its_picture_here(layer_name: str, program: Program, reads: None) -> None:
    answer = ask(program, THERE, **{layer_name: {"image_url": MASK}})

    assert (answer.status, answer.error["param"]) == (400, layer_name)
    assert ask(program, SEA, THERE, mask={"image_url": MASK}).status == 202
    assert ask(program, SEA, mask={"image_url": THERE}).error["code"] == "invalid_image_url"


@pytest.mark.parametrize(
    "address",
    [
        "http://pictures.example.com/otter.png",
        "https://127.0.0.1/otter.png",
        "https://[::1]/otter.png",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.8/otter.png",
        "https://[fec0::1]/otter.png",
        "https://[64:ff9b:1::a00:1]/otter.png",
        "https://valkey/otter.png",
        "https://localhost./otter.png",
        "https://otter.internal/a.png",
        "https://metadata.google.internal./computeMetadata/v1/",
        "https://printer.lan./otter.png",
        "https://printer.floor\N{IDEOGRAPHIC FULL STOP}lan/otter.png",
        "https://10.0.0.8./otter.png",
        "https://127.1/otter.png",
        "https://0x7f.0.0.1/otter.png",
        "https://010.0.0.8/otter.png",
        "https://127.0.0.\N{FULLWIDTH DIGIT ONE}/otter.png",
        "https://127.0.0.%31/otter.png",
        "https://8.8.8.8%2emetadata.internal/otter.png",
        "https://1.1.1.1%.nas.lan/otter.png",
        "https://8.8.8.8%2f.localhost/otter.png",
        "https://8.8.8.8\N{FULLWIDTH PERCENT SIGN}2emetadata.internal/otter.png",
        r"https://127.0.0.1\.example.com/otter.png",
        "https://:secret@pictures.example.com/otter.png",
        "https://alice:secret@pictures.example.com/otter.png",
        "https://pictures.example.com/\notter.png",
        "ftp://pictures.example.com/otter.png",
        "file:///etc/passwd",
        "https://",
        f"https://pictures.example.com/{'x' * 8000}",
    ],
)
def test_d05_no_neighbour_is_asked_through_the_service(
    address: str, program: Program, reads: None
) -> None:
    answer = ask(program, {"image_url": address})

    assert (answer.status, answer.error["code"]) == (400, "invalid_image_url")
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "host",
    ["pictures.example.com.", "b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example", "8.8.8.8"],
)
def test_d05_any_public_host_is_passed_on(host: str, program: Program, reads: None) -> None:
    assert ask(program, {"image_url": f"https://{host}/otter.png"}).status == 202


@pytest.mark.parametrize(
    ("reference", "code"),
    [({"image_url": THERE}, "invalid_image_url"), ({"file_id": FILE}, "image_file_not_found")],
)
def test_d05_a_service_that_reads_none_is_told_none(
    reference: dict[str, str], code: str, program: Program, upstream: ScriptedUpstream
) -> None:
    assert ask(program, reference).error["code"] == code


def test_d05_only_the_official_service_reads_them_by_itself() -> None:
    official = Provider("openai", "https://api.openai.com/v1", "key")

    assert official.takes_references
    assert not replace(official, base_url="https://api.openai.com.evil.example/v1").takes_references
    assert replace(official, base_url="http://pix:8000/v1", reads_references=True).takes_references
