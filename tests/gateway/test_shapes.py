"""The shapes that typed and scripted clients give to pictures and numbers."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from jobs.models import Job, JobInput
from jobs.states import State
from tests.conftest import MakeJob
from tests.gateway.asgi import MODEL, Answer, Program
from tests.gateway.forms import FORM, form
from tests.sandbox.conftest import photo, png_of

pytestmark = pytest.mark.django_db(transaction=True)

SEA = png_of(photo(64, 64))
TEXT = base64.b64encode(SEA).decode()
LINES = base64.encodebytes(SEA).decode()
URL = f"data:image/png;base64,{TEXT}"
LATER = {"Prefer": "respond-async"}


def ask(program: Program, path: str, **fields: object) -> Answer:
    wish = {"model": MODEL, "prompt": "a hat", **fields}
    return program.call("POST", f"/v1/images/{path}", wish, headers=LATER)


@pytest.mark.parametrize(
    "picture",
    [
        {"image_url": f"data:application/octet-stream;base64,{TEXT}"},
        {"image_url": f"data:;base64,{TEXT}"},
        {"image_url": f"data:text/plain;charset=utf-8;base64,{TEXT}"},
        {"image_url": f"DATA:image/PNG;BASE64,{TEXT}"},
        {"image_url": f"data:image/png;base64,{LINES}"},
        {"image_url": f" {URL}\n"},
        {"image_url": f"data:image/png;base64,{TEXT.rstrip('=')}"},
        {"image_url": f"data:image/png;base64,{base64.urlsafe_b64encode(SEA).decode()}"},
        {"image_url": f"data:image/png;base64,{quote(TEXT, safe='')}"},
        {"image_url": URL, "file_id": None},
        {"image_url": {"url": URL, "detail": "high"}},
        {"type": "input_image", "image_url": URL, "detail": "auto"},
        URL,
        TEXT,
        LINES,
    ],
    ids=range(15),
)
def test_field_f13_it_looks_at_the_bytes(picture: object, program: Program) -> None:
    assert ask(program, "edits", images=[picture]).status == 202
    assert ask(program, "edits", images=picture).status == 202  # One is a list of one.

    assert JobInput.objects.count() == 2


def test_field_f13_an_id_may_stand_alone(program: Program, make_job: MakeJob) -> None:
    image = make_job(state=State.SUCCEEDED, images=1).images.get()

    assert ask(program, "edits", images=[str(image.pk)]).status == 202
    assert (
        ask(program, "edits", images=[{"file_id": str(image.pk), "image_url": None}]).status == 202
    )


def test_field_f13_a_wrong_shape_is_shown_the_right_one(program: Program) -> None:
    message = ask(program, "edits", images=[{"data": TEXT}]).error["message"]

    assert '{"image_url": "data:image/png;base64,..."}' in message
    assert "'images'" in ask(program, "edits", image=URL).error["message"]


@pytest.mark.parametrize("number", ["1.0", "1", "1e0", "10.0E-1"])
@pytest.mark.parametrize("name", ["n", "output_compression", "partial_images", "frame_count"])
def test_field_f14_a_whole_number_is_an_integer(name: str, number: str, program: Program) -> None:
    fields: dict[str, Any] = {"frame_count": {"output_format": "gif"}}.get(name, {})
    text = json.dumps({"model": MODEL, "prompt": "an otter", **fields})
    body = f'{text[:-1]}, "{name}": {number}}}'.encode()

    answer = program.call(
        "POST",
        "/v1/images/generations",
        body=body,
        headers=LATER | {"Content-Type": "application/json"},
    )

    told = answer.json().get("error") or {}
    assert told.get("code") != "invalid_type"


@pytest.mark.parametrize("number", ["2.0", "2", "2e0"])
def test_field_f14_in_forms_too(number: str, program: Program) -> None:
    body = form({"model": MODEL, "prompt": "a hat", "n": number}, [("image", SEA)])

    assert program.call("POST", "/v1/images/edits", body=body, headers=FORM | LATER).status == 202
    assert Job.objects.get().n == 2


@pytest.mark.parametrize("number", ["1.5", '"1"', "true", "[1]", "1e400"])
def test_field_f14_what_is_no_integer_is_refused(number: str, program: Program) -> None:
    body = f'{{"model": "{MODEL}", "prompt": "an otter", "n": {number}}}'.encode()
    kind = {"Content-Type": "application/json"}

    answer = program.call("POST", "/v1/images/generations", body=body, headers=LATER | kind)

    assert (answer.status, answer.error["param"]) == (400, "n")


def test_field_f14_an_empty_field_of_a_form_is_not_given(program: Program) -> None:
    names = ("n", "size", "quality", "background", "response_format", "user", "style", "stream")
    texts = {"model": MODEL, "prompt": "a hat", **dict.fromkeys(names, "")}

    body = form(texts, [("image", SEA)])

    assert program.call("POST", "/v1/images/edits", body=body, headers=FORM | LATER).status == 202
