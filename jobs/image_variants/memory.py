"""How much memory a plan takes, in bytes: estimated from headers alone, before anything is decoded.

Bytes a pixel are those of Pillow (RGB takes four) and of the codecs, as measured. A test holds the estimate
against the truth.
"""

from __future__ import annotations

from batchkit.errors import Rejected
from image_variants.geometry import Size
from image_variants.header import Source
from image_variants.plan import Part
from image_variants.spec import Variant
from image_variants.structure import jpeg

MB = 1_000_000
# What codecs and resizers take at their first use.
LIBRARIES = 10.0 * MB
# Pillow's own bytes a pixel, by mode; all others take four. 16 bits are made 8 by way of copies.
WIDTHS = {"1": 1, "L": 1, "P": 1, "I;16": 8, "I;16B": 8, "I;16L": 8, "I;16N": 8}
# What a reader needs beside the picture, in bytes a pixel of the whole source: WebP's keeps two canvases
# and hands a third over; AVIF's has planes of 16 bits and hands RGB over; a TIFF may be one strip.
READERS = {"WEBP": 12.0, "AVIF": 10.0, "GIF": 5.0, "TIFF": 4.0}
# libjpeg keeps all coefficients of a file that comes in parts, as progressive ones do: two bytes each.
COEFFICIENT = 2.0
# What an encoder needs beside the picture, in bytes a pixel.
ENCODERS = {"avif": 24.0, "webp": 4.0, "png": 2.0, "gif": 6.0, "tiff": 2.0, "jpeg": 2.0}
LOSSLESS_WEBP = 20.0
# A finished picture that is not the cut itself: filtered, padded, or laid on a background.
FINISHED = 4.0
# Luma or chroma on its own, while it is resized.
PLANE = 1.0
# Modes that must become another one before they can be resized: both pictures are there at once.
CONVERTED = frozenset({"1", "P", "PA", "LA", "RGBA"})


def check(part: Part, allowed: int | None) -> None:
    """Raises Rejected when more bytes are needed than are `allowed`; None allows everything."""
    needed = need(part)
    if allowed is not None and needed > allowed:
        width, height = part.source.stored
        raise Rejected(
            "TooMuchMemory",
            f"{width:,} x {height:,} {part.source.format}: needs {_megabytes(needed)}; "
            f"{_megabytes(allowed)} are allowed; give the job more memory",
        )


def need(part: Part) -> int:
    """The most bytes that are in use at the same time, the source's own among them."""
    decoding = _reading(part.source) + _decoded(part)
    pictures = sum(4.0 * _pixels(cut.size) for cut in part.plan.cuts if not cut.keeps(part.plan.decoded))
    pictures += max((part.resizer.beside(cut.size, cut.box) for cut in part.plan.cuts), default=0.0)
    finishing = _finishing(part)
    most = sum(finishing) if part.moving else max(finishing, default=0.0)
    return round(len(part.source.body) + decoding + pictures + most + LIBRARIES)


def _reading(source: Source) -> float:
    if source.format == "JPEG" and jpeg.comes_in_parts(source.body):
        return COEFFICIENT * _samples(source) * _pixels(source.stored)
    return READERS.get(source.format, 0.0) * _pixels(source.stored)


def _samples(source: Source) -> float:
    """Coefficients a pixel of a JPEG: 3 without, 1.5 with the usual subsampling."""
    layers = getattr(source.image, "layer", [])
    # A file may say zero.
    most = max(1, *(across * down for _, across, down, _ in layers)) if layers else 1
    return sum(across * down / most for _, across, down, _ in layers) or 3.0


def _decoded(part: Part) -> float:
    """The decoded picture, and the one in another mode."""
    mode, plan = part.source.image.mode, part.plan
    width = float(WIDTHS.get(mode, 4))
    if _is_converted(part.source):
        width += 4
    if part.apart:
        width += PLANE
    return width * _pixels(plan.decoded)


def _is_converted(source: Source) -> bool:
    return source.image.mode in CONVERTED or "transparency" in source.image.info


def _finishing(part: Part) -> list[float]:
    """Of each variant: its finished picture, or all frames of it, and what its filters or encoder need."""
    others = part.source.frames - 1 if part.moving else 0
    return [
        _pixels(use.canvas)
        * (FINISHED * others + max(FINISHED + _encoder(variant), _filtering(variant, part)))
        for cut in part.plan.cuts
        for use in cut.uses
        for variant in (part.variants[use.place],)
    ]


def _filtering(variant: Variant, part: Part) -> float:
    """Bytes a pixel while the filters are at work, one after the other: what each gets, and takes beside it.

    The first gets the cut itself, or its colours where luma and chroma are apart. Transparency is parted
    from colours by a copy of them.
    """
    given = FINISHED if part.apart and variant.filters and not variant.filters[0].takes_chroma else 0.0
    colours = FINISHED if _is_converted(part.source) else 0.0
    most = 0.0
    for each in variant.filters:
        most = max(most, given + colours + each.beside)
        given = FINISHED
    return most


def _encoder(variant: Variant) -> float:
    return LOSSLESS_WEBP if getattr(variant, "lossless", False) else ENCODERS[variant.format]


def _pixels(size: Size) -> int:
    return size[0] * size[1]


def _megabytes(count: int) -> str:
    return f"{count / MB:,.0f} MB"
