"""The oversight page's numbers and rows, as words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from imagestudio.accounts.models import User
from imagestudio.web.zones import unknown_zone_words
from jobs.models import Image, Job
from jobs.pages import facts, words
from jobs.pages.badges import BadgeView, badge
from jobs.pages.facts import Fact, figure_of_spend
from jobs.pages.pictures import alt_text
from jobs.queries import JobQuerySet, spend_by_member
from jobs.states import Visibility

PAGE_JOBS = 30
HIDDEN = "Private"


@dataclass(frozen=True, slots=True)
class MemberView:
    name: str
    email: str
    jobs: str
    pictures: str
    spend: Fact
    failed: str
    open: str


@dataclass(frozen=True, slots=True)
class PictureLink:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class RowView:
    member: str
    team: str
    prompt: str
    is_hidden: bool
    url: str
    badge: BadgeView
    model: str
    cost: str
    created_at: datetime
    picture_count: str
    pictures: tuple[PictureLink, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    is_month: bool
    period: str
    totals: tuple[Fact, ...]
    members: tuple[MemberView, ...]
    rows: tuple[RowView, ...]
    older_url: str


@dataclass(frozen=True, slots=True)
class Revealed:
    src: str
    alt: str
    width: int
    height: int
    prompt: str
    facts: tuple[Fact, ...]


def overview(jobs: JobQuerySet, viewer: User, *, is_month: bool, before: UUID | None) -> Overview:
    counted = jobs.filter(created_at__gte=_start_of_month()) if is_month else jobs
    found = list(counted.older_than(before).for_cards()[: PAGE_JOBS + 1])
    mine = set(viewer.teams.values_list("pk", flat=True))
    rows = tuple(_row(job, viewer, mine) for job in found[:PAGE_JOBS])
    return Overview(
        is_month=is_month,
        period=f"{timezone.localdate():%B %Y}{unknown_zone_words()}" if is_month else "All time",
        totals=_totals(counted.totals()),
        members=tuple(_member(row) for row in spend_by_member(counted)),
        rows=rows,
        older_url=_older(found, is_month) if len(found) > PAGE_JOBS else "",
    )


def revealed(image: Image, src: str) -> Revealed:
    """Without `src` only what an admin may know anyway."""
    job = image.job
    facts = (
        Fact("Made by", job.owner.display_name),
        Fact("Team", str(job.team)),
        Fact("Model", words.model_name(job.model)),
        Fact("Size", words.size(f"{image.width}x{image.height}")),
        Fact("Cost", words.money(job.cost_microusd)),
    )
    return Revealed(
        src=src,
        alt=alt_text(job, image.index) if src else "",
        width=image.width,
        height=image.height,
        prompt=job.prompt if src else "",
        facts=facts,
    )


def _start_of_month() -> datetime:
    return timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _totals(numbers: Any) -> tuple[Fact, ...]:
    return (
        figure_of_spend("Spend", numbers),
        Fact("Pictures", f"{numbers['images']:,}"),
        Fact("Jobs", f"{numbers['jobs']:,}"),
        Fact("Failed", f"{numbers['failed']:,}"),
        Fact("Outcome unknown", f"{numbers['held']:,}"),
    )


def _member(row: dict[str, Any]) -> MemberView:
    return MemberView(
        name=row["owner__name"] or row["owner__email"].partition("@")[0],
        email=row["owner__email"],
        jobs=f"{row['jobs']:,}",
        pictures=f"{row['images']:,}",
        spend=figure_of_spend("Spend", row),
        failed=f"{row['failed']:,}",
        open=f"{row['unfinished']:,}",
    )


def _row(job: Job, viewer: User, mine: set[UUID]) -> RowView:
    is_seen = job.owner_id == viewer.pk or job.visibility == Visibility.TEAM
    may_open = is_seen and job.team_id in mine
    return RowView(
        member=job.owner.display_name,
        team=str(job.team),
        prompt=words.shorten(words.title(job.prompt, job.operation), 120) if may_open else HIDDEN,
        is_hidden=not may_open,
        url=reverse("jobs:job", args=[job.pk]) if may_open else "",
        badge=badge(job),
        model=words.model_name(job.model),
        cost=facts.cost(job),
        picture_count=str(len(job.images.all()) or words.NOTHING),
        created_at=job.created_at,
        pictures=() if may_open else _reveal_links(job),
    )


def _reveal_links(job: Job) -> tuple[PictureLink, ...]:
    return tuple(
        PictureLink(str(image.index + 1), reverse("jobs:reveal", args=[image.pk]))
        for image in job.images.all()
    )


def _older(found: list[Job], is_month: bool) -> str:
    period = "" if is_month else "&period=all"
    return f"{reverse('jobs:oversight')}?before={found[PAGE_JOBS - 1].pk}{period}"
