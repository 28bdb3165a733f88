"""Jobs that take pictures along, from the upload to the composite."""

import io
import re
from dataclasses import replace

import pytest
from django.core.cache import caches
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image as Pillow
from PIL import ImageChops, ImageDraw
from pytest_django import Settings

from imagestudio.accounts.models import Team, User
from imagestudio.images_api.types import ImageRequest
from jobs.models import Job, Upload
from jobs.services.pictures import post_processing, previews
from jobs.services.run.worker import run
from jobs.services.submit import GivenPictures, submit
from jobs.services.uploads import accept, accept_layer
from jobs.states import InputRole, State
from tests import upstream as scripts
from tests.conftest import MakeJob
from tests.upstream import ScriptedUpstream

EDIT = ImageRequest(
    operation="edit", model="gpt-image-2.6-flare", prompt="a red barn", size="1024x1024"
)
HOLE = (16, 16, 48, 48)


def uploaded(alice: User, picture: Pillow.Image, name: str = "field.png") -> SimpleUploadedFile:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return SimpleUploadedFile(name, buffer.getvalue())


@pytest.fixture
def field(alice: User) -> Upload:
    noise = Pillow.effect_noise((64, 64), 50).convert("RGB")
    return accept(alice, uploaded(alice, noise))


@pytest.fixture
def mask(alice: User, field: Upload) -> Upload:
    picture = Pillow.new("RGBA", (64, 64), (0, 0, 0, 255))
    ImageDraw.Draw(picture).rectangle(HOLE, fill=(0, 0, 0, 0))
    return accept_layer(alice, uploaded(alice, picture, "mask.png"), InputRole.MASK, field)


def test_it_sends_the_pictures_as_a_form(
    alice: User, team: Team, field: Upload, mask: Upload, upstream: ScriptedUpstream
) -> None:
    job = submit(alice, team, EDIT, GivenPictures(images=(field,), mask=mask))

    run(job.pk)

    call = upstream.calls[0]
    assert call.path == "/v1/images/edits"
    assert b'name="image"' in call.body
    assert b'name="mask"' in call.body
    job.refresh_from_db()
    assert job.state == State.SUCCEEDED


def test_several_pictures_keep_their_order(
    alice: User, team: Team, field: Upload, mask: Upload, upstream: ScriptedUpstream
) -> None:
    job = submit(alice, team, EDIT, GivenPictures(images=(field, mask)))

    run(job.pk)

    body = upstream.calls[0].body
    assert body.count(b'name="image[]"') == 2
    assert body.index(b"image-1.png") < body.index(b"image-2.png")


def test_a_masked_edit_gets_a_composite_that_keeps_what_is_outside(
    alice: User, team: Team, field: Upload, mask: Upload, upstream: ScriptedUpstream
) -> None:
    job = submit(alice, team, EDIT, GivenPictures(images=(field,), mask=mask))
    run(job.pk)

    post_processing.make(job.pk)

    image = job.images.get()
    with default_storage.open(image.kept_key) as kept, default_storage.open(field.key) as source:
        difference = ImageChops.difference(
            Pillow.open(kept).convert("RGB"), Pillow.open(source).convert("RGB")
        )
    ImageDraw.Draw(difference).rectangle(HOLE, fill="black")
    assert difference.getbbox() is None
    assert image.outside_change_permille


def test_who_wants_no_composite_gets_none(
    alice: User, team: Team, field: Upload, mask: Upload, upstream: ScriptedUpstream
) -> None:
    job = submit(alice, team, EDIT, GivenPictures(images=(field,), mask=mask), keeps_outside=False)
    run(job.pk)

    post_processing.make(job.pk)

    assert not job.images.get().kept_key


def test_a_missing_upload_costs_no_call(
    alice: User, team: Team, field: Upload, upstream: ScriptedUpstream
) -> None:
    job = submit(alice, team, EDIT, GivenPictures(images=(field,)))
    default_storage.delete(field.key)

    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.QUEUED, "storage")
    assert not job.attempts.exists()
    assert upstream.calls == []


def test_a_preview_is_seen_while_the_job_runs_and_not_after(
    make_job: MakeJob, tmp_path_factory: pytest.TempPathFactory
) -> None:
    job = make_job(state=State.RUNNING)
    partial = tmp_path_factory.mktemp("partial") / "0.png"
    partial.write_bytes(scripts.png_bytes(64, 64))

    previews.show(job, partial)

    job.refresh_from_db()
    assert job.preview_count == 1
    assert previews.newest(job)
    Job.objects.move(job.pk, State.RUNNING, State.SUCCEEDED, fence=job.fence)
    job.refresh_from_db()
    assert previews.newest(job) is None


def test_a_preview_that_is_no_picture_is_left_out(
    make_job: MakeJob, tmp_path_factory: pytest.TempPathFactory
) -> None:
    job = make_job(state=State.RUNNING)
    partial = tmp_path_factory.mktemp("partial") / "0.png"
    partial.write_bytes(b"no picture")

    previews.show(job, partial)

    job.refresh_from_db()
    assert job.preview_count == 0
    assert caches["default"].get(f"preview:{job.pk}:{job.fence}") is None


def test_a_variation_is_an_edit_where_the_service_has_none(
    alice: User, team: Team, field: Upload, upstream: ScriptedUpstream
) -> None:
    wish = ImageRequest(operation="vary", model="gpt-image-2.6-flare", prompt="")
    job = submit(alice, team, wish, GivenPictures(images=(field,)))

    run(job.pk)

    call = upstream.calls[0]
    assert call.path == "/v1/images/edits"
    assert b'name="prompt"' in call.body


def test_a_server_that_edits_where_it_is_white_gets_a_white_mask(
    alice: User,
    team: Team,
    field: Upload,
    mask: Upload,
    upstream: ScriptedUpstream,
    settings: Settings,
) -> None:
    settings.PROVIDERS = (
        replace(settings.PROVIDERS[0], mask_field="mask_image", mask_polarity="white"),
    )
    job = submit(alice, team, EDIT, GivenPictures(images=(field,), mask=mask))

    run(job.pk)

    [(name, sent)] = pictures_in(upstream.calls[0].body, "mask_image")
    assert name == "mask-1.png"
    assert (sent.getpixel((32, 32)), sent.getpixel((2, 2))) == (255, 0)


def pictures_in(body: bytes, field_name: str) -> list[tuple[str, Pillow.Image]]:
    pattern = rb'name="%s"; filename="([^"]+)".*?\r\n\r\n(.*?)\r\n--' % field_name.encode()
    found = re.findall(pattern, body, re.DOTALL)
    return [(name.decode(), Pillow.open(io.BytesIO(content))) for name, content in found]
