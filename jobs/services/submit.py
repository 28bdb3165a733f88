"""Accepting a request for pictures: the only way a job comes to be."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from imagestudio.accounts.models import ApiKey, Team, User
from imagestudio.accounts.rights import may_submit
from imagestudio.images_api.capabilities import Problem, ProblemCode
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import Elsewhere, ImageRequest
from imagestudio.web import bell
from jobs.models import Job, JobInput, Upload
from jobs.services.queue import new_job, providers
from jobs.services.queue.publish import ring
from jobs.services.refusals import NotAllowed, SubmitRefused
from jobs.states import InputRole, Source, State, Visibility

MAX_KEY_CHARS = 255
# Longer than between the two clicks of a double click, shorter than between two decisions.
SAME_ORDER_S = 1.0
_REUSED = Problem(
    "idempotency_key",
    "This form was sent before with other values. Send it again as a new request.",
    ProblemCode.KEY_REUSED,
)


@dataclass(frozen=True, slots=True)
class GivenPictures:
    """The pictures that a request takes along, in their order."""

    images: tuple[Upload, ...] = ()
    mask: Upload | None = None
    markup: Upload | None = None
    references: tuple[Elsewhere, ...] = ()

    def into(self, request: ImageRequest) -> ImageRequest:
        """The request with the facts of its pictures, which are judged like its other fields."""
        return replace(
            request,
            inputs=tuple(upload.facts for upload in self.images),
            mask=self.mask.facts if self.mask else None,
            markup=self.markup.facts if self.markup else None,
            references=self.references,
        )

    def all(self) -> tuple[Upload, ...]:
        return (*self.images, *(layer for layer in (self.mask, self.markup) if layer))

    def problems(self) -> Iterator[Problem]:
        """A layer says where on one certain picture; over another it would say something else."""
        for name, layer in (("mask", self.mask), ("markup", self.markup)):
            over_id = layer.over_id if layer else None
            if over_id and self.images and over_id != self.images[0].pk:
                yield Problem(name, f"The {name} was made for another picture. Make it anew.")

    def rows(self, job: Job) -> Iterator[JobInput]:
        for position, upload in enumerate(self.images):
            yield JobInput(job=job, upload=upload, role=InputRole.IMAGE, position=position)
        for role, layer in ((InputRole.MASK, self.mask), (InputRole.MARKUP, self.markup)):
            if layer is not None:
                yield JobInput(job=job, upload=layer, role=role)


NO_INPUTS = GivenPictures()


def submit(
    actor: User,
    team: Team,
    request: ImageRequest,
    inputs: GivenPictures = NO_INPUTS,
    *,
    provider: str = "",  # Empty for the default one.
    visibility: Visibility = Visibility.PRIVATE,
    source: Source = Source.PAGE,
    api_key: ApiKey | None = None,
    idempotency_key: str | None = None,
    form: str = "",
    parent: Job | None = None,
    keeps_outside: bool = True,
    asked: Mapping[str, str] | None = None,
    digest: str = "",
) -> Job:
    """Commit a queued job, then ring for the workers. The same key gives the same job again.

    `form` is what the keys of one form begin with: the same wish from it within a second is one
    order, however often it was pressed. `digest` is of the wish where `request` has other words.

    Raises NotAllowed for those who only look, SubmitRefused with the problems of the request.
    """
    _require_rights(actor, team, inputs)
    service = _service(provider)
    request = inputs.into(request)
    of_job = _digest(team, service, request, f"{visibility} {keeps_outside}")
    digest = digest or of_job
    earlier = _earlier(actor, idempotency_key)
    if earlier is not None and earlier.idempotency_hash in (digest, of_job):
        return earlier  # It was right when it was accepted, whatever the models of today.
    _refuse_problems(request, inputs, service, idempotency_key, earlier)
    if just_ordered := _just_ordered(actor, form, digest):
        return just_ordered
    job = new_job.of_request(
        request,
        service,
        team=team,
        owner=actor,
        idempotency_key=idempotency_key,
        idempotency_hash=digest,
        api_key=api_key,
        visibility=visibility,
        source=source,
        parent=parent,
        keeps_outside=keeps_outside,
        asked=dict(asked) if asked else None,
    )
    return _insert(job, inputs)


def require_right(actor: User, team: Team) -> None:
    """Raises NotAllowed for those who only look."""
    if not may_submit(actor, team):
        raise NotAllowed(f"You can look at {team}'s pictures, but not make any.")


def _require_rights(actor: User, team: Team, inputs: GivenPictures) -> None:
    require_right(actor, team)
    if any(upload.owner_id != actor.pk for upload in inputs.all()):
        raise NotAllowed("A job takes along only your own uploads.")


def _service(name: str) -> Provider:
    found = providers.named(name) if name else providers.default()
    if found is None:
        known = tuple(provider.name for provider in providers.every())
        message = f"There is no service {name[:40]} here. Choose {', '.join(known)}."
        raise SubmitRefused([Problem("provider", message, values=known)])
    return found


def _refuse_problems(
    request: ImageRequest,
    inputs: GivenPictures,
    service: Provider,
    idempotency_key: str | None,
    earlier: Job | None,
) -> None:
    problems = [*providers.problems(request, service), *inputs.problems()]
    if idempotency_key is not None and not 0 < len(idempotency_key) <= MAX_KEY_CHARS:
        message = f"An idempotency key has 1 to {MAX_KEY_CHARS} characters."
        problems = [*problems, Problem("idempotency_key", message)]
    if earlier is not None and not problems:
        problems = [_REUSED]
    if problems:
        raise SubmitRefused(problems)


def _earlier(actor: User, key: str | None) -> Job | None:
    """The job that this key made before; a double click and a second tab are no second order."""
    if key is None:
        return None
    return Job.objects.filter(owner=actor, idempotency_key=key).first()


def _just_ordered(actor: User, form: str, digest: str) -> Job | None:
    """What the same form asked for a moment ago.

    Its answer may come between the clicks of a double click and bring a fresh key. Whoever wants
    another one presses again later, or changes something; and who cancelled meanwhile means it.
    """
    if not form:
        return None
    since = Now() - timedelta(seconds=SAME_ORDER_S)
    # By the time of change there is an index, and none is older than its creation.
    recent = Job.objects.filter(owner=actor, changed_at__gt=since, created_at__gt=since)
    of_it = Q(idempotency_key=form) | Q(idempotency_key__startswith=f"{form}:")
    alike = recent.filter(of_it, idempotency_hash=digest)
    return alike.exclude(state=State.CANCELLED).order_by("-changed_at").first()


def _insert(job: Job, inputs: GivenPictures) -> Job:
    """Keep it, or give the twin that another tab sent at the same moment."""
    job_id, owner = job.pk, job.owner
    with transaction.atomic():
        # Told by no error: the server would write the whole row, with its prompt, into its log.
        Job.objects.bulk_create([job], ignore_conflicts=True)
        try:
            job.refresh_from_db()
        except Job.DoesNotExist:
            return _twin_of(job)
        JobInput.objects.bulk_create(inputs.rows(job))
        transaction.on_commit(lambda: ring(job_id), robust=True)
        transaction.on_commit(lambda: bell.tell(owner.pk, "job"), robust=True)
    return job


def _twin_of(job: Job) -> Job:
    twin = _earlier(job.owner, job.idempotency_key)
    if twin is None:
        raise RuntimeError("A job was not kept, and none with its idempotency key was found.")
    if twin.idempotency_hash != job.idempotency_hash:
        raise SubmitRefused([_REUSED])
    return twin


def _digest(team: Team, service: Provider, request: ImageRequest, more: str) -> str:
    content = json.dumps([str(team.pk), service.name, request.to_json(), more], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
