"""What became of a job, in the words of the Images API."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from django.core.files.base import File
from django.core.files.storage import default_storage

from imagestudio.images_api import facts
from imagestudio.images_api.types import passed_on
from imagestudio.web.storage import StorageAway
from jobs.gateway.api.errors import ErrorAnswer
from jobs.gateway.api.links import LinkBase
from jobs.gateway.api.ready_made import DAMAGED
from jobs.models import Attempt, Image, Job
from jobs.services.programs.wait import UNDER_WAY, waits_for_account
from jobs.services.queue import providers
from jobs.services.queue.circuit_breaker import ACCOUNT_WAITS
from jobs.states import ErrorCode, Outcome, State

CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Parts:
    """A JSON text with places in it, and the files whose base64 goes there."""

    texts: tuple[bytes, ...]
    files: tuple[File[bytes], ...] = ()
    sizes: tuple[int, ...] = ()

    @property
    def byte_count(self) -> int:
        return sum(map(len, self.texts)) + sum((size + 2) // 3 * 4 for size in self.sizes)

    def close(self) -> None:
        for file in self.files:
            file.close()


@dataclass(frozen=True, slots=True)
class Ended:
    """A job that came to its end, ready to be told."""

    job: Job
    error: ErrorAnswer | None = None
    parts: Parts | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class _Damaged(Exception):
    """Stored bytes are gone, or are no longer those that were stored."""


def load(job_id: UUID, link_base: LinkBase, response_format: str) -> Ended | None:
    """The job's answer in one JSON document; None while it is still under way."""
    job = _job(job_id)
    if job.state in UNDER_WAY:
        return _waiting_for_account(job)
    if job.state != State.SUCCEEDED:
        return _in_vain(job)
    said, usage = _what_was_said(job)
    document = {"created": _created(job, said), **_facts(job, said), "data": []}
    document |= _amounts(said, usage)
    marker = uuid.uuid4().hex
    show = partial(_shown, marker=marker, response_format=response_format, link_base=link_base)
    document["data"] = _items(job, said, show)
    images = [] if response_format == "url" else list(job.images.all())
    try:
        return Ended(job, None, _woven(document, marker, images), _costs(job))
    except _Damaged:
        return Ended(job, DAMAGED)


def load_event(job_id: UUID) -> Ended | None:
    """The same as the last event of a stream; it has one picture."""
    job = _job(job_id)
    if job.state in UNDER_WAY:
        return _waiting_for_account(job)
    if job.state != State.SUCCEEDED:
        return _in_vain(job)
    said, usage = _what_was_said(job)
    image = job.images.all()[0]
    marker = uuid.uuid4().hex
    event = {
        "type": f"{event_family(job)}.completed",
        "b64_json": marker,
        "created_at": _created(job, said),
        **_facts(job, said),
        **_amounts(said, usage),
    }
    try:
        parts = _woven(event, marker, [image])
    except _Damaged:
        return Ended(job, DAMAGED)
    return Ended(job, None, parts, _costs(job))


def event_family(job: Job) -> str:
    return "image_edit" if job.operation == "edit" else "image_generation"


def partial_event(job: Job, index: int, key: str) -> Parts:
    """A preview as an event; OSError when it has gone meanwhile."""
    request, marker = job.image_request, uuid.uuid4().hex
    event = {
        "type": f"{event_family(job)}.partial_image",
        "b64_json": marker,
        "partial_image_index": index,
        "created_at": int(job.created_at.timestamp()),
        "size": request.size,
        "quality": request.quality,
        "background": request.background,
        "output_format": request.output_format,
    }
    file = default_storage.open(key, "rb")
    return _split(event, marker, [file])


def error_of(
    job: Job, http_status: int | None = None, said: Mapping[str, Any] | None = None
) -> ErrorAnswer:
    """Why there is no picture. Nothing is ever sent again by itself that may have been paid."""
    message = job.told or "The job came to nothing."
    if job.state == State.CANCELLED:
        return ErrorAnswer(status=409, message=message, code=ErrorCode.CANCELLED, again=False)
    if job.state == State.HELD:
        return ErrorAnswer(status=504, message=message, code=ErrorCode.OUTCOME_UNKNOWN, again=False)
    code = job.error_code or "failed"
    if code == ErrorCode.MODERATION_BLOCKED:
        told = said or {}
        details = {
            "moderation_stage": told.get("moderation_stage") or "unknown",
            "categories": told.get("categories") or [],
        }
        return ErrorAnswer(
            status=400,
            message=message,
            kind="image_generation_user_error",
            code=code,
            again=False,
            details=details,
        )
    if code in _STATUS_OF_CODE:
        return ErrorAnswer(status=_STATUS_OF_CODE[code], message=message, code=code, again=False)
    status = http_status if http_status in (400, 404, 413, 415, 422) else 400
    return ErrorAnswer(status=status, message=message, code=code, param=job.error_param or None)


_STATUS_OF_CODE: dict[str, int] = {
    ErrorCode.ACCOUNT: 503,
    ErrorCode.SERVER_ERROR: 502,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.BAD_ANSWER: 502,
    ErrorCode.EXPIRED: 504,
    ErrorCode.OUTCOME_UNKNOWN: 504,
    ErrorCode.PROVIDER_CHANGED: 500,
    ErrorCode.POISON: 500,
    ErrorCode.STORAGE: 500,
}


def _job(job_id: UUID) -> Job:
    return Job.objects.prefetch_related("images").get(pk=job_id)


def _waiting_for_account(job: Job) -> Ended | None:
    """It stays in the queue, but nobody can tell for how long; its caller is not to wait."""
    if not waits_for_account(job):
        return None
    return Ended(
        job,
        ErrorAnswer(status=503, message=str(ACCOUNT_WAITS), code=ErrorCode.ACCOUNT, again=False),
    )


def _in_vain(job: Job) -> Ended:
    last = Attempt.objects.filter(job=job).order_by("-fence").first()
    status, said = (last.http_status, last.answer) if last else (None, None)
    return Ended(job, error_of(job, status, said), None, _costs(job))


def _what_was_said(job: Job) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    """What the provider's answer told beside its pictures, and the tokens that it took."""
    answered = Attempt.objects.filter(job=job, outcome=Outcome.ANSWERED).order_by("-fence")
    found = answered.values_list("answer", "usage").first()
    return (found[0] or {}, found[1]) if found else ({}, None)


def _facts(job: Job, said: Mapping[str, Any]) -> dict[str, object]:
    """What `auto` became; as far as nobody said, what the picture itself shows."""
    request, image = job.image_request, job.images.all()[0]
    size, kind = f"{image.width}x{image.height}", image.format
    if not image.can_be_shown:
        size, kind = request.size, request.output_format
    known: dict[str, object] = {
        "background": facts.background_said(said) or request.background,
        "output_format": kind,
        "quality": facts.quality_said(said) or request.quality,
        "size": facts.size_said(said) or size,
    }
    told = {name: value for name, value in known.items() if value != "auto"}
    if request.safety_identifier:
        told["safety_identifier"] = request.safety_identifier
    return told


def _amounts(said: Mapping[str, Any], usage: Mapping[str, Any] | None) -> dict[str, object]:
    """Whole numbers alone, also of rows from before these were looked at when they came."""
    authors = said.get("svg_usage")
    amounts = {"usage": usage, "svg_usage": authors if isinstance(authors, dict) else None}
    return {name: passed_on(counts) for name, counts in amounts.items() if counts}


def _created(job: Job, said: Mapping[str, Any]) -> int:
    return facts.moment_said(said) or int((job.finished_at or job.created_at).timestamp())


def _items(job: Job, said: Mapping[str, Any], show: Any) -> list[dict[str, object]]:
    told = said.get("data")
    told = told if isinstance(told, list) else []
    items = []
    for image in job.images.all():
        item = show(image)
        its_own = told[image.index] if image.index < len(told) else None
        if prompt := _revised_prompt(job, its_own):
            item["revised_prompt"] = prompt
        items.append(item)
    return items


def _revised_prompt(job: Job, told: object) -> str | None:
    prompt = told.get("revised_prompt") if isinstance(told, dict) else None
    if isinstance(prompt, str):
        return prompt
    # A style that was put into words has revised it, as the old models did by themselves.
    return job.prompt if "style" in (job.asked or {}) else None


def _shown(
    image: Image, *, marker: str, response_format: str, link_base: LinkBase
) -> dict[str, object]:
    item: dict[str, object] = {}
    if response_format != "url":
        item["b64_json"] = marker
    if response_format != "b64_json":
        item["url"] = link_base.link_to(image)
    return item


def _woven(document: dict[str, object], marker: str, images: list[Image]) -> Parts:
    files: list[File[bytes]] = []
    try:
        files.extend(map(_checked, images))
    except (OSError, _Damaged) as error:
        for file in files:
            file.close()
        if isinstance(error, StorageAway):
            raise  # Nobody knows yet how its bytes are.
        raise _Damaged from error
    return _split(document, marker, files)


def _split(document: dict[str, object], marker: str, files: list[File[bytes]]) -> Parts:
    texts = json.dumps(document).encode().split(marker.encode())
    return Parts(tuple(texts), tuple(files), tuple(file.size for file in files))


def _checked(image: Image) -> File[bytes]:
    """The picture's file, after all of it was compared with its hash."""
    file = default_storage.open(image.key, "rb")
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    if digest.hexdigest() != image.sha256:
        file.close()
        raise _Damaged
    file.seek(0)
    return file


def _costs(job: Job) -> dict[str, str]:
    headers = {"x-studio-provider": job.provider} if len(providers.every()) > 1 else {}
    if job.cost_microusd is not None:
        headers["x-studio-cost-microusd"] = str(job.cost_microusd)
    return headers
