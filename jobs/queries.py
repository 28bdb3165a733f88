"""Who may see what (`visible_to`, `editable_by`), the lists of the pages, and the moves of a job.

A move by a worker or by who took its job over carries a fencing token: an old one changes nothing.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.apps import apps
from django.db import models, transaction
from django.db.models import Count, Exists, F, Func, OuterRef, Q, Sum, Value
from django.db.models.functions import Now

from imagestudio.accounts.models import User
from imagestudio.accounts.rights import teams_made_in, teams_of, teams_overseen_by
from imagestudio.web import bell
from imagestudio.web.statements import statement
from jobs.states import FINAL, NEXT, UNFINISHED, Outcome, State, Visibility

if TYPE_CHECKING:
    from jobs.models import Attempt, Image, Job, UnreadAnswer, Upload  # noqa: F401

CLAIM = statement(__package__, "claim.sql")
OPEN_ATTEMPT = statement(__package__, "open_attempt.sql")

MAX_WORDS = 20

# A job made for an answer to an earlier one gives it back when it comes to nothing.
IN_VAIN = (State.CANCELLED, State.FAILED)

# Bought, or perhaps bought, for an amount that nobody knows.
COST_UNKNOWN = Q(cost_microusd=None) & (Q(state=State.SUCCEEDED) | Q(may_be_billed=True))


class JobQuerySet(models.QuerySet["Job"]):
    # Who may see what

    def visible_to(self, user: User) -> Self:
        """My own jobs in my teams, and what others there show to the team."""
        return self.filter(Q(owner=user) | Q(visibility=Visibility.TEAM), team__in=teams_of(user))

    def editable_by(self, user: User) -> Self:
        return self.filter(owner=user, team__in=teams_made_in(user))

    def overseen_by(self, user: User) -> Self:
        """For numbers and metadata only; pictures need a reason (services.oversee)."""
        return self.filter(team__in=teams_overseen_by(user))

    # Lists

    def for_cards(self) -> Self:
        """With all that a job card shows, in a fixed number of queries."""
        rows = self.select_related("owner", "team")
        rows = rows.annotate(has_unread=Exists(_unread_of_job()))
        return rows.prefetch_related("images", "late_results__taken_as")

    def older_than(self, job_id: UUID | None) -> Self:
        """Newest first, after this job: ids are in order of creation, so an id marks a page."""
        jobs = self.order_by("-id")
        return jobs.filter(id__lt=job_id) if job_id else jobs

    def matching(self, words: str) -> Self:
        """With every one of these words in the prompt, in any order and however they are typed."""
        jobs = self
        for word in words.split()[:MAX_WORDS]:
            jobs = jobs.filter(folded_prompt__contains=_folded(word))
        return jobs

    def unfinished(self) -> Self:
        return self.filter(state__in=UNFINISHED)

    def due(self, redispatch_s: float) -> Self:
        """Queued, due, and not rung for a while: their message may be lost."""
        quiet = Q(dispatched_at=None) | Q(dispatched_at__lt=Now() - timedelta(seconds=redispatch_s))
        return self.filter(quiet, state=State.QUEUED, run_after__lte=Now(), deadline_at__gt=Now())

    def without_thumbnails(self, redispatch_s: float) -> Self:
        quiet = Q(dispatched_at=None) | Q(dispatched_at__lt=Now() - timedelta(seconds=redispatch_s))
        settled = Q(finished_at__lt=Now() - timedelta(seconds=redispatch_s))
        jobs = self.filter(quiet & settled, state=State.SUCCEEDED, thumbs_at=None)
        return jobs.order_by("finished_at")

    def abandoned(self) -> Self:
        return self.filter(state=State.RUNNING, lease_until__lt=Now()).order_by("lease_until")

    def totals(self) -> Mapping[str, int]:
        """Spend in micro-USD over attempts with a known cost, and how many jobs and pictures."""
        jobs = self.order_by()
        return jobs.aggregate(
            jobs=Count("id"),
            failed=Count("id", filter=Q(state=State.FAILED)),
            held=Count("id", filter=Q(state=State.HELD)),
            unknown=Count("id", filter=COST_UNKNOWN),
        ) | {
            "images": jobs.aggregate(total=Count("images"))["total"],
            "cost_microusd": jobs.aggregate(total=Sum("attempts__cost_microusd", default=0))[
                "total"
            ],
        }

    # The machine

    def claim(self, job_id: UUID, lease_s: float) -> "Job | None":
        """Take a queued, due job; None means that there is nothing to do or another was faster.

        One UPDATE, so a message may arrive any number of times.
        """
        claimed = next(iter(self.raw(CLAIM, [lease_s, job_id])), None)
        if claimed is not None:
            _tell_once_seen(job_id, State.RUNNING)
        return claimed

    def move(
        self, job_id: UUID, source: State, target: State, *, fence: int | None, **fields: Any
    ) -> bool:
        """Change the state if the job is still as the caller knew it; False means that it is not.

        The only code that writes `state`, next to `claim`. Only queued jobs need no `fence`."""
        return self._move(job_id, source, target, fence, fields)

    def take_back(
        self, job_id: UUID, source: State, target: State, *, fence: int, **fields: Any
    ) -> bool:
        """`move` by somebody else than the worker: the fence goes up and shuts the worker out."""
        return self._move(job_id, source, target, fence, fields | {"fence": F("fence") + 1})

    def _move(
        self, job_id: UUID, source: State, target: State, fence: int | None, fields: dict[str, Any]
    ) -> bool:
        if target not in NEXT[source]:
            raise ValueError(f"A {source} job never becomes {target}.")
        if fence is None and source is not State.QUEUED:
            raise ValueError(f"Moving a {source} job needs its fence.")
        rows = self.filter(pk=job_id, state=source)
        if fence is not None:
            rows = rows.filter(fence=fence)
        if target in FINAL:
            fields["finished_at"] = Now()
        # Whoever decided an earlier move did not decide this one.
        fields.setdefault("decided_by", None)
        moved = rows.update(state=target, lease_until=None, **fields) == 1
        if moved:
            _tell_once_seen(job_id, target)
        return moved


_JobManager = models.Manager.from_queryset(JobQuerySet)


class JobManager(_JobManager["Job"]):
    def get_queryset(self) -> JobQuerySet:
        """Without the second copy of each prompt, which only the database looks into."""
        return JobQuerySet(self.model, using=self._db).defer("folded_prompt")


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def doubtful(self) -> Self:
        """Calls that may have been carried out and billed, without an answer that says so."""
        return self.filter(outcome__in=[Outcome.SENT, Outcome.UNKNOWN])

    def open(self, job_id: UUID, fence: int) -> "Attempt | None":
        """Note that a call is about to be sent; None means that it must not be."""
        return next(iter(self.raw(OPEN_ATTEMPT, [job_id, fence])), None)


class ImageQuerySet(models.QuerySet["Image"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(
            Q(job__owner=user) | Q(job__visibility=Visibility.TEAM), job__team__in=teams_of(user)
        )

    def overseen_by(self, user: User) -> Self:
        return self.filter(job__team__in=teams_overseen_by(user))

    def with_job(self) -> Self:
        rows = self.select_related("job__owner", "job__team")
        return rows.prefetch_related("job__images", "job__inputs__upload")


class UploadQuerySet(models.QuerySet["Upload"]):
    def usable_by(self, user: User) -> Self:
        """For new jobs: one's own."""
        return self.filter(owner=user)

    def visible_to(self, user: User) -> Self:
        """One's own, and those that went into a job that this person may see."""
        job = "uses__job__"
        shown = Q(**{f"{job}visibility": Visibility.TEAM}) | Q(**{f"{job}owner": user})
        in_my_teams = Q(**{f"{job}team__in": teams_of(user)})
        return self.filter(Q(owner=user) | (shown & in_my_teams)).distinct()


class UnreadAnswerQuerySet(models.QuerySet["UnreadAnswer"]):
    def open(self) -> Self:
        """Bytes, which stay, and addresses that no job has made a picture of or is about to."""
        return self.filter(~Q(key="") | Q(taken_as=None) | Q(taken_as__state__in=IN_VAIN))

    def to_ask(self) -> Self:
        return self.open().exclude(address="")


def _unread_of_job() -> UnreadAnswerQuerySet:
    model = apps.get_model("jobs", "UnreadAnswer")
    return UnreadAnswerQuerySet(model).open().filter(job=OuterRef("pk"))


def _folded(words: str) -> Func:
    return Func(Value(words), function="studio_fold", output_field=models.TextField())


def _tell_once_seen(job_id: UUID, state: State) -> None:
    """Whoever waits for this job, or looks at it, hears of it when others can see it."""
    transaction.on_commit(lambda: bell.tell(job_id, state), robust=True)


def spend_by_member(jobs: JobQuerySet) -> list[dict[str, Any]]:
    """One row a member: jobs, pictures and known spend in micro-USD, highest spend first."""
    by_member = jobs.order_by().values("owner_id")
    rows = (
        jobs.order_by()
        .values("owner_id", "owner__name", "owner__email")
        .annotate(
            jobs=Count("id"),
            failed=Count("id", filter=Q(state=State.FAILED)),
            held=Count("id", filter=Q(state=State.HELD)),
            unknown=Count("id", filter=COST_UNKNOWN),
            unfinished=Count("id", filter=Q(state__in=UNFINISHED)),
        )
    )
    # Each sum on its own: two to-many joins in one query would count rows twice.
    spend = by_member.annotate(total=Sum("attempts__cost_microusd", default=0))
    images = by_member.annotate(total=Count("images"))
    cost_of = {row["owner_id"]: row["total"] for row in spend}
    images_of = {row["owner_id"]: row["total"] for row in images}
    members = [
        row
        | {
            "cost_microusd": cost_of[row["owner_id"]],
            "images": images_of[row["owner_id"]],
        }
        for row in rows
    ]
    return sorted(members, key=lambda row: (-row["cost_microusd"], -row["jobs"]))
