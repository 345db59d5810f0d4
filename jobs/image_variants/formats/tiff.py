"""TIFF, lossless."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

from msgspec.structs import replace

from image_variants.saving import save
from image_variants.spec import Encoded, Frame, Profile, Variant

Compression = Literal["deflate", "lzw", "none"]
# Pillow's words.
COMPRESSIONS: dict[Compression, str] = {"deflate": "tiff_adobe_deflate", "lzw": "tiff_lzw", "none": "raw"}


class Tiff(Variant, frozen=True, tag="tiff"):
    """`compression` takes nothing away from the picture."""

    compression: Compression = "deflate"

    extension: ClassVar[str] = "tiff"
    max_side: ClassVar[int] = 2**31 - 1

    def resolved(self, profile: Profile) -> Self:
        """See Variant."""
        return replace(self, profile=None)

    def encode(self, frames: Sequence[Frame], loops: int) -> Encoded:
        """See Variant."""
        return Encoded(save(frames[0].image, "TIFF", compression=COMPRESSIONS[self.compression]))
