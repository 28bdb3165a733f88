"""Half-configured means: refuse to start, and say what to set."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Notice

WEAK = ("change", "secret", "insecure", "example")


@register(Tags.security)
def secret_key_is_strong(**kwargs: Any) -> list[CheckMessage]:
    key = settings.SECRET_KEY
    if len(key) >= 32 and not any(word in key.lower() for word in WEAK):
        return []
    hint = (
        "Set STUDIO_SECRET_KEY to 50 random characters, for example from `openssl rand -base64 38`."
    )
    return [Error("STUDIO_SECRET_KEY is too easy to guess.", hint=hint, id="studio.E001")]


@register()
def origin_is_an_address(**kwargs: Any) -> list[CheckMessage]:
    parts = urlsplit(settings.ORIGIN)
    if not settings.ORIGIN or (
        parts.scheme in ("http", "https") and parts.hostname and not parts.path
    ):
        return []
    hint = "Set STUDIO_ORIGIN to scheme and host only, like https://studio.example.org."
    return [Error("STUDIO_ORIGIN is not a web address.", hint=hint, id="studio.E002")]


@register()
def storage_is_known(**kwargs: Any) -> list[CheckMessage]:
    parts = urlsplit(settings.STORAGE_URL)
    if (parts.scheme == "file" and parts.path) or (parts.scheme == "s3" and parts.netloc):
        return []
    hint = "Set STORAGE_URL to file:///folder or s3://bucket?endpoint=https://host."
    return [Error("STORAGE_URL names no storage.", hint=hint, id="studio.E003")]


@register()
def mail_has_a_sender(**kwargs: Any) -> list[CheckMessage]:
    if not settings.IS_PUBLIC or settings.EMAIL_URL:
        return []
    hint = "Set EMAIL_URL, like smtp+tls://user:password@host:587; until then letters are files."
    return [
        Notice("Password mails reach nobody without a mail server.", hint=hint, id="studio.W001")
    ]


@register(Tags.caches, deploy=True)
def broker_keeps_its_messages(**kwargs: Any) -> list[CheckMessage]:
    """An evicting broker drops queued messages silently; the sweeper would carry the whole load."""
    import redis

    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=1)
    try:
        policy = client.config_get("maxmemory-policy").get("maxmemory-policy", "noeviction")
    except redis.RedisError:
        return []
    finally:
        client.close()
    if not str(policy).startswith("allkeys"):
        return []
    hint = "Set maxmemory-policy to noeviction on the server behind REDIS_URL."
    return [Error(f"The broker may evict messages ({policy}).", hint=hint, id="studio.E004")]
