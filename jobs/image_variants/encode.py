"""Pictures into bytes: one function a format. Nothing is written but pixels: no metadata, no profile."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from PIL import Image

from batchkit.errors import Rejected
from image_variants.spec import Effort, Format, Variant

EXTENSIONS: dict[Format, str] = {
    "jpeg": "jpg",
    "png": "png",
    "webp": "webp",
    "avif": "avif",
    "gif": "gif",
    "tiff": "tiff",
}
# The longest side that the format's header, or its library, can hold.
MAX_SIDES: dict[Format, int] = {
    "jpeg": 65_500,
    "png": 2**31 - 1,
    "webp": 16_383,
    "avif": 32_768,
    "gif": 65_535,
    "tiff": 2**31 - 1,
}
WEBP_METHODS: dict[Effort, int] = {"fast": 2, "normal": 4, "small": 6}
AVIF_SPEEDS: dict[Effort, int] = {"fast": 8, "normal": 6, "small": 4}
ZLIB_LEVELS: dict[Effort, int] = {"fast": 1, "normal": 6, "small": 9}

Encoder = Callable[[Image.Image, Variant], bytes]


def content_type(kind: Format) -> str:
    """The media type of a format."""
    return f"image/{kind}"


def check_size(size: tuple[int, int], kind: Format, max_pixels: int) -> None:
    """Raises Rejected when the output would be larger than the format or the limit allows."""
    if max(size) > MAX_SIDES[kind]:
        raise Rejected(
            "OutputTooLarge",
            f"{size[0]:,} x {size[1]:,}; {kind} holds sides up to {MAX_SIDES[kind]:,} pixels",
        )
    if size[0] * size[1] > max_pixels:
        raise Rejected(
            "OutputTooLarge", f"{size[0]:,} x {size[1]:,} pixels; the limit is {max_pixels:,} in all"
        )


def encode(image: Image.Image, variant: Variant) -> bytes:
    """The picture (L, RGB or RGBA; without alpha for JPEG) in the variant's format, quality and effort."""
    return ENCODERS[variant.format](image, variant)


def _jpeg(image: Image.Image, variant: Variant) -> bytes:
    small = variant.effort == "small"
    return _save(
        image, "JPEG", quality=variant.quality, subsampling="4:2:0", optimize=small, progressive=small
    )


def _png(image: Image.Image, variant: Variant) -> bytes:
    return _save(image, "PNG", compress_level=ZLIB_LEVELS[variant.effort])


def _webp(image: Image.Image, variant: Variant) -> bytes:
    return _save(image, "WEBP", quality=variant.quality, method=WEBP_METHODS[variant.effort])


def _avif(image: Image.Image, variant: Variant) -> bytes:
    # One thread: a child computes with as many threads as it has processors already.
    return _save(
        image,
        "AVIF",
        quality=variant.quality,
        speed=AVIF_SPEEDS[variant.effort],
        subsampling="4:2:0",
        max_threads=1,
    )


def _gif(image: Image.Image, variant: Variant) -> bytes:
    return _save(image, "GIF", optimize=variant.effort == "small")


def _tiff(image: Image.Image, variant: Variant) -> bytes:
    return _save(image, "TIFF", compression="tiff_adobe_deflate")


def _save(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


ENCODERS: dict[Format, Encoder] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "avif": _avif,
    "gif": _gif,
    "tiff": _tiff,
}
