"""AVIF, by libavif and whatever AV1 encoder it was built with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Self

from msgspec import Meta
from msgspec.structs import replace

from image_variants.saving import Animation, Bytes, Quality, Subsampling, fitted, save_all
from image_variants.spec import Encoded, Frame, Profile, Variant

SPEEDS: dict[Profile, int] = {"fast": 8, "standard": 6, "small": 4}


class Avif(Variant, frozen=True, tag="avif"):
    """`speed`: 0 is small, 10 is fast."""

    quality: Quality = 50
    max_bytes: Bytes | None = None
    speed: Annotated[int, Meta(ge=0, le=10)] | None = None
    subsampling: Subsampling = "4:2:0"
    animation: Animation = "first"

    extension: ClassVar[str] = "avif"
    max_side: ClassVar[int] = 32_768

    @property
    def moves(self) -> bool:
        """See Variant."""
        return self.animation == "keep"

    @property
    def halves_chroma(self) -> bool:
        """See Variant."""
        return self.subsampling == "4:2:0"

    def resolved(self, profile: Profile) -> Self:
        """See Variant."""
        speed = SPEEDS[self.profile or profile] if self.speed is None else self.speed
        return replace(self, profile=None, speed=speed)

    def encode(self, frames: Sequence[Frame], loops: int) -> Encoded:
        """See Variant."""
        # One thread: a child computes as many sources at once as it has processors already.
        options = {"speed": self.speed, "subsampling": self.subsampling, "max_threads": 1}
        return fitted(self, lambda quality: save_all(frames, "AVIF", quality=quality, **options))
