"""Gaussian blur."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from PIL import Image, ImageFilter

from image_variants.operation import Filter


class Blur(Filter, frozen=True):
    """`radius`: the standard deviation in pixels of the output."""

    radius: Annotated[float, Meta(gt=0, le=100)] = 2.0

    def __call__(self, image: Image.Image) -> Image.Image:
        blur = ImageFilter.GaussianBlur(self.radius)
        if image.mode != "RGBA":
            return image.filter(blur)
        # With premultiplied alpha the colours of transparent pixels do not bleed into visible ones.
        return image.convert("RGBa").filter(blur).convert("RGBA")
