"""Pictures made by hand, where a library would refuse to make them so wrong."""

import io
import struct
import zlib
from typing import Any

from PIL import Image as Pillow

PNG_START = b"\x89PNG\r\n\x1a\n"
SIZE = (64, 48)


def photo(mode: str = "RGB", size: tuple[int, int] = SIZE) -> Pillow.Image:
    """The same smooth picture every time, different in each corner."""
    width, height = size
    across = Pillow.linear_gradient("L").rotate(90).resize(size)
    down = Pillow.linear_gradient("L").resize(size)
    picture = Pillow.merge("RGB", (across, down, Pillow.new("L", size, 90)))
    picture.paste((250, 10, 10), (0, 0, width // 4, height // 4))
    return picture.convert(mode)


def glass() -> Pillow.Image:
    """The photo with a clear left half."""
    picture = photo("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, SIZE[0] // 2, SIZE[1]))
    return picture


def noise(size: tuple[int, int]) -> Pillow.Image:
    return Pillow.effect_noise(size, 90).convert("RGB")


def saved(picture: Pillow.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def animated(kind: str, frames: int = 3, size: tuple[int, int] = SIZE, **options: Any) -> bytes:
    pictures = [Pillow.new("RGB", size, (index * 7 % 256, 90, 30)) for index in range(frames)]
    more = {"save_all": True, "append_images": pictures[1:], "duration": 50, **options}
    return saved(pictures[0], kind, **more)


def chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def header(width: int, height: int, depth: int = 8, colours: int = 2, interlace: int = 0) -> bytes:
    content = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, interlace)
    return chunk(b"IHDR", content)


def png(*chunks: bytes) -> bytes:
    return PNG_START + b"".join(chunks) + chunk(b"IEND", b"")


def with_checksums(data: bytes) -> bytes:
    """The checksums of a PNG made right, so that damage reaches what lies behind them."""
    healed, position = bytearray(data), 8
    while data[1:4] == b"PNG" and position + 12 <= len(data):
        end = position + 8 + int.from_bytes(data[position : position + 4], "big")
        healed[end : end + 4] = zlib.crc32(data[position + 4 : end]).to_bytes(4, "big")
        position = end + 4
    return bytes(healed)


def png_with(*extra: bytes, picture: Pillow.Image | None = None) -> bytes:
    """An ordinary PNG with more chunks behind its header."""
    plain = saved(picture or photo(), "PNG")
    return plain[:33] + b"".join(extra) + plain[33:]


def blank_png(width: int, height: int, depth: int = 8, colours: int = 0) -> bytes:
    """As small as such a large picture can be."""
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colours]
    row = b"\0" * (1 + (width * samples * depth + 7) // 8)
    packer = zlib.compressobj(9)
    data = b"".join([packer.compress(row) for _ in range(height)]) + packer.flush()
    return png(header(width, height, depth, colours), chunk(b"IDAT", data))


def raw_png(width: int, height: int, rows: bytes, depth: int, colours: int) -> bytes:
    return png(header(width, height, depth, colours), chunk(b"IDAT", zlib.compress(rows)))


def gray_16_png() -> bytes:
    """Four pixels from black to white, in sixteen bits."""
    rows = b"\0" + struct.pack(">4H", 0, 0x4000, 0x8000, 0xFFFF)
    return raw_png(4, 1, rows, 16, 0)


def colour_16_png() -> bytes:
    rows = b"\0" + struct.pack(">6H", 0xFFFF, 0x8000, 0, 0, 0x8000, 0xFFFF)
    return raw_png(2, 1, rows, 16, 2)


def gray_alpha_16_png() -> bytes:
    rows = b"\0" + struct.pack(">4H", 0x8000, 0, 0x8000, 0xFFFF)
    return raw_png(2, 1, rows, 16, 4)


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def jpeg_with(*segments: bytes, picture: Pillow.Image | None = None) -> bytes:
    """An ordinary JPEG with more segments behind its first marker."""
    plain = saved(picture or photo(), "JPEG", quality=92)
    return plain[:2] + b"".join(segments) + plain[2:]


def jpeg_claiming(width: int, height: int) -> bytes:
    """A JPEG whose frame header lies about its size."""
    data = bytearray(saved(photo(), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def webp_with(name: bytes, content: bytes) -> bytes:
    """A WebP with one more chunk at its end."""
    plain = saved(photo(), "WEBP", exif=exif(1))
    body = plain[8:] + name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def exif(orientation: int, *, with_place: bool = False) -> bytes:
    data = Pillow.Exif()
    data[0x0112] = orientation
    data[0x010F] = "SecretCamera"
    if with_place:
        data.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 17.0)})
    return data.tobytes()


def manifest_box() -> bytes:
    """The beginning of a C2PA manifest store; enough to be recognised, not to be verified."""
    description = b"jumd" + bytes(16) + b"\x03c2pa\0"
    inner = struct.pack(">I", len(description) + 4) + description
    return struct.pack(">I", len(inner) + 8) + b"jumb" + inner


def gif_of_empty_frames(width: int, height: int, frames: int) -> bytes:
    """Each frame draws one pixel, and costs the whole canvas."""
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    image = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + screen + image * frames + b";"


def gif_growing_beyond(canvas: tuple[int, int], frame: tuple[int, int]) -> bytes:
    """A tiny canvas with one frame that claims to be huge."""
    screen = struct.pack("<HHBBB", *canvas, 0x80, 0, 0) + bytes(6)
    image = b"," + struct.pack("<HHHHB", 0, 0, *frame, 0)
    return b"GIF89a" + screen + image + b"\x02\x02\x44\x01\x00" + b";"


def wide_gamut_profile() -> bytes:
    """A matrix profile whose red and green have changed places: whoever applies it, shows it."""
    from PIL import ImageCms

    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {bytes(data[at : at + 4]): at for at in range(132, 132 + 12 * data[131], 12)}
    red, green = tags[b"rXYZ"] + 4, tags[b"gXYZ"] + 4
    data[red : red + 8], data[green : green + 8] = data[green : green + 8], data[red : red + 8]
    return bytes(data)
