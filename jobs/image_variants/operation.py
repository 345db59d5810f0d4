"""What a filter is: frozen parameters, called with a picture, giving a picture.

A filter gets L, RGB or RGBA, gives one of these in the same size, and changes nothing in place.
In the recipe its `type` is the name of its class in lower case.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import msgspec
from PIL import Image


class Filter(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag=str.lower
):
    """The base of every filter."""

    # Whether it takes pictures of image_variants.chroma's mode as they are.
    takes_chroma: ClassVar[bool] = False
    # Bytes a pixel that it takes beside the picture that it gets, its result among them.
    beside: ClassVar[float] = 8.0

    def __call__(self, image: Image.Image) -> Image.Image:
        """The filtered picture. Raises Rejected when this picture cannot take the filter."""
        raise NotImplementedError


def keeping_alpha(image: Image.Image, change: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """`change` applied to the colours (L or RGB) only; the transparency stays as it is."""
    if image.mode != "RGBA":
        return change(image)
    changed = change(image.convert("RGB")).convert("RGB")
    changed.putalpha(image.getchannel("A"))
    return changed
