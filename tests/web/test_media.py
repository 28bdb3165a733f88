import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, StreamingHttpResponse
from django.test import AsyncRequestFactory, RequestFactory

from imagestudio.web.media import serve

CONTENT = b"bytes of a picture" * 50_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def key() -> str:
    return default_storage.save("images/a.png", ContentFile(CONTENT))


def read(response: StreamingHttpResponse) -> bytes:
    """Closing a response of no client would end the test's database connection."""
    assert isinstance(response, FileResponse)
    content = response.getvalue()
    if response.file_to_stream is not None:
        response.file_to_stream.close()
    return content


def ask(
    key: str, sha256: str = SHA256, etag: str = "", attach: bool = False
) -> StreamingHttpResponse:
    request = RequestFactory().get("/", headers={"If-None-Match": etag} if etag else {})
    return serve(  # type: ignore[return-value]
        request,
        default_storage,
        key,
        sha256=sha256,
        content_type="image/png",
        filename='a "fox".png',
        as_attachment=attach,
    )


def test_it_serves_the_bytes_whole(key: str) -> None:
    response = ask(key)

    assert read(response) == CONTENT
    assert response["Content-Length"] == str(len(CONTENT))


def test_it_serves_them_in_pieces_under_asgi(key: str) -> None:
    request = AsyncRequestFactory().get("/")
    response = serve(
        request, default_storage, key, sha256=SHA256, content_type="image/png", filename="a.png"
    )
    assert isinstance(response, StreamingHttpResponse)

    async def read() -> list[bytes]:
        return [bytes(chunk) async for chunk in response]

    chunks = asyncio.run(read())

    assert b"".join(chunks) == CONTENT
    assert len(chunks) > 1


def test_it_makes_them_harmless_to_open(key: str) -> None:
    response = ask(key)

    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["Cache-Control"].startswith("private")
    read(response)


def test_it_answers_not_modified_to_the_same_hash(key: str) -> None:
    assert ask(key, etag=f'"{SHA256}"').status_code == 304


def test_it_gives_a_download_a_clean_name(key: str) -> None:
    response = ask(key, attach=True)

    assert response["Content-Disposition"] == 'attachment; filename="a \\"fox\\".png"'
    read(response)


def test_it_serves_no_bytes_that_changed(key: str) -> None:
    path = Path(default_storage.path(key))
    path.write_bytes(CONTENT[:-1] + b"!")

    assert ask(key).status_code == 410


def test_it_says_not_found_when_they_are_gone(key: str) -> None:
    default_storage.delete(key)

    with pytest.raises(Http404):
        ask(key)


def test_a_stored_name_is_never_written_twice(key: str) -> None:
    default_storage.save(key, ContentFile(b"something else"))

    with default_storage.open(key) as file:
        assert file.read() == CONTENT


def test_a_cut_write_leaves_nothing_under_the_name(tmp_path: Path) -> None:
    class Cut(ContentFile):  # type: ignore[type-arg]
        def chunks(self, chunk_size: int | None = None) -> Callable[[], bytes]:  # type: ignore[override]
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        default_storage.save("images/b.png", Cut(b"half"))

    assert not default_storage.exists("images/b.png")
    assert default_storage.listdir("images")[1] == []
