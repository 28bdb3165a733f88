"""Whether a picture carries Content Credentials (C2PA). Presence only: no signature is checked."""

from collections.abc import Iterator

SVG_MANIFEST = b"http://c2pa.org/manifest"

_SOI_BYTES = 2
_START_OF_SCAN = 0xDA
_APP11 = 0xEB


def has_credentials(data: bytes, kind: str) -> bool:
    if kind == "png":
        return b"caBX" in _png_chunks(data)
    if kind == "jpeg":
        return any(_is_manifest(*segment) for segment in _jpeg_segments(data))
    if kind == "webp":
        return b"C2PA" in riff_chunks(data)
    return False


def riff_chunks(data: bytes) -> Iterator[bytes]:
    """The names of a WebP file's chunks."""
    position = 12
    while position + 8 <= len(data):
        yield data[position : position + 4]
        size = int.from_bytes(data[position + 4 : position + 8], "little")
        position += 8 + size + size % 2


def _png_chunks(data: bytes) -> Iterator[bytes]:
    position = 8
    while position + 12 <= len(data):
        yield data[position + 4 : position + 8]
        position += 12 + int.from_bytes(data[position : position + 4], "big")


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = _SOI_BYTES
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == _START_OF_SCAN:
            return
        size = int.from_bytes(data[position + 2 : position + 4], "big")
        yield marker, data[position + 4 : position + 2 + size]
        position += 2 + max(size, 2)


def _is_manifest(marker: int, content: bytes) -> bool:
    # A JUMBF box in APP11, whose description is labelled c2pa.
    return marker == _APP11 and content[:2] == b"JP" and b"jumb" in content and b"c2pa" in content
