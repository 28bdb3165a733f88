"""What an odd answer does to its job, to the money, and to the jobs of others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytest_django import Settings

from jobs.models import Job
from jobs.services.queue import circuit_breaker
from jobs.services.run.worker import run
from jobs.states import Outcome, State
from tests import upstream as scripts
from tests.conftest import MakeJob
from tests.corpus import reasons, refusals, refused_accounts
from tests.corpus.refusals import Answer
from tests.upstream import ScriptedUpstream

# More than any of these may ever lead to.
TURNS = 5
ROWS = (
    *refusals.IN_BETWEEN,
    *refused_accounts.FORBIDDEN,
    *refused_accounts.ACCOUNTS,
    *refusals.RATES,
    *reasons.SUCCESSES,
    *reasons.MODERATIONS,
    *reasons.REASONS,
)


@pytest.fixture
def tireless(settings: Settings) -> None:
    settings.RETRY_BASE_S, settings.BREAKER_AFTER = 0, 1000
    settings.MAX_RATE_LIMITS = settings.MAX_SERVER_ERRORS = 3


def carried_out(job: Job, answer: Answer, upstream: ScriptedUpstream, settings: Settings) -> Job:
    settings.PROVIDERS = (replace(settings.PROVIDERS[0], is_direct=answer.is_direct),)
    upstream.script(*[scripts.reply(answer.body, answer.status, answer.headers)] * TURNS)
    for _ in range(TURNS):
        run(job.pk)
    job.refresh_from_db()
    return job


@pytest.mark.parametrize("answer", ROWS, ids=str)
def test_field_f09_it_says_what_happened_and_whether_money_was_spent(
    make_job: MakeJob,
    upstream: ScriptedUpstream,
    settings: Settings,
    tireless: None,
    answer: Answer,
) -> None:
    job = carried_out(make_job(), answer, upstream, settings)

    attempt = job.attempts.latest("fence")
    assert (job.state, job.may_be_billed) == (answer.state, answer.may_be_billed)
    assert len(upstream.calls) == answer.calls
    assert answer.reason in job.told
    assert ("no answer tells what became of it" in job.told) == (job.state == State.HELD)
    assert (attempt.cost_microusd is None) == answer.may_be_billed
    assert (attempt.outcome == Outcome.REJECTED) != answer.may_be_billed
    assert ("billed" in job.told) == answer.may_be_billed
    assert (refusals.FREE in job.told) != answer.may_be_billed


@pytest.mark.parametrize("answer", ROWS, ids=str)
def test_field_f02_it_closes_a_service_for_its_account_and_for_nothing_else(
    make_job: MakeJob,
    upstream: ScriptedUpstream,
    settings: Settings,
    tireless: None,
    answer: Answer,
) -> None:
    carried_out(make_job(), answer, upstream, settings)

    is_of_the_account = answer.family.__name__ == "AccountFault"
    assert bool(circuit_breaker.closed()) == is_of_the_account
    assert is_of_the_account == (answer.state == State.QUEUED)
