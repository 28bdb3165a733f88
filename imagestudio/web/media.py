"""The one way out for stored bytes: whole, unchanged, and harmless to open."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncIterator, Iterator
from typing import IO

from asgiref.sync import sync_to_async
from django.core.files.base import File
from django.core.files.storage import Storage
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    StreamingHttpResponse,
)
from django.utils.http import content_disposition_header

logger = logging.getLogger(__name__)

CHUNK = 256 * 1024
POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


def serve(
    request: HttpRequest,
    storage: Storage,
    key: str,
    *,
    sha256: str,
    content_type: str,
    filename: str,
    as_attachment: bool = False,
) -> HttpResponseBase:
    """Answer with the object under `key`, but only if its bytes still have this hash.

    The caller has checked that this user may see it. 404 when it is missing, 410 when it changed.
    """
    etag = f'"{sha256}"'
    if etag in request.headers.get("If-None-Match", ""):
        return _with_headers(HttpResponseNotModified(), etag)
    file = _open(storage, key)
    if _sha256(file) != sha256:
        file.close()
        logger.error("stored bytes of %s no longer match their hash", key)
        return HttpResponse("This file was damaged in storage.", status=410)
    response = _stream(request, file)
    response.headers["Content-Type"] = content_type
    response.headers["Content-Length"] = str(file.size)
    response.headers["Content-Disposition"] = (
        content_disposition_header(as_attachment, filename) or "inline"
    )
    return _with_headers(response, etag)


def _open(storage: Storage, key: str) -> File[bytes]:
    try:
        return storage.open(key, "rb")
    except FileNotFoundError:
        logger.error("stored object %s is missing", key)
        raise Http404 from None


def _sha256(file: File[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in _chunks(file):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _stream(request: HttpRequest, file: File[bytes]) -> HttpResponseBase:
    # Under ASGI Django would read a plain iterator whole into memory.
    if hasattr(request, "scope"):
        return StreamingHttpResponse(async_chunks(file))
    return FileResponse(file)


def _chunks(file: File[bytes]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


async def async_chunks(file: IO[bytes] | File[bytes]) -> AsyncIterator[bytes]:
    """Read a file piece by piece without holding up the event loop; closes it at the end."""
    try:
        while chunk := await sync_to_async(file.read, thread_sensitive=False)(CHUNK):
            yield chunk
    finally:
        file.close()


def _with_headers(response: HttpResponseBase, etag: str) -> HttpResponseBase:
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, max-age=60, must-revalidate"
    response.headers["Vary"] = "Cookie"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
