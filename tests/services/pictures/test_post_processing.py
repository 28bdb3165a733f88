"""What is made once a job has succeeded."""

import base64
import io

import pytest
from django.core.files.storage import default_storage
from PIL import Image as Pillow

from jobs.models import Job
from jobs.services.pictures import post_processing
from jobs.services.run.worker import run
from tests import upstream as scripts
from tests.conftest import MakeJob
from tests.upstream import ScriptedUpstream


def test_it_makes_two_small_copies_of_a_large_picture(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    upstream.script(answer_with(Pillow.new("RGB", (2048, 1152))))
    job = make_job()
    run(job.pk)

    post_processing.make(job.pk)

    image = job.images.get()
    assert [size_of(image.small_key), size_of(image.large_key)] == [(512, 288), (1280, 720)]
    job.refresh_from_db()
    assert job.thumbs_at is not None


def test_a_large_copy_is_made_only_where_it_is_clearly_smaller(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    upstream.script(answer_with(Pillow.new("RGB", (1536, 1024))))
    job = make_job()
    run(job.pk)

    post_processing.make(job.pk)

    image = job.images.get()
    assert (size_of(image.small_key), image.large_key) == ((512, 342), "")


def test_a_large_copy_is_made_of_many_bytes(make_job: MakeJob, upstream: ScriptedUpstream) -> None:
    upstream.script(answer_with(Pillow.effect_noise((1024, 1024), 80)))
    job = make_job()
    run(job.pk)

    post_processing.make(job.pk)

    assert size_of(job.images.get().large_key) == (1024, 1024)


@pytest.mark.parametrize("mode", ["P", "L", "LA", "1", "RGBA", "I;16"])
def test_thumbnails_are_made_of_every_kind_of_pixel(
    make_job: MakeJob, upstream: ScriptedUpstream, mode: str
) -> None:
    upstream.script(answer_with(Pillow.new(mode, (2600, 1800))))
    job = make_job()
    run(job.pk)

    post_processing.make(job.pk)

    assert job.images.get().large_key


def test_thumbnails_are_made_once(make_job: MakeJob, upstream: ScriptedUpstream) -> None:
    job = make_job()
    run(job.pk)
    post_processing.make(job.pk)
    first = Job.objects.get(pk=job.pk).thumbs_at

    post_processing.make(job.pk)

    assert Job.objects.get(pk=job.pk).thumbs_at == first


def answer_with(picture: Pillow.Image) -> scripts.Behaviour:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    item = {"b64_json": base64.b64encode(buffer.getvalue()).decode()}
    return scripts.reply({"created": 1, "data": [item]})


def size_of(key: str) -> tuple[int, int]:
    with default_storage.open(key) as file, Pillow.open(file) as picture:
        return picture.size
