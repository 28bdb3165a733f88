"""A provider that repeats our key finds no place where it stays."""

from dataclasses import replace

import pytest
from django.core import mail
from pytest_django import Settings

from imagestudio.accounts.models import User
from imagestudio.audit.models import Entry
from jobs.models import Attempt, Job, ProviderTrouble
from jobs.services.queue import circuit_breaker
from jobs.services.run.worker import run
from tests import upstream as scripts
from tests.conftest import MakeJob
from tests.corpus.echoes import OTHERS, OURS
from tests.upstream import ScriptedUpstream


@pytest.fixture(autouse=True)
def keys(settings: Settings, upstream: ScriptedUpstream) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    [provider] = settings.PROVIDERS
    second = replace(provider, name="second", api_key=OTHERS)
    settings.PROVIDERS = (replace(provider, api_key=OURS), second)


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 502])
@pytest.mark.parametrize("key", [OURS, OTHERS])
def test_field_f04_it_keeps_no_key_that_an_error_repeats(
    make_job: MakeJob,
    upstream: ScriptedUpstream,
    sam: User,
    caplog: pytest.LogCaptureFixture,
    status: int,
    key: str,
) -> None:
    job = make_job()
    error = {"message": f"Received API Key = {key}", "type": f"t {key}", "code": key, "param": key}
    upstream.script(scripts.reply({"error": error}, status, {"x-request-id": f"req {key}"}))

    run(job.pk)
    circuit_breaker.tell_admins()

    told = [str(message.body) for message in mail.outbox]
    assert key not in f"{_all_rows()} {told} {caplog.text}"


def test_field_f04_it_keeps_no_key_beside_a_picture(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    job = make_job()
    usage = {**scripts.USAGE, "note": OTHERS}
    upstream.script(scripts.images(revised_prompt=f"a fox for {OURS}", usage=usage))

    run(job.pk)

    assert job.images.exists()
    assert OURS not in _all_rows()
    assert OTHERS not in _all_rows()


def _all_rows() -> str:
    models = (Job, Attempt, ProviderTrouble, Entry)
    return str([list(model._default_manager.values()) for model in models])
