import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now
from PIL import Image as Pillow

from imagestudio.accounts.models import Team, User
from imagestudio.images_api.types import ImageRequest
from jobs.models import Image, Upload
from jobs.services.refusals import NotAllowed, SubmitRefused
from jobs.services.submit import GivenPictures, submit
from jobs.services.uploads import accept, accept_layer, take_from_history
from jobs.states import InputRole, State, Visibility
from tests.conftest import MakeJob, png

EDIT = ImageRequest(operation="edit", model="gpt-image-2.6-flare", prompt="make it snow")


def file(content: bytes, name: str = "fox.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def photo() -> bytes:
    """With a place and a remark that nobody outside should read."""
    exif = Pillow.Exif()
    exif[0x0112] = 6  # Turned by a quarter.
    exif[0x010E] = "canary remark"
    buffer = io.BytesIO()
    Pillow.new("RGB", (80, 40), "teal").save(buffer, "JPEG", exif=exif, comment="canary")
    return buffer.getvalue()


def test_it_keeps_a_clean_upright_copy(alice: User) -> None:
    upload = accept(alice, file(photo(), "holiday.jpg"))

    with default_storage.open(upload.key) as stored:
        content = stored.read()
    assert (upload.width, upload.height) == (40, 80)
    assert b"canary" not in content
    assert b"Exif" not in content


def test_it_makes_a_small_copy_for_the_form(alice: User) -> None:
    upload = accept(alice, file(png(640, 480)))

    assert default_storage.exists(upload.small_key)


def test_the_name_is_text_and_no_path(alice: User) -> None:
    upload = accept(alice, file(png(8, 8), "..\\..\\evil\x00\n.png"))

    assert upload.name == "evil.png"
    assert "evil" not in upload.key


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (
            "\U0001f468\u200d\U0001f469\u200d\U0001f467.png",
            "\U0001f468\u200d\U0001f469\u200d\U0001f467.png",
        ),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.png",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.png",
        ),
        ("Shot at 1.02.03\u202fPM.png", "Shot at 1.02.03 PM.png"),
        ("a\u00a0b\u3000c.png", "a b c.png"),
        ("the %22old%22 mill.png", 'the "old" mill.png'),
        ("100%25.png", "100%25.png"),
        ("in%0Dtwo%0Alines.png", "in two lines.png"),
        ("turned\u202egnp.exe.png", "turnedgnp.exe.png"),
        ("no\u200bwidth\ufeff.png", "nowidth.png"),
    ],
)
def test_field_u17_a_name_is_shown_as_it_is_spelt(sent: str, shown: str, alice: User) -> None:
    upload = accept(alice, file(png(64, 48), sent))

    assert upload.name == shown


@pytest.mark.parametrize("content", [b"", b"<html>", b"GIF89a", png(64, 64)[:-20]])
def test_what_is_no_picture_is_refused_by_its_name(alice: User, content: bytes) -> None:
    with pytest.raises(SubmitRefused, match=r"fox\.png"):
        accept(alice, file(content))

    assert not Upload.objects.exists()


def test_a_picture_from_history_is_taken_once(alice: User, make_job: MakeJob) -> None:
    image = Image.objects.get(job=make_job(state=State.SUCCEEDED, images=1))

    first = take_from_history(alice, image)

    assert take_from_history(alice, image) == first
    assert first.image == image


def test_a_job_takes_its_pictures_along_in_their_order(alice: User, team: Team) -> None:
    uploads = tuple(accept(alice, file(png(64 + n, 64))) for n in range(3))

    job = submit(alice, team, EDIT, GivenPictures(images=uploads))

    assert [each.upload for each in job.inputs.all()] == list(uploads)
    assert [facts.width for facts in job.image_request.inputs] == [64, 65, 66]


def test_an_edit_without_a_picture_is_refused(alice: User, team: Team) -> None:
    with pytest.raises(SubmitRefused):
        submit(alice, team, EDIT)


def test_other_pictures_under_the_same_key_are_another_request(alice: User, team: Team) -> None:
    first, second = accept(alice, file(png(64, 64))), accept(alice, file(png(65, 64)))
    submit(alice, team, EDIT, GivenPictures(images=(first,)), idempotency_key="form-1")

    with pytest.raises(SubmitRefused):
        submit(alice, team, EDIT, GivenPictures(images=(second,)), idempotency_key="form-1")


def test_a_job_takes_nobody_elses_pictures_along(alice: User, bob: User, team: Team) -> None:
    upload = accept(alice, file(png(64, 64)))

    with pytest.raises(NotAllowed):
        submit(bob, team, EDIT, GivenPictures(images=(upload,)))


def test_an_upload_is_seen_by_its_owner_alone(alice: User, bob: User, carol: User) -> None:
    upload = accept(alice, file(png(64, 64)))

    assert upload in Upload.objects.visible_to(alice)
    assert upload not in Upload.objects.visible_to(bob)
    assert upload not in Upload.objects.visible_to(carol)


def test_an_upload_in_a_job_shown_to_the_team_is_seen_by_the_team(
    alice: User, bob: User, carol: User, team: Team
) -> None:
    upload = accept(alice, file(png(64, 64)))

    submit(alice, team, EDIT, GivenPictures(images=(upload,)), visibility=Visibility.TEAM)

    assert upload in Upload.objects.visible_to(bob)
    assert upload not in Upload.objects.visible_to(carol)
    assert upload not in Upload.objects.usable_by(bob)


def layer(share: float, size: tuple[int, int] = (64, 64)) -> SimpleUploadedFile:
    """A mask or markup of which this share is clear."""
    picture = Pillow.new("RGBA", size, (0, 0, 0, 255))
    clear = Pillow.new("RGBA", (size[0], round(size[1] * share)), (0, 0, 0, 0))
    picture.paste(clear, (0, 0))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return file(buffer.getvalue(), "layer.png")


@pytest.mark.parametrize("role", [InputRole.MASK, InputRole.MARKUP])
def test_a_layer_that_fits_is_kept(alice: User, role: InputRole) -> None:
    over = accept(alice, file(png(64, 64)))

    kept = accept_layer(alice, layer(0.5), role, over)

    assert kept.has_alpha
    assert kept.over == over


@pytest.mark.parametrize(
    ("role", "share", "words"),
    [
        (InputRole.MASK, 0.0, "nothing to edit"),
        (InputRole.MASK, 1.0, "nothing would be kept"),
        (InputRole.MARKUP, 0.0, "hide the picture"),
        (InputRole.MARKUP, 1.0, "nothing is drawn"),
    ],
)
def test_a_layer_that_says_nothing_is_refused(
    alice: User, role: InputRole, share: float, words: str
) -> None:
    over = accept(alice, file(png(64, 64)))

    with pytest.raises(SubmitRefused, match=words) as caught:
        accept_layer(alice, layer(share), role, over)

    assert [problem.param for problem in caught.value.problems] == [role]
    assert Upload.objects.get() == over


def test_a_layer_of_another_size_is_refused(alice: User) -> None:
    over = accept(alice, file(png(64, 48)))

    with pytest.raises(SubmitRefused, match="64 x 64 pixels large, but the picture is 64 x 48"):
        accept_layer(alice, layer(0.5), InputRole.MASK, over)


def test_what_history_shows_is_what_is_taken(alice: User, make_job: MakeJob) -> None:
    image = Image.objects.get(job=make_job(state=State.SUCCEEDED, images=1))
    raw = take_from_history(alice, image)
    image.kept_key = "kept/one.png"
    default_storage.save(image.kept_key, ContentFile(png(70, 70)))

    kept = take_from_history(alice, image)

    assert (raw.width, kept.width) == (64, 70)
    assert take_from_history(alice, image) == kept
    assert take_from_history(alice, image, is_raw=True) == raw


def test_a_mask_for_another_picture_is_refused(alice: User, team: Team) -> None:
    first, second = (accept(alice, file(png(64, 64))) for _ in range(2))
    mask = accept_layer(alice, layer(0.5), InputRole.MASK, first)

    with pytest.raises(SubmitRefused, match="made for another picture"):
        submit(alice, team, EDIT, GivenPictures(images=(second, first), mask=mask))


@pytest.mark.parametrize("more", [{"visibility": Visibility.TEAM}, {"keeps_outside": False}])
def test_the_same_key_with_another_switch_is_another_request(
    alice: User, team: Team, more: dict[str, Any]
) -> None:
    picture = accept(alice, file(png(64, 64)))
    submit(alice, team, EDIT, GivenPictures(images=(picture,)), idempotency_key="form-1")

    with pytest.raises(SubmitRefused, match="sent before with other values"):
        submit(
            alice, team, EDIT, GivenPictures(images=(picture,)), idempotency_key="form-1", **more
        )


def test_what_is_taken_along_again_is_as_good_as_new(alice: User, make_job: MakeJob) -> None:
    image = Image.objects.get(job=make_job(state=State.SUCCEEDED, images=1))
    upload = take_from_history(alice, image)
    Upload.objects.update(created_at=Now() - timedelta(days=30))

    assert take_from_history(alice, image) == upload

    assert Upload.objects.filter(created_at__gt=Now() - timedelta(days=1)).exists()
