"""Rate limiter: how fast all workers together call a provider, and the pauses that it asks for.

The numbers are in Valkey, by Valkey's clock. While that is away each process keeps to its own share
of every limit; when it was flushed, a minute's worth may go twice. Nothing else depends on it.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings

from imagestudio.images_api.providers import Provider
from imagestudio.web import valkey
from imagestudio.web.away import AwayGate
from imagestudio.web.loops import every, keep_doing_aside
from imagestudio.web.statements import statement
from imagestudio.web.token_bucket import ARITHMETIC
from imagestudio.web.valkey import client
from jobs.services.queue import provider_limits
from jobs.services.queue.provider_limits import Permit, Reason

logger = logging.getLogger(__name__)

LEASE_MS = 30_000  # A call in flight is forgotten so long after its process died.
MIN_PAUSE_S = 1.0
MAX_PAUSE_S = 60.0  # Where the provider doesn't say how long.
AWAY_S = 5.0
# How many leases long a worker may still store what it got.
LEASES_AFTER_A_CALL = 4
KEPT_MS = 24 * 3600 * 1000

ASK = ARITHMETIC + statement(__package__, "ask.lua").replace("KEPT", str(KEPT_MS))
PAUSE = ARITHMETIC + statement(__package__, "pause.lua").replace("KEPT", str(KEPT_MS))
LEAVE = ARITHMETIC + statement(__package__, "leave.lua").replace("KEPT", str(KEPT_MS))
RENEW = ARITHMETIC + statement(__package__, "renew.lua")
LOOK = ARITHMETIC + statement(__package__, "look.lua")


@dataclass(frozen=True, slots=True)
class View:
    """What may be asked of a provider now: so many calls, or none before so long."""

    room: int
    wait_s: float = 0.0
    reason: Reason | None = None


UNLIMITED = View(room=1_000_000)


def ask(provider: Provider, token: str, images: int, cost_microusd: int) -> Permit:
    """Ask to make a call now. After a yes, `leave` must follow when it is over."""
    key, most = _key(provider.name), provider.max_concurrency
    wanted = provider_limits.buckets(provider, images, cost_microusd)
    arguments: list[Any] = [token, LEASE_MS, most or 0]
    for bucket in wanted:
        arguments += [bucket.name, bucket.takes_ms, bucket.burst_ms]
    found = _valkey.run(ASK, key, arguments)
    if found is None:
        answer = _share.ask(key, wanted, most, settings.WORKERS, _now_ms())
    else:
        answer = _answer(*found)
        if answer.reason is Reason.PAUSE:
            _share.pause(key, _now_ms() + answer.wait_s * 1000)
    if answer.is_yes and most:
        _renewer.keep(key, token)
    return answer


def leave(
    provider: Provider, token: str, *, more_microusd: int = 0, unsent_images: int = 0
) -> None:
    """Note that a call is over, and what it cost above (or below) what was said before.

    With `unsent_images` none was made after all: it and its pictures are given back.
    """
    key = _key(provider.name)
    _share.end(key, token)
    given_back = -1 if unsent_images else 0
    changes: list[Any] = []
    for bucket in provider_limits.buckets(
        provider, -unsent_images, more_microusd, requests=given_back
    ):
        changes += [bucket.name, bucket.takes_ms] if bucket.takes_ms else []
    if provider.max_concurrency or changes:
        _valkey.run(LEAVE, key, [token, *changes])


def pause(provider: Provider, retry_after_s: float | None) -> float:
    """Stop the calls of all workers for as long as the provider asked; gives the seconds."""
    key, wait_ms = _key(provider.name), 0.0
    if retry_after_s is not None:
        # The jitter goes one way: nobody is to come back before the time.
        stretch = random.uniform(1.0, 1.1)  # noqa: S311 - spreads load, hides nothing
        wait_ms = max(retry_after_s, MIN_PAUSE_S) * stretch * 1000
    base_ms, most_ms = settings.RETRY_BASE_S * 1000, MAX_PAUSE_S * 1000
    found = _valkey.run(PAUSE, key, [wait_ms, base_ms, most_ms])
    lasts_ms = float(found) if found is not None else wait_ms or base_ms
    _share.pause(key, _now_ms() + lasts_ms)
    logger.warning("%s asked for a pause: no calls for %.1f s", provider.name, lasts_ms / 1000)
    return lasts_ms / 1000


def went_well(provider: Provider) -> None:
    """After a pause: the next one without a length is a short one again."""
    key = _key(provider.name)
    if _share.is_after_pause(key, _now_ms()):
        _valkey.do(lambda server: server.hdel(key, "rounds"))


def look(provider: Provider) -> View:
    """What may be asked of the provider now, without asking for it."""
    wanted = provider_limits.buckets(provider, 1, 1)
    names = [Reason.PAUSE.value, *(bucket.name for bucket in wanted)]
    found = _valkey.run(LOOK, _key(provider.name), names)
    if found is None:
        return UNLIMITED  # Each worker keeps to its own share then.
    calls, paused_ms, *taken = (float(number) for number in found)
    views = [UNLIMITED, View(0, paused_ms / 1000, Reason.PAUSE)] if paused_ms else [UNLIMITED]
    if provider.max_concurrency:
        views.append(View(max(0, provider.max_concurrency - int(calls)), 0.0, Reason.CALLS))
    for bucket, taken_ms in zip(wanted, taken, strict=True):
        free_ms = bucket.burst_ms - taken_ms
        room = int(free_ms / bucket.takes_ms) if free_ms > 0 else 0
        wait_ms = 0.0 if room else max(0.0, bucket.takes_ms - free_ms)
        views.append(View(room, wait_ms / 1000, Reason(bucket.name)))
    return min(views, key=lambda view: (view.room, -view.wait_s))


def _answer(wait_ms: bytes, reason: bytes) -> Permit:
    return Permit(float(wait_ms) / 1000, Reason(reason.decode())) if reason else Permit()


def _key(provider: str) -> str:
    # The braces keep both keys of a provider on one node of a cluster.
    return f"{settings.CACHES['default']['KEY_PREFIX']}:pace:{{{provider}}}"


def _now_ms() -> float:
    return time.monotonic() * 1000


class _Valkey:
    """Asks the shared numbers, and knows for a while that they can't be asked."""

    def __init__(self) -> None:
        self._gate = AwayGate(AWAY_S)

    def run(self, script: str, key: str, arguments: list[Any]) -> Any:
        return self.do(lambda it: it.register_script(script)([key, f"{key}:calls"], arguments))

    def do(self, ask: Callable[[redis.Redis], Any]) -> Any:
        """What it answers; None while it is away."""
        url = settings.REDIS_URL
        return self._gate.ask(
            url, lambda: ask(client(url)), None, failures=valkey.FAILED, tell=_warn
        )


def _warn(error: Exception) -> None:
    words = "the shared limits can't be asked (%s): each worker keeps to its own share"
    logger.warning(words, str(error)[:200] or type(error).__name__)


class _Renewer:
    """One thread a process that says which calls are still in flight, also after a flush."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def keep(self, key: str, token: str) -> None:
        _share.begin(key, token, _now_ms())
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = keep_doing_aside(
                    "rate limiter", renew, every(LEASE_MS / 3000, at_once=False)
                )


def renew() -> None:
    """Say once more which calls of this process are in flight."""
    # A thread that never comes back keeps its job no longer, and no place either.
    longest_s = settings.CALL_DEADLINE_S + LEASES_AFTER_A_CALL * settings.LEASE_S
    for key, tokens in _share.calls(_now_ms() - longest_s * 1000).items():
        if tokens:
            _valkey.run(RENEW, f"{key}:calls", [LEASE_MS, *tokens])


_valkey = _Valkey()
_share = provider_limits.Share()
_renewer = _Renewer()
