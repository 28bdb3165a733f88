"""What a job's card says in each of its states."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from imagestudio.accounts.models import User
from jobs.models import Job
from jobs.pages.job import cards
from jobs.pages.job.cards import card
from jobs.states import FINAL, State
from jobs.telling import Money, Telling
from tests.conftest import MakeJob


def kinds(job: Job) -> list[str]:
    return [slot.kind for slot in cards.slots(job)]


@pytest.mark.parametrize("state", list(State))
def test_it_names_every_state(state: State, make_job: MakeJob, alice: User) -> None:
    view = card(make_job(state=state), alice, may_make=True)

    assert view.state == state.value
    assert view.badge.word
    assert view.badge.icon


@pytest.mark.parametrize(
    ("state", "kind"),
    [(State.QUEUED, "waiting"), (State.RUNNING, "developing")],
)
def test_it_keeps_a_slot_for_every_asked_picture(
    state: State, kind: str, make_job: MakeJob
) -> None:
    assert kinds(make_job(state=state, n=3)) == [kind] * 3


@pytest.mark.parametrize("state", [State.HELD, State.FAILED, State.CANCELLED])
def test_it_shows_no_slots_where_no_picture_will_come(state: State, make_job: MakeJob) -> None:
    assert kinds(make_job(state=state, n=3)) == []


def test_it_marks_the_pictures_that_never_came(make_job: MakeJob) -> None:
    job = make_job(state=State.SUCCEEDED, images=2, n=3)

    assert kinds(job) == ["picture", "picture", "empty"]


def test_a_slot_has_the_asked_ratio_before_and_the_true_one_after(make_job: MakeJob) -> None:
    waiting = cards.slots(make_job(size="1536x1024"))[0]
    there = cards.slots(make_job(state=State.SUCCEEDED, images=1, size="1536x1024"))[0]

    assert waiting.width / waiting.height == pytest.approx(1.5, abs=0.01)
    assert there.width / there.height == pytest.approx(64 / 48, abs=0.01)


@pytest.mark.parametrize(
    ("state", "verb"),
    [(State.QUEUED, "may_cancel"), (State.RUNNING, "may_cancel"), (State.HELD, "may_decide")],
)
def test_its_owner_may_decide(
    state: State, verb: str, make_job: MakeJob, alice: User, bob: User
) -> None:
    job = make_job(state=state)

    assert getattr(card(job, alice, may_make=True).verbs, verb)
    assert not getattr(card(job, bob, may_make=True).verbs, verb)
    assert not getattr(card(job, alice, may_make=False).verbs, verb)


@pytest.mark.parametrize("state", list(State))
def test_only_what_has_ended_is_used_again(state: State, make_job: MakeJob, alice: User) -> None:
    assert card(make_job(state=state), alice, may_make=True).verbs.may_again == (state in FINAL)


def test_an_unknown_outcome_says_that_it_may_be_billed(make_job: MakeJob) -> None:
    note = cards.note(make_job(state=State.HELD, error_message="No whole answer came."))

    assert note
    assert "may have been billed" in note.title
    assert note.until


def test_a_refusal_looks_unlike_a_fault(make_job: MakeJob, alice: User) -> None:
    refused = make_job(state=State.FAILED, error_code="moderation_blocked", error_message="No.")
    broken = make_job(state=State.FAILED, error_code="server_error", error_message="Broken.")

    seen = [card(job, alice, may_make=True) for job in (refused, broken)]

    assert [view.badge.tone for view in seen] == ["refused", "failed"]
    assert [view.note.kind for view in seen if view.note] == ["plain", "failed"]
    assert [view.verbs.again_word for view in seen] == ["Edit the prompt", "Edit and try again"]


@pytest.mark.parametrize(
    ("may_be_billed", "said"), [(True, "It may have been billed."), (False, "Nothing was spent.")]
)
def test_a_failure_says_whether_money_was_spent(
    may_be_billed: bool, said: str, make_job: MakeJob
) -> None:
    job = make_job(state=State.FAILED, error_message="Broken.", may_be_billed=may_be_billed)

    note = cards.note(job)

    assert note
    assert note.money == said


@pytest.mark.parametrize("money", [Money.NOTHING, Money.SAID])
def test_a_message_that_speaks_of_money_is_not_followed_by_more(
    money: Money, make_job: MakeJob
) -> None:
    job = make_job(state=State.FAILED, **Telling("It was expensive.", money).fields())

    note = cards.note(job)

    assert note
    assert note.money == ""


def test_words_about_money_in_a_message_change_nothing(make_job: MakeJob) -> None:
    told = Telling("The word billed is too long to draw.")

    note = cards.note(make_job(state=State.FAILED, **told.fields()))

    assert note
    assert note.money == "Nothing was spent."


def test_what_an_earlier_release_said_of_money_is_not_said_again(make_job: MakeJob) -> None:
    job = make_job(state=State.FAILED, error_message="It broke. Nothing was spent.")

    note = cards.note(job)

    assert note
    assert (note.text, note.money) == ("It broke. Nothing was spent.", "")


def test_it_says_so_when_fewer_came_than_asked(make_job: MakeJob) -> None:
    words: dict[str, Any] = {"error_code": "partial", "error_message": "1 of 2 pictures arrived."}
    job = make_job(state=State.SUCCEEDED, images=1, n=2, cost_microusd=50_000, **words)

    note = cards.note(job)

    assert note
    assert note.title == "Fewer pictures than asked"
    assert note.money == "The service charged $0.050 for it."


def test_it_shows_the_estimate_before_and_the_cost_after(make_job: MakeJob) -> None:
    money: dict[str, Any] = {"estimate_low_microusd": 20_000, "estimate_high_microusd": 20_000}
    before = cards.meta(make_job(**money))
    after = cards.meta(make_job(state=State.SUCCEEDED, images=1, cost_microusd=31_000, **money))

    assert "about $0.020" in before
    assert "$0.031" in after


def test_an_unknown_cost_is_not_shown_as_zero(make_job: MakeJob) -> None:
    assert "cost unknown" in cards.meta(make_job(state=State.SUCCEEDED, images=1))


def test_only_a_picture_that_just_came_is_shown_as_new(make_job: MakeJob, alice: User) -> None:
    job = make_job(state=State.SUCCEEDED, images=1)

    fresh = card(job, alice, may_make=True).is_fresh
    job.finished_at = timezone.now() - timedelta(minutes=1)

    assert fresh
    assert not card(job, alice, may_make=True).is_fresh
