"""A new column must say whether a job that is made like another takes it along."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models

from imagestudio.accounts.models import Team, User
from jobs.models import Job, JobInput, Upload
from jobs.services import uploads
from jobs.services.queue.new_job import COPIED, COPIED_OF_INPUTS, insert_like
from jobs.states import InputRole, Source, State, Visibility
from tests.conftest import MakeJob, png

ANEW = {
    "id",
    "parent",
    "api_key",
    "asked",
    "folded_prompt",
    "idempotency_key",
    "idempotency_hash",
    "state",
    "fence",
    "attempt",
    "crash_count",
    "policy",
    "decided_by",
    "created_at",
    "changed_at",
    "run_after",
    "dispatched_at",
    "started_at",
    "claimed_at",
    "lease_until",
    "deadline_at",
    "held_until",
    "finished_at",
    "thumbs_at",
    "preview_count",
    "error_code",
    "error_message",
    "error_what",
    "error_money",
    "error_more",
    "after_doubt",
    "error_param",
    "may_be_billed",
    "estimate_low_microusd",
    "estimate_high_microusd",
    "cost_microusd",
    "price_version",
}


@pytest.mark.parametrize(
    ("model", "copied", "anew"), [(Job, COPIED, ANEW), (JobInput, COPIED_OF_INPUTS, {"id", "job"})]
)
def test_every_column_is_either_copied_or_begins_anew(
    model: type[models.Model], copied: tuple[str, ...], anew: set[str]
) -> None:
    columns = [field.name for field in model._meta.concrete_fields]

    assert sorted({name.removesuffix("_id") for name in copied} | anew) == sorted(columns)
    assert not set(copied) & anew


@pytest.fixture
def ended(make_job: MakeJob, bob: User, other_team: Team) -> Job:
    """Nothing about it is as it is by default."""
    return make_job(
        state=State.FAILED,
        owner=bob,
        n=3,
        team=other_team,
        source=Source.API,
        visibility=Visibility.TEAM,
        operation="edit",
        provider="house",
        keeps_outside=False,
        idempotency_key="once",
        asked={"model": "dall-e-3"},
        error_code="bad_answer",
        error_message="It came to nothing.",
        may_be_billed=True,
        cost_microusd=40_000,
    )


def test_what_was_asked_for_is_copied(ended: Job) -> None:
    job = insert_like(ended)

    job.refresh_from_db()
    assert [getattr(job, name) for name in COPIED] == [getattr(ended, name) for name in COPIED]


def test_how_it_went_is_not_copied(ended: Job) -> None:
    job = insert_like(ended)

    job.refresh_from_db()
    assert (job.state, job.fence, job.finished_at) == (State.QUEUED, 0, None)
    assert (job.error_code, job.may_be_billed, job.cost_microusd) == ("", False, None)
    assert (job.idempotency_key, job.asked) == (None, None)


def test_it_may_differ_where_that_is_said(ended: Job) -> None:
    job = insert_like(ended, n=1, parent=ended)

    job.refresh_from_db()
    assert (job.n, job.parent) == (1, ended)


def test_its_pictures_come_along_in_their_places(ended: Job, bob: User) -> None:
    first, second, mask = (upload(bob, name) for name in ("first", "second", "mask"))
    places = [(first, InputRole.IMAGE, 0), (second, InputRole.IMAGE, 1), (mask, InputRole.MASK, 0)]
    for picture, role, position in places:
        JobInput.objects.create(job=ended, upload=picture, role=role, position=position)

    job = insert_like(ended)

    found = [(each.upload, each.role, each.position) for each in job.inputs.all()]
    assert found == places


def upload(owner: User, name: str) -> Upload:
    return uploads.accept(owner, SimpleUploadedFile(f"{name}.png", png(8, 8)))
