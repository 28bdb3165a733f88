"""Hostile and unusual files, each with what becomes of it as an answer and as an upload."""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from PIL.PngImagePlugin import PngInfo

from tests.decoding import made, svgs
from tests.decoding.made import (
    animated,
    blank_png,
    chunk,
    header,
    jpeg_with,
    photo,
    png,
    png_with,
    saved,
    segment,
)


@dataclass(frozen=True)
class Taken:
    format: str
    width: int = made.SIZE[0]
    height: int = made.SIZE[1]
    frames: int = 1
    is_whole: bool = True


@dataclass(frozen=True)
class Refused:
    because: str


@dataclass(frozen=True)
class Case:
    name: str
    make: Callable[[], bytes]
    as_result: Taken | Refused
    as_upload: Taken | Refused

    @property
    def data(self) -> bytes:
        return self.make()


PNG, JPEG, WEBP = Taken("png"), Taken("jpeg"), Taken("webp")
DAMAGED = Refused("damaged or cut off")
NO_PROFILE = Refused("its colour profile has more than 4 MB")
UNKNOWN = Refused("not a picture")
ANIMATED = Refused("only still pictures")
NO_GIF = Refused("its type is GIF")
HTML = b"<html><script>alert(1)</script></html>"


# Enough of these is there to be seen, as browsers do; it is worth having where it was paid for.
PARTS = {("PNG", 0.5), ("PNG", 0.9), ("JPEG", 0.9), ("GIF", 0.5), ("GIF", 0.9)}


def case(
    name: str,
    make: Callable[[], bytes] | bytes,
    as_result: Taken | Refused,
    as_upload: Taken | Refused | None = None,
) -> Case:
    maker = make if callable(make) else partial(bytes, make)
    return Case(name, maker, as_result, as_upload or as_result)


def cases() -> Iterator[Case]:
    yield from ordinary()
    yield from cut()
    yield from broken()
    yield from broken_beside()
    yield from polyglots()
    yield from bombs()
    yield from unusual()
    yield from strangers()
    yield from drawings()


def ordinary() -> Iterator[Case]:
    yield case("png", partial(saved, photo(), "PNG"), PNG)
    yield case("jpeg", partial(saved, photo(), "JPEG"), JPEG)
    # A lossy photograph stays one; PNG would make it many times larger.
    yield case("webp", partial(saved, photo(), "WEBP"), WEBP, JPEG)
    yield case("webp lossless", partial(saved, photo(), "WEBP", lossless=True), WEBP, PNG)
    yield case("webp with alpha", partial(saved, made.glass(), "WEBP"), WEBP, PNG)
    yield case("gif", partial(saved, photo("P"), "GIF"), Taken("gif"), NO_GIF)
    yield case("avif", partial(saved, photo(), "AVIF"), Taken("avif"), JPEG)
    yield case("avif with alpha", partial(saved, made.glass(), "AVIF"), Taken("avif"), PNG)
    yield case("avif animated", partial(animated, "AVIF"), Taken("avif", frames=3), ANIMATED)
    yield case("one pixel", partial(blank_png, 1, 1), Taken("png", 1, 1))


def cut() -> Iterator[Case]:
    whole = {kind: saved(photo(), kind) for kind in ("PNG", "JPEG", "WEBP")}
    whole["GIF"] = saved(photo("P"), "GIF")
    for kind, data in whole.items():
        for share in (0.2, 0.5, 0.9):
            piece = data[: int(len(data) * share)]
            part = Taken(kind.lower(), is_whole=False) if (kind, share) in PARTS else DAMAGED
            word = NO_GIF if kind == "GIF" else DAMAGED
            yield case(f"{kind} cut at {share:.0%}", piece, part, word)
    png_data = whole["PNG"]
    yield case("empty", b"", Refused("it is empty"))
    yield case("png of one byte", png_data[:1], UNKNOWN)
    yield case("png of its signature", png_data[:8], DAMAGED)
    yield case("png cut in its header", png_data[:20], DAMAGED)
    yield case("png cut after its header", png_data[:33], DAMAGED)
    yield case("png cut before IEND", png_data[:-12], PNG)
    yield case("jpeg of three bytes", whole["JPEG"][:3], DAMAGED)
    yield case("jpeg without its end", whole["JPEG"][:-2], JPEG)
    progressive = saved(photo(), "JPEG", progressive=True)
    yield case("progressive jpeg without its end", progressive[:-2], JPEG)
    restarting = saved(photo(), "JPEG", restart_marker_rows=1)
    yield case("restarting jpeg without its end", restarting[:-2], JPEG)
    last = restarting.rindex(b"\xff\xd1")
    yield case("jpeg cut at a mark", restarting[:last], Taken("jpeg", is_whole=False), DAMAGED)
    yield case("webp of its header", whole["WEBP"][:12], DAMAGED)
    yield case("webp without its last byte", whole["WEBP"][:-2], DAMAGED)
    yield case("gif of its header", whole["GIF"][:13], DAMAGED, NO_GIF)
    # All pixels are there; browsers show these too.
    yield case("png cut in its last checksum", png_data[:-2], PNG)
    yield case("gif without its end", whole["GIF"][:-1], Taken("gif"), NO_GIF)


def broken() -> Iterator[Case]:
    data = saved(photo(), "PNG")
    at = data.index(b"IDAT") + 40
    bad_stream = zlib.compress(b"\0" * 9264)[:-30] + b"\xff" * 30
    spoilt = data[:at] + b"\0\0" + data[at + 2 :]
    yield case("png with a wrong checksum", spoilt, Taken("png", is_whole=False), DAMAGED)
    yield case("png with a bad stream", png(header(64, 48), chunk(b"IDAT", bad_stream)), DAMAGED)
    yield case("png with garbage for a stream", png(header(64, 48), chunk(b"IDAT", HTML)), DAMAGED)
    short = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    yield case("png with too few rows", png(header(64, 48), short), DAMAGED)
    yield case("png without pixels", png(header(64, 48)), DAMAGED)
    yield case("png without a header", png(short), DAMAGED)
    yield case("png of no width", png(header(0, 48), short), DAMAGED)
    yield case("png of no height", png(header(64, 0), short), DAMAGED)
    yield case("png of a strange depth", png(header(64, 48, depth=3), short), DAMAGED)
    yield case("png of a strange colour type", png(header(64, 48, colours=5), short), DAMAGED)
    endless = b"\x7f\xff\xff\xffIDAT" + b"\0" * 64
    yield case("png with an endless chunk", made.PNG_START + header(64, 48) + endless, DAMAGED)
    yield case("jpeg of no size", partial(made.jpeg_claiming, 64, 0), DAMAGED)
    # Such a JPEG ends as it should, and shows gray below: no decoder calls that an error.
    lying = partial(made.jpeg_claiming, 640, 4800)
    yield case("jpeg larger than its data", lying, Taken("jpeg", 640, 4800))
    yield case("jpeg of garbage", b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4, DAMAGED)
    yield case("webp of garbage", b"RIFF\0\4\0\0WEBPVP8 " + bytes(1024), DAMAGED)
    yield case("gif of garbage", b"GIF89a" + bytes(range(256)) * 4, DAMAGED, NO_GIF)


def broken_beside() -> Iterator[Case]:
    """All pixels are there; what is wrong stands beside them, where no viewer looks."""
    text = chunk(b"tEXt", b"Comment\0hello")
    for name, extra in {
        "a wrong checksum of text": text[:-4] + bytes(4),
        "a wrong checksum of a profile": chunk(b"iCCP", b"p\0\0")[:-4] + bytes(4),
        "a short pHYs": chunk(b"pHYs", b"\0\0"),
        "a short cHRM": chunk(b"cHRM", bytes(9)),
        "a short gAMA": chunk(b"gAMA", b"\0"),
        "a gAMA of nothing": chunk(b"gAMA", bytes(4)) + chunk(b"cHRM", bytes(32)),
        "a short cICP": chunk(b"cICP", b"\x0c"),
        "a short eXIf": chunk(b"eXIf", b"MM"),
        "a short tRNS": chunk(b"tRNS", b"\0"),
        "a text of 2 MB": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + squeezed(2_000_000)),
        "a text of a strange kind": chunk(b"zTXt", b"a\0\x07" + bytes(9)),
        "a profile of 1.5 MB": chunk(b"iCCP", b"p\0\0" + squeezed(1_500_000)),
        "a profile of a strange kind": chunk(b"iCCP", b"p\0\x07" + bytes(9)),
        "a profile of garbage": chunk(b"iCCP", b"p\0\0garbage"),
        "a broken animation": chunk(b"acTL", b"\0"),
        "an unknown chunk": chunk(b"vpAg", bytes(9)),
    }.items():
        yield case(f"png with {name}", partial(png_with, extra), PNG)
    frame = struct.pack(">IIIIIHHBB", 0, 64, 48, 90, 90, 1, 10, 0, 0)
    moving = png_with(chunk(b"acTL", struct.pack(">II", 3, 0)), chunk(b"fcTL", frame))
    yield case("png with frames beyond it", moving, Taken("png", is_whole=False), DAMAGED)
    whole = saved(photo(), "PNG")
    split = whole.index(b"IDAT") - 4
    late = whole[:split] + chunk(b"IDAT", whole[split + 8 : split + 28]) + text
    late += chunk(b"IDAT", whole[split + 28 : -16]) + chunk(b"IEND", b"")
    yield case("png with text between its pixels", late, PNG)


def squeezed(size: int) -> bytes:
    return zlib.compress(b" " * size, 9)


def polyglots() -> Iterator[Case]:
    """Pictures that are something else as well: served by their type, sent without the rest."""
    zipped = b"PK\x03\x04" + bytes(26) + b"PK\x05\x06" + bytes(18)
    gif = saved(photo("P"), "GIF", comment=b"*/=1;alert(1)//")
    yield case("png and page behind it", saved(photo(), "PNG") + HTML, PNG)
    yield case("png with a page in its text", png_with(chunk(b"tEXt", b"a\0" + HTML)), PNG)
    yield case("png and zip", saved(photo(), "PNG") + zipped, PNG)
    yield case("jpeg and page", jpeg_with(segment(0xFE, HTML)), JPEG)
    yield case("jpeg and zip", saved(photo(), "JPEG") + zipped, JPEG)
    yield case("gif and script", gif, Taken("gif"), NO_GIF)
    yield case("script as gif", b"GIF89a=1;alert(1);//" + b" " * 40, DAMAGED, NO_GIF)
    yield case(
        "page with a drawing", b"<!doctype html>" + HTML + b"<svg/>", Refused("its type is HTML;")
    )
    yield case("webp and page", saved(photo(), "WEBP") + HTML, WEBP, JPEG)


def bombs() -> Iterator[Case]:
    wide = Refused("no side may have more than 16384")
    yield case("20,000 pixels squared", png(header(20_000, 20_000)), wide)
    yield case("256 megapixels", partial(blank_png, 16_000, 16_000, 1), Refused("256 megapixels"))
    yield case("95 megapixels", partial(blank_png, 9_750, 9_750, 1), Refused("95.1 megapixels"))
    yield case("a long strip", partial(blank_png, 16_385, 1), wide)
    yield case("four thousand million", png(header(2**31 - 1, 2**31 - 1)), wide)
    yield case("jpeg of 65,500 squared", partial(made.jpeg_claiming, 65_500, 65_500), wide)
    yield case(
        "jpeg of 256 megapixels", partial(made.jpeg_claiming, 16_000, 16_000), Refused("256")
    )
    flood = zlib.compress(b"\0" * 70_000_000, 9)
    yield case("zTXt bomb", partial(png_with, chunk(b"zTXt", b"a\0\0" + flood)), PNG)
    yield case("iTXt bomb", partial(png_with, chunk(b"iTXt", b"a\0\1\0\0\0" + flood)), PNG)
    yield case("iCCP bomb", partial(png_with, chunk(b"iCCP", b"a\0\0" + flood)), PNG, NO_PROFILE)
    yield case(
        "1,000 frames", partial(animated, "GIF", 1000, (8, 8)), Refused("1000 frames"), NO_GIF
    )
    large = made.gif_of_empty_frames(2000, 2000, 30)
    yield case("30 large frames", large, Refused("120 megapixels together"), NO_GIF)
    few = Taken("gif", 2000, 2000, frames=20)
    yield case("20 large frames", made.gif_of_empty_frames(2000, 2000, 20), few, NO_GIF)
    yield case(
        "a frame beyond its canvas",
        made.gif_growing_beyond((8, 8), (60_000, 60_000)),
        wide,
        NO_GIF,
    )
    actl = chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))
    yield case(
        "endless frames in a png", png_with(actl), Refused("frames; the limit is 100"), ANIMATED
    )
    yield case(
        "more bytes than taken",
        b"\x89PNG\r\n\x1a\n" + bytes(100_000_001),
        Refused("more than 100 MB"),
        Refused("more than 50 MB"),
    )
    yield case("many chunks", partial(png_with, chunk(b"teSt", b"") * 50_000), PNG)


def unusual() -> Iterator[Case]:
    gray = photo("L")
    yield case("png of 16 bits gray", made.gray_16_png(), Taken("png", 4, 1))
    yield case("png of 16 bits colour", made.colour_16_png(), Taken("png", 2, 1))
    yield case("png of 16 bits gray and alpha", made.gray_alpha_16_png(), Taken("png", 2, 1))
    yield case("png of 1 bit", partial(saved, photo("1"), "PNG"), PNG)
    yield case("png of a palette", partial(saved, photo("P"), "PNG"), PNG)
    yield case("png of a clear palette", partial(saved, photo("P"), "PNG", transparency=3), PNG)
    yield case(
        "png of a clear colour", partial(saved, photo(), "PNG", transparency=(250, 10, 10)), PNG
    )
    yield case("png gray and alpha", partial(saved, photo("LA"), "PNG"), PNG)
    yield case("png interlaced", interlaced(), Taken("png", 1, 1))
    yield case("png animated", partial(animated, "PNG"), Taken("png", frames=3), ANIMATED)
    yield case("webp animated", partial(animated, "WEBP"), Taken("webp", frames=3), ANIMATED)
    yield case("gif animated", partial(animated, "GIF"), Taken("gif", frames=3), NO_GIF)
    yield case("jpeg gray", partial(saved, gray, "JPEG"), JPEG)
    yield case("jpeg progressive", partial(saved, photo(), "JPEG", progressive=True), JPEG)
    yield case("jpeg cmyk", partial(saved, photo("CMYK"), "JPEG"), JPEG)
    yield case("jpeg ycck", ycck, JPEG)
    yield case("jpeg arithmetic", arithmetic(), JPEG)
    yield case(
        "jpeg sideways", partial(saved, photo(), "JPEG", exif=made.exif(6)), Taken("jpeg", 48, 64)
    )
    yield case("jpeg of an unknown side", jpeg_with(segment(0xE1, made.exif(9))), JPEG)
    yield case(
        "jpeg with broken exif", jpeg_with(segment(0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff")), JPEG
    )
    yield case("jpeg of two pictures", partial(animated, "MPO", 2), JPEG)
    yield case(
        "png with a place", partial(saved, photo(), "PNG", exif=made.exif(1, with_place=True)), PNG
    )
    yield case("png with text", partial(saved, photo(), "PNG", pnginfo=text()), PNG)
    yield case(
        "jpeg with a broken profile",
        partial(saved, photo(), "JPEG", icc_profile=b"no profile"),
        JPEG,
    )
    yield case("png with another name", partial(saved, photo(), "PNG"), PNG)


def text() -> PngInfo:
    info = PngInfo()
    info.add_text("parameters", "a secret prompt")
    return info


def interlaced() -> bytes:
    return png(header(1, 1, 8, 0, 1), chunk(b"IDAT", zlib.compress(b"\0\x80")))


def ycck() -> bytes:
    """Adobe's inverted four channels; Pillow writes CMYK, so its marker is rewritten."""
    data = saved(photo("CMYK"), "JPEG")
    at = data.index(b"Adobe")
    return data[: at + 11] + b"\2" + data[at + 12 :]


def arithmetic() -> bytes:
    """Claims the rarer coding, so that its decoder reads what is not meant for it."""
    return saved(photo(), "JPEG").replace(b"\xff\xc0", b"\xff\xc9", 1)


def strangers() -> Iterator[Case]:
    """Files of other kinds, whatever they are called."""
    for kind in ("TIFF", "BMP", "ICO", "JPEG2000", "PPM", "TGA"):
        word = (
            UNKNOWN
            if kind in ("PPM", "TGA")
            else Refused(f"its type is {kind.replace('G2', 'G 2')};")
        )
        yield case(kind, partial(saved, photo(), kind), word)
    yield case("HEIC", b"\0\0\0\x18ftypheic" + bytes(40), Refused("its type is HEIC;"))
    yield case("video", b"\0\0\0\x18ftypisom" + bytes(40), Refused("its type is video;"))
    yield case("Photoshop", b"8BPS\0\1" + bytes(40), Refused("its type is Photoshop;"))
    yield case(
        "EPS", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", Refused("its type is EPS;")
    )
    yield case("PDF", b"%PDF-1.7\n" + bytes(40), Refused("its type is PDF;"))
    yield case("EXE", b"MZ\x90\0" + bytes(200), Refused("its type is Windows program;"))
    yield case("ELF", b"\x7fELF\2\1" + bytes(200), Refused("its type is Linux program;"))
    yield case("ZIP", b"PK\x03\x04" + bytes(40), Refused("its type is ZIP;"))
    yield case("HTML", HTML, Refused("its type is HTML;"))
    yield case("text", b"A fox, please.\n", UNKNOWN)
    yield case("JSON", b'{"error": "no"}', UNKNOWN)
    yield case("zeros", bytes(4096), UNKNOWN)


def drawings() -> Iterator[Case]:
    refused = Refused("its type is SVG; PNG")
    for name, data in svgs.GOOD.items():
        size = {"own size": (192, 50), "very large": (90_000, 54_000)}.get(name, (100, 60))
        yield case(f"svg: {name}", data, Taken("svg", *size), refused)
    for name, (data, _) in svgs.UNSAFE.items():
        yield case(f"svg: {name}", data, Refused("more than a drawing"), refused)
    for name, (data, because) in svgs.HOPELESS.items():
        word = UNKNOWN if because == "not a picture" else refused
        yield case(f"svg: {name}", data, Refused(because), word)


ALL = {each.name: each for each in cases()}
