import struct
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms
from support.imagery import encoded, landscape, quarters

from batchkit.errors import Rejected
from image_variants import header, structure
from image_variants.spec import Limits
from image_variants.structure import jpeg, limits

WALKED = ["GIF", "TIFF"]
ANIMATED = [*WALKED, "WEBP", "PNG", "AVIF"]
PIXELS = 120_000_000


def animation(kind: str, count: int) -> bytes:
    pictures = [Image.new("RGB", (8, 8), (20 * i, 255 - 20 * i, 99)) for i in range(count)]
    return encoded(pictures[0], kind, save_all=True, append_images=pictures[1:])


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def refused(kind: str, body: bytes) -> str:
    with pytest.raises(Rejected) as caught:
        structure.check(kind, body, PIXELS, 1000)
    return caught.value.error_class


@pytest.mark.parametrize("kind", ANIMATED)
@pytest.mark.parametrize("count", [1, 2, 7])
def test_frames_are_counted(kind: str, count: int) -> None:
    source = header.read(animation(kind, count), Limits())
    assert source.frames == count
    assert source.moving == (count > 1 and kind != "TIFF")


@pytest.mark.parametrize("kind", WALKED)
def test_counting_stops_beyond_the_limit(kind: str) -> None:
    assert structure.check(kind, animation(kind, 9), PIXELS, 4) == 5


def test_directories_that_point_at_each_other_are_counted_once() -> None:
    body = b"II*\x00" + (8).to_bytes(4, "little") + b"\x00\x00" + (8).to_bytes(4, "little")
    assert structure.check("TIFF", body, PIXELS, 100) == 1


def test_the_files_of_ordinary_programs_pass() -> None:
    picture = landscape((640, 480))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"):
        assert structure.check(kind, encoded(picture, kind, icc_profile=profile), PIXELS, 1000) == 1
    assert structure.check("JPEG", encoded(picture, "JPEG", progressive=True), PIXELS, 1000) == 1


def test_a_jpeg_of_endless_segments_is_refused() -> None:
    body = encoded(quarters(), "JPEG")
    assert refused("JPEG", body[:2] + b"\xff\xe5\x00\x02" * 6_000 + body[2:]) == "TooManyBlocks"


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    body = encoded(quarters(), "JPEG", progressive=True)
    scan = body[body.rindex(b"\xff\xda") : -2]
    assert refused("JPEG", body[:-2] + scan * limits.MAX_SCANS + body[-2:]) == "TooManyBlocks"


def test_what_follows_the_only_scan_of_a_jpeg_is_nobody_s_business() -> None:
    """A baseline file is read to the end of its scan; cameras put previews and videos behind it."""
    body = encoded(quarters(), "JPEG")
    assert structure.check("JPEG", body + b"\xff\xda" * (limits.MAX_SCANS + 1), PIXELS, 1000) == 1


def test_a_jpeg_that_comes_in_parts_is_told_by_its_first_scan() -> None:
    plain, progressive = (encoded(quarters(), "JPEG", progressive=wanted) for wanted in (False, True))
    scan = plain.index(b"\xff\xda")
    in_planes = plain[: scan + 4] + b"\x01" + plain[scan + 5 :]
    assert [jpeg.comes_in_parts(body) for body in (plain, in_planes, progressive, b"\xff\xd8")] == [
        False,
        True,
        True,
        False,
    ]


def test_a_png_of_endless_chunks_is_refused() -> None:
    body = encoded(quarters(), "PNG")
    assert refused("PNG", body[:33] + chunk(b"tEXt", b"a\x00b") * 100_001 + body[33:]) == "TooManyBlocks"


def test_a_png_whose_text_or_profile_unpacks_without_end_is_refused() -> None:
    body = encoded(quarters(), "PNG")
    bomb = zlib.compress(bytes(20_000_000))
    for name in (b"zTXt", b"iCCP"):
        with pytest.raises(Rejected) as caught:
            header.read(body[:33] + chunk(name, b"name\x00\x00" + bomb) + body[33:], Limits())
        assert caught.value.error_class == "MetadataTooLarge"


def test_a_gif_with_more_comment_than_picture_is_refused() -> None:
    body = encoded(quarters(), "GIF")
    comment = b"!\xfe" + (b"\xff" + bytes(255)) * 4_000 + b"\x00"
    end = body.index(b",", 13 + 3 * 2 ** ((body[10] & 7) + 1))
    assert refused("GIF", body[:end] + comment + body[end:]) == "MetadataTooLarge"


def test_a_tiff_whose_values_all_claim_the_whole_file_is_refused() -> None:
    """A thousand tags of 60 kB in a file of 73 kB: a reader would keep 60 MB."""
    entries = b"".join(struct.pack("<HHII", 40_000 + tag, 7, 60_000, 8) for tag in range(1_000))
    body = (
        b"II*\x00" + struct.pack("<I", 60_008) + bytes(60_000) + struct.pack("<H", 1_000) + entries + bytes(4)
    )
    assert refused("TIFF", body) == "MetadataTooLarge"


def test_a_tiff_of_endless_strips_or_entries_is_refused() -> None:
    strips = struct.pack("<HHHII", 1, 273, 4, 300_000, 100)
    assert refused("TIFF", b"II*\x00" + struct.pack("<I", 8) + strips + bytes(1_300_000)) == "TooManyBlocks"
    overlapping = b"II*\x00" + struct.pack("<I", 8) + b"\xff\xff" * 300_000
    assert refused("TIFF", overlapping) in {"TooManyBlocks", "MetadataTooLarge"}


def test_a_webp_canvas_of_a_thousand_megapixels_is_refused_before_its_reader_makes_it() -> None:
    body = bytearray(encoded(quarters(), "WEBP", save_all=True, append_images=[landscape((80, 60))]))
    assert body[12:16] == b"VP8X"
    body[24:30] = (29_999).to_bytes(3, "little") * 2
    tracemalloc.start()
    with pytest.raises(Rejected, match="900,000,000 pixels"):
        header.read(bytes(body), Limits())
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


@given(st.sampled_from([b"II*\x00", b"MM\x00*", b"II+\x00", b"GIF89a"]), st.binary(max_size=400))
def test_any_bytes_are_counted_within_the_limit(start: bytes, rest: bytes) -> None:
    kind = "GIF" if start == b"GIF89a" else "TIFF"
    try:
        assert 1 <= structure.check(kind, start + rest, PIXELS, 10) <= 11
    except Rejected as rejected:
        assert rejected.error_class in {"TooManyBlocks", "MetadataTooLarge"}


@given(st.sampled_from(["JPEG", "PNG", "WEBP"]), st.binary(max_size=400))
def test_any_bytes_are_walked_to_their_end(kind: str, body: bytes) -> None:
    try:
        assert structure.check(kind, body, PIXELS, 10) == 1
    except Rejected as rejected:
        assert rejected.error_class in {"TooManyBlocks", "TooManyPixels"}
