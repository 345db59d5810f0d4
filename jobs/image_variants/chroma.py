"""Luma and chroma resized apart: less to compute where every output halves its chroma anyway.

A JPEG is made of one plane of luma and two of chroma. Outputs with 4:2:0 keep one sample of chroma for four
of luma: they average blocks of 2 x 2 pixels. So chroma is resized to half the size only, each sample is laid
out as such a block, and the encoder's averages are those very samples. A picture of which that is true has
the mode YCbCr here, and no other picture has.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from PIL import Image

from image_variants.geometry import Box, Size
from image_variants.header import Source

MODE = "YCbCr"
# libjpeg's guess for a file without markers of JFIF and Adobe: jdapimin.c, default_decompress_parms.
USUAL_NUMBERS = (1, 2, 3)
ADOBE_YCC = 1
# A shorter segment is not JFIF's to libjpeg, though it is to Pillow: jdmarker.c, examine_app0.
JFIF_BYTES = 14


class Halving(Protocol):
    """What is known of a variant here."""

    @property
    def halves_chroma(self) -> bool:
        """Whether its file has one sample of chroma for 2 x 2 pixels."""
        ...


def apart(source: Source, variants: Iterable[Halving]) -> bool:
    """Whether the source is stored as luma and chroma, and each of the variants halves its chroma."""
    return _is_stored_apart(source) and all(variant.halves_chroma for variant in variants)


def resize(image: Image.Image, size: Size, box: Box, gap: float) -> Image.Image:
    """As `Image.resize` with LANCZOS, for pictures of MODE; `gap` is its reducing_gap."""
    if size[0] > box[2] - box[0] or size[1] > box[3] - box[1]:
        return image.resize(size, Image.Resampling.LANCZOS, box, gap)
    luma = image.getchannel("Y").resize(size, Image.Resampling.LANCZOS, box, gap)
    return Image.merge(MODE, (luma, *(_halved(image.getchannel(name), size, box) for name in ("Cb", "Cr"))))


def coloured(image: Image.Image) -> Image.Image:
    """The same picture in RGB, if it is of MODE; else itself."""
    return image.convert("RGB") if image.mode == MODE else image


def _is_stored_apart(source: Source) -> bool:
    image = source.image
    if source.format != "JPEG" or image.mode not in {"RGB", MODE}:
        return False
    if any(_is_jfif(*segment) for segment in getattr(image, "applist", ())):
        return True
    if "adobe" in image.info:
        return bool(image.info.get("adobe_transform") == ADOBE_YCC)
    return tuple(number for number, *_ in getattr(image, "layer", ())) == USUAL_NUMBERS


def _is_jfif(marker: str, segment: bytes) -> bool:
    return marker == "APP0" and segment.startswith(b"JFIF\0") and len(segment) >= JFIF_BYTES


def _halved(plane: Image.Image, size: Size, box: Box) -> Image.Image:
    """The plane at half of `size`, each sample as a block of 2 x 2; odd sizes end with half a block."""
    half = (size[0] + 1) // 2, (size[1] + 1) // 2
    small = Image.new("L", half)
    for left, right, across, width in _parts(box[0], box[2], size[0]):
        for top, bottom, down, height in _parts(box[1], box[3], size[1]):
            # First by averages of whole pixels: what they blur is far finer than what remains.
            part = plane.resize(
                (width, height), Image.Resampling.HAMMING, (left, top, right, bottom), reducing_gap=1.0
            )
            small.paste(part, (across, down))
    return small.resize((2 * half[0], 2 * half[1]), Image.Resampling.NEAREST).crop((0, 0, *size))


def _parts(start: float, stop: float, pixels: int) -> list[tuple[float, float, int, int]]:
    """From where to where blocks are made, the number of the first one, and how many.

    The half block of an odd number shows half as much: made like the others, it would draw all of them
    away from their luma, by up to a pixel.
    """
    blocks, odd = divmod(pixels, 2)
    middle = stop - odd * (stop - start) / pixels
    parts = [(start, middle, 0, blocks), (middle, stop, blocks, odd)]
    return [part for part in parts if part[3]]
