"""Changes to given pictures: as a whole, within a mask, or where a markup points."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from imagestudio.sandbox.drawing.canvas import add_grain, seeded
from imagestudio.sandbox.drawing.caption import rounded, set_mark

Size = tuple[int, int]

_MAX_CARDS = 4
_DRIFT_GRAIN = 2


def fit(image: Image.Image, size: Size) -> Image.Image:
    """Fill the size with the picture, cut at its edges where the shapes differ."""
    return ImageOps.fit(flat(image), size, Image.Resampling.BICUBIC)


def flat(image: Image.Image) -> Image.Image:
    """Lay a picture with transparency on white."""
    if "A" not in image.getbands():
        return image.convert("RGB")
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def restyle(images: Sequence[Image.Image], drawn: Image.Image) -> Image.Image:
    """Mix the first picture with a new one, and show the others as cards on it."""
    result = Image.blend(fit(images[0], drawn.size), drawn, 0.42)
    unit = min(result.size)
    edge, gap = round(unit * 0.2), round(unit * 0.03)
    for number, image in enumerate(images[1 : 1 + _MAX_CARDS]):
        card = fit(image, (edge, edge))
        place = (result.width - gap - edge, gap + number * (edge + gap))
        result.paste(card, place, rounded(card.size, round(edge * 0.12)))
    return result


def paint_in(image: Image.Image, mask: Image.Image, drawn: Image.Image) -> Image.Image:
    """Put the new picture where the mask is transparent.

    Like the real models it keeps to the mask in spirit only: the edge is soft and bleeds a little,
    and everything else is redrawn almost, not quite, as it was.
    """
    hole = ImageOps.invert(_alpha(mask, drawn.size))
    scene = _moved_into(hole, drawn)
    return Image.composite(scene, _redrawn(image, drawn.size), _bled(hole, 0.012, 1.6))


def follow(image: Image.Image, markup: Image.Image, drawn: Image.Image) -> Image.Image:
    """Change the picture around the strokes of a markup; the strokes themselves vanish."""
    strokes = _alpha(markup, drawn.size)
    around = Image.new("L", drawn.size)
    ImageDraw.Draw(around).ellipse(strokes.getbbox() or (0, 0, *drawn.size), fill=255)
    kept, scene = _redrawn(image, drawn.size), _moved_into(around, drawn)
    return Image.composite(Image.blend(kept, scene, 0.9), kept, _bled(around, 0.012, 1.0))


def vary(image: Image.Image, index: int, size: Size) -> Image.Image:
    """Give the same picture from elsewhere and in another light."""
    rng = seeded(f"variation {index}")
    inset = round(min(image.size) * rng.uniform(0.03, 0.09))
    moved = fit(image.crop((inset, inset, image.width - inset, image.height - inset)), size)
    if index % 2 == 0:
        moved = ImageOps.mirror(moved)
    hue, saturation, value = moved.convert("HSV").split()
    turn = rng.choice([-1, 1]) * rng.randint(10, 28)
    turned = hue.point([(level + turn) % 256 for level in range(256)])
    return Image.merge("HSV", (turned, saturation, value)).convert("RGB")


def preview(image: Image.Image, step: int, steps: int) -> Image.Image:
    """Give the picture as it looks while it develops: coarse and soft, then clearer."""
    share = (step + 1) / (steps + 1)
    small = (max(8, round(image.width * share / 8)), max(8, round(image.height * share / 8)))
    coarse = image.resize(small, Image.Resampling.BOX)
    soft = coarse.resize(image.size, Image.Resampling.BICUBIC)
    return soft.filter(ImageFilter.GaussianBlur(min(image.size) * 0.02 * (1 - share)))


def _moved_into(area: Image.Image, drawn: Image.Image) -> Image.Image:
    """Show the whole scene where the change will be, and the sandbox's mark on it.

    The mark stands within the area too, so that nothing else has to change.
    """
    left, top, right, bottom = area.getbbox() or (0, 0, *drawn.size)
    scene = drawn.copy()
    scene.paste(fit(drawn, (right - left, bottom - top)), (left, top))
    set_mark(scene, max(256, min(drawn.size) // 2), ((left * 3 + right) // 4, (top + bottom) // 2))
    return scene


def _alpha(layer: Image.Image, size: Size) -> Image.Image:
    return layer.convert("RGBA").getchannel("A").resize(size, Image.Resampling.BILINEAR)


def _bled(area: Image.Image, reach: float, gain: float) -> Image.Image:
    """Let an area run out softly beyond its edge; `reach` is a share of the shorter side."""
    soft = area.filter(ImageFilter.GaussianBlur(min(area.size) * reach))
    return soft.point([min(255, round(level * gain)) for level in range(256)])


def _redrawn(image: Image.Image, size: Size) -> Image.Image:
    base = ImageEnhance.Color(fit(image, size)).enhance(1.04)
    return add_grain(base, seeded("drift"), _DRIFT_GRAIN)
