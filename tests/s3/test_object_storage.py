"""Pictures in S3: the same promises as on disk."""

import io
from collections.abc import Callable

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import StreamingHttpResponse
from django.test import Client
from PIL import Image as Pillow

from imagestudio.accounts.models import Team, User
from imagestudio.images_api.types import ImageRequest
from imagestudio.web.storage import StorageAway
from jobs.models import Attempt, Job
from jobs.services.pictures import blobs, post_processing
from jobs.services.run.worker import run
from jobs.services.submit import GivenPictures, submit
from jobs.services.uploads import accept
from jobs.states import State
from tests.conftest import MakeJob, png
from tests.s3.conftest import S3Server
from tests.upstream import ScriptedUpstream

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]

SignIn = Callable[[User], Client]
EDIT = ImageRequest(operation="edit", model="gpt-image-2", prompt="make it snow")


def file(name: str = "fox.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, png(64, 48))


def test_a_jobs_pictures_go_there_and_come_back_through_the_guard(
    s3: S3Server, alice: User, make_job: MakeJob, upstream: ScriptedUpstream, client_of: SignIn
) -> None:
    job = make_job()

    run(job.pk)
    post_processing.make(job.pk)

    image = job.images.get()
    assert {f"pictures/{image.key}", f"pictures/{image.small_key}"} <= set(s3.keys())
    response = client_of(alice).get(f"/images/{image.pk}/original")
    assert isinstance(response, StreamingHttpResponse)
    assert Pillow.open(io.BytesIO(response.getvalue())).size == (image.width, image.height)


def test_an_edit_takes_its_pictures_from_there(
    s3: S3Server, alice: User, team: Team, upstream: ScriptedUpstream
) -> None:
    job = submit(alice, team, EDIT, GivenPictures(images=(accept(alice, file()),)))

    run(job.pk)

    job.refresh_from_db()
    assert job.state == State.SUCCEEDED
    assert b'name="image"' in upstream.calls[0].body


def test_what_is_stored_never_changes(s3: S3Server) -> None:
    blobs.put_bytes(b"first", "images/once.png")
    blobs.put_bytes(b"second", "images/once.png")

    with default_storage.open("images/once.png") as stored:
        assert stored.read() == b"first"


def test_bytes_that_were_changed_there_are_not_shown(
    s3: S3Server, alice: User, make_job: MakeJob, client_of: SignIn
) -> None:
    image = make_job(state=State.SUCCEEDED, images=1).images.get()
    default_storage.delete(image.key)
    default_storage.save(image.key, ContentFile(b"something else"))

    assert client_of(alice).get(f"/images/{image.pk}/original").status_code == 410


def test_what_is_gone_there_is_not_found(
    s3: S3Server, alice: User, make_job: MakeJob, client_of: SignIn
) -> None:
    image = make_job(state=State.SUCCEEDED, images=1).images.get()
    default_storage.delete(image.key)

    assert client_of(alice).get(f"/images/{image.pk}/original").status_code == 404


@pytest.mark.usefixtures("no_s3")
def test_an_upload_is_told_that_storage_is_away(alice: User, client_of: SignIn) -> None:
    response = client_of(alice).post("/uploads/", {"file": file()})

    assert response.status_code == 503


def test_nothing_is_sent_while_a_jobs_pictures_cannot_be_read(
    alice: User, team: Team, upstream: ScriptedUpstream, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("s3")
    job = submit(alice, team, EDIT, GivenPictures(images=(accept(alice, file()),)))
    request.getfixturevalue("no_s3")

    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.QUEUED, "storage")
    assert upstream.calls == []
    assert not Attempt.objects.filter(job=job).exists()


def test_a_paid_answer_waits_in_the_spool_until_storage_is_back(
    make_job: MakeJob, upstream: ScriptedUpstream, request: pytest.FixtureRequest
) -> None:
    job = make_job()
    request.getfixturevalue("no_s3")
    with pytest.raises(StorageAway):
        run(job.pk)
    request.getfixturevalue("s3")
    Job.objects.take_back(job.pk, State.RUNNING, State.QUEUED, fence=1)

    run(job.pk)

    job.refresh_from_db()
    assert job.state == State.SUCCEEDED
    assert len(upstream.calls) == 1
