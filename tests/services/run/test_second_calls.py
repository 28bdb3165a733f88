"""When one job has had more than one call, or more than one owner."""

from django.db.models.functions import Now

from imagestudio.accounts.models import User
from imagestudio.images_api.errors import OutcomeUnknown, Refused, Rejected
from imagestudio.images_api.uploads import Inputs
from jobs.models import Attempt, Job
from jobs.services.retry import retry
from jobs.services.run import worker as run_module
from jobs.services.run.settle import settle
from jobs.services.run.spool import SpoolEntry
from jobs.services.run.worker import run
from jobs.states import Outcome, State
from tests import upstream as scripts
from tests.conftest import MakeJob
from tests.services.answers import leave_answer
from tests.upstream import ScriptedUpstream


def error(code: str, message: str = "no", **more: object) -> dict[str, object]:
    return {"error": {"message": message, "type": "x", "param": None, "code": code, **more}}


def test_a_known_outcome_frees_a_job_that_was_held_meanwhile(
    make_job: MakeJob, alice: User
) -> None:
    job = make_job(state=State.RUNNING)
    Attempt.objects.open(job.pk, job.fence)
    Job.objects.take_back(
        job.pk, State.RUNNING, State.HELD, fence=job.fence, held_until=Now(), may_be_billed=True
    )
    Attempt.objects.update(outcome=Outcome.UNKNOWN)

    settle(job, Refused("no", code="invalid_value", http_status=400))

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "invalid_value")


def test_a_second_call_does_not_make_the_first_ones_cost_forgotten(
    make_job: MakeJob, alice: User, upstream: ScriptedUpstream
) -> None:
    job = make_job()
    upstream.script(scripts.html(504), scripts.reply(error("invalid_value"), 400))
    run(job.pk)
    retry(alice, Job.objects.get(pk=job.pk))

    run(job.pk)

    job.refresh_from_db()
    assert job.state == State.FAILED
    assert (job.may_be_billed, job.cost_microusd) == (True, None)
    assert "earlier call" in job.told


def test_a_success_after_an_unknown_call_has_no_known_cost(
    make_job: MakeJob, alice: User, upstream: ScriptedUpstream
) -> None:
    job = make_job()
    upstream.script(scripts.html(504))
    run(job.pk)
    retry(alice, Job.objects.get(pk=job.pk))

    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.may_be_billed) == (State.SUCCEEDED, True)
    assert job.cost_microusd is None


def test_a_retry_uses_the_answer_that_came_meanwhile(
    make_job: MakeJob, alice: User, upstream: ScriptedUpstream
) -> None:
    job = make_job(state=State.RUNNING)
    Attempt.objects.open(job.pk, job.fence)
    leave_answer(job)
    Job.objects.take_back(job.pk, State.RUNNING, State.HELD, fence=job.fence, held_until=Now())
    retry(alice, Job.objects.get(pk=job.pk))

    run(job.pk)

    job.refresh_from_db()
    assert job.state == State.SUCCEEDED
    assert upstream.calls == []


def test_a_worker_that_lost_its_job_during_the_call_leaves_the_answer_for_the_sweeper(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    job = make_job()
    claimed = Job.objects.claim(job.pk, 30)
    assert claimed is not None
    entry = SpoolEntry(claimed.pk, claimed.fence)
    entry.prepare()
    assert Attempt.objects.open(claimed.pk, claimed.fence)
    Job.objects.take_back(
        claimed.pk, State.RUNNING, State.FAILED, fence=claimed.fence, error_code="test"
    )

    run_module._call(claimed, entry, Inputs(()))

    job.refresh_from_db()
    assert job.state == State.FAILED
    assert entry.is_complete
    assert Attempt.objects.get(job=job).cost_microusd


def test_a_settlement_that_is_written_twice_never_frees_a_later_call(make_job: MakeJob) -> None:
    make_job()
    first = take_and_send()
    settle(first, Rejected("slow down", http_status=429))
    Job.objects.update(run_after=Now())
    second = take_and_send()
    settle(second, OutcomeUnknown("cut", code="reset"))

    settle(first, Rejected("slow down", http_status=429))

    second.refresh_from_db()
    assert second.state == State.HELD


def take_and_send() -> Job:
    claimed = Job.objects.claim(Job.objects.get().pk, 60)
    assert claimed is not None
    Attempt.objects.open(claimed.pk, claimed.fence)
    return claimed
