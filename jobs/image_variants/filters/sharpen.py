"""Unsharp mask: what a blur takes away, added once more."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from PIL import Image, ImageFilter

from image_variants.operation import Filter, keeping_alpha


class Sharpen(Filter, frozen=True):
    """`radius` of the blur in pixels; `percent` of the difference that is added; `threshold`: differences
    up to this (0 to 255) are left alone, so that noise is not sharpened."""

    radius: Annotated[float, Meta(gt=0, le=50)] = 1.0
    percent: Annotated[int, Meta(ge=1, le=1000)] = 60
    threshold: Annotated[int, Meta(ge=0, le=255)] = 2

    def __call__(self, image: Image.Image) -> Image.Image:
        mask = ImageFilter.UnsharpMask(self.radius, self.percent, self.threshold)
        return keeping_alpha(image, lambda colours: colours.filter(mask))
