"""PNG, lossless."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Self

from msgspec import Meta
from msgspec.structs import replace

from image_variants.saving import save
from image_variants.spec import Encoded, Frame, Profile, Variant

LEVELS: dict[Profile, int] = {"fast": 1, "standard": 6, "small": 9}


class Png(Variant, frozen=True, tag="png"):
    """`compression`: zlib's level, 0 is none, 1 is fast, 9 is small."""

    compression: Annotated[int, Meta(ge=0, le=9)] | None = None

    extension: ClassVar[str] = "png"
    max_side: ClassVar[int] = 2**31 - 1

    def resolved(self, profile: Profile) -> Self:
        """See Variant."""
        level = LEVELS[self.profile or profile] if self.compression is None else self.compression
        return replace(self, profile=None, compression=level)

    def encode(self, frames: Sequence[Frame], loops: int) -> Encoded:
        """See Variant."""
        return Encoded(save(frames[0].image, "PNG", compress_level=self.compression))
