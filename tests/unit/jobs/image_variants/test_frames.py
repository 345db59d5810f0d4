from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.imagery import encoded, quarters

from image_variants import frames

ANIMATED = ["GIF", "WEBP", "PNG", "AVIF", "TIFF"]


def animation(kind: str, count: int) -> bytes:
    pictures = [Image.new("RGB", (8, 8), (20 * i, 255 - 20 * i, 99)) for i in range(count)]
    return encoded(pictures[0], kind, save_all=True, append_images=pictures[1:])


@pytest.mark.parametrize("kind", ANIMATED)
@pytest.mark.parametrize("count", [1, 2, 7])
def test_frames_are_counted_without_decoding(kind: str, count: int) -> None:
    body = animation(kind, count)
    assert frames.count(Image.open(BytesIO(body)), body, limit=100) == count


@pytest.mark.parametrize("kind", ANIMATED)
def test_counting_stops_beyond_the_limit(kind: str) -> None:
    body = animation(kind, 9)
    assert frames.count(Image.open(BytesIO(body)), body, limit=4) == 5


def test_directories_that_point_at_each_other_are_counted_once() -> None:
    body = bytearray(b"II*\x00" + (8).to_bytes(4, "little") + b"\x00\x00" + (8).to_bytes(4, "little"))
    tiff = Image.open(BytesIO(encoded(quarters(), "TIFF")))
    assert frames.count(tiff, bytes(body), limit=100) == 1


@given(st.sampled_from([b"II*\x00", b"MM\x00*", b"II+\x00", b"GIF89a"]), st.binary(max_size=400))
def test_any_bytes_are_counted_within_the_limit(start: bytes, rest: bytes) -> None:
    kind = "GIF" if start == b"GIF89a" else "TIFF"
    image = Image.open(BytesIO(encoded(quarters(), kind)))
    assert 1 <= frames.count(image, start + rest, limit=10) <= 11
