"""What a gallery wants to know of a picture before it is loaded: a BlurHash and the dominant colour.

BlurHash (Wolt's, https://blurha.sh) is a handful of cosine waves written in 20 to 30 letters; numpy computes
them as two small products of matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PIL import Image

from image_variants.spec import WHITE, Fact

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
# Waves along the longer side and along the shorter one; and the size of what they are taken of.
WAVES = (4, 3)
SAMPLES = 32
# For the dominant colour, each channel is cut into so many parts.
PARTS = 8


def find(image: Image.Image, facts: Iterable[Fact]) -> dict[str, str]:
    """The facts of a finished picture (L, RGB or RGBA, whose transparency lies on white)."""
    return {fact: FACTS[fact](_small(image)) for fact in facts}


def blurhash(pixels: NDArray[np.float64]) -> str:
    """The BlurHash of sRGB values from 0 to 255, of shape (rows, columns, 3)."""
    import numpy as np  # noqa: PLC0415  (only those who ask for facts wait for numpy)

    wide = pixels.shape[1] >= pixels.shape[0]
    across, down = WAVES if wide else WAVES[::-1]
    value = pixels / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    waves = np.einsum(
        "jy,yxc,ix->jic", _cosines(down, len(linear)), linear, _cosines(across, linear.shape[1])
    )
    waves = waves.reshape(-1, 3) / (linear.shape[0] * linear.shape[1])
    waves[1:] *= 2
    step = max(0, min(82, int(np.abs(waves[1:]).max() * 166 - 0.5)))
    largest = (step + 1) / 166
    signs = np.sign(waves[1:]) * np.sqrt(np.abs(waves[1:]) / largest)
    digits = np.clip(np.floor(signs * 9 + 9.5), 0, 18).astype(int)
    colour = sum(_encoded(float(v)) << shift for v, shift in zip(waves[0], (16, 8, 0), strict=True))
    rest = "".join(_base83(int(r) * 361 + int(g) * 19 + int(b), 2) for r, g, b in digits)
    return _base83(across - 1 + (down - 1) * 9, 1) + _base83(step, 1) + _base83(colour, 4) + rest


def colour(pixels: NDArray[np.float64]) -> str:
    """The mean of the largest group of similar colours, as #rrggbb."""
    import numpy as np  # noqa: PLC0415  (see above)

    flat = pixels.reshape(-1, 3)
    groups = (flat // (256 // PARTS)).astype(int) @ np.array([PARTS * PARTS, PARTS, 1])
    red, green, blue = flat[groups == np.bincount(groups).argmax()].mean(axis=0).round().astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"


FACTS: dict[Fact, Callable[[NDArray[np.float64]], str]] = {"blurhash": blurhash, "colour": colour}


def _small(image: Image.Image) -> NDArray[np.float64]:
    import numpy as np  # noqa: PLC0415  (see above)

    scale = min(1.0, SAMPLES / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    if small.mode == "RGBA":
        ground = Image.new("RGBA", size, WHITE)
        small = Image.alpha_composite(ground, small)
    return np.asarray(small.convert("RGB"), np.float64)


def _cosines(waves: int, length: int) -> NDArray[np.float64]:
    """Half waves 0 … waves - 1 at so many places. Wolt's encoder takes the places' left edges."""
    import numpy as np  # noqa: PLC0415  (see above)

    return np.asarray(np.cos(np.pi * np.arange(waves)[:, None] * np.arange(length)[None, :] / length))


def _encoded(linear: float) -> int:
    """A linear value from 0 to 1 in sRGB, 0 to 255."""
    value = max(0.0, min(1.0, linear))
    curved = value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
    return int(curved * 255 + 0.5)


def _base83(value: int, length: int) -> str:
    return "".join(DIGITS[value // 83**place % 83] for place in reversed(range(length)))
