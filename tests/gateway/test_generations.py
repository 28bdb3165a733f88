"""From a program's request to a stored job, and back in the provider's own shape."""

import base64
from typing import Any

import pytest

from imagestudio.accounts.models import ApiKey, User
from jobs.models import Attempt, Job
from jobs.services.cancel import cancel
from jobs.services.programs.keys import Made
from jobs.states import Source, State, Visibility
from tests.gateway.asgi import MODEL, Meanwhile, Program
from tests.gateway.conftest import doing, hang_up, leave_one_behind
from tests.images_api.contract import faults
from tests.upstream import ScriptedUpstream, cut, html, images, png_bytes, reply

pytestmark = pytest.mark.django_db(transaction=True)

OTTER = {"model": MODEL, "prompt": "an otter"}
GENERATIONS = "/v1/images/generations"


def test_it_answers_as_the_provider_does(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    upstream.script(images(n=2, size="1024x1024"))

    answer = program.call("POST", GENERATIONS, OTTER | {"n": 2}, meanwhile=worker)

    assert answer.status == 200
    assert faults("ImagesResponse", answer.json()) == []
    assert int(answer.headers["content-length"]) == len(answer.body)
    pictures = [base64.b64decode(item["b64_json"]) for item in answer.json()["data"]]
    assert pictures == [png_bytes(1024, 1024, "teal"), png_bytes(1024, 1024, "coral")]
    said = answer.json()
    assert (said["created"], said["quality"], said["size"]) == (1_795_000_000, "high", "1024x1024")
    assert said["usage"]["total_tokens"] == 1806


def test_the_call_is_a_job_like_any_other(
    program: Program, made: Made, alice: User, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    answer = program.call("POST", GENERATIONS, OTTER, meanwhile=worker)

    job = Job.objects.get()
    assert (job.source, job.owner, job.api_key) == (Source.API, alice, made.key)
    assert (job.visibility, job.state) == (Visibility.PRIVATE, State.SUCCEEDED)
    assert answer.job_id == str(job.pk)
    assert answer.headers["x-studio-page"] == f"http://127.0.0.1/jobs/{job.pk}/"
    assert answer.headers["x-studio-estimate-microusd"] == str(job.estimate_high_microusd)
    assert answer.headers["x-studio-cost-microusd"] == str(job.cost_microusd)


def test_the_clients_headers_stay_here(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    headers = {"OpenAI-Organization": "org-theirs", "Cookie": "a=b", "X-Stainless-Lang": "python"}

    program.call("POST", GENERATIONS, OTTER | {"user": "u1"}, headers=headers, meanwhile=worker)

    [call] = upstream.calls
    assert "user" not in call.json
    assert {"openai-organization", "cookie", "x-stainless-lang"} & set(call.headers) == set()


def test_null_is_as_good_as_nothing(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    nothing = {"svg": None, "n": None, "size": None, "stream": None, "output_compression": 100}

    answer = program.call("POST", GENERATIONS, OTTER | nothing, meanwhile=worker)

    assert answer.status == 200
    assert set(upstream.calls[0].json) == {"model", "prompt", "safety_identifier"}


def test_without_a_model_the_studio_takes_its_first(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    program.call("POST", GENERATIONS, {"prompt": "an otter"}, meanwhile=worker)

    assert Job.objects.get().model == MODEL


def test_an_address_instead_of_base64_is_signed_and_opens_the_picture(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile, client: Any
) -> None:
    fields = OTTER | {"response_format": "url"}
    answer = program.call("POST", GENERATIONS, fields, meanwhile=worker)

    url = answer.json()["data"][0]["url"].removeprefix("http://127.0.0.1")
    assert client.get(url).getvalue() == png_bytes(1024, 1024, "teal")
    assert client.get(f"{url}x").json()["error"]["code"] == "file_not_found"
    assert client.post(url).status_code == 405


@pytest.mark.parametrize(
    ("fields", "status", "code", "param"),
    [
        ({"seed": 1}, 400, "unknown_parameter", "seed"),
        ({"style": "vivid"}, 400, "unknown_parameter", "style"),
        ({"n": "2"}, 400, "invalid_type", "n"),
        ({"n": True}, 400, "invalid_type", "n"),
        ({"n": 99}, 400, "invalid_value", "n"),
        ({"n": 10**30}, 400, "invalid_value", "n"),
        ({"prompt": 7}, 400, "invalid_type", "prompt"),
        ({"prompt": "  "}, 400, "invalid_value", "prompt"),
        ({"prompt": "a\0b"}, 400, "invalid_value", "prompt"),
        ({"prompt": "a\ud800"}, 400, "invalid_value", "prompt"),
        ({"size": "1000x1000"}, 400, "invalid_value", "size"),
        ({"quality": "hd"}, 400, "invalid_value", "quality"),
        ({"response_format": "file"}, 400, "invalid_value", "response_format"),
        ({"svg": {"model": "x", "a": 1}}, 400, "invalid_value", "svg"),
        ({"stream": True, "n": 2}, 400, "invalid_value", "stream"),
        ({"partial_images": 4}, 400, "invalid_value", "partial_images"),
        ({"model": "gpt-image-9"}, 404, "model_not_found", "model"),
        ({"model": "dall-e-9"}, 404, "model_not_found", "model"),
        ({"model": "a\0"}, 400, "invalid_value", "model"),
    ],
)
def test_it_names_the_field_that_is_wrong(
    fields: dict[str, object], status: int, code: str, param: str, program: Program
) -> None:
    answer = program.call("POST", GENERATIONS, OTTER | fields)

    assert (answer.status, answer.error["code"], answer.error["param"]) == (status, code, param)
    assert not Job.objects.exists()


def test_a_prompt_is_needed(program: Program) -> None:
    answer = program.call("POST", GENERATIONS, {"model": MODEL})

    assert answer.error["code"] == "missing_required_parameter"


def test_a_form_is_no_generation(program: Program) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}

    assert program.call("POST", GENERATIONS, body=b"", headers=headers).status == 415


MODERATION = {
    "error": {
        "message": "blocked",
        "type": "image_generation_user_error",
        "code": "moderation_blocked",
        "moderation_details": {"moderation_stage": "output", "categories": ["violence"]},
    }
}


def test_a_refusal_for_safety_comes_with_its_reasons(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    upstream.script(reply(MODERATION, 400))

    answer = program.call("POST", GENERATIONS, OTTER, meanwhile=worker)

    assert (answer.status, answer.error["type"]) == (400, "image_generation_user_error")
    assert answer.error["code"] == "moderation_blocked"
    assert answer.error["moderation_details"]["categories"] == ["violence"]
    assert faults("ErrorEnvelope", answer.json()) == []


def test_what_the_provider_refuses_is_refused_here(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    error = {"message": "no such thing", "type": "x", "code": "invalid_value", "param": "size"}
    upstream.script(reply({"error": error}, 400))

    answer = program.call("POST", GENERATIONS, OTTER, meanwhile=worker)

    assert (answer.status, answer.error["code"], answer.error["param"]) == (
        400,
        "invalid_value",
        "size",
    )


def test_an_unknown_outcome_is_told_and_never_sent_again(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    upstream.script(cut(after=100))

    answer = program.call("POST", GENERATIONS, OTTER, meanwhile=worker)

    assert (answer.status, answer.error["code"]) == (504, "outcome_unknown")
    assert answer.headers["x-should-retry"] == "false"
    assert Job.objects.get().state == State.HELD
    assert len(upstream.calls) == 1


def test_a_page_in_place_of_an_answer_is_a_fault_behind_us(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    upstream.script(html())

    answer = program.call("POST", GENERATIONS, OTTER, meanwhile=worker)

    assert answer.status in (502, 504)
    assert answer.headers["x-should-retry"] == "false"


def test_a_cancelled_job_is_a_conflict(program: Program, alice: User) -> None:
    cancels = doing(lambda job_id: cancel(alice, Job.objects.get(pk=job_id)))

    answer = program.call("POST", GENERATIONS, OTTER, meanwhile=cancels)

    assert (answer.status, answer.error["code"]) == (409, "cancelled")
    assert answer.headers["x-should-retry"] == "false"


def test_a_job_that_takes_too_long_can_be_fetched_later(
    program: Program, settings: Any, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    settings.GATEWAY_WAIT_S = 0.05

    late = program.call("POST", GENERATIONS, OTTER)

    assert (late.status, late.error["code"]) == (504, "still_running")
    assert late.headers["x-should-retry"] == "false"
    place = f"/v1/studio/jobs/{late.job_id}/result"
    assert program.call("GET", place, meanwhile=worker).status == 202
    assert program.call("GET", place).json()["data"]


def test_who_hangs_up_leaves_the_job_alone(program: Program) -> None:
    leave_one_behind(program)

    assert Job.objects.get().state == State.QUEUED


def test_who_went_before_the_work_began_has_ordered_nothing(program: Program) -> None:
    exchange = program.generation()
    exchange.hang_up()

    with pytest.raises(IndexError):
        program.together([exchange])

    assert not Job.objects.exists()


def test_who_hangs_up_may_have_it_cancelled(program: Program) -> None:
    exchange = program.generation({"X-Studio-Cancel-On-Disconnect": "true"})

    with pytest.raises(IndexError):
        program.together([exchange], hang_up)

    assert Job.objects.get().state == State.CANCELLED


def test_a_damaged_picture_is_not_handed_out(
    program: Program, settings: Any, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    first = program.call("POST", GENERATIONS, OTTER, meanwhile=worker)
    image = Job.objects.get().images.get()
    type(image).objects.filter(pk=image.pk).update(sha256="0" * 64)

    answer = program.call("GET", f"/v1/studio/jobs/{first.job_id}/result")

    assert (answer.status, answer.error["code"]) == (500, "image_unavailable")


def test_the_key_shows_when_it_was_used(program: Program, made: Made) -> None:
    assert ApiKey.objects.get().last_used_at is None

    program.call("GET", "/v1/models")

    assert ApiKey.objects.get(pk=made.key.pk).last_used_at is not None


def test_a_full_queue_says_when_to_come_back(program: Program, settings: Any) -> None:
    settings.GATEWAY_WAIT_S, settings.GATEWAY_MAX_QUEUED = 0.01, 1
    program.call("POST", GENERATIONS, OTTER)

    answer = program.call("POST", GENERATIONS, OTTER)

    assert (answer.status, answer.error["code"]) == (429, "queue_full")
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert not Attempt.objects.exists()


NO_MONEY = {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}


def test_nobody_waits_for_an_account_to_be_mended(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    upstream.script(reply(NO_MONEY, 429))

    answer = program.call("POST", GENERATIONS, OTTER, meanwhile=worker)

    assert (answer.status, answer.error["code"]) == (503, "account")
    assert answer.headers["x-should-retry"] == "false"
    assert Job.objects.get().state == State.QUEUED


def test_while_the_account_is_refused_nothing_is_started(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    upstream.script(reply(NO_MONEY, 429))
    program.call("POST", GENERATIONS, OTTER, meanwhile=worker)

    answer = program.call("POST", GENERATIONS, OTTER)

    assert (answer.status, answer.error["code"]) == (503, "account")
    assert "Nothing was started" in answer.error["message"]
    assert Job.objects.count() == 1


def test_a_job_to_come_back_to_may_wait_for_the_account(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    upstream.script(reply(NO_MONEY, 429))
    program.call("POST", GENERATIONS, OTTER, meanwhile=worker)

    answer = program.call("POST", GENERATIONS, OTTER, headers={"Prefer": "respond-async"})

    assert answer.status == 202


@pytest.mark.parametrize("header", ["X-Studio-Visibility", "X-Studio-Cancel-On-Disconnect"])
def test_a_header_of_ours_that_makes_no_sense_is_refused(program: Program, header: str) -> None:
    answer = program.call("POST", GENERATIONS, OTTER, headers={header: "perhaps"})

    assert (answer.status, answer.error["param"]) == (400, header.lower())
    assert not Job.objects.exists()
