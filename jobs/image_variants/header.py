"""What a source is, found out before anything is decoded; what cannot be processed is rejected here.

No global setting of Pillow is relied on or changed: the limits are checked against the header.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from PIL import Image, ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from batchkit.errors import Rejected
from image_variants import frames, signatures
from image_variants.geometry import Size
from image_variants.orientation import TURNS, UPRIGHT, swap
from image_variants.spec import Limits

Opener = Callable[[bytes], IO[bytes]]

# The only readers that ever see a source's bytes.
READERS: dict[str, type[ImageFile.ImageFile]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WEBP": WebPImageFile,
    "AVIF": AvifImageFile,
    "GIF": GifImageFile,
    "TIFF": TiffImageFile,
}
EXIF_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Source:
    """An opened picture, not decoded yet. `size` is upright; `stored` is as the pixels lie in the file."""

    image: ImageFile.ImageFile
    format: str
    stored: Size
    size: Size
    orientation: int


def read(body: bytes, limits: Limits, open_bytes: Opener = BytesIO) -> Source:
    """The source in `body`. Raises Rejected: Empty, TooManyBytes, UnsupportedFormat, Truncated, Corrupt,
    TooManyPixels or TooManyFrames."""
    _check_bytes(body, limits)
    kind = signatures.identify(body)
    if kind not in READERS:
        accepted = ", ".join(READERS)
        raise Rejected("UnsupportedFormat", f"the content is {kind}; accepted are {accepted}")
    with decoding(kind):
        image = READERS[kind](open_bytes(body))
    _check_pixels(image.size, limits)
    with decoding(kind):
        found = frames.count(image, body, limits.max_frames)
    if found > limits.max_frames:
        raise Rejected("TooManyFrames", f"more than {limits.max_frames:,} frames; that is the limit")
    orientation = UPRIGHT if kind == "TIFF" else _orientation(image)
    return Source(image, kind, image.size, swap(image.size, orientation), orientation)


@contextmanager
def decoding(kind: str) -> Iterator[None]:
    """Turns whatever a reader raises on bad bytes into Rejected: Truncated, Corrupt or TooManyPixels.

    Pillow's readers raise nearly every built-in exception on hostile bytes, and none of them tells of
    anything but those bytes; only a lack of memory may pass and be retried.
    """
    try:
        yield
    except (MemoryError, Rejected):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Rejected("TooManyPixels", f"{kind}: {error}") from error
    except Exception as error:
        cause = str(error) or type(error).__name__
        if "truncated" in cause.lower() or isinstance(error, EOFError):
            raise Rejected("Truncated", f"the {kind} data ends too early: {cause}") from error
        raise Rejected("Corrupt", f"the {kind} data cannot be read: {cause}") from error


def _check_bytes(body: bytes, limits: Limits) -> None:
    if not body:
        raise Rejected("Empty", "the object has no bytes")
    if len(body) > limits.max_bytes:
        raise Rejected("TooManyBytes", f"{len(body):,} bytes; the limit is {limits.max_bytes:,}")


def _check_pixels(size: Size, limits: Limits) -> None:
    pixels = size[0] * size[1]
    if pixels > limits.max_pixels:
        raise Rejected(
            "TooManyPixels",
            f"{size[0]:,} x {size[1]:,} = {pixels:,} pixels; the limit is {limits.max_pixels:,}",
        )


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1 to 8. Pillow makes TIFF upright by itself while it decodes."""
    try:
        found = image.getexif().get(EXIF_ORIENTATION, UPRIGHT)
    except Exception:
        # A broken EXIF block says nothing about the pixels: show them as they are, like browsers do.
        return UPRIGHT
    return found if isinstance(found, int) and found in TURNS else UPRIGHT
