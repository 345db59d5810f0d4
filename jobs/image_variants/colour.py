"""Every mode and profile that a file can have, brought to plain sRGB: modes L, RGB or RGBA."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageCms

from batchkit.errors import Rejected

# Modes that LANCZOS can resize as they are; they are made plain afterwards, when there are fewer pixels.
RESIZABLE = frozenset({"L", "La", "RGB", "RGBX", "RGBa", "CMYK", "YCbCr"})
# Alpha is premultiplied before resizing, or the colours of transparent pixels would bleed into visible ones.
CONVERTED = {"1": "L", "P": "RGB", "LA": "La", "RGBA": "RGBa"}
STRAIGHT = {"La": "LA", "RGBa": "RGBA"}
PLAIN = frozenset({"L", "RGB", "RGBA"})
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


def plain(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture in sRGB as L, RGB or RGBA, without any metadata. `profile`: its ICC profile."""
    if image.mode in STRAIGHT:
        image = image.convert(STRAIGHT[image.mode])
    if profile:
        image = _to_srgb(image, profile)
    if image.mode not in PLAIN:
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


def _to_srgb(image: Image.Image, data: bytes) -> Image.Image:
    """The picture's colours converted from its ICC profile; a profile that does not fit is ignored."""
    alpha = image.getchannel("A") if image.mode in {"RGBA", "LA"} else None
    colours = image.convert({"RGBA": "RGB", "LA": "L"}[image.mode]) if alpha else image
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(data))
        if _is_srgb(profile) or profile.profile.xcolor_space != PROFILE_SPACES.get(colours.mode):
            return image
        converted = ImageCms.profileToProfile(
            colours, profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError):
        # Broken profiles are common, and the pixels are sound: take them for sRGB, like browsers do.
        return image
    if converted is None:
        return image
    if alpha:
        converted.putalpha(alpha)
    return converted


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    """By its description: converting sRGB to sRGB costs much and changes nothing."""
    return "srgb" in (profile.profile.profile_description or "").lower()
