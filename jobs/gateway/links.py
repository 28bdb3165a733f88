"""Addresses of pictures that work without a key, for a while."""

from __future__ import annotations

from uuid import UUID

from django.core import signing

from jobs.models import Image

WORKS_FOR_S = 3600
PATH = "/v1/studio/files/"
_signer = signing.TimestampSigner(salt="jobs.gateway.links", sep=".")


def link_to(image: Image, origin: str) -> str:
    """Sign an address; who has it sees this picture and nothing else, for an hour."""
    return f"{origin}{PATH}{_signer.sign(str(image.pk))}"


def image_of(token: str) -> UUID | None:
    """The picture that a token stands for; None when it is forged or too old."""
    try:
        return UUID(_signer.unsign(token, max_age=WORKS_FOR_S))
    except (signing.BadSignature, ValueError):
        return None


def token_of(path: str) -> str:
    return path.removeprefix(PATH) if path.startswith(PATH) else ""
