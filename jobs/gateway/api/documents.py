"""Jobs and pictures as documents of the studio's own endpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse

from imagestudio.images_api.types import UNSET
from jobs.gateway.api.links import LinkBase
from jobs.gateway.api.outcome import error_of
from jobs.gateway.api.replies import ApiResponse
from jobs.models import Image, Job
from jobs.states import State

_NOT_SHOWN = ("inputs", "mask", "markup", "operation", "model", "prompt", "n")
_GOOD = (State.QUEUED, State.RUNNING, State.SUCCEEDED)


def job_document(job: Job, link_base: LinkBase) -> dict[str, object]:
    """All that a program may want to know of a job; the pictures are there once it succeeded."""
    error = error_of(job) if job.state not in _GOOD else None
    pictures = job.images.all() if job.state == State.SUCCEEDED else ()
    return {
        "id": str(job.pk),
        "object": "studio.job",
        "status": job.state,
        "source": job.source,
        "operation": job.operation,
        "provider": job.provider,
        "model": job.model,
        "prompt": job.prompt,
        "n": job.n,
        "parameters": _chosen(job.request),
        "asked": job.asked,
        "visibility": job.visibility,
        "created_at": _moment(job.created_at),
        "started_at": _moment(job.started_at),
        "finished_at": _moment(job.finished_at),
        "estimate_microusd": job.estimate_high_microusd,
        "cost_microusd": job.cost_microusd,
        "may_be_billed": job.may_be_billed,
        "error": error.document()["error"] if error else None,
        "images": [image_document(image, link_base) for image in pictures],
        "result_url": f"{link_base.origin}/v1/studio/jobs/{job.pk}/result",
        "page_url": page_of(job, link_base.origin),
    }


def image_document(image: Image, link_base: LinkBase) -> dict[str, object]:
    return {
        "id": str(image.pk),
        "object": "studio.image",
        "job_id": str(image.job_id),
        "created_at": _moment(image.created_at),
        "width": image.width,
        "height": image.height,
        "format": image.format,
        "bytes": image.byte_count,
        "sha256": image.sha256,
        "url": link_base.link_to(image),
    }


def accepted(job: Job, link_base: LinkBase, headers: dict[str, str]) -> ApiResponse:
    """The job's own document, for those who come back for the pictures."""
    more = {
        "location": f"{link_base.origin}/v1/studio/jobs/{job.pk}",
        "preference-applied": "respond-async",
        "retry-after": "5",
    }
    return ApiResponse(job_document(job, link_base), 202, {**headers, **more}, tells_of=job.pk)


def headers_of(job: Job, origin: str) -> dict[str, str]:
    """What every answer with a job's pictures says of the job."""
    return {
        "x-studio-job-id": str(job.pk),
        "x-studio-page": page_of(job, origin),
        **_drawn_by(job),
    }


def page_of(job: Job, origin: str) -> str:
    return origin + reverse("jobs:job", args=[job.pk])


def _drawn_by(job: Job) -> dict[str, str]:
    """Which model draws it, and what became of words that it does not know."""
    now = {"style": "prompt"} | {name: str(value) for name, value in job.request.items()}
    changed = [f"{name}={now[name]}" for name, was in sorted((job.asked or {}).items()) if was]
    told = {"x-studio-adapted": ", ".join(changed)} if changed else {}
    return {"x-studio-model": job.model, **told}


def _chosen(request: dict[str, Any]) -> dict[str, object]:
    """The fields that were set to something; the facts of pictures stay inside."""
    return {
        name: value
        for name, value in request.items()
        if name not in _NOT_SHOWN and value != UNSET.get(name)
    }


def _moment(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None
