"""Every address against every role. An address without a row fails here.

The job and its picture are alice's and private; bob, vera (viewer) and dana (admin) share her team,
carol is in another, sam is the superuser and in none.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponseBase, StreamingHttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from imagestudio.accounts.models import User
from jobs.models import Event, Job, LateResult, ProviderTrouble, UnreadAnswer, Upload
from jobs.services.programs import keys
from jobs.services.programs.keys import Terms
from jobs.services.uploads import accept
from jobs.states import State
from tests.conftest import MakeJob, png

ROLES = ("nobody", "carol", "vera", "bob", "alice", "dana", "sam")
OPEN = (200,) * 7
GUESTS = (200, 302, 302, 302, 302, 302, 302)
MEMBERS = (302, 200, 200, 200, 200, 200, 200)
OWNER = (302, 404, 404, 404, 200, 404, 404)
OVERSEERS = (302, 404, 404, 404, 404, 200, 200)
POST_ONLY = (302, 405, 405, 405, 405, 405, 405)

ROWS: dict[str, tuple[int, ...]] = {
    "healthz": OPEN,
    "gateway:docs": MEMBERS,
    "gateway:file": (404,) * 7,  # A forged pass.
    "readyz": (503,) * 7,  # No sweeper runs in these tests.
    "account_login": GUESTS,
    "account_logout": (302, 200, 200, 200, 200, 200, 200),
    "account_signup": GUESTS,
    "account_inactive": OPEN,
    "account_reauthenticate": (302, 403, 403, 403, 403, 403, 403),  # No password to ask for here.
    "account_email_verification_sent": OPEN,
    "account_change_password": (302,) * 7,
    "account_set_password": (302, 200, 200, 200, 200, 200, 200),
    "account_reset_password": OPEN,
    "account_reset_password_done": OPEN,
    "account_reset_password_from_key": OPEN,
    "account_reset_password_from_key_done": OPEN,
    "accounts_switch_team": POST_ONLY,
    "jobs:studio": MEMBERS,
    "jobs:composer": POST_ONLY,
    "jobs:preset_apply": POST_ONLY,
    "jobs:preset_save": POST_ONLY,
    "jobs:preset_remove": POST_ONLY,
    "jobs:submit": POST_ONLY,
    "jobs:updates": MEMBERS,
    "jobs:job": OWNER,
    "jobs:cancel": POST_ONLY,
    "jobs:close": POST_ONLY,
    "jobs:retry": POST_ONLY,
    "jobs:visibility": POST_ONLY,
    "jobs:refill": POST_ONLY,
    "jobs:take_late": POST_ONLY,
    "jobs:dismiss_late": POST_ONLY,
    "jobs:fetch_again": POST_ONLY,
    "jobs:unread_file": OWNER,
    "jobs:preview": (302, 404, 404, 404, 404, 404, 404),  # Nothing is being made here.
    "jobs:upload": POST_ONLY,
    "jobs:upload_file": OWNER,
    "jobs:use_image": POST_ONLY,
    "jobs:image": OWNER,
    "jobs:image_file": OWNER,
    "jobs:history": MEMBERS,
    "jobs:keys": MEMBERS,
    "jobs:key_create": POST_ONLY,
    "jobs:key": (302, 404, 404, 404, 200, 200, 200),
    "jobs:key_rotate": POST_ONLY,
    "jobs:key_revoke": POST_ONLY,
    "jobs:key_webhook": POST_ONLY,
    "jobs:team": MEMBERS,
    "jobs:oversight": OVERSEERS,
    "jobs:resume_provider": POST_ONLY,
    "jobs:reveal": OVERSEERS,
    "jobs:revealed_file": (302, 404, 404, 404, 404, 404, 404),
}
# On alice's private job nobody else may do a thing; 404 says nothing of its being there.
POSTS_ON_HER_JOB = ("jobs:cancel", "jobs:close", "jobs:retry", "jobs:refill", "jobs:visibility")


def patterns(
    resolver: URLResolver | None = None, prefix: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{prefix}{entry.namespace}:" if entry.namespace else prefix
            yield from patterns(entry, inner)
        elif entry.name:
            yield f"{prefix}{entry.name}", entry


NAMES = sorted({name for name, _ in patterns() if not name.startswith("admin:")})


@pytest.fixture
def job(make_job: MakeJob, alice: User) -> Job:
    return make_job(alice, State.SUCCEEDED, images=1)


@pytest.fixture
def client_as(
    request: pytest.FixtureRequest, client_of: Callable[[User], Client]
) -> Callable[[str], Client]:
    def sign_in(role: str) -> Client:
        return Client() if role == "nobody" else client_of(request.getfixturevalue(role))

    return sign_in


def address(name: str, job: Job) -> str:
    values = {
        "upload_id": upload_of(job.owner).pk,
        "number": 1,
        "token": "forged",
        "key_id": keys.create(job.owner, job.team, Terms(name="x")).key.pk,
        "name": "sandbox",
        "unread_id": unread_of(job).pk,
        "late_id": LateResult.objects.get_or_create(job=job, fence=1)[0].pk,
        "job_id": job.pk,
        "image_id": job.images.get().pk,
        "variant": "original",
        "pass_token": "forged",
        "uidb36": "1",
        "key": "forged",
    }
    wanted = next(entry for each, entry in patterns() if each == name).pattern.regex.groupindex
    return reverse(name, kwargs={key: values[key] for key in wanted})


def unread_of(job: Job) -> UnreadAnswer:
    """Something that came for her and was no picture."""
    content = b"no picture"
    key = f"unread/{job.pk}/1/raw"
    if not default_storage.exists(key):
        default_storage.save(key, ContentFile(content))
    digest = sha256(content).hexdigest()
    fields = {"key": key, "sha256": digest, "byte_count": len(content)}
    return UnreadAnswer.objects.get_or_create(job=job, fence=1, name="raw", defaults=fields)[0]


def upload_of(owner: User) -> Upload:
    upload = Upload.objects.filter(owner=owner).first()
    return upload or accept(owner, SimpleUploadedFile("fox.png", png(8, 8)))


def drain(response: HttpResponseBase) -> None:
    """Read a stream to its end, so that its file is closed."""
    if isinstance(response, StreamingHttpResponse):
        response.getvalue()


def test_every_address_has_a_row() -> None:
    assert set(NAMES) == set(ROWS)


@pytest.mark.parametrize(("name", "role"), [(name, role) for name in NAMES for role in ROLES])
def test_reading(name: str, role: str, job: Job, client_as: Callable[[str], Client]) -> None:
    response = client_as(role).get(address(name, job))

    drain(response)
    assert response.status_code == ROWS[name][ROLES.index(role)]


@pytest.mark.parametrize("name", POSTS_ON_HER_JOB)
@pytest.mark.parametrize("role", [role for role in ROLES if role != "alice"])
@pytest.mark.parametrize("state", [State.QUEUED, State.HELD])
def test_deciding_for_her(
    name: str, role: str, state: State, make_job: MakeJob, client_as: Callable[[str], Client]
) -> None:
    job = make_job(state=state)
    url = reverse(name, args=[job.pk])

    response = client_as(role).post(url, {"visibility": "team"})

    assert response.status_code == (302 if role == "nobody" else 404)
    job.refresh_from_db()
    assert (job.state, job.visibility) == (state, "private")


@pytest.mark.parametrize("name", ["jobs:take_late", "jobs:dismiss_late"])
@pytest.mark.parametrize("role", [role for role in ROLES if role != "alice"])
def test_deciding_about_what_came_late_for_her(
    name: str, role: str, job: Job, client_as: Callable[[str], Client]
) -> None:
    response = client_as(role).post(address(name, job))

    assert response.status_code == (302 if role == "nobody" else 404)
    assert LateResult.objects.get(job=job).is_open


@pytest.mark.parametrize("role", [role for role in ROLES if role != "alice"])
def test_fetching_what_her_answer_named(
    role: str, job: Job, client_as: Callable[[str], Client]
) -> None:
    UnreadAnswer.objects.create(job=job, fence=1, name="url-0.address", address="https://x/a.png")

    response = client_as(role).post(address("jobs:fetch_again", job))

    assert response.status_code == (302 if role == "nobody" else 404)
    assert not Job.objects.filter(parent=job).exists()


@pytest.mark.parametrize("role", ROLES)
def test_calling_a_closed_service_again(
    role: str, db: None, client_as: Callable[[str], Client]
) -> None:
    later = timezone.now() + timedelta(hours=1)
    ProviderTrouble.objects.create(
        provider="openai", kind="account", until=later, since=timezone.now()
    )

    client_as(role).post("/oversight/services/openai/resume/")

    is_open = ProviderTrouble.objects.filter(until=None).exists()
    assert is_open == (role == "sam")


@pytest.mark.parametrize("role", ["carol", "bob", "vera", "dana", "sam"])
def test_using_her_picture(role: str, job: Job, client_as: Callable[[str], Client]) -> None:
    response = client_as(role).post(address("jobs:use_image", job))

    assert response.status_code == (403 if role in ("vera", "sam") else 404)


@pytest.mark.parametrize("role", ["vera", "sam"])
def test_uploading_where_one_only_looks(role: str, client_as: Callable[[str], Client]) -> None:
    response = client_as(role).post("/uploads/", {"file": SimpleUploadedFile("a.png", png(8, 8))})

    assert response.status_code == 403
    assert not Upload.objects.exists()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("method", ["put", "patch", "delete", "get", "head", "options"])
def test_no_method_but_post_changes_a_job(
    name: str, method: str, job: Job, client_as: Callable[[str], Client]
) -> None:
    before = Job.objects.filter(pk=job.pk).values().get(), Event.objects.count()

    drain(getattr(client_as("alice"), method)(address(name, job)))

    assert (Job.objects.filter(pk=job.pk).values().get(), Event.objects.count()) == before


@pytest.mark.parametrize("role", ROLES)
def test_the_stock_admin_opens_to_staff_alone(
    role: str, db: None, client_as: Callable[[str], Client]
) -> None:
    response = client_as(role).get("/admin/")

    assert response.status_code == (200 if role == "sam" else 302)
