"""The recipe as types: what a variant is, and which sources are accepted.

limits = { max_pixels = 120_000_000 }

[[job.variants]]
name = "thumb"
resize = { width = 200, height = 200, fit = "cover" }
format = "webp"
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from image_variants.filters import AnyFilter

Format = Literal["jpeg", "png", "webp", "avif", "gif", "tiff"]
Fit = Literal["contain", "cover", "fill", "exact"]
Gravity = Literal["center", "top", "bottom", "left", "right"]
Effort = Literal["fast", "normal", "small"]

# The widest picture that WebP can hold; the other formats can hold more.
MAX_SIDE = 16_383

Side = Annotated[int, Meta(ge=1, le=MAX_SIDE)]
Share = Annotated[float, Meta(ge=0, le=1)]
Quality = Annotated[int, Meta(ge=1, le=100)]
Count = Annotated[int, Meta(ge=1)]
Background = Annotated[str, Meta(pattern=r"^(#[0-9a-fA-F]{6}|transparent)$")]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]

DEFAULT_QUALITY: dict[Format, int] = {"jpeg": 82, "webp": 80, "avif": 50}
WITHOUT_TRANSPARENCY: frozenset[Format] = frozenset({"jpeg"})
WHITE = "#ffffff"


class Spec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Data of the recipe: frozen, and strict about names."""


class Limits(Spec, frozen=True):
    """Which sources are accepted. They never decide the bytes of an output.

    A picture in memory takes 3 or 4 bytes a pixel (6 more while a progressive JPEG is decoded), so
    the default of 120 megapixels fits a container of 2 GB and the 108-megapixel cameras of phones.
    """

    max_pixels: Count = 120_000_000
    max_frames: Count = 1_000
    max_bytes: Count = 256 * 1024 * 1024


class Crop(Spec, frozen=True):
    """A rectangle of the source, as shares (0 to 1) of its upright width and height."""

    left: Share = 0.0
    top: Share = 0.0
    right: Share = 1.0
    bottom: Share = 1.0

    def __post_init__(self) -> None:
        if self.left >= self.right or self.top >= self.bottom:
            raise ValueError("an empty crop: left must be less than right, and top less than bottom")


class Resize(Spec, frozen=True):
    """The size to make, in pixels.

    contain: inside width x height; either may be left out. cover: fills width x height, what sticks
    out is cut off. fill: like contain, then padded with the background to width x height. exact:
    stretched to width x height. Without `enlarge` no pixel is ever invented: cover and exact keep
    the proportions of width x height and become smaller, contain and fill keep the source's size.
    """

    width: Side | None = None
    height: Side | None = None
    fit: Fit = "contain"
    gravity: Gravity = "center"
    enlarge: bool = False

    def __post_init__(self) -> None:
        if self.width is None and self.height is None:
            raise ValueError("resize needs a width, a height or both")
        if self.fit != "contain" and (self.width is None or self.height is None):
            raise ValueError(f"resize with fit '{self.fit}' needs both width and height")


class Variant(Spec, frozen=True):
    """One output. `background` lies under transparent pixels and in the padding.

    Without a background, transparency is kept where the format and the fit allow it; JPEG and padding
    are white. `effort` trades the time of encoding for bytes: fast, normal or small.
    """

    name: Name
    format: Format
    quality: Quality | None = None
    effort: Effort = "normal"
    crop: Crop | None = None
    resize: Resize | None = None
    background: Background | None = None
    filters: tuple[AnyFilter, ...] = ()

    def __post_init__(self) -> None:
        if self.quality is not None and self.format not in DEFAULT_QUALITY:
            raise ValueError(f"{self.format} is lossless and takes no quality; leave it out")
        if self.background == "transparent" and self.format in WITHOUT_TRANSPARENCY:
            raise ValueError(f"{self.format} cannot be transparent; give a background such as '{WHITE}'")


class ImageRecipe(Spec, frozen=True):
    """All of `[job]` but `uses`: the variants, in order, and what is accepted."""

    variants: Annotated[tuple[Variant, ...], Meta(min_length=1)]
    limits: Limits = Limits()


def resolve(variant: Variant) -> Variant:
    """The variant with its defaults spelt out, so that its parameters alone decide the bytes."""
    quality = variant.quality if variant.quality is not None else DEFAULT_QUALITY.get(variant.format)
    background = variant.background
    padded = variant.resize is not None and variant.resize.fit == "fill"
    if background is None and (padded or variant.format in WITHOUT_TRANSPARENCY):
        background = WHITE
    return msgspec.structs.replace(variant, quality=quality, background=background)
