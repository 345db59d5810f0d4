"""WebP, by libwebp."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Self

from msgspec import Meta
from msgspec.structs import replace

from image_variants.saving import Animation, Bytes, Quality, fitted, save_all
from image_variants.spec import Encoded, Frame, Profile, Variant

METHODS: dict[Profile, int] = {"fast": 2, "standard": 4, "small": 6}


class Webp(Variant, frozen=True, tag="webp"):
    """`method`: 0 is fast, 6 is small. `lossless`: the quality then is how hard it tries."""

    quality: Quality = 80
    max_bytes: Bytes | None = None
    method: Annotated[int, Meta(ge=0, le=6)] | None = None
    lossless: bool = False
    animation: Animation = "first"

    extension: ClassVar[str] = "webp"
    max_side: ClassVar[int] = 16_383

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lossless and self.max_bytes is not None:
            raise ValueError("a lossless picture has the size that it has: leave max_bytes out")

    @property
    def moves(self) -> bool:
        """See Variant."""
        return self.animation == "keep"

    @property
    def halves_chroma(self) -> bool:
        """See Variant."""
        return not self.lossless

    def resolved(self, profile: Profile) -> Self:
        """See Variant."""
        method = METHODS[self.profile or profile] if self.method is None else self.method
        return replace(self, profile=None, method=method)

    def encode(self, frames: Sequence[Frame], loops: int) -> Encoded:
        """See Variant."""
        options = {"method": self.method, "lossless": self.lossless, "loop": loops}
        return fitted(self, lambda quality: save_all(frames, "WEBP", quality=quality, **options))
