"""Colour profiles of three primaries and a curve, for files that tell their colours without one."""

import struct
from collections.abc import Iterable

Point = tuple[float, float]
Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]
Primaries = tuple[Point, Point, Point]

D65: Point = (0.3127, 0.3290)
# The light that profiles are measured by.
_D50: Vector = (0.9642, 1.0, 0.8249)
_BRADFORD: Matrix = (
    (0.8951, 0.2664, -0.1614),
    (-0.7502, 1.7135, 0.0367),
    (0.0389, -0.0685, 1.0296),
)
SRGB: Primaries = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)

# By the numbers of ITU-T H.273, which PNG and AVIF share.
_PRIMARIES: dict[int, Primaries] = {
    1: SRGB,
    5: ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060)),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
_CURVES: dict[int, tuple[float, ...]] = {
    # As the screens of television show it, not as its cameras take it.
    **dict.fromkeys((1, 6, 14, 15), (2.4,)),
    4: (2.2,),
    5: (2.8,),
    8: (1.0,),
    13: SRGB_CURVE,
}
_HDR = (16, 18)


def is_hdr(transfer: int) -> bool:
    """Brighter than white: no plain picture can show it."""
    return transfer in _HDR


def by_numbers(primaries: int, transfer: int) -> bytes | None:
    """None where the numbers say nothing that is known here."""
    if primaries not in _PRIMARIES or transfer not in _CURVES:
        return None
    return profile(D65, _PRIMARIES[primaries], _CURVES[transfer])


def profile(white: Point, primaries: Primaries, curve: tuple[float, ...]) -> bytes:
    """`curve` is a gamma alone, or the five numbers of a curve with a straight beginning.

    ArithmeticError when these are no primaries, or can't be written down.
    """
    tags = {b"wtpt": _xyz(_D50)}
    for name, column in zip((b"r", b"g", b"b"), _columns(white, primaries), strict=True):
        tags |= {name + b"XYZ": _xyz(column), name + b"TRC": _curve(curve)}
    try:
        return _file(tags)
    except struct.error as error:
        raise ArithmeticError("a number is too large for a profile") from error


def _columns(white: Point, primaries: Primaries) -> Matrix:
    """What each primary adds to the white, as seen under the light of profiles."""
    red, green, blue = (_from_point(each) for each in primaries)
    amounts = _solved((red, green, blue), _from_point(white))
    adapted = (_adapted(each, _from_point(white)) for each in (red, green, blue))
    return _three(
        _vector(part * amount for part in column)
        for column, amount in zip(adapted, amounts, strict=True)
    )


def _adapted(colour: Vector, white: Vector) -> Vector:
    """By Bradford's method, as browsers do it."""
    parts = zip(_times(colour), _times(white), _times(_D50), strict=True)
    cones = _vector(cone * after / before for cone, before, after in parts)
    return _solved(_three(zip(*_BRADFORD, strict=True)), cones)


def _times(vector: Vector) -> Vector:
    return _vector(sum(a * b for a, b in zip(row, vector, strict=True)) for row in _BRADFORD)


def _solved(columns: Matrix, wanted: Vector) -> Vector:
    """How much of each column makes the wanted vector, by Cramer's rule."""
    whole = _determinant(columns)
    swapped = ((*columns[:place], wanted, *columns[place + 1 :]) for place in range(3))
    return _vector(_determinant(_three(each)) / whole for each in swapped)


def _determinant(columns: Matrix) -> float:
    (a, b, c), (d, e, f), (g, h, i) = columns
    return a * (e * i - f * h) - d * (b * i - c * h) + g * (b * f - c * e)


def _from_point(point: Point) -> Vector:
    x, y = point
    return x / y, 1.0, (1 - x - y) / y


def _vector(parts: Iterable[float]) -> Vector:
    a, b, c = parts
    return a, b, c


def _three(vectors: Iterable[Iterable[float]]) -> Matrix:
    a, b, c = map(_vector, vectors)
    return a, b, c


def _fixed(numbers: Iterable[float]) -> bytes:
    return b"".join(struct.pack(">i", round(each * 65536)) for each in numbers)


def _xyz(vector: Vector) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(vector)


def _curve(numbers: tuple[float, ...]) -> bytes:
    kind = 0 if len(numbers) == 1 else 3
    return struct.pack(">4sIHH", b"para", 0, kind, 0) + _fixed(numbers)


def _file(tags: dict[bytes, bytes]) -> bytes:
    start = 132 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    # Of version 2: between two of version 4 the engine would move black, as no browser does.
    head = struct.pack(">I4s4s", 128 + len(table) + len(body), b"", b"\x02\x40\0\0")
    head += b"mntrRGB XYZ " + bytes(12) + b"acsp"
    head = head.ljust(68, b"\0") + _fixed(_D50)
    return head.ljust(128, b"\0") + table + body
