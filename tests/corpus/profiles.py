"""Colour profiles made by hand, so that no test depends on what a system has."""

import itertools
import struct

Point = tuple[float, float]
Primaries = tuple[Point, Point, Point]

GRID = 5  # Points a side of a table.
_D50 = (0.9642, 1.0, 0.8249)
D65: Point = (0.3127, 0.3290)
SRGB: Primaries = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
DISPLAY_P3: Primaries = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE_RGB: Primaries = ((0.640, 0.330), (0.210, 0.710), (0.150, 0.060))
# As seen under the light that profiles are measured by; columns of red, green and blue.
_COLUMNS = {
    SRGB: ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)),
    DISPLAY_P3: ((0.51512, 0.2412, -0.0011), (0.29198, 0.69225, 0.0419), (0.1571, 0.06657, 0.7841)),
    ADOBE_RGB: ((0.60974, 0.31111, 0.0195), (0.20528, 0.62567, 0.0609), (0.14919, 0.0632, 0.7446)),
}
_BEND = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_SRGB_CURVE = struct.pack(">4sIHH", b"para", 0, 3, 0) + b"".join(
    struct.pack(">i", round(each * 65536)) for each in _BEND
)


def rgb(primaries: Primaries, gamma: float = 0.0, pad: int = 0) -> bytes:
    """A profile of matrix and curves; without a gamma its curve is that of sRGB."""
    curve = _gamma(gamma) if gamma else _SRGB_CURVE
    tags = {b"wtpt": _xyz(0.9642, 1, 0.8249)}
    for name, column in zip((b"r", b"g", b"b"), _COLUMNS[primaries], strict=True):
        tags |= {name + b"XYZ": _xyz(*column), name + b"TRC": curve}
    if pad:
        tags[b"zzzz"] = b"data" + bytes(pad)
    return _profile(b"RGB ", tags)


def gray(gamma: float) -> bytes:
    return _profile(b"GRAY", {b"wtpt": _xyz(0.9642, 1, 0.8249), b"kTRC": _gamma(gamma)})


def table() -> bytes:
    """A profile of version 4 that is a table alone: paler, with red and green mixed."""
    steps = [each / (GRID - 1) for each in range(GRID)]
    lut = struct.pack(">4sI4B", b"mft2", 0, 3, 3, GRID, 0) + _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    straight = struct.pack(">6H", *[0, 65535] * 3)
    lut += struct.pack(">HH", 2, 2) + straight
    for red, green, blue in itertools.product(steps, steps, steps):
        gray = (red + green + blue) / 3
        mixed = (0.4 * red + 0.3 * green + 0.3 * gray, 0.7 * green + 0.3 * gray)
        lut += _lab(*mixed, 0.7 * blue + 0.3 * gray)
    return _profile(b"RGB ", {b"wtpt": _xyz(*_D50), b"A2B0": lut + straight}, space=b"Lab ")


def inks() -> bytes:
    """A profile of four inks, each of which lets some of the others' light through."""
    lut = struct.pack(">4sI4B", b"mft2", 0, 4, 3, 2, 0) + _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    lut += struct.pack(">HH", 2, 2) + struct.pack(">8H", *[0, 65535] * 4)
    for cyan, magenta, yellow, black in itertools.product((0, 1), repeat=4):
        light = 1 - 0.8 * black
        lut += _lab(*(light * (1 - 0.7 * ink) for ink in (cyan, magenta, yellow)))
    lut += struct.pack(">6H", *[0, 65535] * 3)
    return _profile(b"CMYK", {b"wtpt": _xyz(*_D50), b"A2B0": lut}, space=b"Lab ")


def _lab(*colour: float) -> bytes:
    """A colour of the web as the tables of profiles number it."""
    power, steep, lift, slope, bound = _BEND
    light = [each * slope if each <= bound else (each * steep + lift) ** power for each in colour]
    rows = zip(*_COLUMNS[SRGB], strict=True)
    xyz = [sum(a * b for a, b in zip(row, light, strict=True)) for row in rows]
    x, y, z = (_bent(part / white) for part, white in zip(xyz, _D50, strict=True))
    lab = ((116 * y - 16) * 652.8, (500 * (x - y) + 128) * 256, (200 * (y - z) + 128) * 256)
    return struct.pack(">3H", *(round(min(65535, max(0, each))) for each in lab))


def _bent(part: float) -> float:
    return part ** (1 / 3) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116


def _fixed(*numbers: float) -> bytes:
    return b"".join(struct.pack(">i", round(each * 65536)) for each in numbers)


def _xyz(*numbers: float) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*numbers)


def _gamma(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def _text(words: str) -> bytes:
    letters = words.encode("utf-16-be")
    return struct.pack(">4sIII4sII", b"mluc", 0, 1, 12, b"enUS", len(letters), 28) + letters


def _profile(colours: bytes, tags: dict[bytes, bytes], space: bytes = b"XYZ ") -> bytes:
    tags = {b"desc": _text("test"), b"cprt": _text("none"), **tags}
    table, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, content in tags.items():
        padded = content + bytes(-len(content) % 4)
        table += name + struct.pack(">II", start + len(body), len(content))
        body += padded
    head = struct.pack(">I4s4s", 128 + len(table) + len(body), b"lcms", b"\x04\x20\0\0")
    head += b"mntr" + colours + space + struct.pack(">6H4s", 2020, 1, 1, 0, 0, 0, b"acsp")
    head += bytes(28) + _fixed(0.9642, 1, 0.8249)
    return head + bytes(128 - len(head)) + table + body
