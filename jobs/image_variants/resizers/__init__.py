"""Who resizes: the fastest that is installed. All of them make the same sizes at the same quality.

pillow-simd   Pillow compiled with AVX2 (pillow-simd takes Pillow's place, and says so in its version)
libvips       `pip install batchkit[fast]`; Pillow decodes and encodes, libvips resizes in between
pillow        always there
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Protocol

from PIL import Image, __version__, _imaging

from image_variants.geometry import Box, Size
from image_variants.resizers.pillow import Pillow


class Resizer(Protocol):
    """Cuts a box out of a picture and brings it to a size, with a LANCZOS filter of 3 lobes."""

    @property
    def name(self) -> str:
        """What `batchkit preview --explain` and the facts of outputs call it."""
        ...

    @property
    def apart(self) -> bool:
        """Whether it is to get luma and chroma, where `image_variants.chroma` can tell them apart."""
        ...

    def beside(self, size: Size, box: Box) -> float:
        """Bytes that this resize takes beside its two pictures."""
        ...

    def resize(self, image: Image.Image, size: Size, box: Box) -> Image.Image:
        """A new picture in the same mode, without metadata. `box` may have fractions of pixels."""
        ...


def installed() -> dict[str, Resizer]:
    """All that can be used here, by name, fastest first."""
    pillow = Pillow("pillow-simd" if is_simd(__version__, _imaging.__file__ or "") else "pillow")
    return {each.name: each for each in _by_speed(pillow, _vips(pillow))}


@cache
def fastest() -> Resizer:
    """The first of those that are installed."""
    return next(iter(installed().values()))


def is_simd(version: str, module: str) -> bool:
    """Whether Pillow resizes with AVX2: it is Pillow-SIMD, whose releases are numbered as Pillow's with
    `.postN` behind, or its C module is the one that the worker's image has for such processors."""
    return ".post" in version or module.endswith("_imaging_avx2.so")


def _by_speed(pillow: Pillow, vips: Resizer | None) -> list[Resizer]:
    if vips is None:
        return [pillow]
    return [pillow, vips] if pillow.name == "pillow-simd" else [vips, pillow]


def _vips(pillow: Pillow) -> Resizer | None:
    if find_spec("pyvips") is None:
        return None
    try:
        from image_variants.resizers.vips import Vips  # noqa: PLC0415  (an optional extra)
    except (OSError, ImportError):
        # pyvips without a libvips that can be loaded, or without nanoarrow: as good as not installed.
        return None
    return Vips(pillow)
