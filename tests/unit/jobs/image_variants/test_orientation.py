from io import BytesIO

import pytest
from PIL import Image, ImageOps
from support.imagery import close, encoded, picture, quarters, turned

from image_variants.orientation import TURNS, stored_box, swap, turn

ALL = range(1, 9)


@pytest.mark.parametrize("orientation", ALL)
def test_every_orientation_becomes_upright(orientation: int) -> None:
    lying = Image.open(BytesIO(turned(quarters(), orientation, "PNG")))
    upright = ImageOps.exif_transpose(lying)
    ours = picture(turned(quarters(), orientation, "PNG"))
    assert ours.size == upright.size
    assert ours.convert("RGB").tobytes() == upright.convert("RGB").tobytes()
    assert 0x0112 not in ours.getexif()


@pytest.mark.parametrize("orientation", ALL)
def test_cover_cuts_the_upright_picture(orientation: int) -> None:
    """The left half of the upright picture, whatever way it is stored."""
    upright = ImageOps.exif_transpose(_opened(turned(quarters((400, 200)), orientation, "PNG")))
    half = {"width": upright.width // 4, "height": upright.height // 2, "fit": "cover", "gravity": "left"}
    expected = upright.crop((0, 0, upright.width // 2, upright.height))
    ours = picture(turned(quarters((400, 200)), orientation, "PNG"), resize=half)
    for share in ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)):
        assert close(_at(ours, share), _at(expected, share)), share


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF", "TIFF", "PNG"])
def test_every_format_with_exif_is_made_upright(kind: str) -> None:
    body = turned(quarters((160, 80)), 6, kind, **({"lossless": True} if kind == "WEBP" else {}))
    ours = picture(body, resize={"width": 40})
    assert ours.size == (40, 80)
    assert close(_at(ours, (0.75, 0.25)), (255, 0, 0), 40)
    assert close(_at(ours, (0.75, 0.75)), (0, 255, 0), 40)


def test_an_unknown_orientation_counts_as_upright() -> None:
    assert picture(turned(quarters(), 9)).size == (80, 60)
    assert picture(turned(quarters(), 0)).size == (80, 60)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF:UserWarning")
def test_a_broken_exif_block_does_not_cost_the_picture() -> None:
    body = encoded(quarters(), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff garbage")
    assert picture(body).size == (80, 60)


@pytest.mark.parametrize("orientation", TURNS)
def test_a_box_of_the_upright_picture_is_found_in_the_stored_one(orientation: int) -> None:
    stored = quarters((40, 30))
    upright = turn(stored, orientation)
    assert upright.size == swap(stored.size, orientation)
    box = (2, 3, 11, 9)
    left, top, right, bottom = (int(edge) for edge in stored_box(box, upright.size, orientation))
    cut = turn(stored.crop((left, top, right, bottom)), orientation)
    assert cut.tobytes() == upright.crop(box).tobytes()


def _opened(body: bytes) -> Image.Image:
    return Image.open(BytesIO(body))


def _at(image: Image.Image, share: tuple[float, float]) -> tuple[int, ...]:
    pixel = image.convert("RGB").getpixel((int(image.width * share[0]), int(image.height * share[1])))
    assert isinstance(pixel, tuple)
    return pixel
