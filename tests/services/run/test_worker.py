import base64
import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from pytest_django import Settings

from jobs.services.run import spool
from jobs.services.run.spool import SpoolEntry
from jobs.services.run.worker import run
from jobs.states import Outcome, State
from tests import upstream as scripts
from tests.conftest import MakeJob
from tests.upstream import ScriptedUpstream


def error(code: str, message: str = "no", **more: object) -> dict[str, object]:
    return {"error": {"message": message, "type": "x", "param": None, "code": code, **more}}


def test_it_makes_the_pictures_of_a_job(make_job: MakeJob, upstream: ScriptedUpstream) -> None:
    job = make_job(n=2)
    upstream.script(scripts.images(2))

    run(job.pk)

    job.refresh_from_db()
    assert job.state == State.SUCCEEDED
    assert [image.format for image in job.images.all()] == ["png", "png"]


def test_it_stores_the_bytes_untouched(make_job: MakeJob, upstream: ScriptedUpstream) -> None:
    job = make_job()

    run(job.pk)

    with default_storage.open(job.images.get().key) as file:
        assert file.read() == scripts.png_bytes(1024, 1024, "teal")


def test_it_asks_for_what_the_member_asked_for(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    job = make_job(n=2, prompt="two otters", size="1536x1024")

    run(job.pk)

    body = upstream.calls[0].json
    assert (body["prompt"], body["n"], body["size"]) == ("two otters", 2, "1536x1024")


def test_it_names_job_and_fence_to_the_upstream(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    job = make_job()

    run(job.pk)

    assert upstream.calls[0].headers["x-client-request-id"] == f"{job.pk}-1"


def test_it_notes_usage_and_cost_of_the_call(make_job: MakeJob, upstream: ScriptedUpstream) -> None:
    job = make_job()

    run(job.pk)

    job.refresh_from_db()
    attempt = job.attempts.get()
    assert attempt.outcome == Outcome.ANSWERED
    assert attempt.upstream_request_id == "req_scripted"
    assert attempt.cost_microusd
    assert job.cost_microusd == attempt.cost_microusd


def test_an_answer_without_usage_has_an_unknown_cost(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    job = make_job()
    upstream.script(scripts.images(1, usage=None))

    run(job.pk)

    job.refresh_from_db()
    assert job.state == State.SUCCEEDED
    assert job.cost_microusd is None


def test_it_leaves_nothing_in_the_spool(make_job: MakeJob, upstream: ScriptedUpstream) -> None:
    run(make_job().pk)

    assert list(spool.entries()) == []


def test_a_repeated_message_calls_once(make_job: MakeJob, upstream: ScriptedUpstream) -> None:
    job = make_job()

    for _ in range(3):
        run(job.pk)

    assert len(upstream.calls) == 1


@pytest.mark.parametrize("state", [state for state in State if state is not State.QUEUED])
def test_a_stray_message_calls_nobody(
    make_job: MakeJob, upstream: ScriptedUpstream, state: State
) -> None:
    run(make_job(state=state).pk)

    assert upstream.calls == []


def test_fewer_pictures_than_asked_are_kept_and_said(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    job = make_job(n=4)
    upstream.script(scripts.images(3))

    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.SUCCEEDED, "partial")
    assert job.told == "3 of 4 pictures arrived."


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (scripts.reply(error("rate_limit_exceeded"), 429, {"Retry-After": "7"}), "rate_limited"),
        (scripts.reply(error("server_error"), 500), "server_error"),
        (scripts.reply(error("server_is_overloaded"), 503), "server_error"),
    ],
)
def test_what_cost_nothing_is_tried_again_later(
    make_job: MakeJob, upstream: ScriptedUpstream, behaviour: scripts.Behaviour, code: str
) -> None:
    job = make_job()
    upstream.script(behaviour)

    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.QUEUED, code)
    assert job.run_after > job.created_at
    assert "othing was spent" in job.told
    assert job.attempts.get().cost_microusd == 0


def test_it_waits_as_long_as_it_is_told(make_job: MakeJob, upstream: ScriptedUpstream) -> None:
    job = make_job()
    upstream.script(scripts.reply(error("slow_down"), 429, {"Retry-After": "90"}))

    run(job.pk)

    job.refresh_from_db()
    assert 80 < (job.run_after - job.changed_at).total_seconds() <= 91


def test_the_third_server_error_is_final(
    make_job: MakeJob, upstream: ScriptedUpstream, settings: Settings
) -> None:
    settings.RETRY_BASE_S = 0
    job = make_job()
    upstream.script(*[scripts.reply(error("server_error"), 500)] * 3)

    for _ in range(3):
        run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "server_error")


def test_an_upstream_that_is_down_costs_nothing_and_is_tried_again(
    make_job: MakeJob, settings: Settings
) -> None:
    settings.PROVIDERS = (replace(settings.PROVIDERS[0], base_url="http://127.0.0.1:1/v1"),)
    job = make_job()

    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.QUEUED, "unreachable")


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (scripts.reply(error("moderation_blocked"), 400), "moderation_blocked"),
        (scripts.reply(error("invalid_value"), 400), "invalid_value"),
        (scripts.reply(error("model_not_found"), 404), "model_not_found"),
        (scripts.redirect("http://127.0.0.1:1/"), "redirect"),
    ],
)
def test_a_final_no_fails_the_job_and_costs_nothing(
    make_job: MakeJob, upstream: ScriptedUpstream, behaviour: scripts.Behaviour, code: str
) -> None:
    job = make_job()
    upstream.script(behaviour)

    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, code)
    assert (job.cost_microusd, job.may_be_billed) == (0, False)


@pytest.mark.parametrize(
    "behaviour",
    [
        scripts.reply(error("insufficient_quota"), 429),
        scripts.reply(error("invalid_api_key"), 401),
    ],
)
def test_an_account_that_is_not_accepted_stops_the_calls_and_the_jobs_wait(
    make_job: MakeJob, upstream: ScriptedUpstream, behaviour: scripts.Behaviour
) -> None:
    first, second = make_job(), make_job()
    upstream.script(behaviour)

    run(first.pk)
    run(second.pk)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.error_code) == (State.QUEUED, "account")
    assert (second.state, second.attempt) == (State.QUEUED, 0)
    assert len(upstream.calls) == 1


@pytest.mark.parametrize(
    "behaviour",
    [
        scripts.html(502),
        scripts.html(504),
        scripts.reset_after_request(),
        scripts.cut(900, scripts.images_answer()),
        scripts.cut(900, scripts.images_answer(), with_reset=True),
    ],
)
def test_an_unknown_outcome_is_held_and_never_repeated_by_itself(
    make_job: MakeJob, upstream: ScriptedUpstream, behaviour: scripts.Behaviour
) -> None:
    job = make_job()
    upstream.script(behaviour)

    run(job.pk)
    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.may_be_billed) == (State.HELD, True)
    assert job.held_until is not None
    assert len(upstream.calls) == 1


def test_an_answer_that_never_comes_is_held_at_the_deadline(
    make_job: MakeJob, upstream: ScriptedUpstream, settings: Settings
) -> None:
    settings.CALL_DEADLINE_S = 0.3
    job = make_job()
    upstream.script(scripts.hang())

    run(job.pk)

    job.refresh_from_db()
    assert job.state == State.HELD
    assert job.attempts.get().outcome == Outcome.UNKNOWN


def test_pictures_that_arrived_whole_before_the_break_are_shown(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    job = make_job(n=2)
    answer = json.dumps(scripts.images_answer(2)).encode()
    upstream.script(scripts.cut(answer.rindex(b"b64_json") + 40, answer))

    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.SUCCEEDED, "partial")
    assert job.images.count() == 1
    assert job.cost_microusd is None


@pytest.mark.parametrize(
    "behaviour",
    [
        scripts.html(200),
        scripts.reply({}),
        scripts.reply({"created": 1, "data": []}),
        scripts.reply({"created": 1, "data": [{"b64_json": "bm8gcGljdHVyZQ=="}]}),
    ],
)
def test_a_paid_answer_without_a_picture_fails_and_says_so(
    make_job: MakeJob, upstream: ScriptedUpstream, behaviour: scripts.Behaviour
) -> None:
    job = make_job()
    upstream.script(behaviour)

    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code, job.may_be_billed) == (State.FAILED, "bad_answer", True)
    assert "billed" in job.told


def test_a_job_made_for_another_service_is_not_sent_to_this_one(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    job = make_job(provider="sandbox")

    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "provider_changed")
    assert upstream.calls == []


def test_it_makes_no_call_without_room_for_the_answer(
    make_job: MakeJob, upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "MIN_FREE_BYTES", 1 << 60)
    job = make_job()

    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.QUEUED, "storage")
    assert upstream.calls == []


def test_an_answer_that_can_not_be_written_down_is_held_and_not_asked_for_again(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    job = make_job()
    blocked = SpoolEntry(job.pk, 1).folder / "manifest.json.partial"
    blocked.mkdir(parents=True)

    run(job.pk)
    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.may_be_billed) == (State.HELD, True)
    assert "could not be written" in job.told
    assert len(upstream.calls) == 1


def test_storage_trouble_before_the_call_is_no_crash(
    make_job: MakeJob, upstream: ScriptedUpstream, settings: Settings
) -> None:
    Path(settings.SPOOL_DIR).write_text("not a folder")
    job = make_job()

    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code, job.crash_count) == (State.QUEUED, "storage", 0)


def test_the_bytes_of_an_unusable_answer_are_kept_for_its_owner(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    job = make_job()
    item = {"b64_json": base64.b64encode(b"no picture").decode()}
    upstream.script(scripts.reply({"created": 1, "data": [item]}))

    run(job.pk)

    with default_storage.open(job.unread_answers.get().key) as file:
        assert file.read() == b"no picture"
    assert not SpoolEntry(job.pk, 1).folder.exists()


def test_the_key_and_the_prompt_stay_out_of_the_log(
    make_job: MakeJob,
    upstream: ScriptedUpstream,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    settings.PROVIDERS = (replace(settings.PROVIDERS[0], api_key="sk-canary-key"),)
    upstream.script(scripts.reply(error("server_error", "sk-canary-key"), 500))

    run(make_job(prompt="canary prompt").pk)

    logging.getLogger("jobs").warning("so there is a log")
    assert "so there is a log" in caplog.text
    assert "canary" not in caplog.text
