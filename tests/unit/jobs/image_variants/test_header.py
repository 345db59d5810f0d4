import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image
from support.imagery import encoded, made, quarters, turned

from batchkit.errors import Rejected
from image_variants import header
from image_variants.spec import Limits

DEFAULT = Limits()
PNG = {"format": "png"}


def rejection(body: bytes, **limits: int) -> Rejected:
    with pytest.raises(Rejected) as caught:
        header.read(body, Limits(**limits))
    return caught.value


def png_header(width: int, height: int) -> bytes:
    """A PNG of these sides that holds next to no data: a decompression bomb."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    shape = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", shape) + pixels + chunk(b"IEND", b"")


def test_the_header_tells_size_format_and_orientation() -> None:
    source = header.read(turned(quarters((80, 60)), 6), DEFAULT)
    assert (source.format, source.stored, source.size, source.orientation) == ("JPEG", (80, 60), (60, 80), 6)


def test_an_object_without_bytes_is_rejected_as_empty() -> None:
    assert rejection(b"").error_class == "Empty"


def test_a_text_named_jpg_is_rejected_with_what_it_is() -> None:
    rejected = rejection(b"This is not an image.")
    assert rejected.error_class == "UnsupportedFormat"
    assert "text" in rejected.message
    assert "JPEG, PNG, WEBP, AVIF, GIF, TIFF" in rejected.message


def test_an_image_format_that_is_not_accepted_never_reaches_a_reader() -> None:
    rejected = rejection(encoded(quarters(), "BMP"))
    assert rejected.error_class == "UnsupportedFormat"
    assert "BMP" in rejected.message


@pytest.mark.parametrize("side", [12_000, 60_000, 2_000_000_000])
def test_a_decompression_bomb_is_rejected_by_its_header(side: int) -> None:
    rejected = rejection(png_header(side, side))
    assert rejected.error_class == "TooManyPixels"
    assert f"{side * side:,} pixels" in rejected.message
    assert "the limit is 120,000,000" in rejected.message


def test_a_picture_within_a_raised_limit_is_accepted_whatever_pillow_s_own_limit_is() -> None:
    assert header.read(png_header(20_000, 15_000), Limits(max_pixels=300_000_000)).size == (20_000, 15_000)


@pytest.mark.parametrize("side", [2**14, 2**24])
def test_a_webp_bomb_is_rejected_before_its_canvas_is_made(side: int) -> None:
    canvas = struct.pack("<I", side - 1)[:3] * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x02\x00\x00\x00" + canvas
    rejected = rejection(b"RIFF" + struct.pack("<I", len(body)) + body)
    assert rejected.error_class == "TooManyPixels"


def test_a_gif_frame_larger_than_its_screen_counts_with_its_own_size() -> None:
    body = (
        b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0) + b"," + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0)
    )
    assert rejection(body + b"\x08\x01\x00\x00;").error_class == "TooManyPixels"


def test_limits_can_be_narrowed() -> None:
    body = encoded(quarters((80, 60)), "PNG")
    assert rejection(body, max_pixels=4799).error_class == "TooManyPixels"
    assert rejection(body, max_bytes=len(body) - 1).error_class == "TooManyBytes"
    assert header.read(body, Limits(max_pixels=4800, max_bytes=len(body))).size == (80, 60)


def test_too_many_frames_are_rejected() -> None:
    pictures = [Image.new("L", (4, 4), 9 * i) for i in range(4)]
    body = encoded(pictures[0], "GIF", save_all=True, append_images=pictures[1:])
    assert rejection(body, max_frames=3).error_class == "TooManyFrames"
    assert header.read(body, Limits(max_frames=4)).format == "GIF"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"])
def test_half_a_file_is_rejected(kind: str) -> None:
    body = encoded(quarters((400, 300)), kind)
    with pytest.raises(Rejected) as caught:
        made(body[: len(body) // 2], PNG)
    assert caught.value.error_class in {"Truncated", "Corrupt"}


def test_a_truncated_jpeg_is_named_so() -> None:
    body = encoded(quarters((400, 300)), "JPEG")
    with pytest.raises(Rejected, match=r"Truncated: the JPEG data ends too early"):
        made(body[:-200], PNG)


def test_a_signature_alone_is_corrupt() -> None:
    assert rejection(b"\x89PNG\r\n\x1a\n" + b"\xff" * 60).error_class == "Corrupt"


def test_a_lack_of_memory_is_no_fault_of_the_source() -> None:
    with pytest.raises(MemoryError), header.decoding("JPEG"):
        raise MemoryError


def test_pillow_s_global_settings_stay_as_they_are() -> None:
    from PIL import ImageFile

    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    made(encoded(quarters(), "JPEG"), PNG)
    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)


def test_the_source_is_opened_by_the_given_opener() -> None:
    opened: list[int] = []

    def opener(body: bytes) -> BytesIO:
        opened.append(len(body))
        return BytesIO(body)

    body = encoded(quarters(), "PNG")
    header.read(body, DEFAULT, opener)
    assert opened == [len(body)]
