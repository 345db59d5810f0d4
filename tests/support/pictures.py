"""Small pictures for tests, in any format."""

from __future__ import annotations

import io

from PIL import Image


def picture(width: int = 640, height: int = 480, colour: str = "steelblue", fmt: str = "JPEG") -> bytes:
    """A picture of one colour with a lighter quarter, so that orientation shows."""
    image = Image.new("RGB", (width, height), colour)
    image.paste(Image.new("RGB", (width // 2, height // 2), "white"), (0, 0))
    body = io.BytesIO()
    image.save(body, fmt)
    return body.getvalue()


def size_and_format(body: bytes) -> tuple[tuple[int, int], str]:
    with Image.open(io.BytesIO(body)) as image:
        image.load()
        return image.size, str(image.format)


def mean_colour(body: bytes) -> tuple[int, int, int]:
    with Image.open(io.BytesIO(body)) as image:
        pixel = image.convert("RGB").resize((1, 1)).getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return pixel[0], pixel[1], pixel[2]
