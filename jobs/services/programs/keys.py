"""API keys: made, found by what a program sends, exchanged, taken away."""

from __future__ import annotations

import base64
import ipaddress
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Greatest, Least, Now

from imagestudio.accounts import key_format
from imagestudio.accounts.models import ApiKey, Membership, Role, Scope, Team, User
from imagestudio.accounts.rights import may_submit, teams_of, teams_overseen_by
from imagestudio.audit.services import record
from imagestudio.ids import uuid7
from imagestudio.images_api.blank import is_blank
from imagestudio.images_api.capabilities import Problem
from jobs.services.programs.webhook_delivery import problem_with
from jobs.services.refusals import NotAllowed, SubmitRefused

MAX_KEYS = 50
MAX_NETWORKS = 20
MAX_NAME_CHARS = 60
USE_NOTED_EVERY_S = 60.0

# When this process last wrote that a key was used.
_noted: dict[object, float] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a key is for, and from where, how often and how long it may be used."""

    name: str
    scopes: tuple[Scope, ...] = (Scope.GENERATE, Scope.EDIT, Scope.READ)
    networks: tuple[str, ...] = ()
    requests_per_minute: int | None = None
    lifetime: timedelta | None = None

    def problems(self) -> list[Problem]:
        found = [Problem("name", "Give the key a name.")] if is_blank(self.name) else []
        if len(self.name) > MAX_NAME_CHARS:
            found.append(Problem("name", f"A name has at most {MAX_NAME_CHARS} characters."))
        if not self.scopes:
            found.append(Problem("scopes", "Choose what the key may do."))
        limit = self.requests_per_minute
        if limit is not None and not 1 <= limit <= 100_000:
            found.append(Problem("requests_per_minute", "Choose 1 to 100,000 requests a minute."))
        return [*found, *self._problems_of_networks()]

    def _problems_of_networks(self) -> list[Problem]:
        if len(self.networks) > MAX_NETWORKS:
            return [Problem("networks", f"A key has at most {MAX_NETWORKS} networks.")]
        wrong = [text for text in self.networks if not is_network(text)]
        example = "Write addresses like 203.0.113.7 or networks like 10.0.0.0/8."
        return [Problem("networks", f"{text[:50]} is no address. {example}") for text in wrong[:1]]


@dataclass(frozen=True, slots=True)
class Made:
    """A new key, with the secret that nobody sees again."""

    key: ApiKey
    secret: str = field(repr=False)


def create(actor: User, team: Team, terms: Terms) -> Made:
    """Make a key that acts as the actor."""
    _refuse_bad(terms)
    _refuse_too_much(actor, team, terms)
    return _make(actor, actor, team, terms)


def create_for_service(actor: User, team: Team, terms: Terms) -> Made:
    """Make an account for a program of the team, and its first key; for the team's admins."""
    _refuse_bad(terms)
    if not _oversees(actor, team):
        raise NotAllowed(f"Only {team}'s admins make keys of the team.")
    with transaction.atomic():
        service = _new_service(team, terms.name.strip())
        record(actor, "service.added", service, {"team": team.name})
        return _make(actor, service, team, terms)


def rotate(actor: User, key: ApiKey, overlap: timedelta) -> Made:
    """Make the key's successor. The old one goes on for the overlap, so that nothing stops."""
    if not may_rotate(actor, key):
        raise NotAllowed("Who holds a key acts as its owner, so its owner alone rotates it.")
    with transaction.atomic():
        now = ApiKey.objects.select_for_update(of=("self",)).get(pk=key.pk)
        if now.revoked_at or now.replaced_by_id:
            raise SubmitRefused([Problem("key", "This key was replaced or revoked already.")])
        made = _insert(actor, now.owner, now.team, _letter(now.owner), _settings_of(now))
        ends = Least("expires_at", Now() + overlap) if now.expires_at else Now() + overlap
        ApiKey.objects.filter(pk=now.pk).update(replaced_by=made.key, expires_at=ends)
        overlap_s = int(overlap.total_seconds())
        record(actor, "key.rotated", now, {"by": made.key.hint, "overlap_s": overlap_s})
        return made


def revoke(actor: User, key: ApiKey) -> bool:
    """End the key at once; False when it had ended already."""
    _refuse_strangers(actor, key)
    with transaction.atomic():
        done = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=Now())
        if done:
            record(actor, "key.revoked", key, {"name": key.name, "hint": key.hint})
        return bool(done)


def find(text: str) -> ApiKey | None:
    """The key that a program sent, if it may still be used; its owner's rights are the latest."""
    if not key_format.is_well_formed(text):
        return None
    alive = _alive().filter(hash=key_format.digest(text))
    return alive.select_related("owner", "team").first()


def alive(key_id: UUID) -> ApiKey | None:
    """The key by its row, under the same terms: for what it has signed."""
    return _alive().filter(pk=key_id).select_related("owner", "team").first()


def admits(key: ApiKey, address: str) -> bool:
    """Whether the key may be used from there."""
    if not key.networks:
        return True
    try:
        place = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(place, "ipv4_mapped", None)
    place = mapped or place
    return any(place in ipaddress.ip_network(network, strict=False) for network in key.networks)


def note_use(key: ApiKey) -> None:
    """Remember that it was used: once a minute is often enough."""
    now = time.monotonic()
    if now - _noted.get(key.pk, float("-inf")) < USE_NOTED_EVERY_S:
        return
    if len(_noted) > 10_000:
        _noted.clear()
    _noted[key.pk] = now
    long_ago = Q(last_used_at=None) | Q(last_used_at__lt=Now() - timedelta(seconds=60))
    ApiKey.objects.filter(long_ago, pk=key.pk).update(last_used_at=Now())


def set_webhook(actor: User, key: ApiKey, url: str) -> str:
    """Have the ends of its jobs told to an address; gives the secret that signs them.

    Raises SubmitRefused for an address where no word may go.
    """
    _refuse_strangers(actor, key)
    if url and (problem := problem_with(url)):
        raise SubmitRefused([Problem("webhook_url", problem)])
    secret = key.webhook_secret or f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    with transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).update(
            webhook_url=url, webhook_secret=secret if url else ""
        )
        record(actor, "key.webhook", key, {"url": url})
    return secret if url else ""


def is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def manageable_by(user: User, team: Team) -> Sequence[ApiKey]:
    """One's own keys in a team; for its admins, those of its programs and members too."""
    keys = ApiKey.objects.filter(team=team)
    if not _oversees(user, team):
        keys = keys.filter(owner=user, team__in=teams_of(user))
    return list(keys.select_related("owner", "team", "replaced_by"))


def manageable(user: User) -> QuerySet[ApiKey]:
    """Where every look-up of a key by a person begins: one's own, and those one oversees."""
    return ApiKey.objects.filter(Q(owner=user) | Q(team__in=teams_overseen_by(user)))


def may_rotate(user: User, key: ApiKey) -> bool:
    """Whoever rotates a key sees the new one: a member's is for that member alone."""
    return key.owner_id == user.pk or (key.owner.is_service and _oversees(user, key.team))


def abandoned(keys: Iterable[ApiKey]) -> set[UUID]:
    """Those of the keys that ended because their owner left the team, or was locked out."""
    rows = ApiKey.objects.filter(pk__in=[key.pk for key in keys]).exclude(_has_its_owner())
    return set(rows.values_list("pk", flat=True))


def _alive() -> QuerySet[ApiKey]:
    is_not_over = Q(expires_at=None) | Q(expires_at__gt=Now())
    return ApiKey.objects.filter(is_not_over, _has_its_owner(), revoked_at=None)


def _has_its_owner() -> Q:
    """The owner is a member, and has been since the key was made.

    Keys from before are gone for good: who comes back makes new ones.
    """
    memberships = Membership.objects.filter(
        user=OuterRef("owner"), team=OuterRef("team"), joined_at__lte=OuterRef("created_at")
    )
    return Q(Exists(memberships), owner__is_active=True)


def _refuse_bad(terms: Terms) -> None:
    if problems := terms.problems():
        raise SubmitRefused(problems)


def _refuse_too_much(actor: User, team: Team, terms: Terms) -> None:
    """A key can do no more than its owner."""
    makes = {Scope.GENERATE, Scope.EDIT} & set(terms.scopes)
    if not teams_of(actor).filter(pk=team.pk).exists() or (makes and not may_submit(actor, team)):
        raise NotAllowed("A key can do no more than its owner, who only looks here.")
    if _alive().filter(owner=actor).count() >= MAX_KEYS:
        raise SubmitRefused([Problem("name", f"You have {MAX_KEYS} keys. Revoke one first.")])


def _refuse_strangers(actor: User, key: ApiKey) -> None:
    if not manageable(actor).filter(pk=key.pk).exists():
        raise NotAllowed("This key is somebody else's.")


def _oversees(user: User, team: Team) -> bool:
    return teams_overseen_by(user).filter(pk=team.pk).exists()


def _new_service(team: Team, name: str) -> User:
    account_id = uuid7()
    # No letter reaches this address, so no password can ever be set for it.
    service = User(id=account_id, email=f"{account_id}@service.invalid", name=name, is_service=True)
    service.set_unusable_password()
    service.save(force_insert=True)
    Membership.objects.create(user=service, team=team, role=Role.MEMBER)
    return service


def _make(actor: User, owner: User, team: Team, terms: Terms) -> Made:
    settings: dict[str, object] = {
        "name": terms.name.strip(),
        "scopes": [scope.value for scope in terms.scopes],
        "networks": list(terms.networks),
        "requests_per_minute": terms.requests_per_minute,
        "expires_at": Now() + terms.lifetime if terms.lifetime else None,
    }
    with transaction.atomic():
        made = _insert(actor, owner, team, _letter(owner), settings)
        details = {"name": made.key.name, "hint": made.key.hint, "scopes": made.key.scopes}
        record(actor, "key.created", made.key, details)
        return made


def _insert(actor: User, owner: User, team: Team, letter: str, settings: dict[str, object]) -> Made:
    secret = key_format.make(letter)
    membership = Membership.objects.filter(user=owner, team=team).first()
    if membership is None:
        raise NotAllowed(f"The owner of this key is no member of {team} any more.")
    key = ApiKey(
        owner=owner,
        team=team,
        hash=key_format.digest(secret),
        hint=key_format.hint(secret),
        created_by=actor,
        # Never before the owner joined, though the clock of this machine may be ahead.
        created_at=Greatest(Now(), membership.joined_at),
        **settings,
    )
    key.save(force_insert=True)
    key.refresh_from_db()
    return Made(key, secret)


def _settings_of(key: ApiKey) -> dict[str, object]:
    """What its successor takes over; a lifetime begins anew."""
    lifetime: timedelta | None = None
    if isinstance(key.expires_at, datetime):
        lifetime = key.expires_at - key.created_at
    return {
        "name": key.name,
        "scopes": key.scopes,
        "networks": key.networks,
        "requests_per_minute": key.requests_per_minute,
        "webhook_url": key.webhook_url,
        "webhook_secret": key.webhook_secret,
        "expires_at": Now() + lifetime if lifetime else None,
    }


def _letter(owner: User) -> str:
    return key_format.SERVICE if owner.is_service else key_format.MEMBER
