"""Make the colours stronger or weaker."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from PIL import Image, ImageEnhance

from image_variants.operation import Filter, keeping_alpha


class Saturation(Filter, frozen=True):
    """`factor`: 1 changes nothing, 0 is without colour."""

    factor: Annotated[float, Meta(ge=0, le=10)]

    def __call__(self, image: Image.Image) -> Image.Image:
        return keeping_alpha(image, lambda colours: ImageEnhance.Color(colours).enhance(self.factor))
