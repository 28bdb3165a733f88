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


def test_it_forgets(alice: User) -> None:
    drafts.keep(alice, {"prompt": "a fox"})
    drafts.forget(alice)

    assert drafts.of(alice) is None


def test_a_picture_joins_those_of_the_edit(alice: User) -> None:
    drafts.keep(alice, {"prompt": "a fox", "operation": "edit", "images": ["one"]})
    picture = upload(alice)

    drafts.add_picture(alice, picture, "edit")

    assert drafts.of(alice) == {
        "prompt": "a fox",
        "operation": "edit",
        "images": ["one", str(picture.pk)],
    }


def test_a_picture_joins_once(alice: User) -> None:
    picture = upload(alice)

    drafts.add_picture(alice, picture, "edit")
    drafts.add_picture(alice, picture, "edit")

    assert (drafts.of(alice) or {})["images"] == [str(picture.pk)]


def test_a_variation_is_made_of_that_picture_alone(alice: User) -> None:
    drafts.keep(alice, {"operation": "edit", "images": ["one"], "mask": "two"})
    picture = upload(alice)

    drafts.add_picture(alice, picture, "vary")

    values = drafts.of(alice) or {}
    assert (values["operation"], values["images"], values["mask"]) == (
        "vary",
        [str(picture.pk)],
        "",
    )


def test_a_picture_that_is_there_keeps_its_place(alice: User) -> None:
    picture = upload(alice)
    drafts.keep(alice, {"operation": "edit", "images": [str(picture.pk), "two"], "mask": "three"})

    drafts.add_picture(alice, picture, "edit")

    values = drafts.of(alice) or {}
    assert (values["images"], values["mask"]) == ([str(picture.pk), "two"], "three")
