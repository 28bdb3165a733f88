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


def test_it_makes_two_thumbnails_of_each_picture(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    job = make_job()
    run(job.pk)

    post_processing.make(job.pk)

    image = job.images.get()
    assert default_storage.size(image.small_key) < image.byte_count
    assert default_storage.exists(image.large_key)
    job.refresh_from_db()
    assert job.thumbs_at is not None


@pytest.mark.parametrize("mode", ["P", "L", "LA", "1", "RGBA", "I;16"])
def test_thumbnails_are_made_of_every_kind_of_pixel(
    make_job: MakeJob, upstream: ScriptedUpstream, mode: str
) -> None:
    buffer = io.BytesIO()
    Pillow.new(mode, (2600, 1800)).save(buffer, "PNG")
    item = {"b64_json": base64.b64encode(buffer.getvalue()).decode()}
    upstream.script(scripts.reply({"created": 1, "data": [item]}))
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
