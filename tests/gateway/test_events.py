"""Answers as events: previews, the picture, and errors early and late."""

from typing import Any

import pytest

from jobs.models import Job
from jobs.services.cancel import cancel
from jobs.states import State
from tests.gateway.asgi import MODEL, Exchange, Meanwhile, Program
from tests.gateway.conftest import doing, hang_up
from tests.images_api.contract import faults
from tests.images_api.events import completed, partial, stream
from tests.upstream import ScriptedUpstream, reply

pytestmark = pytest.mark.django_db(transaction=True)

GENERATIONS = "/v1/images/generations"
STREAMED = {"model": MODEL, "prompt": "an otter", "stream": True, "partial_images": 2}


def test_it_sends_previews_and_the_picture(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    upstream.script(stream(partial(0), partial(1), completed()))

    answer = program.call("POST", GENERATIONS, STREAMED, meanwhile=worker)

    names = [name for name, _ in answer.events()]
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["x-studio-job-id"] == str(Job.objects.get().pk)
    assert names == [*["image_generation.partial_image"] * 2, "image_generation.completed"]
    for name, event in answer.events():
        assert event["type"] == name
        assert faults("ImageGenerationStreamEvent", event) == []


def test_what_is_refused_before_the_first_event_has_its_own_status(
    program: Program, upstream: ScriptedUpstream, worker: Meanwhile
) -> None:
    error = {"message": "no", "type": "image_generation_user_error", "code": "moderation_blocked"}
    upstream.script(reply({"error": error}, 400))

    answer = program.call("POST", GENERATIONS, STREAMED, meanwhile=worker)

    assert (answer.status, answer.error["code"]) == (400, "moderation_blocked")


def test_what_goes_wrong_later_is_an_event(
    program: Program, monkeypatch: pytest.MonkeyPatch, alice: Any
) -> None:
    monkeypatch.setattr("jobs.gateway.server.events.KEEP_ALIVE_S", 0.05)

    async def cancel_after_first_words(exchange: Exchange) -> None:
        await exchange.first_byte.wait()
        await doing(lambda job_id: cancel(alice, Job.objects.get(pk=job_id)))(exchange)

    answer = program.call("POST", GENERATIONS, STREAMED, meanwhile=cancel_after_first_words)

    assert answer.status == 200
    assert answer.body.startswith(b": the picture is on its way\n\n")
    [(name, event)] = [each for each in answer.events() if each[0]]
    assert (name, event["error"]["code"]) == ("error", "cancelled")
    assert faults("StreamErrorEvent", event) == []


def test_it_waits_no_longer_than_any_other(
    program: Program, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.gateway.server.events.KEEP_ALIVE_S", 0.05)
    settings.GATEWAY_WAIT_S = 0.3

    answer = program.call("POST", GENERATIONS, STREAMED)

    [(name, event)] = [each for each in answer.events() if each[0]]
    assert (name, event["error"]["code"]) == ("error", "still_running")
    assert f"/v1/studio/jobs/{answer.job_id}/result" in event["error"]["message"]
    assert Job.objects.get().state == State.QUEUED


def test_who_hangs_up_leaves_the_job_alone(program: Program) -> None:
    with pytest.raises(IndexError):  # Nothing was sent to nobody.
        program.call("POST", GENERATIONS, STREAMED, meanwhile=hang_up)

    assert Job.objects.get().state == State.QUEUED
