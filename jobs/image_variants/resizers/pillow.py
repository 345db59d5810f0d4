"""Pillow's own resize, and Pillow-SIMD's, which has the same face."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from image_variants import chroma
from image_variants.geometry import Box, Size

# Pillow averages whole pixels first, down to this many times the wanted size, before the LANCZOS filter. At 3
# that shows in patterns such as small text (SSIM 0.97); at 6 it still saves time on thumbnails of large PNGs.
REDUCING_GAP = 6.0


@dataclass(frozen=True)
class Pillow:
    """`name` tells the two builds apart. Pillow's own computes each sample by itself, so that luma and chroma
    apart cost it less; AVX2 computes all samples of a pixel at once."""

    name: str = "pillow"

    @property
    def apart(self) -> bool:
        """See Resizer."""
        return self.name == "pillow"

    def beside(self, size: Size, box: Box) -> float:
        """See Resizer."""
        return 0.0

    def resize(self, image: Image.Image, size: Size, box: Box) -> Image.Image:
        """See Resizer."""
        if image.mode == chroma.MODE:
            return chroma.resize(image, size, box, REDUCING_GAP)
        return image.resize(size, Image.Resampling.LANCZOS, box, REDUCING_GAP)
