"""How much memory a plan takes, in bytes: estimated from headers alone, before anything is decoded.

Bytes a pixel are those of Pillow (RGB takes four) and of the codecs, as measured. A test holds the estimate
against the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchkit.errors import Rejected
from image_variants.geometry import Size
from image_variants.header import Source
from image_variants.plan import Plan
from image_variants.resizers import Resizer
from image_variants.spec import Variant

MB = 1_000_000
# What codecs and resizers take at their first use.
LIBRARIES = 10.0 * MB
# Pillow's own bytes a pixel, by mode; all others take four. 16 bits are made 8 by way of copies.
WIDTHS = {"1": 1, "L": 1, "P": 1, "I;16": 8, "I;16B": 8, "I;16L": 8, "I;16N": 8}
# What a reader needs beside the picture, in bytes a pixel of the whole source: WebP's keeps two canvases
# and hands a third over; AVIF's has planes of 16 bits and hands RGB over.
READERS = {"WEBP": 12.0, "AVIF": 10.0, "GIF": 5.0}
# libjpeg keeps all coefficients of a progressive file: two bytes each.
COEFFICIENT = 2.0
# What an encoder needs beside the picture, in bytes a pixel.
ENCODERS = {"avif": 24.0, "webp": 4.0, "png": 2.0, "gif": 6.0, "tiff": 2.0, "jpeg": 2.0}
LOSSLESS_WEBP = 20.0
# A finished picture that is not the cut itself: filtered, padded, or laid on a background.
FINISHED = 4.0
# Modes that must become another one before they can be resized: both pictures are there at once.
CONVERTED = frozenset({"1", "P", "PA", "LA", "RGBA"})


@dataclass(frozen=True)
class Load:
    """What a plan is made of that takes memory. `moving`: all frames of an animation are kept."""

    source: Source
    plan: Plan
    variants: Sequence[Variant]
    moving: bool
    resizer: Resizer


def check(load: Load, allowed: int | None) -> int:
    """The bytes needed. Raises Rejected when they are more than are `allowed`; None allows everything."""
    needed = need(load)
    if allowed is not None and needed > allowed:
        width, height = load.source.stored
        raise Rejected(
            "TooMuchMemory",
            f"{width:,} x {height:,} {load.source.format}: needs {_megabytes(needed)}; "
            f"{_megabytes(allowed)} are allowed; give the job more memory",
        )
    return needed


def need(load: Load) -> int:
    """The most bytes that are in use at the same time, the source's own among them."""
    decoding = _reading(load.source) + _decoded(load)
    pictures = sum(4.0 * _pixels(cut.size) for cut in load.plan.cuts if not cut.keeps(load.plan.decoded))
    finishing = _finishing(load)
    most = sum(finishing) if load.moving else max(finishing, default=0.0)
    return round(len(load.source.body) + decoding + pictures + most + LIBRARIES)


def _reading(source: Source) -> float:
    if source.format == "JPEG" and source.image.info.get("progressive"):
        return COEFFICIENT * _samples(source) * _pixels(source.stored)
    return READERS.get(source.format, 0.0) * _pixels(source.stored)


def _samples(source: Source) -> float:
    """Coefficients a pixel of a JPEG: 3 without, 1.5 with the usual subsampling."""
    layers = getattr(source.image, "layer", [])
    most = max((across * down for _, across, down, _ in layers), default=1)
    return sum(across * down / most for _, across, down, _ in layers) or 3.0


def _decoded(load: Load) -> float:
    """The decoded picture, the one in another mode, and the copy that a resizer makes."""
    mode, plan = load.source.image.mode, load.plan
    width = float(WIDTHS.get(mode, 4))
    if any(cut.parent is None and not cut.keeps(plan.decoded) for cut in plan.cuts):
        width += load.resizer.copied
    if mode in CONVERTED or "transparency" in load.source.image.info:
        width += 4
    return width * _pixels(plan.decoded)


def _finishing(load: Load) -> list[float]:
    """Of each variant: its finished picture, or all frames of it, and what its encoder needs."""
    return [
        _pixels(use.canvas) * (FINISHED * (load.source.frames if load.moving else 1) + _encoder(variant))
        for cut in load.plan.cuts
        for use in cut.uses
        for variant in (load.variants[use.place],)
    ]


def _encoder(variant: Variant) -> float:
    return LOSSLESS_WEBP if getattr(variant, "lossless", False) else ENCODERS[variant.format]


def _pixels(size: Size) -> int:
    return size[0] * size[1]


def _megabytes(count: int) -> str:
    return f"{count / MB:,.0f} MB"
