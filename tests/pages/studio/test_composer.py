"""The composer after a choice: what it opens and closes, and what it would cost."""

import json
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from re import search

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client
from pytest_django import Settings

from imagestudio.accounts.models import User
from imagestudio.images_api.capabilities import ListedModel
from jobs.models import Job, SavedDraft, Upload
from jobs.pages.studio.choices import GroupView, glyph
from jobs.pages.studio.composer import ComposerView, composer
from jobs.pages.studio.composition import Composition
from jobs.pages.studio.draft import Draft
from jobs.services import drafts, uploads
from jobs.services.queue import providers
from tests.conftest import MODEL, MakeJob, png

SignIn = Callable[[User], Client]
FORM = {"prompt": "a red fox", "model": MODEL, "size": "1024x1024", "quality": "low", "n": "2"}
SCRIPT = {"HX-Request": "true"}


def view_of(query: str, user: User) -> ComposerView:
    return composer(Composition.of(Draft.read(QueryDict(f"prompt=x&{query}")), user), user)


def closed(group: GroupView) -> set[str]:
    return {option.value for option in group.options if option.is_closed}


def picture(owner: User, name: str = "fox.png", size: tuple[int, int] = (64, 48)) -> Upload:
    return uploads.accept(owner, SimpleUploadedFile(name, png(*size)))


def test_it_renews_settings_and_estimate(client_of: SignIn, alice: User) -> None:
    response = client_of(alice).post("/composer/", FORM, headers=SCRIPT)

    page = response.content.decode()
    assert 'hx-target="#composer-options"' in page
    assert "2 pictures" in page
    assert not Job.objects.exists()


def test_without_script_it_is_the_whole_page_with_the_draft(client_of: SignIn, alice: User) -> None:
    page = client_of(alice).post("/composer/", FORM).content.decode()

    assert "a red fox</textarea>" in page
    assert "</html>" in page


def test_it_refuses_other_methods(client_of: SignIn, alice: User) -> None:
    assert client_of(alice).get("/composer/").status_code == 405


def test_a_stranger_is_asked_to_sign_in(db: None) -> None:
    assert Client().post("/composer/", FORM)["Location"].startswith("/accounts/login/")


def test_a_viewer_composes_nothing(client_of: SignIn, vera: User) -> None:
    assert client_of(vera).post("/composer/", FORM).status_code == 403
    assert not SavedDraft.objects.exists()


@pytest.mark.usefixtures("day_of_the_table")
def test_it_says_what_it_changed(client_of: SignIn, alice: User) -> None:
    form = FORM | {"model": "gpt-image-1.5", "size": "2048x1152"}

    page = client_of(alice).post("/composer/", form, headers=SCRIPT).content.decode()

    assert "Size is Auto now, not 2048x1152: GPT Image 1.5 draws 1024x1024" in page
    assert 'id="size-auto" type="radio" name="size" value="auto" checked' in page


def test_undo_puts_back_what_was_there_before_the_choice(client_of: SignIn, alice: User) -> None:
    client = client_of(alice)
    before = FORM | {"size": "2048x1152", "quality": "max"}
    settled = _hidden("settled", client.post("/composer/", before, headers=SCRIPT))
    changed = before | {"model": "gpt-image-1.5", "settled": settled}
    answer = client.post("/composer/", changed, headers=SCRIPT).content.decode()
    button = search(r'name="undo" value="([^"]*)"', answer)
    assert button

    page = client.post("/composer/", changed | {"undo": unescape(button[1])}, headers=SCRIPT)

    back = json.loads(_hidden("settled", page))
    assert (back["model"], back["size"], back["quality"]) == (MODEL, "2048x1152", "max")


@pytest.mark.usefixtures("day_of_the_table")
def test_undo_keeps_a_choice_that_no_answer_has_shown_yet(client_of: SignIn, alice: User) -> None:
    client = client_of(alice)
    settled = _hidden("settled", client.post("/composer/", FORM, headers=SCRIPT))
    at_once = FORM | {"quality": "max", "model": "gpt-image-1.5", "settled": settled}
    answer = client.post("/composer/", at_once, headers=SCRIPT).content.decode()
    button = search(r'name="undo" value="([^"]*)"', answer)
    assert button

    page = client.post("/composer/", at_once | {"undo": unescape(button[1])}, headers=SCRIPT)

    back = json.loads(_hidden("settled", page))
    assert (back["model"], back["quality"]) == (MODEL, "max")


def test_undo_brings_nothing_back_that_would_be_put_back_again(
    client_of: SignIn, alice: User
) -> None:
    client = client_of(alice)
    settled = _hidden("settled", client.post("/composer/", FORM, headers=SCRIPT))
    both = FORM | {"background": "transparent", "output_format": "jpeg", "settled": settled}
    changed = both | {"settled": json.dumps(json.loads(settled) | {"output_format": "jpeg"})}

    answer = client.post("/composer/", changed, headers=SCRIPT).content.decode()

    button = search(r'name="undo" value="([^"]*)"', answer)
    assert button
    undo = json.loads(unescape(button[1]))
    assert (undo["output_format"], undo["background"]) == ("jpeg", "auto")


def test_a_closed_option_stays_in_sight_with_its_reason(alice: User) -> None:
    view = view_of("model=gpt-image-1.5", alice)

    assert closed(view.groups["quality"]) == {"xhigh", "max"}
    assert view.groups["quality"].why_closed == ("GPT Image 1.5 has no quality xhigh and max.",)
    assert "custom" in closed(view.size)
    assert view.size.why_closed == ("GPT Image 1.5 draws 1024x1024, 1536x1024 and 1024x1536 only.",)


def test_an_open_model_closes_nothing_of_size_and_quality(alice: User) -> None:
    view = view_of(f"model={MODEL}", alice)

    assert closed(view.size) == closed(view.groups["quality"]) == set()


def test_a_choice_closes_what_does_not_go_with_it(alice: User) -> None:
    view = view_of(f"model={MODEL}&output_format=jpeg", alice)

    assert closed(view.groups["background"]) == {"transparent"}


def test_a_field_is_closed_where_its_format_is_not_chosen(alice: User) -> None:
    png_, webp = (view_of(f"model={MODEL}&output_format={name}", alice) for name in ("png", "webp"))

    assert png_.fields["output_compression"].is_closed
    assert "Only webp and jpeg" in png_.fields["output_compression"].why_closed
    assert not webp.fields["output_compression"].is_closed
    assert webp.fields["frame_count"].why_closed == "Only a gif has frames."


def test_previews_come_with_one_picture_only(alice: User) -> None:
    assert closed(view_of("n=1", alice).previews) == set()
    assert closed(view_of("n=2", alice).previews) == {"1", "2", "3"}


def test_a_service_that_cannot_edit_closes_the_mode_with_its_reason(
    alice: User, settings: Settings
) -> None:
    settings.PROVIDERS = (replace(settings.PROVIDERS[0], name="draws", can_edit=False),)

    view = view_of("", alice)

    assert closed(view.mode) == {"edit", "vary"}
    assert view.mode.why_closed == ("draws cannot edit pictures.", "draws cannot vary pictures.")


def test_services_are_offered_where_there_are_several(alice: User, settings: Settings) -> None:
    assert view_of("", alice).providers == ()
    first = settings.PROVIDERS[0]
    settings.PROVIDERS = (first, replace(first, name="second"))

    assert [each.value for each in view_of("", alice).providers] == [first.name, "second"]


BUTTONS = [
    ("n=1", 0, ["Generate", "Edit", "Make variation"]),
    ("n=1", 1, ["Generate", "Edit this picture", "Make variation"]),
    ("n=1", 2, ["Generate", "Edit with 2 pictures", "Make variation"]),
    ("n=3", 1, ["Generate 3", "Make 3 edits", "Make 3 variations"]),
]


@pytest.mark.parametrize(("query", "count", "words"), BUTTONS)
def test_friction_02_the_button_says_what_it_does(
    query: str, count: int, words: list[str], alice: User
) -> None:
    ids = [str(picture(alice, size=(64, 40 + number)).pk) for number in range(count)]
    images = "".join(f"&images={each}" for each in ids)

    view = view_of(f"{query}{images}", alice)

    assert [mode.verb for mode in view.modes] == words


def test_friction_02_it_says_what_one_is_about(alice: User) -> None:
    view = view_of(f"operation=edit&images={picture(alice).pk}", alice)

    assert [mode.state for mode in view.modes] == [
        "",
        "Editing 1 picture",
        "Variation of 1 picture",
    ]


def test_friction_01_the_draft_that_gave_way_is_brought_back_by_a_button(
    client_of: SignIn, alice: User
) -> None:
    client = client_of(alice)
    client.post("/composer/", FORM | {"prompt": "ten minutes of work", "key": "form"})
    drafts.use_picture(alice, picture(alice), "edit")
    page = client.get("/").content.decode()
    assert "Your draft “ten minutes of work” is kept." in page
    base = search(r'name="base" value="([^"]+)"', page)
    assert base

    form = FORM | {"prompt": "", "aside": "back", "key": "next", "base": base[1]}
    back = client.post("/composer/", form, headers=SCRIPT).content.decode()

    assert 'hx-target="#composer"' in back
    assert "ten minutes of work</textarea>" in back
    assert "is kept." not in back  # What it took the place of was empty.


def test_friction_01_the_draft_that_gave_way_can_be_let_go(client_of: SignIn, alice: User) -> None:
    client = client_of(alice)
    drafts.keep(alice, {"prompt": "ten minutes of work"})
    drafts.use_picture(alice, picture(alice), "edit")

    page = client.post("/composer/", FORM | {"aside": "drop"}, headers=SCRIPT).content.decode()

    assert "is kept." not in page
    assert drafts.aside_of(alice) is None


def test_friction_03_use_again_keeps_what_was_being_written(
    client_of: SignIn, alice: User, make_job: MakeJob
) -> None:
    job = make_job(prompt="an old fox")
    client = client_of(alice)
    client.post("/composer/", FORM | {"prompt": "ten minutes of work", "key": "form"})
    page = client.get(f"/?from={job.pk}").content.decode()
    base = search(r'name="base" value="([^"]+)"', page)
    assert base
    assert "an old fox</textarea>" in page

    form = FORM | {"prompt": "an old fox", "key": "other", "base": base[1]}
    answer = client.post("/composer/", form, headers=SCRIPT).content.decode()

    assert "Your draft “ten minutes of work” is kept." in answer


def test_a_size_of_no_preset_is_a_free_one(alice: User) -> None:
    chosen = [o.value for o in view_of("size=1600x1200", alice).size.options if o.is_chosen]

    assert chosen == ["custom"]


def test_a_free_size_says_its_rule_its_area_and_what_would_fit(alice: User) -> None:
    view = view_of("size=custom&width=4000&height=1000", alice)

    assert view.free_size is not None
    assert view.free_size.area == "4.00 megapixels"
    assert view.free_size.fits == "3456x1152"
    assert "Steps of 16" in view.free_size.rule
    assert "in steps of 16; 4000x1000 is not. Try 3456x1152." in view.size.error


def test_a_free_size_half_written_is_no_mistake_yet(alice: User) -> None:
    assert view_of("size=custom&width=1000&height=", alice).size.error == ""


@pytest.mark.usefixtures("day_of_the_table")
def test_a_model_near_its_end_says_so(alice: User) -> None:
    assert "1 December 2026" in view_of("model=gpt-image-1.5", alice).model_warning


def test_d03_a_model_that_the_service_lists_is_on_the_menu_without_a_price(alice: User) -> None:
    providers.keep_listing(providers.default(), (ListedModel("gpt-image-3-comet"),))

    view = view_of("model=gpt-image-3-comet&quality=max&size=1024x1024", alice)

    [chosen] = [option for option in view.models if option.is_chosen]
    assert (chosen.value, chosen.label) == ("gpt-image-3-comet", "gpt-image-3-comet")
    assert "neither its limits nor its price" in view.model_hint
    assert view.problems == ()
    assert "$" not in view.estimate.amount


def test_it_gives_no_estimate_for_settings_that_do_not_fit(alice: User) -> None:
    assert "$" not in view_of("n=0", alice).estimate.amount


def test_more_pictures_cost_more(alice: User) -> None:
    query = f"model={MODEL}&size=1024x1024&quality=high&n="

    one, four = (view_of(query + n, alice).estimate.amount for n in ("1", "4"))

    assert (one, four) == ("about $0.053", "about $0.211")


def test_the_estimate_counts_the_pictures_that_go_along(alice: User) -> None:
    query = f"model={MODEL}&size=1024x1024&quality=high&images={picture(alice).pk}"

    alone, edit = (view_of(f"{query}&operation={each}", alice) for each in ("generate", "edit"))

    assert [part.name for part in alone.estimate.parts] == ["Your words", "New pictures"]
    given = next(part for part in edit.estimate.parts if part.name == "Your pictures")
    assert (given.tokens, given.amount) == ("1,366", "about $0.011")
    assert edit.estimate.price_table == "29 November 2026"


def test_a_glyph_has_the_shape_of_its_size() -> None:
    assert glyph("1024x1024") == (2, 2, 16, 16)
    assert glyph("2048x1152") == (2, 5, 16, 9)


def test_pictures_are_set_aside_where_the_mode_takes_none(alice: User) -> None:
    upload = picture(alice)

    view = view_of(f"operation=generate&images={upload.pk}", alice)

    assert [each.id for each in view.strip.pictures] == [str(upload.pk)]
    assert "Set aside" in view.strip.aside
    assert view.errors == {}


def test_a_model_without_markup_says_so_at_its_button(alice: User) -> None:
    upload = picture(alice)

    view = view_of(f"operation=edit&model=gpt-image-2&images={upload.pk}", alice)

    reasons = {tool.role: tool.why_closed for tool in view.strip.tools}
    assert reasons == {"mask": "", "markup": "GPT Image 2 takes no markup."}


def test_a_variation_of_two_pictures_is_told_at_once(alice: User) -> None:
    one, two = picture(alice), picture(alice)

    view = view_of(f"operation=vary&images={one.pk}&images={two.pk}", alice)

    assert view.strip.error == "A variation is made of 1 picture, not 2."
    assert view.strip.max_count == 1


def test_every_change_keeps_the_draft(client_of: SignIn, alice: User) -> None:
    upload, client = picture(alice), client_of(alice)

    client.post(
        "/composer/", FORM | {"operation": "edit", "images": str(upload.pk)}, headers=SCRIPT
    )

    page = client.get("/").content.decode()
    assert "a red fox</textarea>" in page
    assert 'id="quality-low" type="radio" name="quality" value="low" checked' in page
    assert f'name="images" value="{upload.pk}"' in page


def test_nobody_elses_draft_is_shown(client_of: SignIn, alice: User, bob: User) -> None:
    client_of(alice).post("/composer/", FORM, headers=SCRIPT)

    assert "a red fox" not in client_of(bob).get("/").content.decode()


def _hidden(name: str, response: object) -> str:
    found = search(rf'name="{name}" value="([^"]*)"', response.content.decode())  # type: ignore[attr-defined]
    assert found
    return unescape(found[1])
