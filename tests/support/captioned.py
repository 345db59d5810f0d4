"""The shipped image job, with one fact more: what the picture's EXIF says that it shows."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from batchkit.job import Failure, Original, Output, Task
from image_variants.variants import ImageVariants

IMAGE_DESCRIPTION = 0x010E


@dataclass(frozen=True)
class Captioned(ImageVariants):
    """Raises as the image job does."""

    def make(self, original: Original, tasks: Sequence[Task]) -> Iterator[Output | Failure]:
        for made in super().make(original, tasks):
            if isinstance(made, Failure):
                yield made
                continue
            with Image.open(io.BytesIO(original.body)) as image:
                caption = image.getexif().get(IMAGE_DESCRIPTION, "")
            yield replace(made, facts={**made.facts, "caption": caption} if caption else made.facts)


def described(body: bytes, caption: str) -> bytes:
    """A JPEG with this text in its EXIF."""
    exif = Image.Exif()
    exif[IMAGE_DESCRIPTION] = caption
    out = io.BytesIO()
    with Image.open(io.BytesIO(body)) as image:
        image.save(out, "JPEG", exif=exif)
    return out.getvalue()
