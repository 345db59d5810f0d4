"""The recipe as types: what all variants have in common, and which sources are accepted.

limits = { max_pixels = 120_000_000 }

[[job.variants]]
name = "thumb"
resize = { width = 200, height = 200, fit = "cover" }
format = "webp"

What only some formats have (a quality, an animation) is in `image_variants.formats`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal, Self

import msgspec
from msgspec import Meta
from PIL import Image

from image_variants.filters import AnyFilter

Fit = Literal["contain", "cover", "fill", "exact"]
Gravity = Literal["center", "top", "bottom", "left", "right", "entropy"]
Profile = Literal["fast", "standard", "small"]
Fact = Literal["blurhash", "colour"]

# The widest picture that WebP can hold; the other formats can hold more.
MAX_SIDE = 16_383

Side = Annotated[int, Meta(ge=1, le=MAX_SIDE)]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=1)]
Background = Annotated[str, Meta(pattern=r"^(#[0-9a-fA-F]{6}|transparent)$")]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]

WHITE = "#ffffff"


class Spec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Data of the recipe: frozen, and strict about names."""


class Limits(Spec, frozen=True):
    """Which sources are accepted, whatever memory there is. They never decide the bytes of an output.

    `max_pixels` also holds for an output. `max_animation_pixels`: those of all frames together, where
    an animation is kept.
    """

    max_pixels: Count = 120_000_000
    max_frames: Count = 1_000
    max_bytes: Count = 256 * 1024 * 1024
    max_animation_pixels: Count = 1_000_000_000


class Crop(Spec, frozen=True):
    """A rectangle of the source, as shares (0 to 1) of its upright width and height."""

    left: Share = 0.0
    top: Share = 0.0
    right: Share = 1.0
    bottom: Share = 1.0

    def __post_init__(self) -> None:
        if self.left >= self.right or self.top >= self.bottom:
            raise ValueError("an empty crop: left must be less than right, and top less than bottom")


class Focus(Spec, frozen=True):
    """What matters most in a picture, as shares (0 to 1) of the source's upright width and height."""

    x: Share
    y: Share


class Resize(Spec, frozen=True):
    """The size to make, in pixels.

    contain: inside width x height; either may be left out. cover: fills width x height, what sticks
    out is cut off. fill: like contain, then padded with the background to width x height. exact:
    stretched to width x height. Without `enlarge` no pixel is ever invented: cover and exact keep
    the proportions of width x height and become smaller, contain and fill keep the source's size.

    What cover keeps: `focus` comes as near to the middle as it can; or `gravity`, a side, the centre or
    `entropy`, the part in which most is to be seen. For fill, gravity is where the picture lies.
    """

    width: Side | None = None
    height: Side | None = None
    fit: Fit = "contain"
    gravity: Gravity = "center"
    focus: Focus | None = None
    enlarge: bool = False

    def __post_init__(self) -> None:
        if self.width is None and self.height is None:
            raise ValueError("resize needs a width, a height or both")
        if self.fit != "contain" and (self.width is None or self.height is None):
            raise ValueError(f"resize with fit '{self.fit}' needs both width and height")
        if self.fit != "cover" and (self.focus is not None or self.gravity == "entropy"):
            raise ValueError(f"fit '{self.fit}' cuts nothing off: focus and entropy go with fit 'cover'")
        if self.focus is not None and self.gravity != "center":
            raise ValueError("focus and gravity contradict each other: give one of them")


class Frame(msgspec.Struct, frozen=True):
    """One picture of an animation, and how long it is shown."""

    image: Image.Image
    milliseconds: int


class Variant(Spec, frozen=True, tag_field="format"):
    """One output; its subclasses are the formats.

    `widths` makes several variants of it, each named NAME-WIDTH; with a resize, they have its proportions.
    `srcset` names what an output is a candidate for: a fact, and NAME where there are widths. `page`: of a
    TIFF, or the frame of an animation, from 1. Without a `background`, transparency is kept where the format
    and the fit allow it; JPEG and padding are white. `facts`: what else is found out about the finished
    picture. `profile` trades the time of encoding for bytes.
    """

    name: Name
    srcset: Name | None = None
    widths: Annotated[tuple[Side, ...], Meta(min_length=1, max_length=32)] | None = None
    page: Count = 1
    crop: Crop | None = None
    resize: Resize | None = None
    background: Background | None = None
    filters: tuple[AnyFilter, ...] = ()
    facts: tuple[Fact, ...] = ()
    profile: Profile | None = None

    extension: ClassVar[str]
    # Whether its encoder takes pictures of image_variants.chroma's mode as they are.
    takes_chroma: ClassVar[bool] = False
    # The longest side that the format's header, or its library, can hold.
    max_side: ClassVar[int]

    def __post_init__(self) -> None:
        if self.widths is None:
            return
        if self.resize is not None and None in {self.resize.width, self.resize.height}:
            raise ValueError("beside widths, a resize gives proportions: both width and height")
        if len({*self.widths}) < len(self.widths):
            raise ValueError("widths names a width twice")

    @property
    def format(self) -> str:
        """The format's name in lower case, which is also the end of its media type."""
        return str(self.__struct_config__.tag)

    @property
    def moves(self) -> bool:
        """Whether an animation stays one."""
        return False

    @property
    def halves_chroma(self) -> bool:
        """Whether the file has one sample of chroma for 2 x 2 pixels."""
        return False

    def resolved(self, profile: Profile) -> Self:
        """The variant with its defaults spelt out, so that its parameters alone decide the bytes.

        `profile` is the recipe's, and holds where the variant has none.
        """
        raise NotImplementedError

    def encode(self, frames: Sequence[Frame], loops: int) -> Encoded:
        """The bytes of at least one picture (L, RGB or RGBA); several only if it `moves`.

        `loops`: how often an animation is shown, 0 for ever. Raises Rejected when it cannot be as small as
        the recipe wants it.
        """
        raise NotImplementedError


class Encoded(msgspec.Struct, frozen=True):
    """A file's bytes, and the quality that they have, where the format knows one."""

    body: bytes
    quality: int | None = None
