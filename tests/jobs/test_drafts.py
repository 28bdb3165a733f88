"""What is in the composer waits on the server."""

from django.core.files.uploadedfile import SimpleUploadedFile

from imagestudio.accounts.models import User
from jobs.models import Upload
from jobs.services import drafts, uploads
from tests.conftest import png


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
    drafts.keep(alice, {"prompt": "a fox", "operation": "edit", "images": ["one"], "mask": "two"})
    picture = upload(alice)

    drafts.use_picture(alice, picture, "edit")

    assert drafts.of(alice) == {
        "prompt": "a fox",
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
