"""Colours as browsers show them: into sRGB, by what the file says they are meant to be."""

import io
from functools import cache

from PIL import Image as Pillow
from PIL import ImageChops, ImageCms, ImageFile

from imagestudio.decoding import icc
from imagestudio.decoding.png import Sifted


def in_srgb(picture: Pillow.Image, profile: bytes | None, *, is_gray: bool) -> Pillow.Image:
    """Plain RGB or RGBA. What is transparent stays so, whatever becomes of the colours."""
    source = _opened(profile)
    space = source.profile.xcolor_space.strip() if source else ""
    if source and space == "GRAY" and is_gray:
        return _gray_converted(picture, source)
    # A profile of another kind of colours is none.
    is_its_own = space == "CMYK" if picture.mode == "CMYK" else space == "RGB"
    if picture.mode != "CMYK" or not is_its_own:
        picture = picture.convert(_with_alpha(picture, "RGBA", "RGB"))
    return _converted(picture, source) if source and is_its_own else picture


def with_clear_colour(picture: Pillow.Image, file: Sifted) -> Pillow.Image:
    """Make the one transparent colour real transparency, compared at the file's own depth."""
    bands = list(picture.convert("L" if file.colours == 0 else "RGB").split())
    wanted = file.clear
    if file.depth == 16:
        bands += deep(file, "RGB;16L" if file.colours == 2 else "L;16").split()
        wanted = tuple(each >> 8 for each in wanted) + tuple(each & 255 for each in wanted)
    elif file.depth < 8:
        wanted = tuple(each * 255 // (2**file.depth - 1) for each in wanted)
    alpha = Pillow.new("L", picture.size)
    for band, sample in zip(bands, wanted, strict=True):
        other = band.point([255 * (level != sample) for level in range(256)])
        alpha = ImageChops.lighter(alpha, other)
    picture = picture.convert("L" if file.colours == 0 else "RGB")
    picture.putalpha(alpha)
    return picture


def deep(file: Sifted, layout: str) -> ImageFile.ImageFile:
    """Eight of the sixteen bits of each sample, of gray or RGB: which, is for the layout to say."""
    image = Pillow.open(io.BytesIO(file.data), formats=("PNG",))
    image._mode = layout.partition(";")[0]
    image.tile = [each._replace(args=layout) for each in image.tile]
    image.load()
    return image


def _gray_converted(picture: Pillow.Image, source: ImageCms.ImageCmsProfile) -> Pillow.Image:
    # By way of all its levels, each to its full depth: the engine is coarse in the dark of gray.
    ramp = Pillow.linear_gradient("L").resize((1, 256))
    curve = list(_converted(ramp, source, ImageCms.Flags.NOOPTIMIZE).getchannel("R").tobytes())
    clear = _with_alpha(picture, "LA", "L")
    bands = picture.convert(clear).split()
    turned = bands[0].point(curve)
    return Pillow.merge("RGBA", (turned,) * 3 + bands[1:]) if bands[1:] else turned.convert("RGB")


def _converted(
    picture: Pillow.Image, source: ImageCms.ImageCmsProfile, flags: int = 0
) -> Pillow.Image:
    """Browsers take each colour as it was measured, and leave black where it is."""
    target = picture.mode if picture.mode in ("RGB", "RGBA") else "RGB"
    try:
        transform = ImageCms.buildTransform(
            source, _srgb(), picture.mode, target, flags=ImageCms.Flags(flags)
        )
        # In its own place: two copies of a large picture are all that fits.
        done = ImageCms.applyTransform(picture, transform, inPlace=picture.mode == target)
    except ImageCms.PyCMSError:
        return picture.convert(target)
    return done or picture


def _with_alpha(picture: Pillow.Image, clear: str, opaque: str) -> str:
    return clear if picture.has_transparency_data else opaque


def _opened(profile: bytes | None) -> ImageCms.ImageCmsProfile | None:
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(profile)) if profile else None
    except (OSError, ImageCms.PyCMSError):
        return None


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(icc.profile(icc.D65, icc.SRGB, icc.SRGB_CURVE)))
