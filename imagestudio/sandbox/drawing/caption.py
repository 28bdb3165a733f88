"""Sets the words on a picture: the prompt, what drew it, and that it is from the sandbox."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

_INK = (18, 20, 26)
_WHITE = (255, 255, 255)
_MARK = "SANDBOX"

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Box = tuple[int, int, int, int]


def set_caption(image: Image.Image, prompt: str, details: str) -> list[Box]:
    """Write on the picture and give the boxes that were written into."""
    unit = min(image.size)
    margin = round(unit * 0.04)
    return [
        _set_band(image, unit, _printable(prompt), details),
        set_mark(image, unit, (margin, margin)),
    ]


def set_mark(image: Image.Image, unit: int, at: tuple[int, int]) -> Box:
    """Say on the picture where it is from; `unit` is the edge that the words are in scale to."""
    font = _font(round(unit * 0.0215))
    # The letters are set apart one by one, which makes a word of capitals easy to read small.
    gap, tall = unit * 0.0042, round(unit * 0.046)
    widths = [font.getlength(letter) + gap for letter in _MARK]
    across = round(sum(widths) - gap + tall)
    box = (at[0], at[1], at[0] + across, at[1] + tall)
    _darken(image, box, tall // 2)
    pen = ImageDraw.Draw(image)
    x = box[0] + tall / 2
    for letter, width in zip(_MARK, widths, strict=True):
        pen.text((x, (box[1] + box[3]) / 2), letter, _WHITE, font, anchor="lm")
        x += width
    return box


def _set_band(image: Image.Image, unit: int, prompt: str, details: str) -> Box:
    width, height = image.size
    margin, tall = round(unit * 0.04), max(16, round(unit * 0.058))
    large, small = _font(round(unit * 0.0235)), _font(round(unit * 0.0175))
    box = (margin, height - margin - tall, width - margin, height - margin)
    _darken(image, box, round(tall * 0.28))
    pen = ImageDraw.Draw(image)
    middle, pad = (box[1] + box[3]) / 2, round(tall * 0.42)
    pen.text((box[2] - pad, middle), details, (206, 210, 220), small, anchor="rm")
    room = box[2] - box[0] - 3 * pad - small.getlength(details)
    pen.text((box[0] + pad, middle), _cut(prompt, large, room), _WHITE, large, anchor="lm")
    return box


def _darken(image: Image.Image, box: Box, radius: int) -> None:
    size = (box[2] - box[0], box[3] - box[1])
    image.paste(_INK, box, rounded(size, radius, 168))


def rounded(size: tuple[int, int], radius: int, level: int = 255) -> Image.Image:
    """Give a mask with rounded corners."""
    mask = Image.new("L", (size[0] * 2, size[1] * 2))
    edges = (0, 0, size[0] * 2 - 1, size[1] * 2 - 1)
    ImageDraw.Draw(mask).rounded_rectangle(edges, radius * 2, fill=level)
    return mask.reduce(2)


@lru_cache(maxsize=32)
def _font(size: int) -> Font:
    return ImageFont.load_default(max(7, size))


def _cut(text: str, font: Font, room: float) -> str:
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(text + "…") > room:
        text = text[: -max(1, len(text) // 12)]
    return text.rstrip() + "…"


def _printable(text: str) -> str:
    """Keep what the built-in font can set; other scripts become dots."""
    words = " ".join(text[:400].split())
    return "".join(letter if letter.isprintable() and letter < "ɐ" else "·" for letter in words)
