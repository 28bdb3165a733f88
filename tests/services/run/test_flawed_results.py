"""Answers that are not quite pictures: what was paid for is shown, or kept for its owner."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.db.models.functions import Now
from django.http import StreamingHttpResponse
from django.test import Client

from imagestudio.accounts.models import User
from jobs.gateway.api import outcome
from jobs.gateway.api.links import LinkBase
from jobs.models import Image, Job
from jobs.pages.job import cards
from jobs.services import refill
from jobs.services.pictures import post_processing
from jobs.services.run.finish import finish
from jobs.services.run.spool import SpoolEntry
from jobs.states import Outcome, State
from jobs.telling import EARLIER_CALL
from tests.conftest import MakeJob
from tests.corpus import results
from tests.corpus.results import Result
from tests.services.answers import leave_answer

SignIn = Callable[[User], Client]


def each(found: list[Result]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("result", found, ids=lambda result: result.name)


@pytest.fixture
def job(make_job: MakeJob) -> Job:
    return make_job(state=State.RUNNING)


@pytest.fixture
def pair(make_job: MakeJob) -> Job:
    return make_job(state=State.RUNNING, n=2)


def finished(job: Job, *contents: bytes) -> SpoolEntry:
    entry = leave_answer(job, contents=list(contents))
    assert finish(job, entry)
    post_processing.make(job.pk)
    job.refresh_from_db()
    return entry


def kinds(job: Job) -> list[str]:
    return [slot.kind for slot in cards.slots(job)]


def stored(image: Image) -> bytes:
    with default_storage.open(image.key) as file:
        content: bytes = file.read()
    return content


@each(results.WHOLE)
def test_field_u02_it_shows_a_result_whatever_stands_beside_its_pixels(
    result: Result, job: Job
) -> None:
    finished(job, result.data)

    image = job.images.get()
    assert (job.state, job.told) == (State.SUCCEEDED, "")
    assert (image.format, image.width, image.height) == (result.becomes, 64, 48)
    assert stored(image) == result.data
    assert image.small_key
    assert kinds(job) == ["picture"]


@each(results.IN_PART)
def test_field_u02_it_shows_what_can_be_seen_of_a_result(result: Result, job: Job) -> None:
    finished(job, result.data)

    image = job.images.get()
    assert (job.state, job.error_code) == (State.SUCCEEDED, "flawed")
    assert job.told.startswith("Picture 1 came damaged or cut off")
    assert (image.format, image.width) == (result.becomes, 64)
    assert stored(image) == result.data
    assert image.small_key
    assert kinds(job) == ["picture"]


def kept(job: Job) -> bytes:
    """What its owner can download of the answer; of nothing there is nothing to keep."""
    content = b""
    for piece in job.unread_answers.all():
        with default_storage.open(piece.key) as file:
            content += file.read()
    return content


def test_what_is_found_late_is_told_before_the_doubt_about_an_earlier_call(job: Job) -> None:
    job.attempts.create(
        fence=99, number=99, provider=job.provider, outcome=Outcome.UNKNOWN, sent_at=Now()
    )

    finished(job, results.UNOPENED[0].data)

    assert job.told.endswith(f"for you to download. {EARLIER_CALL}")
    assert job.telling.after_doubt


@each(results.UNOPENED)
def test_field_u02_it_keeps_what_it_cannot_open(
    result: Result, job: Job, alice: User, client_of: SignIn
) -> None:
    finished(job, result.data)

    image = job.images.get()
    assert (job.state, job.error_code) == (State.SUCCEEDED, "flawed")
    assert "can't be opened by the studio" in job.told
    assert job.told.endswith("it is kept as it came, for you to download.")
    assert kinds(job) == ["unopened"]
    response = client_of(alice).get(f"/images/{image.pk}/original?download")
    assert isinstance(response, StreamingHttpResponse)
    assert response.getvalue() == result.data
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert f".{result.becomes}" in response.headers["Content-Disposition"]


@each(results.UNOPENED[:3])
def test_field_u02_what_cannot_be_opened_is_never_offered_for_money_again(
    result: Result, pair: Job, alice: User
) -> None:
    finished(pair, results.PNG, result.data)

    card = cards.card(pair, alice, may_make=True)
    assert kinds(pair) == ["picture", "unopened"]
    assert card.verbs.missing == refill.missing(pair) == 0
    assert card.note is not None
    assert card.note.title == "Not all of it can be opened"
    assert "The service charged" in card.note.money


@each(results.NO_PICTURE)
def test_field_u02_what_is_no_picture_is_said_so_and_kept(result: Result, job: Job) -> None:
    finished(job, result.data)

    assert (job.state, job.may_be_billed) == (State.FAILED, True)
    assert "what came is no picture" in job.told
    assert kept(job) == result.data


@each(results.NO_PICTURE)
def test_field_u02_what_came_beside_a_good_picture_is_not_deleted(
    result: Result, pair: Job
) -> None:
    entry = finished(pair, results.PNG, result.data)

    assert (pair.state, pair.error_code) == (State.SUCCEEDED, "partial")
    assert kinds(pair) == ["picture", "empty"]
    assert kept(pair) == result.data
    assert not entry.is_complete


@pytest.mark.parametrize("address", ["/images/{image}/", "/jobs/{job}/", "/history/", "/"])
def test_field_u02_every_page_says_that_it_can_be_downloaded(
    address: str, pair: Job, alice: User, client_of: SignIn
) -> None:
    finished(pair, results.UNOPENED[0].data, results.PNG)
    path = address.format(image=pair.images.all()[0].pk, job=pair.pk)

    page = client_of(alice).get(path).content.decode()

    assert "t open this one: download the original" in page
    assert 'width="0"' not in page


def test_field_u02_it_is_no_input_for_another_job(job: Job, alice: User, client_of: SignIn) -> None:
    finished(job, results.UNOPENED[0].data)
    image = job.images.get()

    page = client_of(alice).get(f"/images/{image.pk}/").content.decode()

    assert "Edit this picture" not in page


def test_field_u02_programs_get_it_as_it_came(job: Job) -> None:
    finished(job, results.UNOPENED[0].data)

    ended = outcome.load(job.pk, LinkBase("http://testserver", uuid4()), "url")

    assert ended is not None
    assert ended.error is None
