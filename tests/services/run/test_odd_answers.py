"""Answers with a good picture and something odd beside it, and the room that they need."""

import json

import pytest

from jobs.services.run import spool
from jobs.services.run.worker import run
from jobs.states import State
from tests import upstream as scripts
from tests.conftest import MakeJob
from tests.upstream import ScriptedUpstream


@pytest.mark.parametrize(
    "said",
    [
        r'"a \\u0000 in letters"',
        r'"a \u0000 in truth"',
        r'"half an emoji: \ud83d"',
        r'"a whole one: \ud83d\ude00"',
        "1e999",
        r'{"\u0000": ["\udc00\\"]}',
    ],
)
def test_it_keeps_the_picture_whatever_is_said_beside_it(
    make_job: MakeJob, upstream: ScriptedUpstream, said: str
) -> None:
    job = make_job()
    body = json.dumps(scripts.images_answer())[:-1] + f', "revised_prompt": {said}}}'
    upstream.script(scripts.reply(body.encode(), headers={"Content-Type": "application/json"}))

    run(job.pk)

    job.refresh_from_db()
    assert job.state == State.SUCCEEDED
    assert "revised_prompt" in (job.attempts.get().answer or {})


def test_it_keeps_a_whole_picture_of_an_answer_that_is_no_json(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    job = make_job()
    body = json.dumps(scripts.images_answer())[:-1] + ', "score": NaN}'
    upstream.script(scripts.reply(body.encode(), headers={"Content-Type": "application/json"}))

    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.cost_microusd) == (State.SUCCEEDED, None)


def test_it_asks_for_nothing_when_its_answers_might_not_fit(
    make_job: MakeJob, upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job()
    monkeypatch.setattr(spool, "CALL_BYTES", 1 << 60)

    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.QUEUED, "storage")
    assert upstream.calls == []
