"""Where programs would notice that this is not the provider itself."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from jobs.models import Job
from tests.gateway.asgi import MODEL, Answer, Meanwhile, Program
from tests.gateway.forms import FORM, form
from tests.sandbox.conftest import photo, png_of
from tests.upstream import ScriptedUpstream

pytestmark = pytest.mark.django_db(transaction=True)

LATER = {"Prefer": "respond-async"}


def ask(program: Program, **fields: Any) -> Answer:
    wish = {"model": MODEL, "prompt": "an otter", **fields}
    return program.call("POST", "/v1/images/generations", wish, headers=LATER)


def test_d06_the_user_is_passed_on_as_the_identifier_and_told_back(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    wish = {"model": MODEL, "prompt": "an otter", "user": "u1"}

    answer = program.call("POST", "/v1/images/generations", wish, meanwhile=worker)

    assert upstream.calls[0].json["safety_identifier"] == "u1"
    assert "user" not in upstream.calls[0].json
    assert answer.json()["safety_identifier"] == "u1"


@pytest.mark.parametrize(
    ("fields", "identifier"),
    [
        ({"user": "u1", "safety_identifier": "s1"}, "s1"),
        ({"user": "", "safety_identifier": None}, None),
        ({"user": "u" * 128}, "u" * 128),
        ({"user": "u" * 129}, hashlib.sha256(b"u" * 129).hexdigest()),
    ],
)
def test_d06_the_newer_name_goes_first_and_a_long_one_is_hashed(
    fields: dict[str, str | None], identifier: str | None, program: Program
) -> None:
    assert ask(program, **fields).status == 202
    assert Job.objects.get().image_request.safety_identifier == identifier


def test_d06_a_variation_has_a_user_too(program: Program) -> None:
    body = form({"user": "u1"}, [("image", png_of(photo(64, 64)))])

    program.call("POST", "/v1/images/variations", body=body, headers=FORM | LATER)

    assert Job.objects.get().image_request.safety_identifier == "u1"


@pytest.mark.parametrize(("length", "status"), [(128, 202), (129, 400)])
def test_d14_an_identifier_is_as_long_as_the_provider_takes(
    length: int, status: int, program: Program
) -> None:
    assert ask(program, safety_identifier="s" * length).status == status


@pytest.mark.parametrize(
    ("model", "field", "value", "code"),
    [
        ("gpt-image-2", "quality", "xhigh", "invalid_value"),
        ("gpt-image-2", "complexity", "high", "invalid_value"),
        ("gpt-image-2", "output_format", "gif", "invalid_value"),
        ("gpt-image-2", "input_fidelity", "high", "invalid_input_fidelity_model"),
    ],
)
def test_d15_what_this_model_lacks_is_refused_as_the_provider_does(
    model: str, field: str, value: str, code: str, program: Program
) -> None:
    texts = {"model": model, "prompt": "a hat", field: value}
    body = form(texts, [("image", png_of(photo(64, 64)))])

    answer = program.call("POST", "/v1/images/edits", body=body, headers=FORM)

    assert (answer.status, answer.error["code"], answer.error["param"]) == (400, code, field)
    assert answer.error["type"] == "image_generation_user_error"


def test_d19_a_document_that_is_too_large_is_shown_the_way_by_form(
    program: Program, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.gateway.api.work.MAX_JSON_BYTES", 1000)
    wish = {"model": MODEL, "prompt": "x" * 1000, "images": []}

    answer = program.call("POST", "/v1/images/edits", wish)

    assert (answer.status, answer.error["code"]) == (413, "request_too_large")
    assert "as a form: that may have 256 MB" in answer.error["message"]


@pytest.mark.parametrize("field", ["quality", "complexity", "moderation"])
def test_d15_what_no_model_knows_is_an_invalid_request(field: str, program: Program) -> None:
    answer = ask(program, **{field: "otterly"})

    assert (answer.status, answer.error["type"]) == (400, "invalid_request_error")
