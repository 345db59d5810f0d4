"""Pictures and files for the tests of the image jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from batchkit.job import Failure, Original, Output
from image_variants import job, photos, scenes

ORIENTATION = 0x0112


@cache
def landscape(size: tuple[int, int] = (640, 480), scene: int = 0, seed: int = 0) -> Image.Image:
    """A natural-looking RGB picture; do not change it in place."""
    random = np.random.default_rng(seed)
    drawn = photos.paint(replace(scenes.SCENES[scene], size=size), random)
    return photos.with_sensor_noise(drawn, random)


def quarters(size: tuple[int, int] = (80, 60)) -> Image.Image:
    """Red, green, blue and white quarters, clockwise from the top left: shows how a picture lies."""
    image = Image.new("RGB", size, "white")
    width, height = size[0] // 2, size[1] // 2
    image.paste("red", (0, 0, width, height))
    image.paste("lime", (width, 0, size[0], height))
    image.paste("blue", (width, height, *size))
    return image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The picture as a file's bytes."""
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def turned(image: Image.Image, orientation: int, kind: str = "JPEG", **options: Any) -> bytes:
    """A file whose EXIF orientation tells how to make its pixels upright; `image` is stored as it is."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return encoded(image, kind, exif=exif, **options)


def made(
    body: bytes, *variants: Mapping[str, Any], limits: Mapping[str, Any] | None = None
) -> dict[str, Output | Failure]:
    """What the job image-variants makes of the bytes, by task (v0, v1 …)."""
    recipe: dict[str, Any] = {"variants": [{"name": f"v{i}", **v} for i, v in enumerate(variants)]}
    if limits is not None:
        recipe["limits"] = limits
    return {result.task: result for result in job.make(Original("key", body), job.plan(recipe))}


def pictures(body: bytes, *variants: Mapping[str, Any]) -> list[Image.Image]:
    """The decoded outputs, in the order of the variants."""
    results = made(body, *variants)
    return [opened(results[f"v{i}"]) for i in range(len(variants))]


def picture(body: bytes, **variant: Any) -> Image.Image:
    """The decoded output of one variant, PNG unless told."""
    return pictures(body, {"format": "png", **variant})[0]


def opened(result: Output | Failure) -> Image.Image:
    """The decoded output; fails the test when there is none."""
    assert isinstance(result, Output), result
    image = Image.open(BytesIO(result.body))
    image.load()
    return image


def close(one: Sequence[float] | float | None, other: Sequence[float], tolerance: float = 6) -> bool:
    """Whether two colours differ by no more than `tolerance` in any channel."""
    assert isinstance(one, Sequence)
    return len(one) == len(other) and all(abs(a - b) <= tolerance for a, b in zip(one, other, strict=True))
