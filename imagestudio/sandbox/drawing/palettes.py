"""The colours of the pictures, a few sets for each motif."""

from __future__ import annotations

from dataclasses import dataclass

from imagestudio.sandbox.drawing.canvas import Colour, colour


@dataclass(frozen=True, slots=True)
class Palette:
    """`sky` runs from top to bottom; shapes go from `far` to `near`."""

    sky: tuple[Colour, ...]
    light: Colour
    far: Colour
    near: Colour
    accent: Colour


def _palette(sky: str, light: str, far: str, near: str, accent: str) -> Palette:
    stops = tuple(colour(code) for code in sky.split())
    return Palette(stops, colour(light), colour(far), colour(near), colour(accent))


DUSK = _palette("2d2a55 6f4a7d d9776a f7c59f", "ffe8c2", "d98468", "3d2440", "f4a261")
DAWN = _palette("8fb8d6 cfdfe0 fbe3c8 f8c9a4", "fff4d9", "e3b594", "6a4a5e", "e76f51")
COAST = _palette("8fbbd9 c6dfe6 f9e6cb f8cfa8", "fff5de", "86b3b5", "1f4c66", "e4572e")
STORM = _palette("33475b 6d8896 b9c6c3 efe0c4", "fff3d2", "6f8f98", "142b3a", "e07a3f")
AMBER = _palette("f3d2a2 f5bd86 ea9466", "fff0cf", "dd8a57", "6b2f2b", "2a6f77")
ROSE = _palette("f6dcd3 f3c1b5 e59a95", "fffaf0", "d98d8f", "59324f", "8a4f7d")
TEAL = _palette("0f3b4c 2a7f86 9cc8b5 f3e3bb", "fff3cd", "4f9a96", "0c2f3b", "e9a15b")
PINE = _palette("c9d9d3 e2e7da f4ead2", "fffbe9", "9fb8ac", "18362f", "c8553d")
SNOW = _palette("9fb4cf c8d4e2 f2e7e4", "fff6e6", "b4c4d6", "263a55", "d9663f")
NIGHT = _palette("0b1230 1d2a57 4a4a86 a87aa0", "fdf3d8", "3d457f", "0a0f24", "ffc66b")
INDIGO = _palette("070a1f 12163f 2c2466 5b3a86", "fbe7ff", "7b5fd0", "0b0d26", "ff9e7a")
LAGOON = _palette("051622 0b2f45 14596b 2f8f8a", "e9fff6", "3fb3a3", "04121c", "ffcf7d")
PAPER = _palette("f7efe2 f1e4d0", "e4a672", "9db4a0", "2f4a42", "c8654a")
LINEN = _palette("f4ece6 ead9cd", "d98f76", "c9b8a4", "51433f", "4f7a72")
MINT = _palette("eef3ea dfe9dc", "f2c078", "8fb59b", "1f4d45", "e2725b")
PEACH = _palette("fff1e6 fbd8c6 f2b5a7", "fff9ef", "f2a48f", "6a3d63", "5fa8a3")
ICE = _palette("eaf2f7 cfe0ec a9c6dd", "ffffff", "8fb4d4", "22476b", "ff8f6b")
PLUM = _palette("2a1638 57305f 9c5a7c e8a58f", "ffe9d6", "c46f86", "23112f", "ffd08a")
