"""Static files: how they are joined and named when collected, and how they leave the house."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django_manifeststaticfiles_enhanced.storage import EnhancedManifestStaticFilesStorage
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

from imagestudio.web import joining
from imagestudio.web.media import async_chunks

if TYPE_CHECKING:
    from django.http import FileResponse

# What pages load: all styles, all scripts, and the editor for those who open it.
CSS, JS, EDITOR = "css/studio.css", "js/studio.js", "js/elements/layer-editor.js"

Sources = dict[str, tuple[Any, str]]


class StaticStorage(CompressedManifestStaticFilesStorage, EnhancedManifestStaticFilesStorage):  # type: ignore[misc]
    """Joined style sheets and modules under hashed names, with compressed twins for WhiteNoise."""

    support_js_module_import_aggregation = True

    def post_process(
        self, paths: Sources, dry_run: bool = False, **options: Any
    ) -> Iterator[tuple[str, str, bool]]:
        if not dry_run:
            paths = self._joined(paths)
        yield from super().post_process(paths, dry_run=dry_run, **options)

    def _joined(self, paths: Sources) -> Sources:
        """The same with three joined files in place of all their parts."""
        if not {CSS, JS, EDITOR} <= paths.keys():  # A few files of somebody else.
            return paths
        read = _reader(paths)
        there = joining.js_parts(JS, read)
        made = {
            CSS: joining.joined_css(CSS, read),
            JS: joining.joined_js(JS, read),
            EDITOR: joining.joined_js(EDITOR, read, base=JS, there=there),
        }
        parts = {*there, *joining.js_parts(EDITOR, read), *joining.css_parts(CSS, read)}
        kept = {path: source for path, source in paths.items() if path not in parts}
        for path, text in made.items():
            self.delete(path)
            self.save(path, ContentFile(text.encode()))
            kept[path] = self, path
        return kept


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


def _reader(paths: Sources) -> Callable[[str], str]:
    def read(path: str) -> str:
        # From the source: what lies collected may be joined already.
        storage, name = paths[path]
        with storage.open(name) as file:
            content: bytes = file.read()
        return content.decode()

    return read
