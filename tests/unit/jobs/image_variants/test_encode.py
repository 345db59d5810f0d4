from typing import get_args

import pytest
from PIL import Image
from support.imagery import encoded, landscape, made, opened
from support.similarity import ssim

from batchkit.errors import Rejected
from batchkit.job import Failure, Output
from image_variants.encode import EXTENSIONS, MAX_SIDES, check_size
from image_variants.spec import Format

LOSSY = ["jpeg", "webp", "avif"]


@pytest.fixture(scope="module")
def body() -> bytes:
    return encoded(landscape((480, 320)), "PNG")


@pytest.mark.parametrize("kind", get_args(Format))
def test_every_format_is_written_and_looks_like_the_source(kind: str, body: bytes) -> None:
    result = made(body, {"format": kind})["v0"]
    assert isinstance(result, Output)
    assert result.content_type == f"image/{kind}"
    image = opened(result)
    assert image.format == kind.upper()
    assert image.size == (480, 320)
    assert ssim(image.convert("RGB"), landscape((480, 320))) > (0.8 if kind in {*LOSSY, "gif"} else 0.9999)


@pytest.mark.parametrize("kind", get_args(Format))
@pytest.mark.parametrize("mode", ["L", "RGBA"])
def test_every_format_takes_grey_and_transparent_pictures(kind: str, mode: str) -> None:
    source = encoded(landscape((120, 80)).convert(mode), "PNG")
    assert opened(made(source, {"format": kind})["v0"]).size == (120, 80)


@pytest.mark.parametrize("kind", LOSSY)
def test_more_quality_takes_more_bytes_and_looks_better(kind: str, body: bytes) -> None:
    results = made(body, {"format": kind, "quality": 20}, {"format": kind, "quality": 90})
    low, high = results["v0"], results["v1"]
    assert isinstance(low, Output) and isinstance(high, Output)
    assert len(low.body) < len(high.body)
    assert ssim(opened(low), landscape((480, 320))) < ssim(opened(high), landscape((480, 320)))


@pytest.mark.parametrize("kind", ["jpeg", "webp", "png", "avif"])
def test_effort_trades_time_for_bytes(kind: str, body: bytes) -> None:
    results = made(body, {"format": kind, "effort": "fast"}, {"format": kind, "effort": "small"})
    fast, small = results["v0"], results["v1"]
    assert isinstance(fast, Output) and isinstance(small, Output)
    assert len(small.body) < len(fast.body)


def test_the_same_parameters_make_the_same_bytes(body: bytes) -> None:
    for kind in EXTENSIONS:
        first, second = (made(body, {"format": kind})["v0"] for _ in range(2))
        assert first == second


def test_a_picture_wider_than_the_format_can_hold_is_refused_alone() -> None:
    banner = encoded(Image.new("L", (20_000, 4)), "PNG")
    results = made(banner, {"format": "webp"}, {"format": "png"})
    assert isinstance(results["v0"], Failure)
    assert results["v0"].rejected.error_class == "OutputTooLarge"
    assert "16,383" in results["v0"].rejected.message
    assert isinstance(results["v1"], Output)


def test_enlarging_a_line_does_not_make_a_bomb() -> None:
    line = encoded(Image.new("L", (1, 1000)), "PNG")
    result = made(line, {"format": "png", "resize": {"width": 1000, "enlarge": True}})["v0"]
    assert isinstance(result, Failure)
    assert result.rejected.error_class == "OutputTooLarge"


@pytest.mark.parametrize("kind", get_args(Format))
def test_every_format_has_an_extension_and_a_largest_side(kind: Format) -> None:
    assert EXTENSIONS[kind]
    check_size((MAX_SIDES[kind], 1), kind, 2**40)
    with pytest.raises(Rejected):
        check_size((1, MAX_SIDES[kind] + 1), kind, 2**40)
