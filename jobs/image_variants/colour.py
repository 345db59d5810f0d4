"""Every mode and profile that a file can have, brought to plain sRGB: modes L, RGB or RGBA."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from itertools import product
from typing import cast

from PIL import Image, ImageChops, ImageCms

from batchkit.errors import Rejected
from image_variants import chroma

# Modes that LANCZOS can resize as they are; they are made plain afterwards, when there are fewer pixels.
RESIZABLE = frozenset({"L", "La", "RGB", "RGBX", "RGBa", "CMYK"})
# Alpha is premultiplied before resizing, or the colours of transparent pixels would bleed into visible ones.
CONVERTED = {"1": "L", "P": "RGB", "YCbCr": "RGB", "LA": "La", "RGBA": "RGBa"}
STRAIGHT = {"La": "LA", "RGBa": "RGBA"}
PLAIN = frozenset({"L", "RGB", "RGBA"})
# The most by which a conversion may move a level (0 to 255) and still be called none.
ALIKE = 2
PROFILE_SPACES = {"L": "GRAY", "RGB": "RGB ", "CMYK": "CMYK"}


def resizable(image: Image.Image) -> Image.Image:
    """The decoded picture in a mode that can be resized. Raises Rejected for samples of unknown range."""
    if "transparency" in image.info and image.mode in {"1", "L", "P", "RGB"}:
        image = image.convert("RGBA")
    if image.mode in RESIZABLE:
        return image
    if image.mode in CONVERTED:
        return image.convert(CONVERTED[image.mode])
    if image.mode == "PA":
        return image.convert("RGBA").convert("RGBa")
    if image.mode.startswith("I;16"):
        return _high_bytes(image)
    raise Rejected(
        "UnsupportedFormat", f"samples of kind '{image.mode}'; accepted are 8 or 16 bits of grey, RGB or CMYK"
    )


def plain(image: Image.Image, to_srgb: ToSrgb | None) -> Image.Image:
    """The picture in sRGB (L, RGB, RGBA or chroma.MODE), without metadata. `to_srgb`: of its ICC profile."""
    if image.mode in STRAIGHT:
        image = image.convert(STRAIGHT[image.mode])
    if to_srgb is not None:
        image = to_srgb.apply(image)
    if image.mode not in PLAIN and image.mode != chroma.MODE:
        image = image.convert("RGBA" if image.mode == "LA" else "RGB")
    # Encoders write what they find here: comments, resolutions, a palette's transparent entry.
    image.info = {}
    return image


def flatten(image: Image.Image, background: str) -> Image.Image:
    """The picture without transparency, laid on `background` (#rrggbb)."""
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, background)
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def pad(image: Image.Image, canvas: tuple[int, int], offset: tuple[int, int], background: str) -> Image.Image:
    """The picture on a larger canvas of `background` (#rrggbb or transparent)."""
    if background == "transparent":
        ground = Image.new("RGBA", canvas, (0, 0, 0, 0))
        ground.paste(image.convert("RGBA"), offset)
        return ground
    ground = Image.new("RGB", canvas, background)
    ground.paste(flatten(image, background), offset)
    return ground


def _high_bytes(image: Image.Image) -> Image.Image:
    """16 bits of grey as 8: Pillow's own conversion clips at 255 and gives white."""
    import numpy as np  # noqa: PLC0415  (only these files need numpy, and it starts slowly)

    return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))


class ToSrgb:
    """What makes colours with an ICC profile sRGB; its transforms are made when the first picture needs them.

    A profile that is broken or does not fit is ignored, as browsers do: the pixels are sound.
    """

    def __init__(self, profile: bytes) -> None:
        self._profile = profile
        self._transforms: dict[str, ImageCms.ImageCmsTransform | None] = {}

    def apply(self, image: Image.Image) -> Image.Image:
        """The picture (L, LA, RGB, RGBA, CMYK or chroma.MODE) in sRGB; itself where nothing would change."""
        alpha = image.getchannel("A") if image.mode in {"RGBA", "LA"} else None
        colours = image.convert({"RGBA": "RGB", "LA": "L"}[image.mode]) if alpha else chroma.coloured(image)
        if colours.mode not in self._transforms:
            self._transforms[colours.mode] = _transform(self._profile, colours.mode)
        transform = self._transforms[colours.mode]
        if transform is None:
            return image
        converted = transform.apply(colours)
        if alpha:
            converted.putalpha(alpha)
        return converted


@lru_cache(maxsize=16)
def to_srgb(profile: bytes | None) -> ToSrgb | None:
    """Kept for the next source: a camera's pictures all have the same profile. None without a profile."""
    return ToSrgb(profile) if profile else None


def _transform(data: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """None when the profile is of no use, or is sRGB: converting that costs much and changes nothing."""
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(data))
        if profile.profile.xcolor_space != PROFILE_SPACES.get(mode):
            return None
        transform = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    return None if mode == "RGB" and _changes_nothing(transform) else transform


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether it moves no colour by more than ALIKE. Names are no proof: there is a linear 'sRGB', too."""
    levels = range(0, 256, 51)
    colours = bytes(level for colour in product(levels, repeat=3) for level in colour)
    samples = Image.frombytes("RGB", (len(levels) ** 3, 1), colours)
    difference = ImageChops.difference(samples, transform.apply(samples))
    return all(most <= ALIKE for _, most in cast("tuple[tuple[int, int], ...]", difference.getextrema()))
