"""Size, mean colour and perceptual hash of an image, as one small JSON document.

[job]
uses = "image-facts"
facts = ["dimensions", "mean_colour", "dhash"]
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Annotated, Any, ClassVar, Literal, cast

import msgspec
import numpy as np
from msgspec import Meta
from PIL import Image, ImageOps, UnidentifiedImageError

from batchkit.job import Original, Output, Rejected, Task, decode, recipe_schema

Fact = Literal["dimensions", "mean_colour", "dhash"]

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF")
MAX_PIXELS = 80_000_000
# Bytes a pixel while it is read and its colours are made RGB, and what all else takes; a test holds both.
READING, LIBRARIES = 14, 60_000_000
# A JPEG is decoded at the smallest scale that leaves so many pixels: no fact looks closer.
ENOUGH = 128
ORIENTATION, LYING = 0x0112, range(5, 9)
# One bit for each of 8 x 8 comparisons of a pixel with its right neighbour.
HASH_SIDE = 8


class FactsRecipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which facts the document holds."""

    facts: Annotated[tuple[Fact, ...], Meta(min_length=1)] = ("dimensions", "mean_colour", "dhash")


@dataclass(frozen=True)
class Picture:
    """What facts are told of: some pixels of it, upright and in RGB, and the size of all of it."""

    pixels: Image.Image
    width: int
    height: int


@dataclass(frozen=True)
class ImageFacts:
    """Makes one task, `facts`: a JSON document with the facts that the recipe lists. `memory`: the bytes that
    a source may take, None for any number."""

    memory: int | None = None

    version: ClassVar[str] = "2"

    def within(self, memory: int) -> ImageFacts:
        """The same job, which rejects a source that needs more bytes than that."""
        return replace(self, memory=memory)

    def plan(self, recipe: Mapping[str, Any]) -> tuple[Task, ...]:
        """Raises ConfigError."""
        wanted = decode(recipe, FactsRecipe)
        return (Task(name="facts", extension="json", parameters={"facts": sorted(set(wanted.facts))}),)

    def schema(self) -> Mapping[str, Any]:
        """The JSON Schema of the recipe."""
        return recipe_schema(FactsRecipe)

    def make(self, original: Original, tasks: Sequence[Task]) -> Iterator[Output]:
        """Raises Rejected: Empty, UnsupportedFormat, TooManyPixels, TooMuchMemory or Corrupt."""
        image = _open(original.body, self.memory)
        for task in tasks:
            found = {name: FACTS[cast("Fact", name)](image) for name in task.parameters["facts"]}
            body = json.dumps(found, sort_keys=True, indent=2).encode() + b"\n"
            yield Output(task.name, body, "application/json", {"width": image.width, "height": image.height})


def dimensions(image: Picture) -> dict[str, int]:
    """Upright width and height in pixels."""
    return {"width": image.width, "height": image.height}


def mean_colour(image: Picture) -> str:
    """The mean of all pixels as #rrggbb."""
    red, green, blue = (
        np.asarray(image.pixels.resize((64, 64), Image.Resampling.BOX), float).mean(axis=(0, 1)).round()
    )
    return f"#{int(red):02x}{int(green):02x}{int(blue):02x}"


def dhash(image: Picture) -> str:
    """16 hexadecimal digits; pictures that look alike differ in few bits (Krawetz's difference hash)."""
    small = np.asarray(image.pixels.convert("L").resize((HASH_SIDE + 1, HASH_SIDE), Image.Resampling.LANCZOS))
    return np.packbits(small[:, 1:] > small[:, :-1]).tobytes().hex()


FACTS: dict[Fact, Callable[[Picture], object]] = {
    "dimensions": dimensions,
    "mean_colour": mean_colour,
    "dhash": dhash,
}


def _open(body: bytes, memory: int | None) -> Picture:
    """The picture. Whatever a reader raises on bad bytes is Rejected."""
    if not body:
        raise Rejected("Empty", "the object has no bytes")
    try:
        image = Image.open(BytesIO(body), formats=FORMATS)
        _check(image, len(body), memory)
        size = image.size[::-1] if image.getexif().get(ORIENTATION) in LYING else image.size
        image.draft(None, (ENOUGH, ENOUGH))
        return Picture(_colours(ImageOps.exif_transpose(image)), *size)
    except (MemoryError, Rejected):
        raise
    except UnidentifiedImageError as error:
        raise Rejected("UnsupportedFormat", f"accepted are {', '.join(FORMATS)}") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Rejected("TooManyPixels", str(error)) from error
    except Exception as error:
        raise Rejected("Corrupt", f"the image cannot be read: {error or type(error).__name__}") from error


def _check(image: Image.Image, size: int, memory: int | None) -> None:
    """Raises Rejected for a picture that is too large to be decoded; `size` is that of its file, in bytes."""
    shown, pixels = f"{image.width} x {image.height}", image.width * image.height
    if pixels > MAX_PIXELS:
        raise Rejected("TooManyPixels", f"{shown}; the limit is {MAX_PIXELS:,} in all")
    needed = READING * pixels + size + LIBRARIES
    if memory is not None and needed > memory:
        more = f"needs {needed / 1e6:,.0f} MB; {memory / 1e6:,.0f} MB are allowed; give the job more memory"
        raise Rejected("TooMuchMemory", f"{shown}: {more}")


def _colours(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    # By way of RGBA, because Pillow warns of palettes with transparent entries.
    return image.convert("RGBA").convert("RGB") if image.mode == "P" else image.convert("RGB")
