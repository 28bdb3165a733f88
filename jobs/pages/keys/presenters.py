"""API keys as their pages show them, and the form that makes one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone

from imagestudio.accounts.models import ApiKey, Scope
from imagestudio.images_api.capabilities import DEFAULT_MODEL, Problem
from jobs.models import Job
from jobs.pages.facts import Fact, figure_of_spend
from jobs.services.programs.keys import Terms

LIFETIMES = {
    "30": "30 days",
    "90": "90 days",
    "365": "One year",
    "": "Until it is revoked",
}
OVERLAPS = {
    "24": "24 hours",
    "168": "7 days",
    "1": "1 hour",
    "0": "End it at once",
}
SCOPE_WORDS = {
    Scope.GENERATE: ("Make pictures", "from prompts, and cancel jobs"),
    Scope.EDIT: ("Edit pictures", "and make variations of them"),
    Scope.READ: ("Read", "models, jobs and the history"),
}
YOUR_KEY = "YOUR_STUDIO_KEY"


@dataclass(frozen=True, slots=True)
class KeyView:
    name: str
    hint: str
    url: str
    owner: str
    is_service: bool
    status: str
    is_alive: bool
    scopes: str
    last_used_at: datetime | None
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class ScopeChoice:
    value: str
    label: str
    hint: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Snippet:
    """A program of a few lines that makes a picture with this studio."""

    name: str
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class KeyForm:
    """The form of a new key as it was filled in."""

    name: str = ""
    scopes: tuple[str, ...] = tuple(Scope)
    lifetime: str = "90"
    networks: str = ""
    requests_per_minute: str = ""
    is_for_team: bool = False
    problems: tuple[Problem, ...] = ()

    @classmethod
    def read(cls, data: QueryDict) -> Self:
        return cls(
            name=data.get("name", "").replace("\0", "")[:200],
            scopes=tuple(data.getlist("scopes")),
            lifetime=data.get("lifetime", ""),
            networks=data.get("networks", "")[:2000],
            requests_per_minute=data.get("requests_per_minute", "").strip()[:12],
            is_for_team=data.get("owner") == "team",
        )

    @property
    def terms(self) -> Terms:
        days, limit = self.lifetime, self.requests_per_minute
        return Terms(
            name=self.name,
            scopes=tuple(scope for scope in Scope if scope.value in self.scopes),
            networks=tuple(self.networks.replace(",", " ").split()),
            requests_per_minute=(int(limit) if _is_number(limit) else 0) if limit else None,
            lifetime=timedelta(days=int(days)) if days in LIFETIMES and days else None,
        )

    @property
    def errors(self) -> dict[str, str]:
        """The first problem of each field."""
        return {problem.param: problem.message for problem in reversed(self.problems)}

    def scope_choices(self, *, may_make: bool) -> tuple[ScopeChoice, ...]:
        """What the key's maker could do: nobody gives away what they have not."""
        return tuple(
            ScopeChoice(scope.value, *SCOPE_WORDS[scope], scope.value in self.scopes)
            for scope in Scope
            if may_make or scope is Scope.READ
        )


def key_view(key: ApiKey, *, is_abandoned: bool = False) -> KeyView:
    """A key is abandoned when its owner left the team after it was made."""
    status, is_alive = _status(key, is_abandoned=is_abandoned)
    return KeyView(
        name=key.name,
        hint=key.hint,
        url=reverse("jobs:key", args=[key.pk]),
        owner=f"{key.team} (service account)" if key.owner.is_service else key.owner.display_name,
        is_service=key.owner.is_service,
        status=status,
        is_alive=is_alive,
        scopes=", ".join(SCOPE_WORDS[Scope(scope)][0].lower() for scope in key.scopes),
        last_used_at=key.last_used_at,
        created_at=key.created_at,
        expires_at=key.expires_at,
    )


def figures(key: ApiKey) -> tuple[Fact, ...]:
    """What the key made and spent since it was there."""
    numbers = Job.objects.filter(api_key=key).totals()
    return (
        Fact("Pictures", f"{numbers['images']:,}"),
        Fact("Jobs", f"{numbers['jobs']:,}"),
        Fact("Failed", f"{numbers['failed']:,}"),
        figure_of_spend("Spent", numbers),
    )


def base_url(request: HttpRequest) -> str:
    origin = settings.ORIGIN or f"{request.scheme}://{request.get_host()}"
    return f"{origin}/v1"


def snippets(request: HttpRequest, secret: str = YOUR_KEY) -> tuple[Snippet, ...]:
    """The examples of the provider's own reference, with this studio's address and key."""
    values = {"URL": base_url(request), "KEY": secret, "MODEL": DEFAULT_MODEL}
    return tuple(
        Snippet(name, name.lower().partition(".")[0], _filled(text, values))
        for name, text in (("curl", _CURL), ("Python", _PYTHON), ("Node.js", _NODE))
    )


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"<{name}>", value)
    return text.strip()


_CURL = """
curl -sSf <URL>/images/generations \\
  -H "Authorization: Bearer <KEY>" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "<MODEL>", "prompt": "A cute baby sea otter", "quality": "low"}' \\
  | grep -o '"b64_json": "[^"]*' | cut -d '"' -f 4 | base64 -d > otter.png
"""
_PYTHON = """
# pip install openai
import base64
from openai import OpenAI

client = OpenAI(base_url="<URL>", api_key="<KEY>")
answer = client.images.generate(model="<MODEL>", prompt="A cute baby sea otter", quality="low")
with open("otter.png", "wb") as file:
    file.write(base64.b64decode(answer.data[0].b64_json))
"""
_NODE = """
// npm install openai, and save this as otter.mjs
import fs from "node:fs";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: "<URL>", apiKey: "<KEY>" });
const answer = await client.images.generate({
  model: "<MODEL>", prompt: "A cute baby sea otter", quality: "low",
});
fs.writeFileSync("otter.png", Buffer.from(answer.data[0].b64_json, "base64"));
"""


def facts(key: ApiKey) -> Iterator[Fact]:
    """What the key may do, from where, how often."""
    limit = key.requests_per_minute or settings.GATEWAY_KEY_REQUESTS_PER_MINUTE
    yield Fact("May", ", ".join(SCOPE_WORDS[Scope(each)][0].lower() for each in key.scopes))
    yield Fact("From", ", ".join(key.networks) or "anywhere")
    yield Fact("How often", f"{limit:,} requests a minute")
    yield Fact("Made by", key.created_by.display_name)


def _status(key: ApiKey, *, is_abandoned: bool) -> tuple[str, bool]:
    now = timezone.now()
    if key.revoked_at:
        return "Revoked", False
    if key.expires_at and key.expires_at <= now:
        return "Replaced" if key.replaced_by_id else "Ended", False
    if is_abandoned:
        return "Ended: its owner left", False
    if key.replaced_by_id:
        return "Replaced, ends soon", True
    return "Active", True


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
