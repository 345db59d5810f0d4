"""Photos made from noise: what a camera's picture is to a codec, the same for the same seed.

Light and clouds are 1/f noise, whose spectrum is a landscape's; roofs and branches are hard edges; a sign has
text; a sky is a gradient; and a sensor's grain, smoothed as a camera smooths it, fills the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Floats = NDArray[np.float32]

EXIF_ORIENTATION, TURNED = 0x0112, 6
TILE = 1024
GRAIN = 3.5


@dataclass(frozen=True)
class Shot:
    """A photo to make: `size` as it is stored; `turned` by EXIF; `options` of Pillow's JPEG encoder."""

    name: str
    size: tuple[int, int]
    quality: int = 90
    turned: bool = False
    progressive: bool = False
    subsampling: str = "4:2:0"


SHOTS = (
    Shot("8mp-landscape", (3264, 2448), 92),
    Shot("8mp-portrait", (2448, 3264), 90),
    Shot("12mp-landscape", (4000, 3000), 92),
    Shot("12mp-turned", (4032, 3024), 90, turned=True),
    Shot("12mp-444", (4032, 3024), 88, subsampling="4:4:4"),
    Shot("16mp-progressive", (4608, 3456), 90, progressive=True),
    Shot("20mp-landscape", (5472, 3648), 90),
    Shot("24mp-landscape", (6000, 4000), 90),
    Shot("24mp-portrait", (4000, 6000), 88),
)
SMALL_SHOTS = (
    Shot("2mp-landscape", (1720, 1290)),
    Shot("3mp-turned", (1720, 1640), turned=True),
)
# For peak memory: the sizes that the limits are given for.
BASELINE = Shot("24mp-landscape", (6000, 4000), 90)
PROGRESSIVE = Shot("24mp-progressive", (6000, 4000), 90, progressive=True)


def write(shots: tuple[Shot, ...], folder: Path, seed: int) -> list[Path]:
    """The shots as JPEG files; those that are there already are not made again."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for shot in shots:
        path = folder / f"{shot.name}-{seed}.jpg"
        if not path.exists():
            number = sum(shot.name.encode())
            made = path.with_suffix(".part")
            made.write_bytes(_encode(paint(shot.size, np.random.default_rng((seed, number))), shot))
            made.rename(path)
        paths.append(path)
    return paths


def paint(size: tuple[int, int], random: np.random.Generator) -> Image.Image:
    """A picture of `size`: sky, hills, edges, text and grain."""
    width, height = size
    ground = np.stack([_light(size, random) for _ in range(3)], axis=-1)
    sky = np.linspace(70, -40, height, dtype=np.float32)[:, None, None] * np.array([0.5, 0.8, 1.2])
    texture = _tiled(pink_noise((TILE, TILE), 1.1, random) - 0.5, (height, width))
    relief = np.clip(np.linspace(-1, 3, height, dtype=np.float32), 0.05, 1)[:, None]
    pixels = ground + sky.astype(np.float32) + (texture * relief * 150)[..., None]
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    _draw(image, random)
    noisy = np.asarray(image, np.float32) + _tiled(_grain(random), (height, width))[..., None]
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def pink_noise(shape: tuple[int, int], exponent: float, random: np.random.Generator) -> Floats:
    """A field from 0 to 1 whose amplitude falls with 1/frequency^exponent; it tiles in both directions."""
    rows = np.fft.fftfreq(shape[0])[:, None] * shape[0]
    columns = np.fft.rfftfreq(shape[1])[None, :] * shape[1]
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = np.inf
    phase = random.uniform(0, 2 * np.pi, frequency.shape)
    field = np.fft.irfft2(np.exp(1j * phase) / frequency**exponent, shape)
    low, high = np.percentile(field, (0.5, 99.5))
    return np.asarray(np.clip((field - low) / (high - low), 0, 1), np.float32)


def _grain(random: np.random.Generator) -> Floats:
    """A sensor sees one colour in each place, so a pixel is made from its neighbours, too: and its noise."""
    noise = random.normal(0, GRAIN, (TILE, TILE)).astype(np.float32)
    for axis in (0, 1):
        noise = (np.roll(noise, 1, axis) + 2 * noise + np.roll(noise, -1, axis)) / 4
    return noise


def _light(size: tuple[int, int], random: np.random.Generator) -> Floats:
    """One channel of the large forms, from 40 to 200: soft, so it is computed small."""
    coarse = Image.fromarray(pink_noise((384, 512), 1.5, random) * 160 + 40)
    return np.asarray(coarse.resize(size, Image.Resampling.BICUBIC), np.float32)


def _tiled(tile: Floats, shape: tuple[int, int]) -> Floats:
    rows, columns = -(-shape[0] // tile.shape[0]), -(-shape[1] // tile.shape[1])
    return np.tile(tile, (rows, columns))[: shape[0], : shape[1]]


def _draw(image: Image.Image, random: np.random.Generator) -> None:
    """Roofs, wires and a sign, in the lower two thirds."""
    width, height = image.size
    draw = ImageDraw.Draw(image)
    for _ in range(40):
        x, y = random.integers(0, width), random.integers(height // 3, height)
        side = int(random.integers(width // 60, width // 12))
        colour = tuple(int(value) for value in random.integers(20, 230, 3))
        draw.polygon([(x, y), (x + side, y - side // 2), (x + 2 * side, y), (x + side, y + side)], colour)
    for _ in range(60):
        start, end = random.integers(0, width, 2), random.integers(height // 3, height, 2)
        draw.line([(start[0], end[0]), (start[1], end[1])], (15, 15, 20), max(1, width // 1500))
    font = ImageFont.load_default(max(10, width // 50))
    for line in range(4):
        draw.text(
            (width // 10, height // 2 + line * width // 40), f"Platform {line + 1}: all trains", font=font
        )


def _encode(image: Image.Image, shot: Shot) -> bytes:
    buffer, options = BytesIO(), dict[str, Any]()
    if shot.turned:
        exif = Image.Exif()
        exif[EXIF_ORIENTATION] = TURNED
        options["exif"] = exif
    image.save(
        buffer,
        "JPEG",
        quality=shot.quality,
        progressive=shot.progressive,
        subsampling=shot.subsampling,
        **options,
    )
    return buffer.getvalue()
