"""Sets of settings under a name: used, kept, thrown away."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client

from imagestudio.accounts.models import User
from jobs.models import Preset, SavedDraft
from jobs.services.presets import save
from tests.conftest import MODEL

SignIn = Callable[[User], Client]
FORM = {"prompt": "a red fox", "model": MODEL, "size": "1536x1024", "quality": "high", "n": "3"}
SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def calm(alice: User) -> Preset:
    return save(alice, "Calm", {"quality": "low", "n": "2", "size": "1024x1024", "model": MODEL})


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_it_keeps_the_settings_under_a_name(client_of: SignIn, alice: User) -> None:
    response = client_of(alice).post("/presets/save/", FORM | {"preset_name": " My  look "})

    preset = Preset.objects.get(owner=alice)
    assert preset.name == "My look"
    assert (preset.values["quality"], preset.values["n"]) == ("high", "3")
    assert "prompt" not in preset.values
    assert "Saved as “My look”." in response.content.decode()


def test_it_takes_settings_over_and_leaves_the_words(
    calm: Preset, client_of: SignIn, alice: User
) -> None:
    client_of(alice).post("/presets/apply/", FORM | {"apply": str(calm.pk)})

    kept = SavedDraft.objects.get().values
    assert (kept["quality"], kept["n"], kept["prompt"]) == ("low", "2", "a red fox")
    assert kept["preset"] == str(calm.pk)


def test_what_differs_from_the_preset_is_marked(
    calm: Preset, client_of: SignIn, alice: User
) -> None:
    client = client_of(alice)
    client.post("/presets/apply/", FORM | {"apply": str(calm.pk)})

    same = client.get("/").content.decode()
    client.post("/composer/", FORM | {"preset": str(calm.pk)}, headers=SCRIPT)
    other = client.get("/").content.decode()

    assert "Presets Calm More" not in text_of(other)
    assert "Calm, changed" not in same
    assert "Calm, changed" in other
    assert ">Update</button>" in other


def test_it_updates_the_one_that_is_applied(calm: Preset, client_of: SignIn, alice: User) -> None:
    client_of(alice).post("/presets/save/", FORM | {"update": str(calm.pk)})

    calm.refresh_from_db()
    assert calm.values["quality"] == "high"
    assert Preset.objects.count() == 1


def test_it_throws_one_away_and_leaves_the_settings(
    calm: Preset, client_of: SignIn, alice: User
) -> None:
    page = client_of(alice).post("/presets/delete/", FORM | {"delete": str(calm.pk)})

    assert not Preset.objects.exists()
    assert SavedDraft.objects.get().values["quality"] == "high"
    assert "“Calm” is deleted." in page.content.decode()


@pytest.mark.parametrize("headers", [{}, SCRIPT], ids=["page", "script"])
def test_a_preset_without_a_name_is_refused_beside_its_field(
    headers: dict[str, str], client_of: SignIn, alice: User
) -> None:
    page = client_of(alice).post("/presets/save/", FORM | {"preset_name": " "}, headers=headers)

    assert page.content.decode().count("Give the preset a name.") == 2
    assert not Preset.objects.exists()


@pytest.mark.parametrize("action", ["apply", "delete"])
def test_a_strangers_preset_is_not_there(
    action: str, calm: Preset, client_of: SignIn, carol: User
) -> None:
    client_of(carol).post(f"/presets/{action}/", FORM | {action: str(calm.pk)})

    assert SavedDraft.objects.get(user=carol).values["quality"] == "high"
    assert Preset.objects.get() == calm


def test_a_strangers_preset_is_not_written_over(
    calm: Preset, client_of: SignIn, carol: User
) -> None:
    client_of(carol).post("/presets/save/", FORM | {"update": str(calm.pk)})

    assert Preset.objects.get().values["quality"] == "low"


def test_a_preset_that_is_gone_is_told(client_of: SignIn, alice: User) -> None:
    page = client_of(alice).post("/presets/apply/", FORM | {"apply": str(uuid4())})

    assert "That preset is no longer there." in page.content.decode()


@pytest.mark.parametrize("action", ["apply", "save", "delete"])
def test_it_refuses_other_methods(action: str, client_of: SignIn, alice: User) -> None:
    assert client_of(alice).get(f"/presets/{action}/").status_code == 405


@pytest.mark.parametrize("action", ["apply", "save", "delete"])
def test_a_viewer_has_no_presets(action: str, client_of: SignIn, vera: User) -> None:
    assert client_of(vera).post(f"/presets/{action}/", FORM).status_code == 403
    assert not Preset.objects.exists()
