"""What a source is, found out before anything is decoded; what cannot be processed is rejected here.

No global setting of Pillow is relied on or changed: the limits are checked against the header.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
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
from image_variants import signatures, structure
from image_variants.geometry import Size
from image_variants.orientation import TURNS, UPRIGHT, swap
from image_variants.spec import Limits
from image_variants.structure.limits import MAX_PROFILE, too_large

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
# Several pictures in a file are an animation; in a TIFF they are pages.
MOVING = frozenset({"PNG", "WEBP", "AVIF", "GIF"})
EXIF_ORIENTATION = 0x0112
# How Pillow refuses a PNG whose texts or profile grow beyond its limits when they are unpacked.
OVERSIZED = ("Decompressed data too large", "Too much memory used in text chunks")


@dataclass(frozen=True)
class Source:
    """An opened picture, not decoded yet. `size` is upright; `stored` is as the pixels lie in the file.

    `frames`: how many pictures the file holds, of which this is number `page` (from 1).
    """

    image: ImageFile.ImageFile
    format: str
    stored: Size
    size: Size
    orientation: int
    frames: int
    page: int
    body: bytes = field(repr=False)

    @property
    def moving(self) -> bool:
        """Whether it is an animation."""
        return self.frames > 1 and self.format in MOVING

    def again(self) -> Source:
        """The same picture, opened anew: a picture can be decoded only once."""
        with decoding(self.format):
            return replace(self, image=_open(self.format, BytesIO(self.body), self.page))


def read(body: bytes, limits: Limits, open_bytes: Opener = BytesIO, *, page: int = 1) -> Source:
    """The source in `body`. Raises Rejected: Empty, TooManyBytes, UnsupportedFormat, NoSuchPage, Truncated,
    Corrupt, TooManyPixels, TooManyFrames, TooManyBlocks or MetadataTooLarge."""
    _check_bytes(body, limits)
    kind = signatures.identify(body)
    if kind not in READERS:
        accepted = ", ".join(READERS)
        raise Rejected("UnsupportedFormat", f"the content is {kind}; accepted are {accepted}")
    frames = structure.check(kind, body, limits.max_pixels, limits.max_frames)
    with decoding(kind):
        image = _open(kind, open_bytes(body))
        frames = max(frames, _announced(image))
    if frames > limits.max_frames:
        raise Rejected("TooManyFrames", f"more than {limits.max_frames:,} frames; that is the limit")
    _check_pixels(image.size, limits)
    if page > 1:
        _turn_to(image, kind, page, frames, limits)
        _check_pixels(image.size, limits)
    _check_profile(image)
    orientation = UPRIGHT if kind == "TIFF" else _orientation(image)
    return Source(image, kind, image.size, swap(image.size, orientation), orientation, frames, page, body)


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
        if any(words in cause for words in OVERSIZED):
            raise Rejected("MetadataTooLarge", f"{kind}: {cause}") from error
        if "truncated" in cause.lower() or isinstance(error, EOFError):
            raise Rejected("Truncated", f"the {kind} data ends too early: {cause}") from error
        raise Rejected("Corrupt", f"the {kind} data cannot be read: {cause}") from error


def _open(kind: str, file: IO[bytes], page: int = 1) -> ImageFile.ImageFile:
    image = READERS[kind](file)
    if page > 1:
        image.seek(page - 1)
    return image


def _announced(image: ImageFile.ImageFile) -> int:
    """The number of frames where a header tells it; readers of GIF and TIFF would walk through them all."""
    return 1 if image.format in {"GIF", "TIFF"} else int(getattr(image, "n_frames", 1))


def _turn_to(image: ImageFile.ImageFile, kind: str, page: int, frames: int, limits: Limits) -> None:
    if page > frames:
        raise Rejected("NoSuchPage", f"page {page} is wanted; the source has {frames}")
    if kind in MOVING:
        # A frame is what those before it have left.
        check_animation(image.size, page, limits)
    with decoding(kind):
        image.seek(page - 1)


def check_animation(size: Size, frames: int, limits: Limits) -> None:
    """Raises Rejected when so many frames are more pixels than may be decoded for one source."""
    pixels = size[0] * size[1] * frames
    if pixels > limits.max_animation_pixels:
        raise Rejected(
            "TooManyPixels",
            f"{frames:,} frames have {pixels:,} pixels; "
            f"the limit of an animation is {limits.max_animation_pixels:,}",
        )


def _check_profile(image: Image.Image) -> None:
    profile = image.info.get("icc_profile") or b""
    if len(profile) > MAX_PROFILE:
        raise too_large("colour profile", len(profile), MAX_PROFILE)


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
