"""Walls of pictures: my own, and what my team shows."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from imagestudio.accounts.http import StudioRequest
from imagestudio.images_api.capabilities import MODELS
from jobs.models import Job
from jobs.pages import words
from jobs.pages.http import page, wants_fragment
from jobs.pages.library.gallery import Filters, gallery
from jobs.queries import JobQuerySet
from jobs.states import State, Visibility


@require_safe
def history(request: StudioRequest) -> HttpResponse:
    """All that I made, in any of my teams."""
    jobs = Job.objects.visible_to(request.user).filter(owner=request.user)
    return _wall(request, jobs, heading="History", is_team=False)


@require_safe
def team(request: StudioRequest) -> HttpResponse:
    """What the members of my current team show to it."""
    jobs = Job.objects.visible_to(request.user)
    jobs = jobs.filter(team=request.team, visibility=Visibility.TEAM)
    return _wall(request, jobs, heading="Team", is_team=True)


def _wall(
    request: StudioRequest, jobs: JobQuerySet, *, heading: str, is_team: bool
) -> HttpResponse:
    filters = Filters.read(request.GET)
    wall = gallery(jobs, filters, request.path, show_team=not is_team)
    context = {"gallery": wall, "filters": filters, "is_team": is_team, "heading": heading}
    if wants_fragment(request):
        return page(request, "jobs/_wall.html", context)
    context |= {
        "models": list(MODELS.values()),
        "states": [(state.value, words.STATE_WORDS[state]) for state in State],
    }
    return page(request, "jobs/history.html", context)
