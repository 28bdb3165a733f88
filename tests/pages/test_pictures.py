"""How a picture is shown, wherever one is."""

import pytest

from jobs.pages.pictures import alt_text, ratio_name
from jobs.pages.pictures import picture as picture_of
from jobs.states import State
from tests.conftest import MakeJob


def test_a_picture_without_thumbnails_is_shown_itself(make_job: MakeJob) -> None:
    job = make_job(state=State.SUCCEEDED, images=1)
    picture = picture_of(job.images.get(), job, "50vw")

    assert picture.src.endswith("/shown")
    assert picture.srcset == ""


def test_a_picture_with_thumbnails_offers_both(make_job: MakeJob) -> None:
    job = make_job(state=State.SUCCEEDED, images=1)
    image = job.images.get()
    image.width, image.height = 3000, 1500
    image.small_key, image.large_key = "small", "large"

    picture = picture_of(image, job, "50vw")

    assert [part.split()[1] for part in picture.srcset.split(", ")] == ["512w", "1280w"]
    assert picture.src.endswith("/large")


def test_a_picture_with_one_thumbnail_offers_itself_for_more(make_job: MakeJob) -> None:
    job = make_job(state=State.SUCCEEDED, images=1)
    image = job.images.get()
    image.width, image.height, image.small_key = 1024, 1024, "small"

    picture = picture_of(image, job, "50vw")

    assert [part.split()[1] for part in picture.srcset.split(", ")] == ["512w", "1024w"]
    assert picture.src.endswith("/shown")


def test_a_picture_as_small_as_its_thumbnail_is_offered_once(make_job: MakeJob) -> None:
    job = make_job(state=State.SUCCEEDED, images=1)
    image = job.images.get()
    image.width, image.height, image.small_key = 64, 48, "small"

    picture = picture_of(image, job, "50vw")

    assert [part.split()[1] for part in picture.srcset.split(", ")] == ["64w"]


def test_the_alt_text_starts_with_the_prompt(make_job: MakeJob) -> None:
    one, many = make_job(prompt="a fox"), make_job(prompt="a fox", n=4)

    assert alt_text(one, 0) == "a fox"
    assert alt_text(many, 1) == "a fox (picture 2 of 4)"


@pytest.mark.parametrize(
    ("size", "name"),
    [
        ((1024, 1024), "square"),
        ((1536, 1024), "landscape"),
        ((1024, 1536), "portrait"),
        ((2048, 1152), "wide"),
        ((1152, 2048), "tall"),
    ],
)
def test_it_names_ratios(size: tuple[int, int], name: str) -> None:
    assert ratio_name(*size) == name
