"""Shades of grey, by the luma weights of ITU-R 601."""

from __future__ import annotations

from typing import ClassVar

from PIL import Image

from image_variants.operation import Filter, keeping_alpha


class Grayscale(Filter, frozen=True):
    """No parameters."""

    takes_chroma: ClassVar[bool] = True
    beside: ClassVar[float] = 1.0

    def __call__(self, image: Image.Image) -> Image.Image:
        return keeping_alpha(image, lambda colours: colours.convert("L"))
