"""Pictures worth looking at, made from noise: sample sources for demos and tests.

Clouds, ridges and light are 1/f noise, which is what the brightness of real landscapes looks like to
a codec; sensor noise on top makes the files as large as a camera's.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from image_variants.scenes import SCENES, Scene

Floats = NDArray[np.float32]

# EXIF: the orientation tag, and its value for a picture to be turned clockwise by a quarter.
EXIF_ORIENTATION = 0x0112
UPRIGHT, LYING = 1, 6
# Light and haze are soft: they are computed at this part of the size, then enlarged.
COARSE = 4
SENSOR_NOISE = 2.5
# How finely a ridge's outline is drawn before it repeats.
RELIEF = 4096
FLIP = Image.Transpose.FLIP_TOP_BOTTOM


def write(folder: Path, seed: int) -> list[Path]:
    """All scenes as files below `folder`, the same for the same seed."""
    paths = []
    for number, scene in enumerate(SCENES):
        path = folder / scene.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photograph(scene, np.random.default_rng((seed, number))))
        paths.append(path)
    return paths


def photograph(scene: Scene, random: np.random.Generator) -> bytes:
    """The scene as a file's bytes; cut off after the share that the scene keeps."""
    image = with_sensor_noise(paint(scene, random), random)
    data = _encode(image, scene)
    return data[: int(len(data) * scene.kept)]


def paint(scene: Scene, random: np.random.Generator) -> Image.Image:
    """Sky, sun and clouds, then the ridges from the far hazy one to the near dark one, then water."""
    picture = _sky(scene, random)
    texture = pink_noise((512, 512), 1.0, random)
    for number in range(scene.ridges):
        _add_ridge(picture, scene, (number + 1) / scene.ridges, texture, random)
    if scene.water:
        _add_water(picture, scene, random)
    return picture


def with_sensor_noise(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Grain as a sensor's, from one tile of noise that is laid at random places."""
    pixels = np.asarray(image).copy()
    tile = random.normal(0, SENSOR_NOISE, (256, image.width, 3)).round().astype(np.int8)
    for top in range(0, image.height, 256):
        rows = pixels[top : top + 256]
        shift = int(random.integers(image.width))
        noise = np.roll(tile, shift, axis=1)[: len(rows)]
        # In 8 bits: dark and light are kept away from the ends, so that adding cannot wrap around.
        np.clip(rows, 16, 239, out=rows)
        rows += noise.view(np.uint8)
    return Image.fromarray(pixels)


def pink_noise(shape: tuple[int, int], exponent: float, random: np.random.Generator) -> Floats:
    """A field whose power falls with 1/frequency^(2 exponent), from 0 to 1; it tiles in both directions."""
    rows = np.fft.fftfreq(shape[0])[:, None] * shape[0]
    columns = np.fft.rfftfreq(shape[1])[None, :] * shape[1]
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = np.inf
    phase = random.uniform(0, 2 * np.pi, frequency.shape)
    field = np.fft.irfft2(np.exp(1j * phase) / frequency**exponent, shape)
    low, high = field.min(), field.max()
    return np.asarray((field - low) / (high - low), np.float32)


def _sky(scene: Scene, random: np.random.Generator) -> Image.Image:
    width, height = scene.size[0] // COARSE, scene.size[1] // COARSE
    across, down = np.meshgrid(
        np.linspace(0, 1, width, dtype=np.float32), np.linspace(0, 1, height, dtype=np.float32)
    )
    stops = np.linspace(0, max(scene.horizon + 0.1, 0.5), len(scene.sky))
    bands = np.asarray(scene.sky, float)
    colours = np.stack([np.interp(down, stops, bands[:, channel]) for channel in range(3)], axis=-1)
    clouds = np.clip(_stretched(pink_noise((512, 512), 1.6, random), (height, width), 2.5) * 2.2 - 1.05, 0, 1)
    colours += (clouds * (1 - down) * 70)[..., None]
    distance = np.hypot((across - scene.sun[0]) * width / height, down - scene.sun[1])
    light = 150 * np.exp(-distance * 7) + 255 * np.clip((0.022 - distance) * 400, 0, 1)
    colours += light[..., None] * np.array([1.0, 0.86, 0.62])
    return _image(colours).resize(scene.size, Image.Resampling.BILINEAR)


def _add_ridge(
    picture: Image.Image, scene: Scene, nearness: float, texture: Floats, random: np.random.Generator
) -> None:
    """A silhouette with a sharp edge; `nearness` from 0 (the far haze) to 1 (at one's feet)."""
    width, height = scene.size
    edge = _edge(scene, nearness, random)
    top = max(0, int(edge.min()))
    below = np.arange(top, height, dtype=np.float32)[:, None] - edge[None, :]
    mask = _image(below * 255 + 127)
    picture.paste(_slope(scene, nearness, (width, height - top), np.roll(texture, top)), (0, top), mask)


def _edge(scene: Scene, nearness: float, random: np.random.Generator) -> Floats:
    """The height of a ridge's edge at each column, in pixels from the top; far ridges are higher."""
    width, height = scene.size
    reach = (0.95 - scene.horizon) * (0.35 if scene.water else 0.85)
    base = scene.horizon + reach * nearness**1.6
    relief = np.tile(pink_noise((1, RELIEF), scene.roughness / 1.4, random)[0], 2)
    start, part = int(random.integers(RELIEF)), 1400 + int(1000 * (1 - nearness))
    above = np.interp(start + np.linspace(0, part, width), np.arange(2 * RELIEF), relief)
    return np.asarray(height * (base - (0.30 - 0.14 * nearness) * above), np.float32)


def _slope(scene: Scene, nearness: float, size: tuple[int, int], texture: Floats) -> Image.Image:
    """The surface of a ridge: its colour under a rough texture, lighter towards its foot, where haze lies."""
    far, near = np.asarray(scene.land, np.float32)
    shape = (max(1, size[1] // COARSE), max(1, size[0] // COARSE))
    rough = 1 + (_stretched(texture, shape, 1.6) - 0.5) * (0.25 + 0.9 * nearness)
    haze = np.linspace(0, 34 * (1 - nearness), shape[0], dtype=np.float32)
    colours = (far + (near - far) * nearness) * rough[..., None] + haze[:, None, None]
    return _image(colours).resize(size, Image.Resampling.BILINEAR)


def _add_water(picture: Image.Image, scene: Scene, random: np.random.Generator) -> None:
    """What stands above the shore mirrored below it, broken by ripples that grow towards the eye."""
    width, height = scene.size
    shore = int(height * (scene.horizon + 0.14))
    depth = height - shore
    mirrored = picture.crop((0, max(0, shore - depth), width, shore)).transpose(FLIP)
    pixels = np.asarray(mirrored.resize((width // COARSE, depth // COARSE), Image.Resampling.BOX), np.float32)
    rows, columns = pixels.shape[:2]
    nearness = np.linspace(0.02, 1, rows, dtype=np.float32)[:, None]
    ripples = (_stretched(pink_noise((512, 512), 0.9, random), (rows, columns)) - 0.5) * nearness
    seen = np.clip(np.arange(rows)[:, None] + ripples * rows * 0.5, 0, rows - 1).astype(int)
    broken = pixels[seen, np.arange(columns)[None, :]] * (0.86 + ripples[..., None] * 0.9)
    picture.paste(_image(broken).resize((width, depth), Image.Resampling.BILINEAR), (0, shore))


def _stretched(noise: Floats, shape: tuple[int, int], sideways: float = 1.0) -> Floats:
    """The noise in another shape (rows, columns), drawn out to the sides."""
    part = (0.0, 0.0, noise.shape[1] / sideways, float(noise.shape[0]))
    resized = Image.fromarray(noise).resize((shape[1], shape[0]), Image.Resampling.BILINEAR, part)
    return np.asarray(resized)


def _image(colours: Any) -> Image.Image:
    return Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8))


def _encode(image: Image.Image, scene: Scene) -> bytes:
    """PNG, WebP or JPEG, by the name; a turned JPEG is stored lying, as a camera stores it."""
    buffer = BytesIO()
    if scene.name.endswith(".png"):
        image.save(buffer, "PNG", compress_level=1)
    elif scene.name.endswith(".webp"):
        image.save(buffer, "WEBP", quality=85, method=2)
    else:
        exif = Image.Exif()
        exif[EXIF_ORIENTATION] = LYING if scene.lying else UPRIGHT
        stored = image.transpose(Image.Transpose.ROTATE_90) if scene.lying else image
        stored.save(buffer, "JPEG", quality=90, exif=exif)
    return buffer.getvalue()
