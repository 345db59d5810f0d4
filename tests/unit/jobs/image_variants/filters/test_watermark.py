from base64 import b64encode
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image, features
from support.imagery import close, encoded

from batchkit.errors import Rejected
from image_variants.filters.watermark import Watermark

PICTURE = (200, 100)


def logo(size: tuple[int, int] = (20, 10), colour: str = "red", kind: str = "PNG") -> str:
    return b64encode(encoded(Image.new("RGB", size, colour), kind)).decode()


def marked(mode: str = "RGB", **parameters: Any) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """The marked black picture, and the box of what changed."""
    image = Watermark(**parameters)(Image.new(mode, PICTURE))
    box = image.convert("RGB").getbbox()
    assert box is not None
    return image, box


def refused(**parameters: Any) -> str:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"type": "watermark", **parameters}, Watermark)
    return str(caught.value)


def test_an_image_lies_in_its_own_pixels_and_colours() -> None:
    image, box = marked(image=logo(), opacity=1, margin=0.1)
    assert box == (170, 80, 190, 90)
    assert image.mode == "RGB"
    assert close(image.getpixel((180, 85)), (255, 0, 0), 0)


@pytest.mark.parametrize(
    ("place", "corner"),
    [
        ("top-left", (10, 10)),
        ("top-right", (170, 10)),
        ("bottom-left", (10, 80)),
        ("bottom-right", (170, 80)),
        ("center", (90, 45)),
    ],
)
def test_every_place_is_in_its_corner(place: str, corner: tuple[int, int]) -> None:
    assert marked(image=logo(), place=place, margin=0.1)[1][:2] == corner


def test_opacity_mixes_with_the_picture() -> None:
    image, _ = marked(image=logo(), opacity=0.5, margin=0)
    assert close(image.getpixel((195, 95)), (127, 0, 0), 2)


def test_an_image_can_be_a_share_of_the_width() -> None:
    box = marked(image=logo(), size=0.5, margin=0)[1]
    assert (box[2] - box[0], box[3] - box[1]) == (100, 50)


def test_an_image_s_own_transparency_is_kept() -> None:
    ring = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    ring.paste((255, 255, 255, 255), (0, 0, 20, 10))
    box = marked(image=b64encode(encoded(ring, "PNG")).decode(), margin=0)[1]
    assert box == (180, 80, 200, 90)


def test_a_text_is_written_in_its_colour_and_size() -> None:
    image, box = marked(text="Hxg", size=0.3, margin=0.05, colour="#00ff00", opacity=1)
    assert 20 <= box[3] - box[1] <= 40
    assert box[2] <= 195 + 1 and box[3] <= 95 + 1
    pixels = np.asarray(image)
    assert pixels[..., 1].max() == 255
    assert pixels[..., 0].max() == pixels[..., 2].max() == 0


def test_a_mark_on_a_transparent_picture_is_visible() -> None:
    image = Watermark(image=logo(), margin=0, opacity=1)(Image.new("RGBA", PICTURE, (0, 0, 0, 0)))
    assert image.mode == "RGBA"
    assert image.getpixel((195, 95)) == (255, 0, 0, 255)
    assert image.getpixel((5, 5)) == (0, 0, 0, 0)


def test_a_mark_larger_than_the_picture_is_rejected_with_both_sizes() -> None:
    with pytest.raises(Rejected, match="50 x 20 pixels") as caught:
        Watermark(image=logo((50, 20)))(Image.new("RGB", (40, 40)))
    assert caught.value.error_class == "WatermarkTooLarge"


def test_a_watermark_is_either_a_text_or_an_image() -> None:
    assert "either a text or an image" in refused()
    assert "either a text or an image" in refused(text="x", image=logo())


@pytest.mark.parametrize(
    "image", ["%%%", b64encode(b"not an image").decode(), logo(kind="GIF"), logo()[:40] + logo()[60:]]
)
def test_an_unreadable_image_is_refused_when_the_recipe_is_read(image: str) -> None:
    assert refused(image=image)


def test_a_huge_image_is_refused_before_it_is_decoded() -> None:
    assert "more than 4,000,000 pixels" in refused(image=logo((3000, 2000)))


def test_characters_that_the_font_lacks_are_refused_and_named() -> None:
    assert "no glyph for 字" in refused(text="© 字")


def test_an_unreadable_font_is_refused() -> None:
    assert "font" in refused(text="x", font=b64encode(b"no font").decode())


def test_text_can_be_drawn_by_this_pillow() -> None:
    assert features.check("freetype2")
