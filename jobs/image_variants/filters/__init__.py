"""The filters a variant can name: one small file each, and its name in FILTERS.

The file `sharpen.py` defines the class `Sharpen`, and the recipe says `{ type = "sharpen", … }`.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Union

from PIL import Image

from image_variants.operation import Filter

FILTERS = (
    "autocontrast",
    "blur",
    "brightness",
    "contrast",
    "grayscale",
    "saturation",
    "sepia",
    "sharpen",
    "watermark",
)


def find(name: str) -> type[Filter]:
    """The class of a filter in FILTERS."""
    found: type[Filter] = getattr(import_module(f"{__name__}.{name}"), name.capitalize())
    return found


def apply(image: Image.Image, filters: Iterable[Filter]) -> Image.Image:
    """The picture after all filters, in their order."""
    for each in filters:
        image = each(image)
    return image


if TYPE_CHECKING:
    AnyFilter = Filter
else:
    # msgspec tells the filters of a recipe apart by their `type`.
    AnyFilter = Union[tuple(find(name) for name in FILTERS)]  # noqa: UP007  (a tuple has no | form)
