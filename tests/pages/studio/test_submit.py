import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now
from django.test import Client

from imagestudio.accounts.models import Team, User
from jobs.models import Job, SavedDraft, Upload
from jobs.services import uploads
from jobs.services.submit import SAME_ORDER_S
from jobs.states import InputRole
from tests.conftest import MODEL, MakeJob, png

SignIn = Callable[[User], Client]
FORM = {"prompt": "a red fox", "model": MODEL, "size": "1024x1024", "quality": "low", "n": "2"}
SCRIPT = {"HX-Request": "true"}


def test_it_accepts_a_job_and_shows_it(client_of: SignIn, alice: User) -> None:
    response = client_of(alice).post("/jobs/", FORM | {"key": "one", "visibility": "team"})

    job = Job.objects.get()
    assert response.status_code == 302
    assert response["Location"] == f"/?sent={job.pk}#job-{job.pk}"
    assert (job.owner, job.prompt, job.n, job.visibility) == (alice, "a red fox", 2, "team")
    assert job.image_request.quality == "low"


def test_with_script_it_answers_with_the_card_and_a_fresh_form(
    client_of: SignIn, alice: User
) -> None:
    response = client_of(alice).post("/jobs/", FORM | {"key": "one"}, headers=SCRIPT)

    page = response.content.decode()
    assert response.status_code == 200
    assert f'id="job-{Job.objects.get().pk}"' in page
    assert 'hx-target="#stream" hx-swap="afterbegin"' in page
    assert "a red fox</textarea>" in page
    assert 'name="key" value="one"' not in page


def test_it_refuses_other_methods(client_of: SignIn, alice: User) -> None:
    assert client_of(alice).get("/jobs/").status_code == 405


def test_a_stranger_is_asked_to_sign_in(db: None) -> None:
    response = Client().post("/jobs/", FORM)

    assert response["Location"].startswith("/accounts/login/")
    assert not Job.objects.exists()


def test_a_form_without_its_token_is_refused(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    response = client.post("/jobs/", FORM)

    assert response.status_code == 403
    assert "This page was out of date" in response.content.decode()
    assert not Job.objects.exists()


def test_a_viewer_makes_nothing(client_of: SignIn, vera: User) -> None:
    assert client_of(vera).post("/jobs/", FORM).status_code == 403
    assert not Job.objects.exists()


def test_somebody_without_a_team_makes_nothing(client_of: SignIn, sam: User) -> None:
    assert client_of(sam).post("/jobs/", FORM).status_code == 403


def test_the_same_form_twice_is_one_job(client_of: SignIn, alice: User) -> None:
    client = client_of(alice)

    client.post("/jobs/", FORM | {"key": "one"})
    client.post("/jobs/", FORM | {"key": "one"})

    assert Job.objects.count() == 1


def fresh_key(page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    return found[1]


def test_field_u01_it_takes_a_second_press_with_the_fresh_key_for_the_same_order(
    client_of: SignIn, alice: User
) -> None:
    client = client_of(alice)
    first = client.post("/jobs/", FORM | {"key": "one"}, headers=SCRIPT).content.decode()

    second = client.post("/jobs/", FORM | {"key": fresh_key(first)}, headers=SCRIPT)

    assert Job.objects.count() == 1
    assert "so it was ordered once. Press again for another." in second.content.decode()


def test_field_u01_it_is_another_order_a_moment_later(client_of: SignIn, alice: User) -> None:
    client = client_of(alice)
    first = client.post("/jobs/", FORM | {"key": "one"}, headers=SCRIPT).content.decode()
    Job.objects.update(created_at=Now() - timedelta(seconds=SAME_ORDER_S))

    second = client.post("/jobs/", FORM | {"key": fresh_key(first)}, headers=SCRIPT)

    assert Job.objects.count() == 2
    assert "ordered once" not in second.content.decode()


def test_field_u01_it_takes_a_press_on_the_page_that_comes_back_without_script_for_the_same_order(
    client_of: SignIn, alice: User
) -> None:
    client = client_of(alice)
    key = fresh_key(client.get("/").content.decode())
    page = client.post("/jobs/", FORM | {"key": key}, follow=True).content.decode()
    Job.objects.update(created_at=Now())  # However long the page took to be made.

    again = client.post("/jobs/", FORM | {"key": fresh_key(page)}, follow=True)

    assert Job.objects.count() == 1
    assert "so it was ordered once" in again.content.decode()


def test_field_u01_it_takes_two_tabs_for_two_orders(client_of: SignIn, alice: User) -> None:
    client = client_of(alice)
    tabs = [fresh_key(client.get("/").content.decode()) for _ in range(2)]

    for key in tabs:
        client.post("/jobs/", FORM | {"key": key})

    assert Job.objects.count() == 2


@pytest.mark.parametrize("change", [{"n": "3"}, {"prompt": "a blue fox"}, {"visibility": "team"}])
def test_field_u01_it_takes_changed_words_or_settings_for_another_order(
    change: dict[str, str], client_of: SignIn, alice: User
) -> None:
    client = client_of(alice)
    first = client.post("/jobs/", FORM | {"key": "one"}, headers=SCRIPT).content.decode()

    client.post("/jobs/", FORM | change | {"key": fresh_key(first)}, headers=SCRIPT)

    assert Job.objects.count() == 2


WRONG = [
    ({"prompt": "  "}, "Write what you want to see."),
    ({"prompt": "x" * 32_001}, "The prompt has 32,001 characters"),
    ({"model": "dall-e-3"}, "dall-e-3 ended on 2026-05-12"),
    ({"model": "<nobody>"}, "There is no model &lt;nobody&gt;"),
    ({"size": "custom", "width": "1000", "height": "1000"}, "Try 1008x1008."),
    ({"n": "11"}, "Ask for 1 to 10 images at once"),
    ({"n": "-1"}, "Ask for 1 to 10 images at once"),
    ({"quality": "ultra"}, "has no quality ultra"),
    ({"output_format": "jpeg", "background": "transparent"}, "jpeg holds no transparency"),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG, ids=[message for _, message in WRONG])
@pytest.mark.parametrize("headers", [{}, SCRIPT], ids=["page", "script"])
def test_it_says_what_is_wrong_and_keeps_the_draft(
    headers: dict[str, str], wrong: dict[str, str], message: str, client_of: SignIn, alice: User
) -> None:
    form = FORM | {"prompt": "keep these words"} | wrong

    response = client_of(alice).post("/jobs/", form, headers=headers)

    page = response.content.decode()
    assert response.status_code == 422
    assert page.count(message) >= 2  # In the summary and beside the field.
    assert "Not sent, nothing was spent" in page
    assert "autofocus" in page
    assert f"{form['prompt']}</textarea>" in page
    assert not Job.objects.exists()


def test_it_puts_the_cursor_where_the_mistake_is(client_of: SignIn, alice: User) -> None:
    page = client_of(alice).post("/jobs/", FORM | {"n": "0"}).content.decode()

    assert 'id="n" name="n"' in page
    assert 'aria-invalid="true" aria-describedby="n-help" autofocus' in page


def test_it_opens_the_rare_settings_when_the_mistake_is_in_them(
    client_of: SignIn, alice: User
) -> None:
    form = FORM | {"n": "1", "output_format": "png", "output_compression": "60"}

    page = client_of(alice).post("/jobs/", form).content.decode()

    assert '<details class="disclosure" id="composer-more" open>' in page


def test_a_used_key_with_other_words_asks_to_send_again(client_of: SignIn, alice: User) -> None:
    client = client_of(alice)
    client.post("/jobs/", FORM | {"key": "one"})

    response = client.post("/jobs/", FORM | {"key": "one", "prompt": "a blue fox"})

    assert response.status_code == 422
    assert 'name="key" value="one"' not in response.content.decode()


def test_it_remembers_what_it_was_made_from(
    make_job: MakeJob, client_of: SignIn, alice: User
) -> None:
    earlier = make_job()

    client_of(alice).post("/jobs/", FORM | {"parent": str(earlier.pk)})

    assert Job.objects.exclude(pk=earlier.pk).get().parent == earlier


def test_it_claims_no_stranger_as_its_parent(
    make_job: MakeJob, client_of: SignIn, carol: User
) -> None:
    foreign = make_job()

    client_of(carol).post("/jobs/", FORM | {"parent": str(foreign.pk)})

    assert Job.objects.get(owner=carol).parent is None


def picture(owner: User, name: str = "fox.png") -> Upload:
    return uploads.accept(owner, SimpleUploadedFile(name, png(64, 48)))


def test_an_edit_takes_its_pictures_along_in_their_order(client_of: SignIn, alice: User) -> None:
    one, two = picture(alice, "one.png"), picture(alice, "two.png")
    form = FORM | {"operation": "edit", "images": [str(two.pk), str(one.pk)]}

    client_of(alice).post("/jobs/", form)

    job = Job.objects.get()
    assert job.operation == "edit"
    assert [row.upload for row in job.inputs.filter(role=InputRole.IMAGE)] == [two, one]
    assert [facts.sha256 for facts in job.image_request.inputs] == [two.sha256, one.sha256]


def test_a_variation_needs_no_words(client_of: SignIn, alice: User) -> None:
    form = FORM | {"operation": "vary", "prompt": "", "images": str(picture(alice).pk)}

    client_of(alice).post("/jobs/", form)

    assert Job.objects.get().operation == "vary"


def test_pictures_that_are_set_aside_stay_behind(client_of: SignIn, alice: User) -> None:
    upload = picture(alice)

    client_of(alice).post("/jobs/", FORM | {"operation": "generate", "images": str(upload.pk)})

    assert Job.objects.get().inputs.count() == 0
    assert SavedDraft.objects.get().values["images"] == [str(upload.pk)]


def test_a_strangers_picture_is_not_taken(client_of: SignIn, alice: User, carol: User) -> None:
    theirs = picture(carol)

    response = client_of(alice).post(
        "/jobs/", FORM | {"operation": "edit", "images": str(theirs.pk)}
    )

    assert response.status_code == 422
    assert "One picture is no longer there. Add it again." in response.content.decode()
    assert not Job.objects.exists()


def test_without_script_the_files_of_the_form_go_along(client_of: SignIn, alice: User) -> None:
    form = FORM | {"operation": "edit", "files": SimpleUploadedFile("fox.png", png(64, 48))}

    client_of(alice).post("/jobs/", form)

    assert Job.objects.get().inputs.get().upload.name == "fox.png"


def test_a_file_that_is_refused_sends_nothing_and_keeps_the_rest(
    client_of: SignIn, alice: User
) -> None:
    files = [
        SimpleUploadedFile("fox.png", png(64, 48)),
        SimpleUploadedFile("notes.png", b"plain words"),
    ]

    response = client_of(alice).post("/jobs/", FORM | {"operation": "edit", "files": files})

    page = response.content.decode()
    assert response.status_code == 422
    assert "notes.png:" in page
    assert f'name="images" value="{Upload.objects.get().pk}"' in page
    assert not Job.objects.exists()


def test_an_edit_without_a_picture_says_what_is_missing(client_of: SignIn, alice: User) -> None:
    response = client_of(alice).post("/jobs/", FORM | {"operation": "edit"})

    assert response.status_code == 422
    assert response.content.decode().count("Add the picture that is to be edited.") == 2


def test_an_unknown_service_is_refused(client_of: SignIn, alice: User) -> None:
    response = client_of(alice).post("/jobs/", FORM | {"provider": "yesterday"})

    assert "There is no service yesterday here." in response.content.decode()
    assert not Job.objects.exists()


def test_words_and_settings_stay_for_the_next_one(client_of: SignIn, alice: User) -> None:
    client = client_of(alice)

    client.post("/jobs/", FORM | {"parent": "x"})

    page = client.get("/").content.decode()
    assert "a red fox</textarea>" in page
    assert 'name="parent" value=""' in page


def test_a_form_of_another_team_is_not_sent_to_this_one(
    client_of: SignIn, alice: User, other_team: Team
) -> None:
    form = FORM | {"team": str(other_team.pk)}

    response = client_of(alice).post("/jobs/", form)

    assert response.status_code == 422
    assert "You work in Redwood now" in response.content.decode()
    assert not Job.objects.exists()
