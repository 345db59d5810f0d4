"""A text or a small picture laid over the picture.

A worker has no files of its own, so a picture or a font is part of the recipe, as base64:
`base64 -w0 logo.png`.
"""

from __future__ import annotations

from base64 import b64decode
from io import BytesIO
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta
from PIL import Image, UnidentifiedImageError

from batchkit.errors import Rejected
from image_variants.operation import Filter

if TYPE_CHECKING:
    from PIL import ImageFont

Place = Literal["center", "top-left", "top-right", "bottom-left", "bottom-right"]
Base64 = Annotated[str, Meta(max_length=1_000_000)]

FORMATS = ("PNG", "WEBP", "JPEG")
MAX_PIXELS = 4_000_000
# The corner as shares of the free space: 0 is left or top, 1 is right or bottom.
PLACES: dict[Place, tuple[float, float]] = {
    "center": (0.5, 0.5),
    "top-left": (0, 0),
    "top-right": (1, 0),
    "bottom-left": (0, 1),
    "bottom-right": (1, 1),
}
TEXT_SIZE = 0.05
MIN_TEXT_HEIGHT = 8.0
FONT_PROBE = 32


class Watermark(Filter, frozen=True):
    """Either `text` or `image`.

    `size`: the text's height as a share of the picture's shorter side, or the image's width as a share of
    the picture's width; left out, it is 0.05 for a text, and an image keeps its own pixels.
    `margin`: a share of the picture's shorter side.
    """

    text: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    image: Base64 | None = None
    font: Base64 | None = None
    place: Place = "bottom-right"
    size: Annotated[float, Meta(gt=0, le=1)] | None = None
    margin: Annotated[float, Meta(ge=0, lt=0.5)] = 0.03
    opacity: Annotated[float, Meta(gt=0, le=1)] = 0.6
    colour: Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$")] = "#ffffff"

    def __post_init__(self) -> None:
        if (self.text is None) == (self.image is None):
            raise ValueError("a watermark is either a text or an image")
        if self.image is not None:
            _open_image(self.image)
        if self.text is not None:
            _check_glyphs(self.text, self.font)

    def __call__(self, image: Image.Image) -> Image.Image:
        mark = self._draw_text(image.size) if self.text is not None else self._fit_image(image.size)
        left, top = self._corner(image.size, mark.size)
        box = (left, top, left + mark.width, top + mark.height)
        marked = image.copy() if image.mode == "RGBA" else image.convert("RGB")
        marked.paste(Image.alpha_composite(image.crop(box).convert("RGBA"), mark).convert(marked.mode), box)
        return marked

    def _draw_text(self, picture: tuple[int, int]) -> Image.Image:
        from PIL import ImageDraw  # noqa: PLC0415  (see _font)

        height = max(MIN_TEXT_HEIGHT, min(picture) * (self.size or TEXT_SIZE))
        font = _font(self.font, height)
        left, top, right, bottom = font.getbbox(self.text or "")
        mark = Image.new(
            "RGBA", (max(1, round(right - left)), max(1, round(bottom - top))), self.colour + "00"
        )
        fill = self.colour + f"{round(self.opacity * 255):02x}"
        ImageDraw.Draw(mark).text((-left, -top), self.text or "", font=font, fill=fill)
        return mark

    def _fit_image(self, picture: tuple[int, int]) -> Image.Image:
        mark = _open_image(self.image or "").convert("RGBA")
        if self.size is not None:
            width = max(1, round(picture[0] * self.size))
            mark = mark.resize(
                (width, max(1, round(mark.height * width / mark.width))), Image.Resampling.LANCZOS
            )
        alpha = mark.getchannel("A").point(lambda value: value * self.opacity)
        mark.putalpha(alpha)
        return mark

    def _corner(self, picture: tuple[int, int], mark: tuple[int, int]) -> tuple[int, int]:
        margin = round(min(picture) * self.margin)
        free = (picture[0] - mark[0] - 2 * margin, picture[1] - mark[1] - 2 * margin)
        if min(free) < 0:
            raise Rejected(
                "WatermarkTooLarge",
                f"the watermark of {mark[0]} x {mark[1]} pixels and a margin of {margin} "
                f"do not fit a picture of {picture[0]} x {picture[1]}",
            )
        across, down = PLACES[self.place]
        return margin + round(free[0] * across), margin + round(free[1] * down)


def _open_image(data: str) -> Image.Image:
    """The watermark's picture. Raises ValueError, which makes the recipe's error."""
    try:
        image = Image.open(BytesIO(b64decode(data, validate=True)), formats=FORMATS)
        if image.width * image.height > MAX_PIXELS:
            raise ValueError(f"the watermark's image has more than {MAX_PIXELS:,} pixels")
        image.load()
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise ValueError(f"the watermark's image is not readable as {' or '.join(FORMATS)}") from error
    return image


def _font(data: str | None, size: float) -> ImageFont.FreeTypeFont:
    """The given TrueType font, or the one that comes with Pillow; `size` in pixels."""
    from PIL import ImageFont  # noqa: PLC0415  (brings FreeType, which only those who write need)

    if data is not None:
        return ImageFont.truetype(BytesIO(b64decode(data, validate=True)), size)
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise ValueError("this build of Pillow has no FreeType and cannot draw text")
    return font


def _check_glyphs(text: str, data: str | None) -> None:
    """Raises ValueError for a character that the font would draw as an empty box."""
    try:
        font = _font(data, FONT_PROBE)
    except OSError as error:
        raise ValueError("the watermark's font is not readable as TrueType or OpenType") from error
    missing = bytes(font.getmask("\uffff"))
    unknown = sorted({char for char in text if bytes(font.getmask(char)) == missing})
    if unknown:
        raise ValueError(
            f"the watermark's font has no glyph for {' '.join(unknown)}; give a font as base64, or an image"
        )
