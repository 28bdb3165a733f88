"""One parameter is one word on every page, and a row of the table reaches all of them."""

from collections.abc import Callable
from html import unescape

from django.http import QueryDict
from django.test import Client

from imagestudio.accounts.models import User
from imagestudio.images_api.params import LABELS, PARAMS
from imagestudio.images_api.types import ImageRequest, SvgAuthor
from jobs.pages import words
from jobs.pages.studio.composition import Composition
from jobs.pages.studio.draft import Draft

SignIn = Callable[[User], Client]
# Each is something else than the default.
UNUSUAL = ImageRequest(
    model="gpt-image-2.6-flare",
    prompt="a fox",
    output_compression=60,
    moderation="low",
    complexity="high",
    input_fidelity="high",
    partial_images=2,
    frame_count=12,
    frame_duration_ms=80,
    svg=SvgAuthor(model="writer", effort="low"),
)


def test_the_composer_has_a_field_of_every_name(client_of: SignIn, alice: User) -> None:
    page = unescape(client_of(alice).get("/").content.decode())

    assert not [
        label
        for label in LABELS.values()
        if f">{label}<" not in page and f">{label} <output" not in page
    ]


def test_the_facts_of_a_job_use_the_names_of_the_composer() -> None:
    rare = [param.label for param in PARAMS.values() if param.is_rare]

    assert [label for label, _ in words.rarely_asked(UNUSUAL)] == rare


def test_a_note_about_a_setting_that_was_put_back_uses_them_too(alice: User) -> None:
    draft = Draft.read(QueryDict("prompt=x&model=gpt-image-2&input_fidelity=high"))

    _, adjusted = Composition.of(draft, alice).fitted()

    assert [each.name for each in adjusted] == ["Faithfulness"]
    assert adjusted[0].words.startswith("Faithfulness is Auto now, not High: ")
