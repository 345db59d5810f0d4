"""Sharpening: of what a pixel differs from its surroundings, a part is added once more."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from PIL import Image, ImageFilter

from image_variants.operation import Filter, keeping_alpha

THRESHOLD = 2


class Sharpen(Filter, frozen=True):
    """`percent` of the difference to the eight neighbours is added: the cheapest way, made for photos that
    were made smaller. With a `radius` (of a blur, in pixels) it is an unsharp mask, and differences up to
    the `threshold` (0 to 255) are left alone, so that noise is not sharpened."""

    radius: Annotated[float, Meta(gt=0, le=50)] | None = None
    percent: Annotated[int, Meta(ge=1, le=1000)] = 60
    threshold: Annotated[int, Meta(ge=0, le=255)] | None = None

    def __post_init__(self) -> None:
        if self.threshold is not None and self.radius is None:
            raise ValueError("sharpen with a threshold needs a radius, too")

    def __call__(self, image: Image.Image) -> Image.Image:
        way = self._kernel() if self.radius is None else self._mask(self.radius)
        return keeping_alpha(image, lambda colours: colours.filter(way))

    def _kernel(self) -> ImageFilter.Kernel:
        added = self.percent / 100
        around = -added / 8
        return ImageFilter.Kernel((3, 3), (*[around] * 4, 1 + added, *[around] * 4), scale=1)

    def _mask(self, radius: float) -> ImageFilter.UnsharpMask:
        threshold = THRESHOLD if self.threshold is None else self.threshold
        return ImageFilter.UnsharpMask(radius, self.percent, threshold)
