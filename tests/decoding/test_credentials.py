"""Content Credentials are noticed where the standard puts them, and nowhere else."""

from pathlib import Path

import pytest

from jobs.services.pictures import intake
from tests.decoding import made, svgs
from tests.decoding.made import chunk, jpeg_with, photo, png_with, saved, segment

BOX = made.manifest_box()
SVG_MANIFEST = (
    '<metadata><c:manifest xmlns:c="http://c2pa.org/manifest">AA==</c:manifest></metadata>'
)

WITH = {
    "png": png_with(chunk(b"caBX", BOX)),
    "jpeg": jpeg_with(segment(0xEB, b"JP\0\1\0\0\0\1" + BOX)),
    "webp": made.webp_with(b"C2PA", BOX),
    "svg": svgs.svg(SVG_MANIFEST),
}
WITHOUT = {
    "png": saved(photo(), "PNG"),
    "png with the word": png_with(chunk(b"tEXt", b"a\0caBX")),
    "jpeg": saved(photo(), "JPEG"),
    "jpeg with another box": jpeg_with(segment(0xEB, b"JP\0\1\0\0\0\1jumb")),
    "jpeg with the word": jpeg_with(segment(0xFE, b"JP jumb c2pa")),
    "webp": saved(photo(), "WEBP"),
    "svg": svgs.svg(),
}


@pytest.mark.parametrize("name", WITH)
def test_it_notices_credentials(name: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(WITH[name])

    assert intake.inspect(tmp_path / "a").has_credentials


@pytest.mark.parametrize("name", WITHOUT)
def test_it_does_not_imagine_them(name: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(WITHOUT[name])

    assert not intake.inspect(tmp_path / "a").has_credentials


@pytest.mark.parametrize("name", ["png", "jpeg", "webp"])
def test_a_clean_copy_has_none(name: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(WITH[name])

    facts = intake.accept_upload(tmp_path / "a", tmp_path / "copy")

    assert not facts.has_credentials
    assert not intake.inspect(tmp_path / "copy").has_credentials
