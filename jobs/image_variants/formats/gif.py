"""GIF: 256 colours a picture, and a transparency that is all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from msgspec.structs import replace

from batchkit.errors import Rejected
from image_variants.saving import Animation, save_all
from image_variants.spec import Encoded, Frame, Profile, Variant

# What a viewer does with a frame before it shows the next: clear it, or the next lies over it.
CLEAR, LEAVE = 2, 1


class Gif(Variant, frozen=True, tag="gif"):
    """`optimize` leaves out of a palette what is not used, and of a frame what has not changed."""

    optimize: bool | None = None
    animation: Animation = "first"

    extension: ClassVar[str] = "gif"
    max_side: ClassVar[int] = 65_535

    @property
    def moves(self) -> bool:
        """See Variant."""
        return self.animation == "keep"

    def resolved(self, profile: Profile) -> Self:
        """See Variant."""
        small = (self.profile or profile) == "small"
        return replace(self, profile=None, optimize=small if self.optimize is None else self.optimize)

    def encode(self, frames: Sequence[Frame], loops: int) -> Encoded:
        """See Variant."""
        transparent = any(frame.image.mode == "RGBA" for frame in frames)
        options: dict[str, Any] = {"optimize": self.optimize, "disposal": CLEAR if transparent else LEAVE}
        if loops != 1:
            # A GIF counts repetitions: without a word it is shown once, with 0 for ever.
            options["loop"] = max(0, loops - 1)
        try:
            return Encoded(save_all(frames, "GIF", **options))
        except OverflowError as error:
            # Pillow makes one frame of equal ones, with the sum of their times, and a GIF has 16 bits for it.
            raise Rejected("OutputTooLarge", "gif shows one frame for up to 655 seconds") from error
