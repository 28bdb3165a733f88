"""Static files: how they are named when collected, and how they leave the house."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django_manifeststaticfiles_enhanced.storage import EnhancedManifestStaticFilesStorage
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

from imagestudio.web.media import async_chunks

if TYPE_CHECKING:
    from django.http import FileResponse


class StaticStorage(CompressedManifestStaticFilesStorage, EnhancedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed names, also inside ES modules, with compressed twins for WhiteNoise."""

    support_js_module_import_aggregation = True


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise was made for WSGI; under ASGI a plain file would be read whole, with a warning."""

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponseBase:
        response: FileResponse = WhiteNoiseMiddleware.serve(static_file, request)
        file = response.file_to_stream
        if file is None or not hasattr(request, "scope"):
            return response
        stream = StreamingHttpResponse(async_chunks(file), status=response.status_code)
        stream.headers = response.headers
        return stream
