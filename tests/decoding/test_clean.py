"""What an upload becomes before it is sent anywhere: pixels, upright and in sRGB, and no more."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from jobs.services.pictures import intake
from tests.decoding import made
from tests.decoding.made import chunk, jpeg_with, photo, png_with, saved, segment

SECRET = b"SecretWords"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a>' + SECRET + b"</a></x:xmpmeta>"
# Whatever names metadata in a file of one of these kinds.
MARKS: tuple[bytes, ...] = (
    SECRET,
    b"Exif",
    b"SecretCamera",
    b"ns.adobe.com",
    b"adobe:ns",
    b"8BIM",
    b"ICC_PROFILE",
)
MARKS += (b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"iCCP", b"tIME", b"caBX", b"MPF\0", b"JP\0", b"GPS")
MARKS += (b"EXIF", b"XMP ", b"ICCP", b"C2PA", b"c2pa")

Clean = Callable[[bytes], Pillow.Image]


@pytest.fixture
def clean(tmp_path: Path) -> Clean:
    def make(data: bytes) -> Pillow.Image:
        path, copy = tmp_path / "upload", tmp_path / "copy"
        path.write_bytes(data)
        intake.accept_upload(path, copy)
        picture = Pillow.open(io.BytesIO(copy.read_bytes()))
        picture.load()
        return picture

    return make


def text() -> PngInfo:
    info = PngInfo()
    info.add_text("parameters", SECRET.decode())
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    info.add_text("squeezed", SECRET.decode(), zip=True)
    return info


def carriers() -> dict[str, bytes]:
    place = made.exif(1, with_place=True)
    profile = made.wide_gamut_profile()
    return {
        "jpeg exif and place": saved(photo(), "JPEG", exif=place),
        "jpeg xmp": jpeg_with(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)),
        "jpeg iptc": jpeg_with(segment(0xED, b"Photoshop 3.0\x008BIM\4\4\0\0\0\0\0\x0b" + SECRET)),
        "jpeg comment": saved(photo(), "JPEG", comment=SECRET),
        "jpeg profile": saved(photo(), "JPEG", icc_profile=profile),
        "jpeg credentials": jpeg_with(segment(0xEB, b"JP\0\1\0\0\0\1" + made.manifest_box())),
        "jpeg unknown segment": jpeg_with(segment(0xEC, SECRET)),
        "jpeg of two pictures": made.animated("MPO", 2),
        "jpeg and more behind it": saved(photo(), "JPEG") + SECRET,
        "png exif and place": saved(photo(), "PNG", exif=place),
        "png texts": saved(photo(), "PNG", pnginfo=text()),
        "png profile": saved(photo(), "PNG", icc_profile=profile),
        "png time": png_with(chunk(b"tIME", struct.pack(">H5B", 2026, 11, 22, 1, 2, 3))),
        "png credentials": png_with(chunk(b"caBX", made.manifest_box())),
        "png unknown chunk": png_with(chunk(b"seCr", SECRET)),
        "png and more behind it": saved(photo(), "PNG") + SECRET,
        "webp exif": saved(photo(), "WEBP", exif=place),
        "webp xmp": saved(photo(), "WEBP", xmp=XMP),
        "webp profile": saved(photo(), "WEBP", icc_profile=profile),
        "webp lossless exif": saved(photo(), "WEBP", lossless=True, exif=place, xmp=XMP),
        "webp credentials": made.webp_with(b"C2PA", made.manifest_box()),
    }


CARRIERS = carriers()


@pytest.mark.parametrize("name", CARRIERS)
def test_it_leaves_no_metadata(name: str, tmp_path: Path) -> None:
    path, copy = tmp_path / "upload", tmp_path / "copy"
    path.write_bytes(CARRIERS[name])

    intake.accept_upload(path, copy)

    content = copy.read_bytes()
    assert [mark for mark in MARKS if mark in content] == []
    with Pillow.open(io.BytesIO(content)) as picture:
        picture.load()
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}
        assert dict(picture.getexif()) == {}


@pytest.mark.parametrize("name", CARRIERS)
def test_the_marks_that_are_looked_for_are_there_before(name: str) -> None:
    found = [mark for mark in MARKS if mark in CARRIERS[name]]

    assert found or name == "png unknown chunk"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_turns_the_picture_upright(kind: str, orientation: int, clean: Clean) -> None:
    upright = corners(photo())
    turned = lay_down(photo(), orientation)

    picture = clean(saved(turned, kind, exif=made.exif(orientation), quality=95))

    assert picture.size == made.SIZE
    assert near(corners(picture), upright)


def test_it_follows_exif_and_not_xmp_as_browsers_do(clean: Clean) -> None:
    words = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    )

    picture = clean(saved(photo(), "JPEG", xmp=words))

    assert picture.size == made.SIZE


def test_it_brings_wide_colours_into_srgb(clean: Clean) -> None:
    red = Pillow.new("RGB", (8, 8), (255, 0, 0))

    picture = clean(saved(red, "PNG", icc_profile=made.wide_gamut_profile()))

    red_part, green_part, _ = pixel(picture, 4, 4)[:3]
    assert green_part > 200 > 50 > red_part  # The profile says that red is green.


def test_it_keeps_transparency_beside_a_profile(clean: Clean) -> None:
    picture = clean(saved(made.glass(), "PNG", icc_profile=made.wide_gamut_profile()))

    assert pixel(picture, 2, 40)[3] == 0
    assert pixel(picture, 60, 40)[3] == 255


def test_it_scales_sixteen_bits_of_gray(clean: Clean) -> None:
    picture = clean(made.gray_16_png())

    grays = [pixel(picture, x, 0)[0] for x in range(4)]
    assert grays == [0, 0x40, 0x80, 0xFF]


def test_it_scales_sixteen_bits_of_colour(clean: Clean) -> None:
    picture = clean(made.colour_16_png())

    assert [pixel(picture, x, 0) for x in range(2)] == [(255, 128, 0), (0, 128, 255)]


def test_it_keeps_sixteen_bits_of_transparency(clean: Clean) -> None:
    picture = clean(made.gray_alpha_16_png())

    assert [pixel(picture, x, 0)[3] for x in range(2)] == [0, 255]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK"])
def test_it_makes_every_opaque_picture_rgb(mode: str, clean: Clean) -> None:
    picture = clean(saved(photo(mode), "JPEG" if mode == "CMYK" else "PNG"))

    assert picture.mode == "RGB"
    assert near([pixel(picture, 3, 3)], [pixel(photo(mode).convert("RGB"), 3, 3)])


@pytest.mark.parametrize("mode", ["LA", "RGBA", "PA"])
def test_it_makes_every_other_picture_rgba(mode: str, clean: Clean) -> None:
    source = made.glass().convert("P") if mode == "PA" else made.glass().convert(mode)

    picture = clean(saved(source, "PNG"))

    assert picture.mode == "RGBA"
    assert [pixel(picture, x, 40)[3] for x in (2, 60)] == [0, 255]


def test_a_clear_colour_becomes_transparency(clean: Clean) -> None:
    picture = clean(saved(photo(), "PNG", transparency=(250, 10, 10)))

    assert [pixel(picture, x, 4)[3] for x in (2, 40)] == [0, 255]


def test_lossless_stays_lossless(clean: Clean) -> None:
    source = made.noise((40, 30))

    for data in (saved(source, "PNG"), saved(source, "WEBP", lossless=True)):
        assert clean(data).tobytes() == source.tobytes()


def test_a_jpeg_stays_a_jpeg_and_loses_little(clean: Clean) -> None:
    data = saved(photo(), "JPEG", quality=90)

    picture = clean(data)

    assert picture.format == "JPEG"
    with Pillow.open(io.BytesIO(data)) as source:
        assert near(corners(picture), corners(source.convert("RGB")), tolerance=6)


def lay_down(picture: Pillow.Image, orientation: int) -> Pillow.Image:
    """Store a picture as a camera would that was held that way."""
    moves = Pillow.Transpose
    move = {
        2: moves.FLIP_LEFT_RIGHT,
        3: moves.ROTATE_180,
        4: moves.FLIP_TOP_BOTTOM,
        5: moves.TRANSPOSE,
        6: moves.ROTATE_90,
        7: moves.TRANSVERSE,
        8: moves.ROTATE_270,
    }.get(orientation)
    return picture.transpose(move) if move is not None else picture


def corners(picture: Pillow.Image) -> list[tuple[int, ...]]:
    right, bottom = picture.width - 6, picture.height - 6
    return [pixel(picture, x, y) for x in (6, right) for y in (6, bottom)]


def pixel(picture: Pillow.Image, x: int, y: int) -> tuple[int, ...]:
    value = picture.getpixel((x, y))
    assert isinstance(value, tuple)
    return value


def near(
    found: list[tuple[int, ...]], wanted: list[tuple[int, ...]], *, tolerance: int = 24
) -> bool:
    pairs = zip(found, wanted, strict=True)
    return all(abs(a - b) <= tolerance for one, two in pairs for a, b in zip(one, two, strict=True))
