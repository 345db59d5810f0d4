"""The brown of old photographs."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from PIL import Image

from image_variants.operation import Filter, keeping_alpha

# Red, green and blue of the result from red, green and blue (the matrix of the CSS filter sepia(1)).
TONES = ((0.393, 0.769, 0.189), (0.349, 0.686, 0.168), (0.272, 0.534, 0.131))


class Sepia(Filter, frozen=True):
    """`strength`: 0 changes nothing, 1 is all sepia."""

    strength: Annotated[float, Meta(ge=0, le=1)] = 1.0

    def __call__(self, image: Image.Image) -> Image.Image:
        return keeping_alpha(image, self._tone)

    def _tone(self, colours: Image.Image) -> Image.Image:
        matrix: list[float] = []
        for own, row in enumerate(TONES):
            # Between the colour as it is and its sepia tone; Pillow wants what is added as a fourth.
            matrix += (
                (1 - self.strength) * (own == at) + self.strength * tone for at, tone in enumerate(row)
            )
            matrix.append(0.0)
        rgb = colours if colours.mode == "RGB" else colours.convert("RGB")
        return rgb.convert("RGB", tuple(matrix))
