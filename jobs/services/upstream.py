"""The worker's one client of the Images API."""

import threading
from functools import cache

from django.conf import settings

from imagestudio.images_api.calls import Call
from imagestudio.images_api.client import ImagesClient
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import Answer
from jobs.models import Job
from jobs.services.spool import Entry


def call(job: Job, entry: Entry) -> Answer:
    """Send the job's request once and decode the answer into the spool; raises ImagesApiError."""
    timer = Call(settings.CALL_DEADLINE_S, client_request_id=f"{job.pk}-{job.fence}")
    client = _client(_provider())
    return client.generate(job.image_request, into=entry.folder, call=timer)


def _provider() -> Provider:
    return Provider(settings.PROVIDER_NAME, settings.PROVIDER_BASE_URL, settings.PROVIDER_API_KEY)


@cache
def _client(provider: Provider) -> ImagesClient:
    # Hundreds of calls may wait, but only a few bodies are read at once: memory stays bounded.
    return ImagesClient(provider, body_gate=threading.BoundedSemaphore(settings.BODIES_AT_ONCE))
