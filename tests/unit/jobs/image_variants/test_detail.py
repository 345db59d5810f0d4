import pytest
from PIL import Image, ImageDraw, ImageFont
from support.imagery import encoded, landscape

from image_variants import detail, header, render
from image_variants.formats.png import Png
from image_variants.plan import Part, make_plan
from image_variants.resizers.pillow import Pillow
from image_variants.spec import Limits, Resize

SIZE = (1600, 1200)
LIMITS = Limits()


def page(height: int) -> Image.Image:
    """Black text on white, so many pixels high, on the lower half of a sheet."""
    image = Image.new("RGB", SIZE, "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(height)
    for top in range(SIZE[1] // 2, SIZE[1], height + 4):
        draw.text((5, top), "The quick brown fox jumps over the lazy dog. " * 4, fill="black", font=font)
    return image


@pytest.mark.parametrize("scene", range(6))
def test_camera_pictures_are_no_pages_of_text(scene: int) -> None:
    assert detail.look(landscape(SIZE, scene)) == "photo"


@pytest.mark.parametrize("height", [12, 18, 28, 40])
def test_half_a_page_of_text_is_sharp_whatever_the_size_and_the_mode(height: int) -> None:
    assert detail.look(page(height)) == "sharp"
    assert detail.look(page(height).convert("CMYK")) == "sharp"


def test_what_has_no_detail_or_no_pixels_is_not_sharp() -> None:
    for size in ((1, 1), (2, 900), (900, 2), (30, 30)):
        assert detail.look(Image.new("RGB", size, "red")) == "photo"


def scale_of(picture: Image.Image, width: int) -> tuple[int, int]:
    """The scale that is planned for a width, and the one that it is decoded at."""
    source = header.read(encoded(picture, "JPEG", quality=90), LIMITS)
    variants = [Png(name="a", resize=Resize(width=width))]
    plan = make_plan(source, variants, LIMITS)
    found, decoded = render.decode_safely(Part(source, variants, plan, False, Pillow()), LIMITS)
    assert decoded.image.size == found.decoded
    return plan.scale, found.scale


def test_a_sharp_picture_is_decoded_again_where_its_scale_would_show() -> None:
    assert scale_of(landscape(SIZE), 640) == (2, 2)
    assert scale_of(page(18), 640) == (2, 1)
    assert scale_of(page(18), 200) == (4, 2)


def test_a_scale_that_is_safe_for_all_is_not_looked_at() -> None:
    source = header.read(encoded(page(18), "JPEG"), LIMITS)
    assert make_plan(source, [Png(name="a", resize=Resize(width=600))], LIMITS).safe is False
    assert make_plan(source, [Png(name="a", resize=Resize(width=1600))], LIMITS).safe
    assert make_plan(source, [Png(name="a", resize=Resize(width=12))], LIMITS).safe
