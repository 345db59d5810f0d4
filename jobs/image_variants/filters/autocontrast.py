"""Stretch the tones so that the darkest become black and the lightest white."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from PIL import Image, ImageOps

from image_variants.operation import Filter, keeping_alpha


class Autocontrast(Filter, frozen=True):
    """`cutoff`: percent of the pixels at each end that may be lost."""

    cutoff: Annotated[float, Meta(ge=0, lt=50)] = 0.0

    def __call__(self, image: Image.Image) -> Image.Image:
        return keeping_alpha(
            image, lambda colours: ImageOps.autocontrast(colours, self.cutoff, preserve_tone=True)
        )
