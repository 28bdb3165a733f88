"""What came of a paid answer and is no picture: kept for its owner, and asked for again."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from pytest_django import Settings

from imagestudio.accounts.models import User
from imagestudio.web.storage import StorageAway
from jobs.models import Job, UnreadAnswer
from jobs.services import late
from jobs.services.pictures import blobs
from jobs.services.recover.sweep import sweep
from jobs.services.run import spool
from jobs.services.run.spool import SpoolEntry
from jobs.services.run.worker import run
from jobs.states import State
from tests import upstream as scripts
from tests.conftest import MakeJob
from tests.corpus.deliveries import ZSTD, Delivery, coded
from tests.corpus.spellings import DELIVERIES
from tests.upstream import ScriptedUpstream, html, png_bytes, raw, reply

BROKEN = {"data": [{"b64_json": "<no picture>"}]}


@pytest.fixture
def store(settings: Settings, upstream: ScriptedUpstream) -> Iterator[ScriptedUpstream]:
    """Where the pictures lie that the provider only names."""
    with ScriptedUpstream() as store:
        [provider] = settings.PROVIDERS
        settings.PROVIDERS = (replace(provider, url_hosts=(f"127.0.0.1:{store.port}",)),)
        yield store


def named(store: ScriptedUpstream, count: int = 1) -> scripts.Behaviour:
    urls = [f"http://127.0.0.1:{store.port}/{number}.png?sig=s3cret" for number in range(count)]
    return reply({"created": 1, "data": [{"url": url} for url in urls]})


def kept_bytes(job: Job) -> list[bytes]:
    pieces = UnreadAnswer.objects.filter(job=job).exclude(key="")
    return [stored(piece.key) for piece in pieces]


def stored(key: str) -> bytes:
    with default_storage.open(key) as file:
        content: bytes = file.read()
    return content


def done(job: Job) -> Job:
    run(job.pk)
    job.refresh_from_db()
    return job


@pytest.mark.parametrize("delivery", [d for d in DELIVERIES if d.kept], ids=lambda row: row.name)
def test_field_f05_it_keeps_for_its_owner_what_could_not_be_read(
    make_job: MakeJob, upstream: ScriptedUpstream, delivery: Delivery
) -> None:
    job = make_job()
    upstream.script(delivery.behaviour)

    done(job)

    assert any(content.startswith(delivery.kept) for content in kept_bytes(job))


@pytest.mark.parametrize("delivery", [d for d in DELIVERIES if not d.error], ids=lambda r: r.name)
def test_field_f05_it_shows_the_picture_and_keeps_nothing_beside(
    make_job: MakeJob, upstream: ScriptedUpstream, delivery: Delivery
) -> None:
    job = make_job(n=delivery.n)
    upstream.script(delivery.behaviour)

    done(job)

    attempt = job.attempts.get()
    assert attempt.error_code == ""
    assert not UnreadAnswer.objects.exists()


def test_field_f05_its_owner_downloads_it_and_nobody_else(
    make_job: MakeJob,
    upstream: ScriptedUpstream,
    alice: User,
    dana: User,
    client_of: Callable[[User], Client],
) -> None:
    job = make_job(visibility="team")
    upstream.script(raw(coded("zstd", ZSTD)))
    done(job)
    url = f"/jobs/{job.pk}/unread/{UnreadAnswer.objects.get().pk}"

    page = client_of(alice).get(f"/jobs/{job.pk}/").content.decode()
    answer = client_of(alice).get(url)

    assert url in page
    assert b"".join(answer) == ZSTD
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"
    assert client_of(dana).get(url).status_code == 404
    assert url not in client_of(dana).get(f"/jobs/{job.pk}/").content.decode()


def test_field_f05_it_keeps_a_bad_picture_beside_a_good_one(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    job = make_job(n=2)
    good = scripts.images_answer()["data"]
    upstream.script(reply({"data": [*good, *BROKEN["data"]]}))

    done(job)

    assert (job.state, job.images.count()) == (State.SUCCEEDED, 1)
    assert kept_bytes(job) == [b"<no picture>"]


def test_field_f05_what_is_kept_outlives_the_spool(
    make_job: MakeJob, upstream: ScriptedUpstream
) -> None:
    job = make_job()
    upstream.script(reply(BROKEN))
    done(job)

    SpoolEntry(job.pk, job.fence).discard()

    assert kept_bytes(job) == [b"<no picture>"]


def test_field_f05_the_sweeper_keeps_what_a_dead_worker_left(
    make_job: MakeJob, settings: Settings
) -> None:
    job = make_job(state=State.HELD)
    folder = SpoolEntry(job.pk, job.fence).prepare()
    (folder / "0.part").write_bytes(b"\x89PNG half")
    sweep()
    too_early = UnreadAnswer.objects.count()
    settings.CALL_DEADLINE_S = 0

    sweep()

    assert too_early == 0  # Its worker may only have lost its lease, and be at work still.
    assert kept_bytes(job) == [b"\x89PNG half"]


def test_field_f05_storage_that_is_away_loses_nothing(
    make_job: MakeJob,
    upstream: ScriptedUpstream,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*_: object) -> None:
        raise StorageAway("away")

    job = make_job()
    upstream.script(reply(BROKEN))
    with monkeypatch.context() as patch:
        patch.setattr(blobs, "put", away)
        done(job)
    settings.CALL_DEADLINE_S = 0

    sweep()

    assert job.state == State.FAILED
    assert kept_bytes(job) == [b"<no picture>"]


def test_field_f05_an_address_is_fetched_later_by_a_click(
    make_job: MakeJob,
    upstream: ScriptedUpstream,
    store: ScriptedUpstream,
    alice: User,
    client_of: Callable[[User], Client],
) -> None:
    job = make_job()
    upstream.script(named(store))
    store.script(html(410), reply(png_bytes()))
    done(job)

    client_of(alice).post(f"/jobs/{job.pk}/fetch/")
    again = done(Job.objects.get(parent=job))

    assert (job.state, job.may_be_billed) == (State.FAILED, True)
    assert (again.state, again.cost_microusd) == (State.SUCCEEDED, 0)
    assert stored(again.images.get().key) == png_bytes()
    assert len(upstream.calls) == 1
    assert not UnreadAnswer.objects.to_ask().exists()
    assert list(spool.entries()) == []


def test_field_f05_an_address_that_gives_nothing_can_be_asked_again(
    make_job: MakeJob, upstream: ScriptedUpstream, store: ScriptedUpstream, alice: User
) -> None:
    job = make_job()
    upstream.script(named(store))
    store.script(html(410), html(410), reply(png_bytes()))
    done(job)
    first = late.fetch_again(alice, job)
    assert first is not None
    done(first)

    second = late.fetch_again(alice, job)

    assert (first.state, first.error_code) == (State.FAILED, "not_fetched")
    assert "Nothing" in first.told
    assert second is not None
    assert done(second).state == State.SUCCEEDED


def test_field_f05_two_clicks_fetch_once(
    make_job: MakeJob, upstream: ScriptedUpstream, store: ScriptedUpstream, alice: User
) -> None:
    job = make_job()
    upstream.script(named(store))
    store.script(html(410))
    done(job)

    jobs = [late.fetch_again(alice, job) for _ in range(2)]

    assert jobs[0] == jobs[1]
    assert Job.objects.filter(parent=job).count() == 1


def test_field_f05_only_what_is_missing_is_fetched(
    make_job: MakeJob, upstream: ScriptedUpstream, store: ScriptedUpstream, alice: User
) -> None:
    job = make_job(n=2)
    upstream.script(named(store, 2))
    store.script(reply(png_bytes()), html(410), reply(png_bytes()))
    done(job)

    again = late.fetch_again(alice, job)

    assert job.images.count() == 1
    assert again is not None
    assert (again.n, done(again).images.count()) == (1, 1)
    assert [call.path.partition("?")[0] for call in store.calls] == ["/0.png", "/1.png", "/1.png"]


def test_field_f05_nobody_else_fetches_it(
    make_job: MakeJob, upstream: ScriptedUpstream, store: ScriptedUpstream, bob: User
) -> None:
    job = make_job(visibility="team")
    upstream.script(named(store))
    store.script(html(410))
    done(job)

    assert late.fetch_again(bob, job) is None


def test_field_f04_what_is_kept_shows_no_key(
    make_job: MakeJob, upstream: ScriptedUpstream, settings: Settings
) -> None:
    key = "k3y-that-no-pattern-knows"
    settings.PROVIDERS = (replace(settings.PROVIDERS[0], api_key=key),)
    job = make_job()
    upstream.script(reply(json.dumps({"data": [], "note": f"for {key}"})))

    done(job)

    assert key not in str(kept_bytes(job))
    assert b"for [hidden]" in kept_bytes(job)[0]
