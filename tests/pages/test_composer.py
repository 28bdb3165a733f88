"""The composer after a choice: what it opens and closes, and what it would cost."""

from collections.abc import Callable

from django.http import QueryDict
from django.test import Client

from imagestudio.accounts.models import User
from jobs.models import Job
from jobs.pages.composer import GroupView, composer, glyph
from jobs.pages.draft import Draft
from tests.conftest import MODEL

SignIn = Callable[[User], Client]
FORM = {"prompt": "a red fox", "model": MODEL, "size": "1024x1024", "quality": "low", "n": "2"}
SCRIPT = {"HX-Request": "true"}


def view_of(query: str) -> dict[str, GroupView]:
    view = composer(Draft.read(QueryDict(f"prompt=x&{query}")))
    return {
        group.name: group
        for group in (view.size, view.quality, view.output_format, view.background)
    }


def closed(group: GroupView) -> set[str]:
    return {option.value for option in group.options if option.is_closed}


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


def test_it_says_what_it_changed(client_of: SignIn, alice: User) -> None:
    form = FORM | {"model": "gpt-image-1.5", "size": "2048x1152"}

    page = client_of(alice).post("/composer/", form, headers=SCRIPT).content.decode()

    assert "Changed to auto: gpt-image-1.5 draws 1024x1024" in page
    assert 'id="size-auto" type="radio" name="size" value="auto" checked' in page


def test_a_closed_option_stays_in_sight_with_its_reason() -> None:
    groups = view_of("model=gpt-image-1.5")

    assert closed(groups["quality"]) == {"xhigh", "max"}
    assert groups["quality"].why_closed == ("gpt-image-1.5 has no quality xhigh and max.",)
    assert "custom" in closed(groups["size"])
    assert groups["size"].why_closed == (
        "gpt-image-1.5 draws 1024x1024, 1536x1024 and 1024x1536 only.",
    )


def test_an_open_model_closes_nothing_of_size_and_quality() -> None:
    groups = view_of(f"model={MODEL}")

    assert closed(groups["size"]) == closed(groups["quality"]) == set()


def test_a_choice_closes_what_does_not_go_with_it() -> None:
    groups = view_of(f"model={MODEL}&output_format=jpeg")

    assert closed(groups["background"]) == {"transparent"}


def test_a_size_of_no_preset_is_a_free_one() -> None:
    chosen = [o.value for o in view_of("size=1600x1200")["size"].options if o.is_chosen]

    assert chosen == ["custom"]


def test_a_model_near_its_end_says_so() -> None:
    view = composer(Draft.read(QueryDict("model=gpt-image-1.5")))

    assert "1 December 2026" in view.model_warning


def test_it_gives_no_estimate_for_settings_that_do_not_fit() -> None:
    view = composer(Draft.read(QueryDict("prompt=x&n=0")))

    assert "$" not in view.estimate


def test_more_pictures_cost_more() -> None:
    query = f"prompt=x&model={MODEL}&size=1024x1024&quality=high&n="

    one, four = (composer(Draft.read(QueryDict(query + n))).estimate for n in ("1", "4"))

    assert (one, four) == ("about $0.053", "about $0.211")


def test_a_glyph_has_the_shape_of_its_size() -> None:
    assert glyph("1024x1024") == (2, 2, 16, 16)
    assert glyph("2048x1152") == (2, 5, 16, 9)
