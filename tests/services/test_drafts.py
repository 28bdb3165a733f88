"""What is in the composer waits on the server."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now

from imagestudio.accounts.models import User
from jobs.models import Upload
from jobs.services import drafts, uploads
from jobs.services.recover.garbage import collect
from tests.conftest import MakeJob, png


def upload(owner: User) -> Upload:
    return uploads.accept(owner, SimpleUploadedFile("fox.png", png(8, 8)))


def test_it_gives_back_what_was_kept(alice: User) -> None:
    drafts.keep(alice, {"prompt": "a fox"})
    drafts.keep(alice, {"prompt": "two foxes"})

    assert drafts.of(alice) == {"prompt": "two foxes"}


def test_everybody_has_their_own(alice: User, bob: User) -> None:
    drafts.keep(alice, {"prompt": "a fox"})

    assert drafts.of(bob) is None


def test_editing_a_picture_is_about_that_picture_alone(alice: User) -> None:
    drafts.keep(alice, {"quality": "low", "operation": "edit", "images": ["one"], "mask": "two"})
    picture = upload(alice)

    drafts.use_picture(alice, picture, "edit")

    assert drafts.of(alice) == {
        "quality": "low",
        "prompt": "",
        "parent": "",
        "operation": "edit",
        "images": [str(picture.pk)],
        "mask": "",
        "markup": "",
    }


def test_a_variation_is_made_of_that_picture_alone(alice: User) -> None:
    drafts.keep(alice, {"operation": "edit", "images": ["one"], "mask": "two"})
    picture = upload(alice)

    drafts.use_picture(alice, picture, "vary")

    values = drafts.of(alice) or {}
    assert (values["operation"], values["images"], values["mask"]) == (
        "vary",
        [str(picture.pk)],
        "",
    )


def test_a_reference_joins_those_that_are_there(alice: User) -> None:
    drafts.keep(alice, {"operation": "generate", "images": ["one"], "mask": "two"})
    picture = upload(alice)

    drafts.use_picture(alice, picture, "add")

    values = drafts.of(alice) or {}
    assert values == {"operation": "edit", "images": ["one", str(picture.pk)], "mask": "two"}


def test_a_picture_that_is_there_keeps_its_place(alice: User) -> None:
    picture = upload(alice)
    drafts.keep(alice, {"operation": "edit", "images": [str(picture.pk), "two"], "mask": "three"})

    drafts.use_picture(alice, picture, "add")

    values = drafts.of(alice) or {}
    assert (values["images"], values["mask"]) == ([str(picture.pk), "two"], "three")


def test_what_makes_no_sense_in_it_is_passed_over(alice: User) -> None:
    drafts.keep(alice, {"images": [{"a": 1}, "one", None]})
    picture = upload(alice)

    drafts.use_picture(alice, picture, "add")

    assert (drafts.of(alice) or {})["images"] == ["one", str(picture.pk)]


DRAFT: dict[str, object] = {"prompt": "a fox of ten minutes", "images": ["one", "two"]}


@pytest.mark.parametrize("operation", ["edit", "vary"])
def test_friction_01_it_takes_no_words_of_another_picture_along(
    operation: str, alice: User
) -> None:
    drafts.keep(alice, DRAFT)

    drafts.use_picture(alice, upload(alice), operation)

    assert (drafts.of(alice) or {})["prompt"] == ""


@pytest.mark.parametrize("operation", ["edit", "vary"])
def test_friction_01_it_sets_aside_what_gives_way_and_brings_it_back(
    operation: str, alice: User
) -> None:
    drafts.keep(alice, DRAFT)
    drafts.use_picture(alice, upload(alice), operation)
    edit = drafts.of(alice)
    assert drafts.aside_of(alice) == DRAFT

    drafts.bring_back(alice)

    assert drafts.of(alice) == DRAFT
    assert drafts.aside_of(alice) == edit


@pytest.mark.parametrize("empty", [{}, {"prompt": " \u200b"}, {"quality": "low"}])
def test_friction_01_it_sets_nothing_aside_where_nothing_was_written(
    empty: dict[str, object], alice: User
) -> None:
    drafts.keep(alice, empty)

    drafts.use_picture(alice, upload(alice), "edit")

    assert drafts.aside_of(alice) is None


def test_friction_01_it_sets_nothing_aside_that_was_sent(alice: User, make_job: MakeJob) -> None:
    make_job(prompt="a fox of ten minutes")
    drafts.keep(alice, {"prompt": "a fox of ten minutes "})

    drafts.use_picture(alice, upload(alice), "edit")

    assert drafts.aside_of(alice) is None


def test_friction_01_it_loses_nothing_to_a_second_edit(alice: User) -> None:
    drafts.keep(alice, DRAFT)
    first, second = upload(alice), upload(alice)
    drafts.use_picture(alice, first, "edit")
    drafts.keep(alice, (drafts.of(alice) or {}) | {"prompt": "make it red"}, form="page")

    drafts.use_picture(alice, second, "edit")

    assert (drafts.aside_of(alice) or {})["prompt"] == "make it red"


def test_field_u23_it_sets_aside_what_another_tab_wrote(alice: User) -> None:
    drafts.keep(alice, {"prompt": "left here"}, form="before")
    drafts.keep(alice, {"prompt": "of the first tab"}, form="one", base="before")

    drafts.keep(alice, {"prompt": "of the second tab"}, form="two", base="before")

    assert drafts.of(alice) == {"prompt": "of the second tab"}
    assert drafts.aside_of(alice) == {"prompt": "of the first tab"}


def test_field_u23_it_sets_nothing_aside_while_one_tab_writes_on(alice: User) -> None:
    drafts.keep(alice, {"prompt": "left here"}, form="before")

    for words in ("a", "a fo", "a fox"):
        drafts.keep(alice, {"prompt": words}, form="one", base="before")

    assert drafts.aside_of(alice) is None


def test_friction_01_pictures_that_wait_aside_are_no_garbage(alice: User) -> None:
    kept = upload(alice)
    drafts.keep(alice, {"images": [str(kept.pk)]})
    drafts.use_picture(alice, upload(alice), "edit")
    Upload.objects.update(created_at=Now() - timedelta(days=30))

    collect()

    assert Upload.objects.filter(pk=kept.pk).exists()
