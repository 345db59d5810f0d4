"""JPEG, by libjpeg-turbo. It knows no transparency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from msgspec.structs import replace

from image_variants.saving import Bytes, Quality, Subsampling, fitted, save
from image_variants.spec import WHITE, Encoded, Frame, Profile, Variant


class Jpeg(Variant, frozen=True, tag="jpeg"):
    """`progressive` saves some 5 % of the bytes and costs several times the time; `optimize` half of each."""

    quality: Quality = 82
    max_bytes: Bytes | None = None
    progressive: bool | None = None
    optimize: bool | None = None
    subsampling: Subsampling = "4:2:0"

    extension: ClassVar[str] = "jpg"
    takes_chroma: ClassVar[bool] = True
    max_side: ClassVar[int] = 65_500

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.background == "transparent":
            raise ValueError(f"jpeg cannot be transparent; give a background such as '{WHITE}'")

    @property
    def halves_chroma(self) -> bool:
        """See Variant."""
        return self.subsampling == "4:2:0"

    def resolved(self, profile: Profile) -> Self:
        """See Variant."""
        small = (self.profile or profile) == "small"
        return replace(
            self,
            profile=None,
            background=self.background or WHITE,
            progressive=small if self.progressive is None else self.progressive,
            optimize=small if self.optimize is None else self.optimize,
        )

    def encode(self, frames: Sequence[Frame], loops: int) -> Encoded:
        """See Variant."""
        options = {
            "subsampling": self.subsampling,
            "optimize": self.optimize,
            "progressive": self.progressive,
        }
        return fitted(self, lambda quality: save(frames[0].image, "JPEG", quality=quality, **options))
