"""One parameter is one word on every page, and a row of the table reaches all of them."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from imagestudio.accounts.models import User
from imagestudio.images_api.params import LABELS, PARAMS, Param
from imagestudio.images_api.types import ImageRequest
from jobs.pages import words
from jobs.pages.studio.composition import Composition
from jobs.pages.studio.draft import Draft, fields_of

SignIn = Callable[[User], Client]


LARGEST = [
    ("frame_duration_ms", 2_147_483_647),
    *(
        (name, param.maximum)
        for name, param in PARAMS.items()
        if param.label and param.maximum not in (None, param.default)
    ),
]


def unusual(param: Param) -> Any:
    """Something else than the default."""
    return param.probe or param.maximum or list(param.options)[-1]


def test_the_composer_has_a_field_of_every_name(client_of: SignIn, alice: User) -> None:
    page = unescape(client_of(alice).get("/").content.decode())

    assert not [
        label
        for label in LABELS.values()
        if f">{label}<" not in page and f">{label} <output" not in page
    ]


def test_the_composer_sends_each_under_its_own_name(client_of: SignIn, alice: User) -> None:
    page = client_of(alice).get("/").content.decode()

    assert not [
        field
        for name, param in PARAMS.items()
        if param.label
        for field in fields_of(name)
        if f'name="{field}"' not in page
    ]


@pytest.mark.parametrize(("name", "number"), LARGEST)
def test_a_number_is_read_up_to_its_largest(name: str, number: int) -> None:
    assert getattr(Draft.read(QueryDict(f"{name}={number}")).request, name) == number


def test_the_facts_of_a_job_use_the_names_of_the_composer() -> None:
    rare = {name: unusual(param) for name, param in PARAMS.items() if param.is_rare}
    asked = ImageRequest(model="gpt-image-2.6-flare", prompt="a fox", **rare)

    assert [label for label, _ in words.rarely_asked(asked)] == [LABELS[name] for name in rare]


def test_a_note_about_a_setting_that_was_put_back_uses_them_too(alice: User) -> None:
    draft = Draft.read(QueryDict("prompt=x&model=gpt-image-2&input_fidelity=high"))

    _, adjusted = Composition.of(draft, alice).fitted()

    assert [each.name for each in adjusted] == ["Faithfulness"]
    assert adjusted[0].words.startswith("Faithfulness is Auto now, not High: ")


def test_why_a_choice_is_closed_uses_them_too(alice: User) -> None:
    draft = Draft.read(QueryDict("prompt=x&model=gpt-image-2"))

    why = Composition.of(draft, alice).reason("input_fidelity", "high")

    assert why == "GPT Image 2 has no faithfulness high."
