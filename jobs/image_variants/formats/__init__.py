"""The formats that a variant can have: one small file each, and its name in FORMATS.

The file `webp.py` defines the class `Webp`, and the recipe says `format = "webp"`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Union

from image_variants.spec import Variant

FORMATS = ("avif", "gif", "jpeg", "png", "tiff", "webp")


def find(name: str) -> type[Variant]:
    """The class of a format in FORMATS."""
    found: type[Variant] = getattr(import_module(f"{__name__}.{name}"), name.capitalize())
    return found


if TYPE_CHECKING:
    AnyVariant = Variant
else:
    # msgspec tells the variants of a recipe apart by their `format`.
    AnyVariant = Union[tuple(find(name) for name in FORMATS)]  # noqa: UP007  (a tuple has no | form)
