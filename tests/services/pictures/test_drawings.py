"""Answers that are SVG: paid for, so kept as they came; shown only as what can merely draw."""

from collections.abc import Callable

import pytest
from django.core.files.storage import default_storage
from django.http import StreamingHttpResponse
from django.test import Client

from imagestudio.accounts.models import User
from jobs.models import Image, Job
from jobs.services.pictures import post_processing
from jobs.services.run.finish import finish
from jobs.states import State
from tests.conftest import MakeJob
from tests.services.answers import leave_answer

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30">%s</svg>'
PLAIN = SVG % b'<rect width="20" height="10" fill="red"/>'
HOSTILE = SVG % b'<rect width="20" height="10"/><script>alert("canary")</script>'


def finished(job: Job, content: bytes) -> Image:
    assert finish(job, leave_answer(job, contents=[content]))
    return Image.objects.get(job=job)


@pytest.fixture
def job(make_job: MakeJob) -> Job:
    return make_job(state=State.RUNNING)


def stored(key: str) -> bytes:
    with default_storage.open(key) as file:
        content: bytes = file.read()
    return content


def test_a_plain_drawing_is_shown_as_it_is(job: Job) -> None:
    image = finished(job, PLAIN)

    assert (image.format, image.width, image.height) == ("svg", 40, 30)
    assert image.shown_key == image.key


def test_a_drawing_that_could_act_is_kept_and_its_harmless_copy_shown(job: Job) -> None:
    image = finished(job, HOSTILE)

    assert stored(image.key) == HOSTILE
    assert b"canary" not in stored(image.shown_key)
    assert b"<rect" in stored(image.shown_key)


def test_it_has_no_small_copies_and_is_not_asked_again(job: Job) -> None:
    image = finished(job, HOSTILE)

    post_processing.make(job.pk)

    image.refresh_from_db()
    job.refresh_from_db()
    assert image.large_key == ""
    assert job.thumbs_at is not None


@pytest.mark.parametrize("variant", ["original", "shown"])
def test_it_is_only_ever_handed_over_as_a_file(
    job: Job, alice: User, client_of: Callable[[User], Client], variant: str
) -> None:
    image = finished(job, HOSTILE)

    response = client_of(alice).get(f"/images/{image.pk}/{variant}")

    assert isinstance(response, StreamingHttpResponse)
    response.getvalue()
    assert response.headers["Content-Type"] == "image/svg+xml"
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in response.headers["Content-Security-Policy"]
