from support.imagery import quarters

from image_variants.filters.grayscale import Grayscale


def test_colours_become_their_luma() -> None:
    grey = Grayscale()(quarters((80, 60)))
    assert grey.mode == "L"
    points = ((5, 5), (75, 5), (75, 55), (5, 55))
    assert [grey.getpixel(point) for point in points] == [76, 150, 29, 255]


def test_grey_stays_as_it_is() -> None:
    grey = quarters().convert("L")
    assert Grayscale()(grey).tobytes() == grey.tobytes()
