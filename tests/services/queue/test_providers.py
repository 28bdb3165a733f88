"""Several services at once: which one a job goes to, and what each has to offer."""

from dataclasses import replace
from datetime import date

import pytest
from django.db.models import QuerySet
from pytest_django import Settings

from imagestudio.accounts.models import Team, User
from imagestudio.images_api import day
from imagestudio.images_api.known_servers import from_json
from imagestudio.images_api.types import ImageRequest
from jobs.models import Job, ProviderListing
from jobs.services.queue import providers
from jobs.services.refusals import SubmitRefused
from jobs.services.run import background
from jobs.services.run.worker import run
from jobs.services.submit import submit
from jobs.states import State
from tests import upstream as scripts
from tests.upstream import ScriptedUpstream

FOX = ImageRequest(model="gpt-image-2", prompt="a fox")


@pytest.fixture
def house(settings: Settings) -> None:
    """A second service, which draws with a model of its own."""
    house = from_json(
        {
            "name": "house",
            "base_url": "http://127.0.0.1:9/v1",
            "api_key": "",
            "models": ["gpt-image-2", "flux-klein"],
            "params": ["n", "size"],
        }
    )
    settings.PROVIDERS = (*settings.PROVIDERS, house)


def attempted(jobs: QuerySet[Job]) -> list[str]:
    return [attempt.provider for job in jobs for attempt in job.attempts.all()]


@pytest.mark.usefixtures("house")
def test_a_job_remembers_its_service(alice: User, team: Team) -> None:
    first = submit(alice, team, FOX)
    second = submit(alice, team, FOX, provider="house")

    assert (first.provider, second.provider) == (providers.default().name, "house")


@pytest.mark.usefixtures("house")
def test_it_is_judged_by_what_that_service_can_do(alice: User, team: Team) -> None:
    with pytest.raises(SubmitRefused, match="house does not know this setting"):
        submit(alice, team, replace(FOX, quality="high"), provider="house")


@pytest.mark.usefixtures("house")
def test_an_unknown_service_is_refused_by_name(alice: User, team: Team) -> None:
    with pytest.raises(SubmitRefused, match=r"no service elsewhere here\. Choose .*, house"):
        submit(alice, team, FOX, provider="elsewhere")


@pytest.mark.usefixtures("house")
def test_the_same_form_for_another_service_is_another_order(alice: User, team: Team) -> None:
    submit(alice, team, FOX, idempotency_key="one")

    with pytest.raises(SubmitRefused, match="sent before with other values"):
        submit(alice, team, FOX, provider="house", idempotency_key="one")


def test_the_call_goes_where_the_job_says(
    alice: User, team: Team, upstream: ScriptedUpstream, settings: Settings
) -> None:
    upstream.script(scripts.images(1))
    elsewhere = replace(settings.PROVIDERS[0], name="elsewhere")
    settings.PROVIDERS = (replace(elsewhere, name="dead", base_url="http://127.0.0.1:9"), elsewhere)
    job = submit(alice, team, FOX, provider="elsewhere")

    run(job.pk)

    job.refresh_from_db()
    assert job.state == State.SUCCEEDED
    assert attempted(Job.objects.filter(pk=job.pk)) == ["elsewhere"]


def test_a_job_for_a_service_that_went_away_fails_unsent(
    alice: User, team: Team, upstream: ScriptedUpstream, settings: Settings
) -> None:
    job = submit(alice, team, FOX)
    settings.PROVIDERS = (replace(settings.PROVIDERS[0], name="another"),)

    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "provider_changed")
    assert upstream.calls == []


@pytest.mark.django_db
def test_the_services_own_list_ends_a_model_earlier(
    upstream: ScriptedUpstream,
) -> None:
    listing = {"data": [{"id": "gpt-image-2", "shutdown_date": "2020-01-01"}, {"id": "other"}]}
    upstream.script(scripts.reply(listing))

    background.ask_all()

    offered = [spec.name for spec in providers.models(providers.default())]
    assert "gpt-image-2" not in offered
    assert "gpt-image-2.5-flare" in offered


@pytest.mark.django_db
def test_a_list_that_cannot_be_read_changes_nothing(upstream: ScriptedUpstream) -> None:
    upstream.script(scripts.reply({"error": {"message": "no"}}, 500))

    background.ask_all()

    assert not ProviderListing.objects.exists()
    assert providers.models(providers.default())


@pytest.mark.usefixtures("day_of_the_table")
def test_d02_the_services_own_list_lets_a_model_live_longer(
    alice: User, team: Team, upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = replace(FOX, model="gpt-image-1.5")
    monkeypatch.setattr(day, "today", lambda: date(2026, 12, 2))
    with pytest.raises(SubmitRefused, match="ended on 1 December 2026"):
        submit(alice, team, old)
    upstream.script(
        scripts.reply({"data": [{"id": "gpt-image-1.5", "shutdown_date": "2027-02-01"}]})
    )

    background.ask_all()

    assert submit(alice, team, old).model == "gpt-image-1.5"
    monkeypatch.setattr(day, "today", lambda: date(2027, 2, 1))
    with pytest.raises(SubmitRefused, match="ended on 1 February 2027"):
        submit(alice, team, old)


def test_d03_a_model_that_came_out_today_is_drawn_with(
    alice: User, team: Team, upstream: ScriptedUpstream
) -> None:
    new = replace(FOX, model="gpt-image-3-comet", quality="max")
    with pytest.raises(SubmitRefused, match="no model gpt-image-3-comet"):
        submit(alice, team, new)
    upstream.script(
        scripts.reply({"data": [{"id": "gpt-image-3-comet", "created": 1_800_000_000}]}),
        scripts.images(1),
    )

    background.ask_all()
    job = submit(alice, team, new)
    run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.cost_microusd) == (State.SUCCEEDED, None)
    assert upstream.calls[-1].json["model"] == "gpt-image-3-comet"
    assert "gpt-image-3-comet" in [spec.name for spec in providers.models(providers.default())]


@pytest.mark.django_db
def test_field_f16_the_log_says_why_a_service_is_not_reached(
    alice: User, team: Team, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.PROVIDERS = (replace(settings.PROVIDERS[0], base_url="http://127.0.0.1:1/v1"),)

    background.ask_all()
    run(submit(alice, team, FOX).pk)

    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "could not be listed: The list of models could not be read: it refused" in said[0]
    assert any("did not reach" in line and "it refused the connection" in line for line in said)
