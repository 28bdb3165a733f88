"""Who tests speak of: alice owns, bob shares her team, carol is a stranger, dana is an admin."""

import hashlib
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import psycopg
import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models.functions import Now
from django.test import Client
from PIL import Image as Pillow
from pytest_django import DjangoDbBlocker, Settings

from imagestudio.accounts.models import Membership, Role, Team, User
from imagestudio.engines.roles import Login, separate
from imagestudio.images_api import day
from imagestudio.images_api.types import ImageRequest
from imagestudio.web.storage import WriteOnceFileStorage
from jobs.models import Image, Job
from jobs.services.pictures import blobs
from jobs.states import FINAL, State
from tests.studio import RunningStudio, running_studio
from tests.upstream import ScriptedUpstream

MODEL = "gpt-image-2.6-flare"


class MakeJob(Protocol):
    def __call__(
        self, owner: User | None = None, state: State = State.QUEUED, images: int = 0, **fields: Any
    ) -> Job: ...


OWNER = Login.of(os.environ.get("STUDIO_TEST_OWNER_URL", ""))
APPLICATION = Login(connection.settings_dict["USER"], connection.settings_dict["PASSWORD"])


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """A database for each worker of a parallel run, made by the role that owns it."""
    act_as(OWNER)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let the tests in as the application is let in, and those that commit empty the tables."""
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            separate(cursor.connection, APPLICATION)
            _allow_emptying(cursor)
        act_as(APPLICATION)
    yield
    act_as(OWNER)


def act_as(login: Login) -> None:
    """Have Django's connections of this process made by another role."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    connection.settings_dict |= {"USER": login.role, "PASSWORD": login.password}


def _allow_emptying(cursor: CursorWrapper) -> None:
    cursor.execute(f"GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO {APPLICATION.role}")
    cursor.execute(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = 'audit_entry'::regclass"
        " AND tgname LIKE '%no_truncate%'"
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f'ALTER TABLE audit_entry DISABLE TRIGGER "{name}"')


@pytest.fixture(scope="session", autouse=True)
def static_root() -> None:
    """WhiteNoise warns when the folder that it serves is not there."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture(autouse=True)
def own_folders(settings: Settings, tmp_path: Path) -> None:
    """Nothing that one test leaves on disk meets another."""
    settings.SPOOL_DIR = tmp_path / "spool"
    settings.MAIL_DIR = settings.EMAIL_FILE_PATH = tmp_path / "mail"
    if isinstance(default_storage, WriteOnceFileStorage):
        settings.STORAGES = settings.STORAGES | {
            "default": settings.STORAGES["default"] | {"OPTIONS": {"location": tmp_path / "blobs"}},
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        }


@pytest.fixture(autouse=True)
def own_cache(settings: Settings) -> None:
    """Nor what it leaves in the cache: limits of one test never count in another."""
    prefix = uuid4().hex
    settings.CACHES = {
        name: cache | {"KEY_PREFIX": prefix + name} for name, cache in settings.CACHES.items()
    }


@pytest.fixture
def day_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of words and of models that end: all others hold on any day."""
    monkeypatch.setattr(day, "today", lambda: date(2026, 11, 29))


@pytest.fixture
def owner(transactional_db: None) -> Iterator[psycopg.Connection]:
    """Somebody with the keys to the database: past the application, and past its triggers."""
    place = connection.get_connection_params()
    with psycopg.connect(
        host=place["host"],
        port=place["port"],
        dbname=place["dbname"],
        user=OWNER.role,
        password=OWNER.password,
        autocommit=True,
    ) as database:
        yield database


@pytest.fixture
def team(db: None) -> Team:
    return Team.objects.create(name="Redwood")


@pytest.fixture
def other_team(db: None) -> Team:
    return Team.objects.create(name="Birch")


@pytest.fixture
def alice(team: Team) -> User:
    return person("alice", team)


@pytest.fixture
def bob(team: Team) -> User:
    return person("bob", team)


@pytest.fixture
def carol(other_team: Team) -> User:
    return person("carol", other_team)


@pytest.fixture
def dana(team: Team) -> User:
    """Admin of alice's team."""
    return person("dana", team, Role.ADMIN)


@pytest.fixture
def vera(team: Team) -> User:
    """Looks, but may not make."""
    return person("vera", team, Role.VIEWER)


@pytest.fixture
def sam(db: None) -> User:
    """The superuser, in no team."""
    user = person("sam", None)
    user.is_superuser = user.is_staff = True
    user.save(update_fields=["is_superuser", "is_staff"])
    return user


def person(name: str, team: Team | None, role: Role = Role.MEMBER) -> User:
    user = User.objects.create_user(f"{name}@redwood.example", None, name=name.title())
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    if team is not None:
        Membership.objects.create(user=user, team=team, role=role)
    return user


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def make_job(alice: User, team: Team) -> MakeJob:
    def make(
        owner: User | None = None, state: State = State.QUEUED, images: int = 0, **fields: Any
    ) -> Job:
        request = ImageRequest(
            model=fields.pop("model", MODEL),
            prompt=fields.pop("prompt", "a red fox in the snow"),
            n=fields.pop("n", max(images, 1)),
            size=fields.pop("size", "1024x1024"),
        )
        job = Job.objects.create(
            **_job_fields(owner or alice, team, request, state) | fields,
        )
        for index in range(images):
            add_image(job, index)
        job.refresh_from_db()
        return job

    return make


def _job_fields(owner: User, team: Team, request: ImageRequest, state: State) -> dict[str, Any]:
    later = Now() + timedelta(hours=1)
    return {
        "owner": owner,
        "team": team,
        "request": request.to_json(),
        "operation": request.operation,
        "model": request.model,
        "prompt": request.prompt,
        "n": request.n,
        "provider": settings.PROVIDERS[0].name,
        "state": state,
        "deadline_at": later,
        "lease_until": later if state is State.RUNNING else None,
        "held_until": later if state is State.HELD else None,
        "finished_at": Now() if state in FINAL else None,
        "fence": 0 if state is State.QUEUED else 1,
        "attempt": 0 if state is State.QUEUED else 1,
    }


def add_image(job: Job, index: int) -> Image:
    content = png(64, 48)
    digest = hashlib.sha256(content).hexdigest()
    key = blobs.image_key(job.pk, job.fence, index, digest, "png")
    default_storage.save(key, ContentFile(content))
    return Image.objects.create(
        job=job,
        index=index,
        key=key,
        sha256=digest,
        format="png",
        width=64,
        height=48,
        byte_count=len(content),
    )


def png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Pillow.new("RGB", (width, height), (200, 80, 40)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def upstream(settings: Settings) -> Iterator[ScriptedUpstream]:
    """A real server that the worker's code calls, with answers that the test decides."""
    with ScriptedUpstream() as server:
        settings.PROVIDERS = (replace(settings.PROVIDERS[0], base_url=server.base_url),)
        yield server


@pytest.fixture(scope="session")
def studio() -> Iterator[RunningStudio]:
    """A whole studio with engines of its own, shared by the tests that only visit it.

    Such tests carry `xdist_group("programs")`, so that one worker of a parallel run has them all.
    """
    # The one that makes its static files for itself, as a first start does.
    with running_studio(STUDIO_SANDBOX_LATENCY_S="0.3", STUDIO_STATIC="") as running:
        yield running
