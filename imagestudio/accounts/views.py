from django.http import Http404, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from imagestudio.accounts.http import StudioRequest
from imagestudio.accounts.middleware import SESSION_KEY
from imagestudio.web.hosts import leads_back


@require_POST
def switch_team(request: StudioRequest) -> HttpResponseRedirect:
    """Remember another of my teams as the one this session works in."""
    wanted = request.POST.get("team", "")
    if wanted not in {str(team.pk) for team in request.teams}:
        raise Http404
    request.session[SESSION_KEY] = wanted
    target = request.POST.get("next", "/")
    return redirect(target if leads_back(request, target) else "/")
