"""What a picture's page tells beyond the plain facts: versions, sources, shares of the cost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from imagestudio.accounts.models import User
from jobs.models import Image, JobInput
from jobs.pages.library.details import ImageDetails, image_details
from jobs.services.uploads import accept
from jobs.states import InputRole, State
from tests.conftest import MakeJob, png

SignIn = Callable[[User], Client]


@pytest.fixture
def image(make_job: MakeJob) -> Image:
    return make_job(state=State.SUCCEEDED, images=1, cost_microusd=53_000).images.get()


@pytest.fixture
def masked(image: Image) -> Image:
    image.kept_key, image.kept_sha256 = "kept/fox.png", "0" * 64
    image.outside_change_permille = 123
    image.save()
    default_storage.save(image.kept_key, ContentFile(png(8, 8)))
    return image


def details(image: Image, viewer: User, **more: Any) -> ImageDetails:
    return image_details(image, viewer, may_make=True, **more)


def fact(view: ImageDetails, label: str) -> str:
    return next(fact.value for fact in view.facts if fact.label == label)


def test_a_masked_edit_shows_what_keeps_the_outside_first(masked: Image, alice: User) -> None:
    view = details(masked, alice)

    assert [version.is_current for version in view.versions] == [True, False]
    assert view.picture.src.endswith("/shown")
    assert view.download_url.endswith("/shown?download")


def test_the_raw_result_is_beside_it(masked: Image, alice: User) -> None:
    view = details(masked, alice, version="raw")

    assert [version.is_current for version in view.versions] == [False, True]
    assert view.picture.src.endswith("/original")
    assert view.download_url.endswith("/original?download")


@pytest.mark.parametrize(
    ("permille", "words"),
    [
        (123, "changed 12.3 %"),
        (0, "changed nothing noticeable"),
        (1000, "changed 100 %"),
        (None, ""),
    ],
)
def test_it_says_how_much_changed_outside(
    masked: Image, alice: User, permille: int | None, words: str
) -> None:
    masked.outside_change_permille = permille

    said = details(masked, alice).outside_change

    assert words in said
    assert bool(said) == (permille is not None)


def test_any_other_picture_has_one_version(image: Image, alice: User) -> None:
    assert details(image, alice).versions == ()


def test_a_gif_moves_only_as_itself(image: Image, alice: User) -> None:
    image.format, image.large_key = "gif", "large"

    assert details(image, alice).picture.src.endswith("/original")


def test_a_picture_alone_cost_all(image: Image, alice: User) -> None:
    assert fact(details(image, alice), "Cost") == "$0.053"


def test_pictures_of_one_job_share_its_cost(make_job: MakeJob, alice: User) -> None:
    job = make_job(state=State.SUCCEEDED, images=4, cost_microusd=80_000)

    assert fact(details(job.images.all()[1], alice), "Cost") == "$0.020 of $0.080 for 4 pictures"


def test_what_nobody_knows_is_not_divided(make_job: MakeJob, alice: User) -> None:
    job = make_job(state=State.SUCCEEDED, images=2, cost_microusd=None)

    assert fact(details(job.images.all()[0], alice), "Cost") == "cost unknown"


@pytest.mark.parametrize(("extension", "may"), [("png", True), ("webp", True), ("svg", False)])
def test_only_what_can_be_uploaded_can_be_used(
    image: Image, alice: User, extension: str, may: bool
) -> None:
    image.format = extension

    assert details(image, alice).may_use is may


def test_its_page_shows_what_it_was_made_from(image: Image, alice: User, client_of: SignIn) -> None:
    upload = accept(alice, SimpleUploadedFile("sketch.png", png(8, 8)))
    JobInput.objects.create(job=image.job, upload=upload, role=InputRole.IMAGE)

    page = client_of(alice).get(f"/images/{image.pk}/").content.decode()

    assert f"/uploads/{upload.pk}/small" in page
    assert "sketch.png" in page


def test_a_job_without_words_still_has_a_name(
    make_job: MakeJob, alice: User, client_of: SignIn
) -> None:
    job = make_job(state=State.SUCCEEDED, images=1, prompt="", operation="vary")

    page = client_of(alice).get(f"/images/{job.images.get().pk}/").content.decode()

    assert 'id="prompt-text" dir="auto">Variation' in page
