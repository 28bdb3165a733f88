"""Programs that ask for models which are gone get the successor's pictures, and are told so."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from imagestudio.accounts.models import User
from imagestudio.images_api.aliases import RETIRED, retired_names
from imagestudio.images_api.capabilities import MODELS
from jobs.models import Job
from tests.gateway.asgi import MODEL, Answer, Meanwhile, Program
from tests.gateway.forms import FORM, form
from tests.sandbox.conftest import photo, png_of
from tests.upstream import ScriptedUpstream

pytestmark = pytest.mark.django_db(transaction=True)

GENERATIONS, VARIATIONS = "/v1/images/generations", "/v1/images/variations"
LATER = {"Prefer": "respond-async"}


def ordered(program: Program, **fields: object) -> tuple[Answer, Job]:
    answer = program.call("POST", GENERATIONS, {"prompt": "an otter", **fields}, headers=LATER)
    assert answer.status == 202, answer.body
    return answer, Job.objects.get(pk=answer.job_id)


def test_seed_it_answers_for_a_model_that_is_gone(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    wish = {"model": "dall-e-3", "prompt": "an otter", "n": 1, "size": "1024x1024"}

    answer = program.call("POST", GENERATIONS, wish, meanwhile=worker)

    assert answer.status == 200
    assert upstream.calls[0].json["model"] == MODEL
    assert [set(item) for item in answer.json()["data"]] == [{"url"}]
    assert answer.headers["x-studio-model"] == MODEL
    assert answer.headers["x-studio-adapted"] == f"model={MODEL}"


def test_seed_it_keeps_what_was_written_beside_what_was_asked(program: Program) -> None:
    answer, job = ordered(
        program, model="dall-e-3", quality="hd", style="natural", size="1792x1024"
    )

    assert (job.model, job.image_request.quality) == (MODEL, "high")
    assert job.image_request.size == "1792x1024"  # Its successor draws this size too.
    assert job.asked == {"model": "dall-e-3", "quality": "hd", "style": "natural"}
    assert answer.json()["asked"] == job.asked
    assert "Style: natural" in job.prompt
    adapted = f"model={MODEL}, quality=high, style=prompt"
    assert answer.headers["x-studio-adapted"] == adapted


@pytest.mark.parametrize("name", RETIRED)
def test_seed_every_name_of_the_table_leads_to_a_model_of_today_and_says_why(name: str) -> None:
    assert RETIRED[name].successor in MODELS
    assert MODELS[RETIRED[name].successor].shuts_down_on is None
    assert RETIRED[name].reason


@pytest.mark.parametrize(
    ("size", "near"),
    [
        ("256x256", "816x816"),
        ("512x512", "816x816"),
        ("1024x1024", "1024x1024"),
        ("1024x1792", "1024x1792"),
    ],
)
def test_seed_it_takes_the_nearest_size(program: Program, size: str, near: str) -> None:
    assert ordered(program, model="dall-e-2", size=size)[1].image_request.size == near


def test_seed_it_takes_the_nearest_of_a_few_sizes(program: Program, settings: Any) -> None:
    settings.GATEWAY_MODEL_ALIASES = retired_names({"dall-e-3": "pix"})
    settings.PROVIDERS = (replace(settings.PROVIDERS[0], models=("pix",), params=frozenset({"n"})),)

    _, job = ordered(program, model="dall-e-3", size="1792x1024", quality="hd")

    assert (job.model, job.image_request.size, job.image_request.quality) == ("pix", "auto", "auto")


def test_seed_a_word_of_the_old_model_alone_is_left_to_the_new_one(
    program: Program, settings: Any
) -> None:
    settings.PROVIDERS = (replace(settings.PROVIDERS[0], params=frozenset({"n", "size"})),)

    _, job = ordered(program, model="gpt-image-1", quality="high", background="transparent")

    assert (job.image_request.quality, job.image_request.background) == ("auto", "auto")
    assert job.asked == {"model": "gpt-image-1", "quality": "high", "background": "transparent"}


def test_seed_old_words_without_a_model_are_understood(program: Program) -> None:
    _, job = ordered(program, quality="standard", size="512x512")

    assert (job.image_request.quality, job.image_request.size) == ("medium", "816x816")


@pytest.mark.parametrize(
    ("more", "param"), [({"quality": "hd"}, "quality"), ({"style": "vivid"}, "style")]
)
def test_seed_old_words_to_a_model_of_today_are_refused(
    program: Program, more: dict[str, str], param: str
) -> None:
    answer = program.call("POST", GENERATIONS, {"model": MODEL, "prompt": "an otter", **more})

    assert (answer.status, answer.error["param"]) == (400, param)


def test_seed_without_a_model_the_picture_comes_both_ways(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    answer = program.call("POST", GENERATIONS, {"prompt": "an otter"}, meanwhile=worker)

    assert [set(item) for item in answer.json()["data"]] == [{"b64_json", "url"}]
    assert answer.headers["x-studio-model"] == MODEL
    assert "x-studio-adapted" not in answer.headers


def test_seed_who_asks_for_base64_gets_it(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    wish = {"model": "dall-e-3", "prompt": "an otter", "response_format": "b64_json"}

    answer = program.call("POST", GENERATIONS, wish, meanwhile=worker)

    assert [set(item) for item in answer.json()["data"]] == [{"b64_json"}]


def test_seed_what_is_fetched_later_looks_as_the_call_would_have(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    answer, job = ordered(program, model="dall-e-3", style="vivid")
    program.call("GET", "/v1/models", meanwhile=worker)

    fetched = program.call("GET", f"/v1/studio/jobs/{job.pk}/result")

    [item] = fetched.json()["data"]
    assert set(item) == {"url", "revised_prompt"}
    assert item["revised_prompt"] == job.prompt
    assert fetched.headers["x-studio-model"] == answer.headers["x-studio-model"] == MODEL


def test_seed_it_varies_in_the_old_sizes(program: Program) -> None:
    body = form({"size": "256x256", "n": "2"}, [("image", png_of(photo(256, 256)))])

    answer = program.call("POST", VARIATIONS, body=body, headers=FORM | LATER)

    assert answer.status == 202
    assert Job.objects.get().image_request.size == "816x816"


def test_seed_it_tells_of_a_model_that_is_gone_when_asked(program: Program) -> None:
    answer = program.call("GET", "/v1/models/dall-e-3")

    assert answer.status == 200
    assert answer.headers["x-studio-model"] == MODEL
    said = answer.json()
    assert (said["id"], said["answered_by"]) == ("dall-e-3", MODEL)
    assert said["shutdown_date"] == "2026-05-12"
    names = [each["id"] for each in program.call("GET", "/v1/models").json()["data"]]
    assert "dall-e-3" not in names


@pytest.mark.parametrize("name", ["dall-e-9", "dall-e", "DALL-E-3", "gpt-image-3"])
def test_seed_a_name_that_nobody_had_stays_unknown(program: Program, name: str) -> None:
    answer = program.call("POST", GENERATIONS, {"model": name, "prompt": "an otter"})
    asked = program.call("GET", f"/v1/models/{name}")

    assert (answer.status, answer.error["code"]) == (404, "model_not_found")
    assert asked.status == 404


def test_seed_a_service_that_has_the_old_model_draws_it_itself(
    program: Program, settings: Any
) -> None:
    first = settings.PROVIDERS[0]
    settings.PROVIDERS = (first, replace(first, name="attic", models=("dall-e-3",)))

    _, job = ordered(program, model="dall-e-3")

    assert (job.provider, job.model) == ("attic", "dall-e-3")


def test_seed_the_settings_may_lead_a_name_elsewhere_or_nowhere(
    program: Program, settings: Any
) -> None:
    chosen = {"dall-e-3": "gpt-image-2", "our-house-model": "gpt-image-2", "dall-e-2": None}
    settings.GATEWAY_MODEL_ALIASES = retired_names(chosen)

    assert ordered(program, model="dall-e-3")[1].model == "gpt-image-2"
    assert ordered(program, model="our-house-model")[1].model == "gpt-image-2"
    gone = program.call("POST", GENERATIONS, {"model": "dall-e-2", "prompt": "an otter"})
    assert (gone.status, gone.error["code"]) == (404, "model_not_found")


def test_seed_the_table_can_be_switched_off() -> None:
    assert retired_names(False) == {}


@pytest.mark.parametrize("setting", ["true", "[]", '{"a": 1}', '{"a": ""}', '"dall-e-3"'])
def test_seed_a_setting_that_makes_no_sense_is_refused(setting: str) -> None:
    with pytest.raises(ValueError, match="Model aliases"):
        retired_names(json.loads(setting))


def test_seed_the_jobs_page_says_what_was_asked_for(program: Program, alice: User) -> None:
    _, job = ordered(program, model="dall-e-3")
    client = Client()
    client.force_login(alice)

    page = client.get(f"/jobs/{job.pk}/").content.decode()

    assert "dall-e-3" in page
    assert "GPT Image 2.6 Flare" in page
