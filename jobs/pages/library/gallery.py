"""A page of history as a wall of pictures, by day, with a mark for where the next page begins."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Self
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from imagestudio.images_api.capabilities import MODELS
from imagestudio.web.zones import unknown_zone_words
from jobs.models import Job
from jobs.pages import words
from jobs.pages.badges import BadgeView, badge
from jobs.pages.http import as_uuid
from jobs.pages.pictures import PictureView, picture, ratio_name, shape
from jobs.queries import JobQuerySet
from jobs.states import State, Visibility

PAGE_JOBS = 30
# As far back as one page reaches when somebody comes back to it.
MAX_PAGES = 10
SHOWN_WIDTH = "(width >= 40rem) 20rem, 46vw"


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; unknown words count as not asked."""

    query: str = ""
    state: str = ""
    model: str = ""
    before: UUID | None = None
    through: UUID | None = None  # The last job that was on the page when it was left.

    @classmethod
    def read(cls, data: QueryDict) -> Self:
        state, model = data.get("state", ""), data.get("model", "")
        return cls(
            query=data.get("q", "").replace("\0", "").strip()[:200],
            state=state if state in set(State) else "",
            model=model if model in MODELS else "",
            before=as_uuid(data.get("before", "")),
            through=as_uuid(data.get("through", "")),
        )

    @property
    def is_active(self) -> bool:
        return bool(self.query or self.state or self.model)

    def apply(self, jobs: JobQuerySet) -> JobQuerySet:
        if self.query:
            jobs = jobs.matching(self.query)
        if self.state:
            jobs = jobs.filter(state=self.state)
        if self.model:
            jobs = jobs.filter(model=self.model)
        return jobs.older_than(self.before)

    def address(self, path: str, **changes: str) -> str:
        """The same filters with some changed; an empty value leaves one out."""
        now = {"q": self.query, "state": self.state, "model": self.model} | changes
        query = urlencode({name: value for name, value in now.items() if value})
        return f"{path}?{query}" if query else path


@dataclass(frozen=True, slots=True)
class TileView:
    url: str
    ratio: str
    caption: str
    author: str
    is_team: bool
    picture: PictureView | None = None
    badge: BadgeView | None = None


@dataclass(frozen=True, slots=True)
class DayView:
    heading: str  # Empty when the page before ended within the same day.
    tiles: tuple[TileView, ...]


@dataclass(frozen=True, slots=True)
class ChipView:
    label: str
    without_url: str


@dataclass(frozen=True, slots=True)
class GalleryView:
    days: tuple[DayView, ...]
    older_url: str
    # The address that brings the wall back as far as this page.
    here_url: str
    # Where the newest is, when this page begins later.
    newest_url: str
    chips: tuple[ChipView, ...]


def gallery(jobs: JobQuerySet, filters: Filters, path: str, *, show_team: bool) -> GalleryView:
    """`show_team`: mark which pictures the team sees; on the team's page all are."""
    page, has_more, is_cut = _page(filters.apply(jobs).for_cards(), filters.through)
    last = str(page[-1].pk) if page else ""
    return GalleryView(
        days=_days(page, filters.before, show_team),
        older_url=filters.address(path, before=last) if has_more else "",
        here_url=filters.address(path, through=last),
        newest_url=filters.address(path) if is_cut or filters.before else "",
        chips=chips(filters, path),
    )


def _page(jobs: JobQuerySet, through: UUID | None) -> tuple[list[Job], bool, bool]:
    """The jobs, whether older ones follow, and whether newer ones had to be left out."""
    if through is None:
        found = list(jobs[: PAGE_JOBS + 1])
        return found[:PAGE_JOBS], len(found) > PAGE_JOBS, False
    most = MAX_PAGES * PAGE_JOBS
    kept = list(jobs.filter(id__gte=through).order_by("id")[: most + 1])[::-1]
    has_more = jobs.filter(id__lt=through).exists()
    return kept[-most:], has_more, len(kept) > most


def chips(filters: Filters, path: str) -> tuple[ChipView, ...]:
    """What is filtered by, each with the address that drops it."""
    words_of = {
        "q": f"“{filters.query}”" if filters.query else "",
        "state": words.STATE_WORDS[State(filters.state)] if filters.state else "",
        "model": words.model_name(filters.model) if filters.model else "",
    }
    return tuple(
        ChipView(label, filters.address(path, **{name: ""}))
        for name, label in words_of.items()
        if label
    )


def tiles(job: Job, *, show_team: bool) -> list[TileView]:
    """One tile a picture; a job without pictures is one tile that says how it stands."""
    shared = show_team and job.visibility == Visibility.TEAM
    caption = words.shorten(words.title(job.prompt, job.operation), 160)
    author = "" if show_team else job.owner.display_name
    pictures = [picture(image, job, SHOWN_WIDTH) for image in job.images.all()]
    if pictures:
        return [
            TileView(p.url, ratio_name(p.width, p.height), caption, author, shared, p)
            for p in pictures
        ]
    return [
        TileView(
            url=reverse("jobs:job", args=[job.pk]),
            ratio=ratio_name(*shape(job)),
            caption=caption,
            author=author,
            is_team=shared,
            badge=badge(job),
        )
    ]


def _days(page: list[Job], before: UUID | None, show_team: bool) -> tuple[DayView, ...]:
    seen = _day_of_id(before) if before else None
    by_day: dict[date, list[TileView]] = {}
    for job in page:
        day = timezone.localtime(job.created_at).date()
        by_day.setdefault(day, []).extend(tiles(job, show_team=show_team))
    return tuple(
        DayView("" if day == seen else _day_words(day), tuple(found))
        for day, found in by_day.items()
    )


def _day_words(day: date) -> str:
    return _day_name(day, timezone.localdate()) + unknown_zone_words()


def _day_name(day: date, today: date) -> str:
    days_ago = (today - day).days
    if days_ago in (0, 1):
        return ("Today", "Yesterday")[days_ago]
    year = "" if day.year == today.year else f" {day.year}"
    return f"{day:%A}, {day.day} {day:%B}{year}"


def _day_of_id(job_id: UUID) -> date | None:
    """A UUIDv7 begins with its time of creation in milliseconds."""
    seconds = (job_id.int >> 80) / 1000
    try:
        return datetime.fromtimestamp(seconds, tz=timezone.get_current_timezone()).date()
    except (ValueError, OverflowError, OSError):
        return None  # Made up by somebody, from a year that no calendar has.
