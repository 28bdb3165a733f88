"""Addresses of pictures that work without a key, for a while, and as long as that key would."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core import signing

from jobs.models import Image
from jobs.services.programs import keys

WORKS_FOR_S = 3600
PATH = "/v1/studio/files/"
# Part of every link that is out there, and so the same wherever this module lies.
_SALT = "jobs.gateway.links"
_signer = signing.TimestampSigner(salt=_SALT, sep=".")


@dataclass(frozen=True, slots=True)
class LinkBase:
    """Where a program came in, and by which key: what its links lead to, and stand for."""

    origin: str
    key_id: UUID

    def link_to(self, image: Image) -> str:
        """Sign an address; who has it sees this picture as long as the key's owner would."""
        return f"{self.origin}{PATH}{_signer.sign(f'{image.pk}.{self.key_id}')}"


def picture_of(token: str) -> Image | None:
    """The picture that a token stands for; None when it is forged, too old, or the right is gone.

    Asked anew at each use: the key may be revoked meanwhile, and the picture be private again.
    """
    try:
        image_id, key_id = map(UUID, _signer.unsign(token, max_age=WORKS_FOR_S).split("."))
    except (signing.BadSignature, ValueError):
        return None
    key = keys.alive(key_id)
    if key is None:
        return None
    return Image.objects.visible_to(key.owner).filter(pk=image_id, job__team=key.team).first()


def token_of(path: str) -> str:
    return path.removeprefix(PATH) if path.startswith(PATH) else ""
