import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, _imaging
from support.imagery import landscape
from support.similarity import ssim

from image_variants.resizers import Resizer, fastest, installed, is_simd

LANCZOS = Image.Resampling.LANCZOS
SIZE = (1500, 1100)
BOXES = {
    "all of it": (0.0, 0.0, 1500.0, 1100.0),
    "whole pixels": (100.0, 50.0, 1300.0, 950.0),
    "parts of pixels": (100.37, 50.51, 1299.8, 950.2),
}

each = pytest.mark.parametrize("resizer", installed().values(), ids=list(installed()))


def test_every_resizer_that_the_tests_install_is_found() -> None:
    assert {"libvips"} < set(installed())
    assert fastest().name == next(iter(installed()))


def test_pillow_simd_is_told_from_pillow_by_its_version() -> None:
    own = "/opt/PIL/_imaging.cpython-311-x86_64-linux-gnu.so"
    assert is_simd("12.1.1.post0", own)
    assert is_simd("13.0.0", "/opt/PIL/_imaging_avx2.so")
    assert not is_simd("13.0.0", own)
    assert not is_simd("13.1.0.dev0", own)


@each
@pytest.mark.parametrize("box", BOXES.values(), ids=list(BOXES))
@pytest.mark.parametrize("width", [1000, 600, 240, 60])
def test_a_box_becomes_what_lanczos_makes_of_it(
    resizer: Resizer, box: tuple[float, float, float, float], width: int
) -> None:
    size = (width, width * 3 // 4)
    best = landscape(SIZE).resize(size, LANCZOS, box)
    ours = resizer.resize(landscape(SIZE), size, box)
    assert (ours.mode, ours.size) == ("RGB", size)
    assert ssim(ours, best) >= 0.995


@each
@pytest.mark.parametrize("mode", ["L", "La", "RGB", "RGBX", "RGBa", "CMYK", "YCbCr", "LA", "RGBA"])
def test_every_mode_that_can_be_resized_keeps_its_channels(resizer: Resizer, mode: str) -> None:
    levels = [40 + 50 * band for band in range(len(Image.new(mode, (1, 1)).getbands()))]
    source = Image.merge(mode, [Image.new("L", (640, 480), level) for level in levels])
    ours = resizer.resize(source, (160, 120), (0, 0, 640, 480))
    assert ours.mode == mode
    assert [band.getextrema() for band in ours.split()] == [
        (pytest.approx(level, abs=1), pytest.approx(level, abs=1)) for level in levels
    ]


@each
def test_what_is_transparent_does_not_bleed(resizer: Resizer) -> None:
    source = Image.new("RGBA", (900, 600), (0, 255, 0, 0))
    source.paste((255, 0, 0, 255), (0, 0, 451, 600))
    ours = resizer.resize(source, (300, 200), (0, 0, 900, 600))
    assert max(ours.getchannel("G").crop((0, 0, 150, 200)).getextrema()) == 0


@each
def test_thin_pictures_and_enlargements_have_exactly_the_wanted_size(resizer: Resizer) -> None:
    for size, wanted in (((300_000, 1), (7, 1)), ((1, 250_000), (1, 9)), ((700, 500), (1401, 1003))):
        box = (0.0, 0.0, float(size[0]), float(size[1]))
        assert resizer.resize(Image.new("RGB", size, "red"), wanted, box).size == wanted


@each
def test_edges_keep_their_place(resizer: Resizer) -> None:
    """The border between black and white, in the middle of 1,000 pixels, at every size and offset."""
    source = Image.new("L", (1000, 400))
    source.paste(255, (500, 0, 1000, 400))
    for left in (0.0, 0.5, 1.0, 200.0):
        ours = resizer.resize(source, (250, 100), (left, 0, 1000, 400))
        white = sum(ours.crop((0, 50, 250, 51)).tobytes()) / 255
        assert white == pytest.approx(250 * 500 / (1000 - left), abs=0.1)


def test_libvips_takes_what_was_laid_in_several_blocks() -> None:
    """Pillow lends a picture only if it lies in one block."""
    libvips, size = installed()["libvips"], (3000, 2000)
    _imaging.set_use_block_allocator(0)
    try:
        scattered = Image.effect_noise(size, 60).convert("RGB")
        with pytest.raises(ValueError, match="not contiguous"):
            scattered.__arrow_c_array__()
    finally:
        _imaging.set_use_block_allocator(1)
    best = scattered.resize((800, 533), LANCZOS)
    assert ssim(libvips.resize(scattered, (800, 533), (0, 0, *size)), best) >= 0.995


def test_what_libvips_made_outlives_it_and_can_be_resized_and_changed() -> None:
    libvips = installed()["libvips"]
    first = libvips.resize(Image.new("RGB", (2000, 1500), "red"), (1000, 750), (0, 0, 2000, 1500))
    second = libvips.resize(first, (500, 375), (0, 0, 1000, 750))
    del first
    second.paste("blue", (0, 0, 100, 100))
    assert (second.getpixel((50, 50)), second.getpixel((300, 300))) == ((0, 0, 255), (255, 0, 0))


@each
@pytest.mark.parametrize("wanted", [(1260, 840), (2400, 1600), (1500, 400), (600, 1000)])
def test_what_is_enlarged_in_any_direction_is_what_lanczos_makes_of_it(
    resizer: Resizer, wanted: tuple[int, int]
) -> None:
    source = landscape((1200, 800))
    best = source.resize(wanted, LANCZOS)
    assert ssim(resizer.resize(source, wanted, (0.0, 0.0, 1200.0, 800.0)), best) >= 0.995


@each
@given(
    size=st.tuples(st.integers(300, 900), st.integers(300, 900)),
    wanted=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    share=st.floats(0, 1),
)
@settings(max_examples=30)
def test_a_box_may_end_a_hair_beyond_the_picture(
    resizer: Resizer, size: tuple[int, int], wanted: tuple[int, int], share: float
) -> None:
    """Where most is to be seen may be at the very end, and fractions add up to a little more."""
    image, hair = Image.new("RGB", size), 1e-13
    box = (share * size[0] / 3, 0.0, size[0] * (1 + hair), size[1] * (1 + hair))
    if size[0] * size[1] > 100_000:
        assert resizer.resize(image, wanted, box).size == wanted
