"""What fits together, and what is put back when it does not."""

from dataclasses import replace

import pytest
from django.http import QueryDict
from pytest_django import Settings

from imagestudio.accounts.models import User
from jobs.pages.studio.composition import Composition
from jobs.pages.studio.draft import Draft
from tests.conftest import MODEL


def fitted(query: str, user: User) -> tuple[Draft, list[str]]:
    draft = Draft.read(QueryDict(f"prompt=x&{query}"))
    composition, adjusted = Composition.of(draft, user).fitted()
    return composition.draft, [each.words for each in adjusted]


@pytest.mark.usefixtures("day_of_the_table")
def test_it_puts_back_what_the_model_cannot_do(alice: User) -> None:
    draft, said = fitted("model=gpt-image-1.5&size=2048x1152&quality=max", alice)

    assert (draft.settings["size"], draft.settings["quality"]) == ("auto", "auto")
    assert [words.partition(":")[0] for words in said] == [
        "Size is Auto now, not 2048x1152",
        "Quality is Auto now, not Maximum",
    ]


def test_it_puts_back_what_does_not_go_together(alice: User) -> None:
    draft, said = fitted("output_format=jpeg&background=transparent", alice)

    assert (draft.settings["background"], draft.settings["output_format"]) == ("auto", "jpeg")
    assert "transparency" in said[0]


FOLLOWING = [
    ("output_format=png&output_compression=60", "output_compression", "100"),
    ("n=4&partial_images=2", "partial_images", "0"),
    ("output_format=png&frame_count=12", "frame_count", ""),
    ("output_format=png&frame_duration_ms=90", "frame_duration_ms", ""),
    ("output_format=png&svg_model=writer", "svg_model", ""),
    ("model=gpt-image-2&complexity=high", "complexity", "auto"),
    ("operation=generate&model=gpt-image-1.5&input_fidelity=high", "input_fidelity", "auto"),
    ("output_format=gif", "output_format", "png"),
]


@pytest.mark.parametrize(("query", "name", "value"), FOLLOWING, ids=[row[0] for row in FOLLOWING])
def test_every_setting_follows_the_others(query: str, name: str, value: str, alice: User) -> None:
    draft, said = fitted(f"model={MODEL}&{query}", alice)

    assert draft.settings[name] == value
    assert said


def test_it_leaves_a_size_alone_that_is_being_typed(alice: User) -> None:
    draft, said = fitted("size=custom&width=10&height=", alice)

    assert (draft.settings["size"], draft.settings["width"]) == ("custom", "10")
    assert said == []


def test_a_model_that_has_ended_gives_way(alice: User) -> None:
    draft, said = fitted("model=dall-e-3", alice)

    assert draft.settings["model"] == MODEL
    assert "dall-e-3 ended on" in said[0]


def test_a_service_that_was_taken_away_gives_way(alice: User) -> None:
    draft, _ = fitted("provider=yesterday", alice)

    assert draft.settings["provider"] == ""


def test_another_service_brings_its_own_model(alice: User, settings: Settings) -> None:
    first = settings.PROVIDERS[0]
    local = replace(first, name="local", models=("flux-9",), has_own_models=True)
    settings.PROVIDERS = (first, local)

    draft, said = fitted(f"provider=local&model={MODEL}", alice)

    assert draft.settings["model"] == "flux-9"
    assert "local serves flux-9" in said[0]


def test_an_account_with_preview_access_may_animate(alice: User, settings: Settings) -> None:
    settings.PROVIDERS = (replace(settings.PROVIDERS[0], allows_preview_formats=True),)

    draft, said = fitted(f"model={MODEL}&output_format=gif&frame_count=12", alice)

    assert (draft.settings["output_format"], draft.settings["frame_count"]) == ("gif", "12")
    assert said == []
