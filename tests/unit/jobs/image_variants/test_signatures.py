import pytest
from support.imagery import encoded, quarters

from image_variants.signatures import ACCEPTED, identify


@pytest.mark.parametrize("kind", ACCEPTED)
def test_the_accepted_formats_are_told_by_their_content(kind: str) -> None:
    assert identify(encoded(quarters(), kind)) == kind


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"Hello, this is a letter.\n", "text"),
        ("grüße".encode() * 200, "text"),
        (b"\xef\xbb\xbf  <svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (b"<?xml version='1.0'?><svg/>", "an XML or SVG document"),
        (b"\n<!DOCTYPE html><html>", "an HTML or XML document"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"PK\x03\x04\x14\x00", "a ZIP archive or an Office document"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "a HEIC image"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", "a video or another MPEG-4 container"),
        (b"BM\x00\x00\x00\x00", "a BMP image"),
        (b"\x00\x01\x02\x03", "unknown data that starts with 00 01 02 03"),
        (b"\xfe\xdc\xba\x98\x76\x54\x32\x10\x00", "unknown data that starts with fe dc ba 98 76 54 32 10"),
    ],
)
def test_anything_else_is_named_in_words(body: bytes, name: str) -> None:
    assert identify(body) == name


def test_a_text_cut_in_the_middle_of_a_character_is_still_text() -> None:
    for shift in range(4):
        assert identify(b"x" * shift + "𝄞".encode() * 300) == "text"


def test_an_avif_that_calls_itself_heif_first_is_an_avif() -> None:
    assert identify(b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf") == "AVIF"
