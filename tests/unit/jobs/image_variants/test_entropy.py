import pytest
from PIL import Image
from support.imagery import close, encoded, landscape, picture, turned
from support.similarity import ssim

from image_variants import entropy

GREY = (128, 128, 128)


def scene(size: tuple[int, int], at: tuple[int, int]) -> Image.Image:
    """An even ground with a landscape of 300 x 200 in it: there is nothing else to be seen."""
    image = Image.new("RGB", size, GREY)
    image.paste(landscape((300, 200)), at)
    return image


@pytest.mark.parametrize("left", [0, 150, 420, 600])
def test_a_window_goes_to_where_most_is_to_be_seen(left: int) -> None:
    found = entropy.find(scene((900, 200), (left, 0)), (300, 0, 600, 200), (0, 0, 900, 200))
    assert found[0] == pytest.approx(left, abs=40)
    assert (found[1], found[3]) == (0, 200)
    assert found[2] - found[0] == pytest.approx(300)


def test_it_goes_up_and_down_where_there_is_room() -> None:
    found = entropy.find(scene((300, 800), (0, 500)), (0, 300, 300, 500), (0, 0, 300, 800))
    assert found[1] == pytest.approx(500, abs=40)
    assert (found[0], found[2]) == (0, 300)


def test_where_all_is_alike_it_stays_where_it_was() -> None:
    box = (100.0, 0.0, 300.0, 200.0)
    assert entropy.find(Image.new("L", (900, 200), 7), box, (0, 0, 900, 200)) == pytest.approx(box, abs=4)


@pytest.mark.parametrize("size", [(423, 894), (417, 433), (1001, 333), (333, 1001)])
def test_it_never_leaves_the_picture_by_a_fraction(size: tuple[int, int]) -> None:
    for part in (38 / 41, 0.1234, 1 / 3, 0.77):
        width, height = (size[0], size[0] * part) if size[1] > size[0] else (size[1] * part, size[1])
        image = scene(size, (size[0] - 300, size[1] - 200))
        _, _, right, bottom = entropy.find(image, (0.0, 0.0, width, height), (0.0, 0.0, *map(float, size)))
        assert right <= size[0]
        assert bottom <= size[1]


def test_it_stays_within_reach_and_without_room_where_it_is() -> None:
    image = scene((900, 200), (600, 0))
    left, _, right, _ = entropy.find(image, (100, 0, 300, 200), (50, 0, 500, 200))
    assert 50 <= left < right <= 500
    assert entropy.find(image, (0, 0, 900, 200), (0, 0, 900, 200)) == (0, 0, 900, 200)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"])
def test_every_mode_of_a_source_is_searched(mode: str) -> None:
    body = encoded(scene((900, 300), (600, 50)).convert(mode), "TIFF" if mode == "CMYK" else "PNG")
    wanted = {"width": 100, "height": 100, "fit": "cover"}
    best, right = (picture(body, resize={**wanted, "gravity": where}) for where in ("entropy", "right"))
    assert ssim(best, right) > 0.9


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_cover_by_entropy_shows_the_interesting_end(kind: str) -> None:
    square = {"width": 100, "height": 100, "fit": "cover"}
    body = encoded(scene((900, 300), (600, 50)), kind)
    centre, best = picture(body, resize=square), picture(body, resize={**square, "gravity": "entropy"})
    assert close(centre.resize((1, 1)).getpixel((0, 0)), GREY)
    assert not close(best.resize((1, 1)).getpixel((0, 0)), GREY)


def test_a_picture_stored_lying_is_searched_as_well() -> None:
    upright = scene((300, 900), (0, 700))
    body = turned(upright.transpose(Image.Transpose.ROTATE_90), 6, "PNG")
    ours = picture(body, resize={"width": 100, "height": 100, "fit": "cover", "gravity": "entropy"})
    assert close(ours.getpixel((50, 5)), GREY, 12)
    assert not close(ours.crop((0, 50, 100, 100)).resize((1, 1)).getpixel((0, 0)), GREY)
