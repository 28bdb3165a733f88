"""Small pictures in every way of storing colour, for a browser and the studio to read alike."""

import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from PIL import Image as Pillow
from PIL import ImageFilter

from tests.corpus import profiles
from tests.decoding.made import PNG_START, chunk, header, photo, saved

WIDTH, HEIGHT = 24, 16
# Colour types of PNG, with the samples of a pixel.
GRAY, RGB, PALETTE, GRAY_ALPHA, RGBA = 0, 2, 3, 4, 6
SAMPLES = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGBA: 4}
DEPTHS = {GRAY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GRAY_ALPHA: (8, 16)}
DEPTHS[RGBA] = (8, 16)
NAMES = {GRAY: "gray", RGB: "rgb", PALETTE: "palette", GRAY_ALPHA: "gray+alpha", RGBA: "rgba"}
# Where each pass of an interlaced PNG begins, and how far its pixels are apart: x, y, dx, dy.
TABLE = 8  # Its points are joined in another way.
ROUGH = 16  # Lossy twice, where one more step of a pale colour is many of a strong one.
FINE: dict[str, Any] = {"quality": 95, "subsampling": "4:4:4"}
SHARP: dict[str, Any] = {"quality": 97, "subsampling": 0}
ADAM7 = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
    *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)


@dataclass(frozen=True)
class Drawn:
    """A file that a browser and the studio must show alike."""

    name: str
    kind: str
    data: bytes
    tolerance: int = 3  # In steps of 255; two colour engines round differently.


def drawn() -> Iterator[Drawn]:
    yield from every_depth()
    yield from with_profiles()
    yield from with_gamma()
    yield from other_kinds()


def every_depth() -> Iterator[Drawn]:
    """Each way of storing pixels: plain, with a clear colour, interlaced."""
    for colours, depths in DEPTHS.items():
        for depth in depths:
            name = f"{NAMES[colours]} {depth} bit"
            yield Drawn(name, "png", picture(colours, depth))
            yield Drawn(f"{name} interlaced", "png", picture(colours, depth, interlaced=True))
            if colours in (GRAY, RGB, PALETTE):
                clear = clear_colour(colours, depth)
                yield Drawn(f"{name} clear", "png", picture(colours, depth, clear))
    deep = picture(RGB, 16, clear_colour(RGB, 16), interlaced=True)
    yield Drawn("rgb 16 bit clear interlaced", "png", deep)


def with_profiles() -> Iterator[Drawn]:
    """The same under profiles of their own kind, and of another."""
    for colours in DEPTHS:
        for depth in (8, 16) if colours != PALETTE else (8,):
            clear = clear_colour(colours, depth) if colours in (GRAY, RGB, PALETTE) else b""
            for name, profile in PROFILES.items():
                data = picture(colours, depth, iccp(profile), clear)
                tolerance = TABLE if name == "a table" else 3
                yield Drawn(f"{NAMES[colours]} {depth} bit under {name}", "png", data, tolerance)


def with_gamma() -> Iterator[Drawn]:
    """What older and newer files say of colour without a profile."""
    for colours in (GRAY, RGB, PALETTE, RGBA):
        for name, chunks in GAMMAS.items():
            yield Drawn(f"{NAMES[colours]} with {name}", "png", picture(colours, 8, chunks))


def other_kinds() -> Iterator[Drawn]:
    for mode in ("RGB", "L"):
        for name, profile in PROFILES.items():
            data = saved(smooth(mode), "JPEG", **SHARP, icc_profile=profile)
            yield Drawn(f"jpeg {mode} under {name}", "jpeg", data, ROUGH)
    for mode in ("RGB", "RGBA"):
        for name, profile in PROFILES.items():
            data = saved(smooth(mode), "WEBP", lossless=True, icc_profile=profile)
            yield Drawn(f"webp {mode} under {name}", "webp", data, ROUGH)
            if not name.startswith("gray"):  # With such a profile Chromium shows no AVIF at all.
                data = saved(smooth(mode), "AVIF", icc_profile=profile, **FINE)
                yield Drawn(f"avif {mode} under {name}", "avif", data, ROUGH)
    for name, numbers in {"Display P3": (12, 13), "linear light": (1, 8)}.items():
        yield Drawn(f"avif of {name} by number", "avif", avif_by_number(*numbers), ROUGH)
    for name, data in cmyk().items():
        yield Drawn(f"jpeg {name}", "jpeg", data, ROUGH)
    yield Drawn("png of one frame", "png", picture(RGB, 8, ONE_FRAME, PLACE_OF_FRAME))


def smooth(mode: str) -> Pillow.Image:
    """Without edges, around which every lossy copy differs."""
    return photo("RGB", (48, 32)).filter(ImageFilter.GaussianBlur(6)).convert(mode)


def avif_by_number(primaries: int, transfer: int) -> bytes:
    data = bytearray(saved(smooth("RGB"), "AVIF", **FINE))
    at = data.index(b"colrnclx") + 8
    data[at : at + 4] = struct.pack(">HH", primaries, transfer)
    return bytes(data)


def cmyk() -> dict[str, bytes]:
    found = {"a profile of RGB": PROFILES["Display P3"], "a table of inks": profiles.inks()}
    return {
        f"CMYK under {name}": saved(smooth("CMYK"), "JPEG", icc_profile=profile, **SHARP)
        for name, profile in {"no profile": None, **found}.items()
    }


PROFILES = {
    "Display P3": profiles.rgb(profiles.DISPLAY_P3),
    "Adobe RGB": profiles.rgb(profiles.ADOBE_RGB, gamma=2.19921875),
    "linear light": profiles.rgb(profiles.SRGB, gamma=1.0),
    "sRGB": profiles.rgb(profiles.SRGB),
    "gray of gamma 1": profiles.gray(1.0),
    "gray of gamma 2.2": profiles.gray(2.2),
    "a table": profiles.table(),
}


def gama(gamma: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(gamma * 100_000)))


def chrm(primaries: profiles.Primaries) -> bytes:
    numbers = [round(each * 100_000) for point in (profiles.D65, *primaries) for each in point]
    return chunk(b"cHRM", struct.pack(">8I", *numbers))


def cicp(primaries: int, transfer: int) -> bytes:
    return chunk(b"cICP", bytes((primaries, transfer, 0, 1)))


def iccp(profile: bytes) -> bytes:
    return chunk(b"iCCP", b"p\0\0" + zlib.compress(profile, 9))


ONE_FRAME = chunk(b"acTL", struct.pack(">II", 1, 0))
PLACE_OF_FRAME = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, WIDTH, HEIGHT, 0, 0, 1, 10, 0, 0))
SRGB_CHUNK = chunk(b"sRGB", b"\0")
GAMMAS = {
    "gamma 1": gama(1.0),
    "gamma 1/2.2": gama(0.45455),
    "gamma 1/1.8": gama(0.55556),
    "gamma and P3 primaries": gama(0.45455) + chrm(profiles.DISPLAY_P3),
    "P3 primaries alone": chrm(profiles.DISPLAY_P3),
    "gamma 1/2.2 and sRGB primaries": gama(0.45455) + chrm(profiles.SRGB),
    "HD television by number": cicp(1, 1),
    "gamma overruled by sRGB": gama(1.0) + SRGB_CHUNK,
    "gamma overruled by a profile": gama(1.0) + iccp(PROFILES["Display P3"]),
    "Display P3 by number": cicp(12, 13),
    "sRGB by number": cicp(1, 13),
    "BT.2020 by number": cicp(9, 14),
    "linear light by number": cicp(1, 8),
    "a number over a profile": cicp(12, 13) + iccp(PROFILES["linear light"]),
}


def picture(colours: int, depth: int, *before: bytes, interlaced: bool = False) -> bytes:
    rows = samples(colours, depth)
    body = b"".join(_passes(rows, depth) if interlaced else _rows(rows, depth))
    palette = chunk(b"PLTE", _palette(depth)) if colours == PALETTE else b""
    # What names colours stands before the palette, what names the clear one behind it.
    early = b"".join(each for each in before if each[4:8] != b"tRNS")
    late = b"".join(each for each in before if each[4:8] == b"tRNS")
    head = header(WIDTH, HEIGHT, depth, colours, int(interlaced))
    pixels = chunk(b"IDAT", zlib.compress(body, 9))
    return PNG_START + head + early + palette + late + pixels + chunk(b"IEND", b"")


def samples(colours: int, depth: int) -> list[list[tuple[int, ...]]]:
    """Rows of pixels, the same every time; the first of each row is the clear one."""
    dice = random.Random(f"{colours} {depth}")  # noqa: S311 - The same every time.
    first = _first(colours, depth)
    most, count = 2**depth - 1, SAMPLES[colours]
    rows = []
    for _ in range(HEIGHT):
        row = [tuple(dice.randint(0, most) for _ in range(count)) for _ in range(WIDTH)]
        # Beside it one that differs in the last bit alone.
        row[:2] = [first, (*first[:-1], first[-1] ^ 1)]
        rows.append(row)
    return rows


def clear_colour(colours: int, depth: int) -> bytes:
    if colours == PALETTE:
        return chunk(b"tRNS", bytes((255, 0, 128))[: 2**depth])
    return chunk(b"tRNS", b"".join(struct.pack(">H", each) for each in _first(colours, depth)))


def _first(colours: int, depth: int) -> tuple[int, ...]:
    most = 2**depth - 1
    return (
        (1,) if colours == PALETTE else tuple(most * (k + 2) // 7 for k in range(SAMPLES[colours]))
    )


def _palette(depth: int) -> bytes:
    return random.Random("palette").randbytes(3 * 2**depth)  # noqa: S311


def _rows(rows: list[list[tuple[int, ...]]], depth: int) -> Iterator[bytes]:
    for row in rows:
        bits = "".join(f"{sample:0{depth}b}" for pixel in row for sample in pixel)
        bits += "0" * (-len(bits) % 8)
        yield b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")


def _passes(rows: list[list[tuple[int, ...]]], depth: int) -> Iterator[bytes]:
    for x, y, across, down in ADAM7:
        yield from _rows([row[x::across] for row in rows[y::down] if row[x::across]], depth)


ALL = {each.name: each for each in drawn()}
