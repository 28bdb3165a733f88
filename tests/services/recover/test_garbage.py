import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now
from pytest_django import Settings

from imagestudio.accounts.models import User
from jobs.models import Attempt, Job, JobInput, Upload
from jobs.services import drafts, uploads
from jobs.services.pictures import blobs, partials
from jobs.services.recover import garbage
from jobs.states import FINAL, InputRole, Outcome, State
from tests.conftest import MakeJob, png
from tests.services.answers import leave_answer


def store_orphan(job: Job) -> Path:
    """A picture that was stored for a job which then ended without it."""
    key = blobs.image_key(job.pk, job.fence, 0, "0" * 64, "png")
    default_storage.save(key, ContentFile(b"picture"))
    return Path(default_storage.path(key))


def make_old(path: Path) -> None:
    os.utime(path, (1, 1))


def test_it_clears_old_pictures_of_no_job(make_job: MakeJob) -> None:
    path = store_orphan(make_job(state=State.CANCELLED))
    make_old(path.parent)

    garbage.collect()

    assert not path.exists()


def test_it_leaves_new_ones(make_job: MakeJob) -> None:
    path = store_orphan(make_job(state=State.CANCELLED))

    garbage.collect()

    assert path.exists()


@pytest.mark.parametrize("state", sorted(set(State) - FINAL))
def test_it_leaves_those_of_jobs_that_have_not_ended(make_job: MakeJob, state: State) -> None:
    path = store_orphan(make_job(state=state))
    make_old(path.parent)

    garbage.collect()

    assert path.exists()


def test_it_leaves_the_pictures_of_jobs(make_job: MakeJob) -> None:
    job = make_job(state=State.SUCCEEDED, images=2)
    paths = [Path(default_storage.path(image.key)) for image in job.images.all()]
    make_old(paths[0].parent)

    garbage.collect()

    assert all(path.exists() for path in paths)


def test_it_clears_what_was_made_of_them(make_job: MakeJob) -> None:
    path = store_orphan(make_job(state=State.CANCELLED))
    root = Path(default_storage.path("images")).parent
    copy = root / "kept" / path.relative_to(root)
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"a copy")
    make_old(path.parent)

    garbage.collect()

    assert not copy.exists()


def test_it_leaves_what_a_waiting_answer_will_need(make_job: MakeJob) -> None:
    job = make_job(state=State.FAILED)
    path = store_orphan(job)
    leave_answer(job)
    make_old(path.parent)

    garbage.collect()

    assert path.exists()


def test_it_clears_halves_of_files(db: None, settings: Settings) -> None:
    path = store_half()

    garbage.collect()

    assert not path.exists()


def store_half() -> Path:
    path = Path(default_storage.path("images/x/1/.0-abc.png.7.partial"))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half")
    make_old(path)
    return path


def test_the_outcome_of_a_call_that_nobody_reads_is_unknown(make_job: MakeJob) -> None:
    job = make_job(state=State.CANCELLED)
    Attempt.objects.create(
        job=job,
        fence=1,
        number=1,
        provider="openai",
        outcome=Outcome.SENT,
        sent_at=Now() - timedelta(days=2),
    )

    garbage.collect()

    assert job.attempts.get().outcome == Outcome.UNKNOWN


@pytest.mark.parametrize(("is_old", "stays"), [(True, False), (False, True)])
def test_it_clears_partial_pictures_of_yesterday(
    make_job: MakeJob, is_old: bool, stays: bool
) -> None:
    key = partials.key_of(make_job().pk, 1, 0)
    default_storage.save(key, ContentFile(b"partial"))
    path = Path(default_storage.path(key))
    if is_old:
        make_old(path)

    garbage.collect()

    assert path.exists() == stays


@pytest.fixture
def left(alice: User) -> Upload:
    """Brought a month ago, and not used since."""
    upload = uploads.accept(alice, SimpleUploadedFile("fox.png", png(8, 8)))
    Upload.objects.filter(pk=upload.pk).update(created_at=Now() - timedelta(days=30))
    return upload


def test_it_clears_pictures_that_nobody_took_along(left: Upload) -> None:
    garbage.collect()

    assert not Upload.objects.exists()
    assert not default_storage.exists(left.key)
    assert not default_storage.exists(left.small_key)


def test_it_clears_bytes_that_outlived_their_row(left: Upload) -> None:
    Upload.objects.all().delete()
    make_old(Path(default_storage.path(left.key)).parent)

    garbage.collect()

    assert not default_storage.exists(left.key)
    assert not default_storage.exists(left.small_key)


def test_it_leaves_bytes_whose_row_is_there_or_may_still_come(left: Upload, alice: User) -> None:
    coming = uploads.accept(alice, SimpleUploadedFile("hen.png", png(8, 8)))
    Upload.objects.filter(pk=coming.pk).delete()
    Upload.objects.update(created_at=Now())
    make_old(Path(default_storage.path(left.key)).parent)

    garbage.collect()

    assert default_storage.exists(left.key)
    assert default_storage.exists(coming.key)


def test_bytes_that_cannot_go_now_end_no_round(left: Upload) -> None:
    path = Path(default_storage.path(left.key))
    path.unlink()
    (path / "in the way").mkdir(parents=True)
    half = store_half()

    garbage.collect()

    assert not half.exists()


def test_it_leaves_what_is_in_a_composer(left: Upload, alice: User) -> None:
    drafts.keep(alice, {"images": ["nonsense", str(left.pk)], "mask": None})

    garbage.collect()

    assert default_storage.exists(left.key)


def test_it_leaves_what_a_job_took_along(left: Upload, make_job: MakeJob) -> None:
    JobInput.objects.create(job=make_job(state=State.FAILED), upload=left, role=InputRole.IMAGE)

    garbage.collect()

    assert default_storage.exists(left.key)


def test_it_leaves_what_was_brought_this_week(left: Upload) -> None:
    Upload.objects.update(created_at=Now() - timedelta(days=6))

    garbage.collect()

    assert default_storage.exists(left.key)
