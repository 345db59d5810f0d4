"""The condition: no short cut can be seen. Every resizer, against a full decode and one LANCZOS resize."""

from collections.abc import Callable
from functools import cache
from io import BytesIO
from statistics import mean
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont, ImageOps
from support.imagery import encoded, landscape, opened, turned
from support.similarity import ssim

from batchkit.job import Original
from image_variants.filters.sharpen import Sharpen
from image_variants.geometry import measure
from image_variants.resizers import Resizer, installed
from image_variants.spec import Resize
from image_variants.variants import ImageVariants

SIZE = (1800, 1200)
RESIZES: dict[str, dict[str, Any]] = {
    "thumb": {"width": 100, "height": 100, "fit": "cover"},
    "small": {"width": 200},
    "medium": {"width": 400},
    "large": {"width": 800},
    "gray": {"width": 400},
}
PORTRAIT: dict[str, dict[str, Any]] = {"whole": {"width": 1600}}
GRAY = [{"type": "grayscale"}, {"type": "sharpen"}]


def page(height: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """Black text on white, so many pixels high."""
    image = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(height)
    for top in range(0, size[1], height + 4):
        draw.text((5, top), "The quick brown fox jumps over the lazy dog. " * 6, fill="black", font=font)
    return image


def drawing() -> Image.Image:
    """Thin lines in many colours."""
    image, random = Image.new("RGB", SIZE, "white"), np.random.default_rng(1)
    draw = ImageDraw.Draw(image)
    for _ in range(200):
        ends = [int(value) for value in random.integers(0, [*SIZE, *SIZE])]
        colour = tuple(int(value) for value in random.integers(0, 255, 3))
        draw.line(ends, fill=colour, width=int(random.integers(1, 5)))
    return image


def gradient() -> Image.Image:
    down, across = np.indices(SIZE[::-1])
    levels = (across / SIZE[0] * 255, down / SIZE[1] * 255, (across + down) / sum(SIZE) * 255)
    return Image.fromarray(np.stack(levels, axis=-1).astype(np.uint8))


def jpeg(picture: Image.Image, **options: Any) -> bytes:
    return encoded(picture, "JPEG", quality=92, **options)


SOURCES: dict[str, Callable[[], bytes]] = {
    "mountains, 1.15 times what is needed at 1/2": lambda: jpeg(landscape((1840, 1380), 0)),
    "progressive canyon, 4:4:4": lambda: jpeg(landscape(SIZE, 6), progressive=True, subsampling="4:4:4"),
    "night, of odd size": lambda: jpeg(landscape((1667, 1111), 5)),
    "sunset stored lying": lambda: turned(landscape(SIZE, 2), 8, quality=92),
    "hills as PNG": lambda: encoded(landscape(SIZE, 4), "PNG", compress_level=1),
    "small text": lambda: jpeg(page(16)),
    "text": lambda: jpeg(page(32)),
    "a drawing": lambda: jpeg(drawing()),
    "a gradient": lambda: jpeg(gradient()),
}


@cache
def source(name: str) -> bytes:
    return SOURCES[name]()


def naive(body: bytes, task: str, resize: dict[str, Any]) -> Image.Image:
    """What a full decode, one LANCZOS resize and the same filters give."""
    full = ImageOps.exif_transpose(Image.open(BytesIO(body))).convert("RGB")
    geometry = measure(full.size, None, Resize(**resize))
    best = full.resize(geometry.scaled, Image.Resampling.LANCZOS, geometry.box)
    return Sharpen()(best.convert("L")) if task == "gray" else best


@cache
def best(name: str) -> dict[str, Image.Image]:
    return {task: naive(source(name), task, resize) for task, resize in RESIZES.items()}


def ours(body: bytes, resizes: dict[str, dict[str, Any]], resizer: Resizer) -> dict[str, Image.Image]:
    job = ImageVariants(resizer=resizer)
    lossless = {"format": "png", "profile": "fast"}
    variants = [
        {"name": task, **lossless, "resize": resize, "filters": GRAY if task == "gray" else []}
        for task, resize in resizes.items()
    ]
    results = job.make(Original("photo", body), job.plan({"variants": variants}))
    return {result.task: opened(result) for result in results}


@pytest.mark.parametrize("resizer", installed().values(), ids=list(installed()))
def test_no_short_cut_can_be_seen(resizer: Resizer) -> None:
    scores: dict[tuple[str, str], float] = {}
    for name in SOURCES:
        made = ours(source(name), RESIZES, resizer)
        scores |= {(name, task): ssim(made[task], picture) for task, picture in best(name).items()}
    colour = {at: score for at, score in scores.items() if at[1] != "gray"}
    assert min(colour.values()) >= 0.99, min(colour, key=lambda at: colour[at])
    assert mean(colour.values()) >= 0.995
    assert min(score for at, score in scores.items() if at[1] == "gray") >= 0.98


@pytest.mark.parametrize("resizer", installed().values(), ids=list(installed()))
def test_portraits_that_are_hardly_wider_than_the_variant_are_as_good(resizer: Resizer) -> None:
    for picture in (landscape((1700, 900), 1), page(20, (1900, 900))):
        body = jpeg(picture)
        made = ours(body, PORTRAIT, resizer)["whole"]
        assert ssim(made, naive(body, "whole", PORTRAIT["whole"])) >= 0.99


@pytest.mark.parametrize("width", [40, 60, 90])
def test_single_thumbnails_at_deep_scales_are_as_good(width: int) -> None:
    """Alone, so that the JPEG is decoded at 1/4 or 1/8."""
    resizes = {"thumb": {"width": width}}
    resizer = next(iter(installed().values()))
    for name in ("mountains, 1.15 times what is needed at 1/2", "text", "a drawing"):
        made = ours(source(name), resizes, resizer)["thumb"]
        assert ssim(made, naive(source(name), "thumb", resizes["thumb"])) >= 0.99, name
