"""The engines that run in Python: bytes of a photo in, bytes of every variant out.

An engine is built once in a process of its own (see worker.py), and then called for photo after photo.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from typing import Any

from PIL import Image, ImageFilter, ImageOps

from batchkit.job import Original, Output, Task
from benchmarks.images.sets import PERCENT, Wanted, recipe

Outputs = dict[str, bytes]
# What a pixel differs from its eight neighbours, in part added once more.
SHARPEN = ImageFilter.Kernel(
    (3, 3), (*[-PERCENT / 800] * 4, 1 + PERCENT / 100, *[-PERCENT / 800] * 4), scale=1
)
Engine = Callable[[bytes, tuple[Wanted, ...]], Outputs]


def naive() -> Engine:
    """Pillow as tutorials use it: open, decode in full, resize and save, for each variant."""

    def make(body: bytes, wanted: tuple[Wanted, ...]) -> Outputs:
        return {one["name"]: _save(naive_picture(body, one), one) for one in wanted}

    return make


def naive_picture(body: bytes, one: Wanted) -> Image.Image:
    """The pixels of a variant by a full decode and one LANCZOS resize: the measure of quality, too."""
    image = ImageOps.exif_transpose(Image.open(BytesIO(body))).convert("RGB")
    if one["height"]:
        image = ImageOps.fit(image, (one["width"], one["height"]), Image.Resampling.LANCZOS)
    else:
        height = int(image.height * one["width"] / image.width + 0.5)
        image = image.resize((one["width"], height), Image.Resampling.LANCZOS)
    if one["gray"]:
        image = image.convert("L").filter(SHARPEN)
    return image


def _save(image: Image.Image, one: Wanted) -> bytes:
    buffer = BytesIO()
    options = {"method": one["method"]} if one["format"] == "webp" else {"subsampling": "4:2:0"}
    image.save(buffer, one["format"], quality=one["quality"], **options)
    return buffer.getvalue()


def batchkit(resizer: str) -> Engine:
    """The job image-variants with one of its resizers, called as the worker calls it."""
    variants, resizers = (import_module(f"image_variants.{name}") for name in ("variants", "resizers"))
    # Pillow alone is not to carry the libraries of the others.
    chosen = resizers.installed()[resizer] if resizer == "libvips" else resizers.Pillow(resizer)
    job = variants.ImageVariants(resizer=chosen)
    tasks: dict[str, tuple[Task, ...]] = {}

    def make(body: bytes, wanted: tuple[Wanted, ...]) -> Outputs:
        key = str(wanted)
        if key not in tasks:
            tasks[key] = job.plan(recipe(wanted))
        return outputs(job.make(Original("photo.jpg", body), tasks[key]))

    return make


def outputs(results: Any) -> Outputs:
    """The bodies by task. Raises TypeError for a variant that was not made."""
    found = {}
    for result in results:
        if not isinstance(result, Output):
            raise TypeError(f"no output: {result!r}")
        found[result.task] = result.body
    return found


def pyvips_each() -> Engine:
    """libvips as its documentation recommends: a thumbnail for each variant, straight from the file."""
    vips = _vips()

    def make(body: bytes, wanted: tuple[Wanted, ...]) -> Outputs:
        return {one["name"]: _finish(_thumbnail(vips, body, one), one) for one in wanted}

    return make


def pyvips_once() -> Engine:
    """libvips by hand: decoded once to the largest variant, the others from there."""
    vips = _vips()

    def make(body: bytes, wanted: tuple[Wanted, ...]) -> Outputs:
        largest = max(wanted, key=lambda one: one["width"])
        source = _thumbnail(vips, body, largest | {"height": 0, "gray": False}).copy_memory()
        made = {largest["width"]: source}
        found = {}
        for one in sorted(wanted, key=lambda one: -one["width"]):
            parent = made[min(width for width in made if width >= 2 * one["width"] or width == source.width)]
            picture = made.get(one["width"]) or _shrink(parent, one)
            made.setdefault(one["width"], picture)
            found[one["name"]] = _finish(_gray(vips, picture) if one["gray"] else picture, one)
        return found

    return make


def _vips() -> Any:
    vips = import_module("pyvips")
    vips.cache_set_max(0)
    vips.vips_lib.vips_concurrency_set(1)
    return vips


def _thumbnail(vips: Any, body: bytes, one: Wanted) -> Any:
    size = {"height": one["height"], "crop": "centre"} if one["height"] else {"height": 100_000}
    picture = vips.Image.thumbnail_buffer(body, one["width"], **size)
    return _gray(vips, picture) if one["gray"] else picture


def _gray(vips: Any, picture: Any) -> Any:
    """A 3x3 kernel, which costs libvips less than its own sharpen."""
    kernel = vips.Image.new_from_array([[-1, -1, -1], [-1, 16, -1], [-1, -1, -1]], scale=8)
    return picture.colourspace("b-w").conv(kernel, precision="integer").cast("uchar")


def _shrink(parent: Any, one: Wanted) -> Any:
    size = {"height": one["height"], "crop": "centre"} if one["height"] else {"height": 100_000}
    return parent.thumbnail_image(one["width"], **size).copy_memory()


def _finish(picture: Any, one: Wanted) -> bytes:
    if one["format"] == "webp":
        body = picture.webpsave_buffer(Q=one["quality"], effort=one["method"], keep="none")
    else:
        body = picture.jpegsave_buffer(Q=one["quality"], keep="none")
    return bytes(body)


ENGINES: dict[str, Callable[[], Engine]] = {
    "naive": naive,
    "batchkit-pillow": lambda: batchkit("pillow"),
    "batchkit-libvips": lambda: batchkit("libvips"),
    "batchkit-simd": lambda: batchkit("pillow-simd"),
    "pyvips-each": pyvips_each,
    "pyvips-once": pyvips_once,
}
