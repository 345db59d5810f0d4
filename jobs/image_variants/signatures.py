"""What a file is, told from its first bytes and never from its name."""

from __future__ import annotations

from codecs import getincrementaldecoder

# Bytes at the start → the words for it in a message. The accepted formats carry Pillow's names.
PREFIXES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"BM", "a BMP image"),
    (b"8BPS", "a Photoshop document"),
    (b"\x00\x00\x01\x00", "a Windows icon"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL image"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image"),
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"\x1f\x8b", "gzip-compressed data"),
)
MARKUP = (("<svg", "an SVG drawing"), ("<?xml", "an XML or SVG document"), ("<", "an HTML or XML document"))
ACCEPTED = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF")
SNIFFED = 512
HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"mif1", b"msf1"})


def identify(body: bytes) -> str:
    """One of ACCEPTED, or words that say what else it is."""
    if body.startswith(b"RIFF") and body[8:12] == b"WEBP":
        return "WEBP"
    if body[4:8] == b"ftyp":
        return _brand(body)
    for prefix, name in PREFIXES:
        if body.startswith(prefix):
            return name
    return _text(body[:SNIFFED]) or f"unknown data that starts with {body[:8].hex(' ')}"


def _brand(body: bytes) -> str:
    """ISO 14496-12: the `ftyp` box lists a major brand, a version and the compatible brands."""
    size = min(int.from_bytes(body[:4], "big"), 256)
    brands = {body[8:12]} | {body[i : i + 4] for i in range(16, size, 4)}
    if b"avif" in brands or b"avis" in brands:
        return "AVIF"
    if brands & HEIF_BRANDS:
        return "a HEIC image"
    return "a video or another MPEG-4 container"


def _text(start: bytes) -> str | None:
    """The kind of text that starts so; None when it is not UTF-8, or holds a zero byte."""
    if b"\x00" in start:
        return None
    try:
        # Incremental: the cut may have split the last character.
        text = getincrementaldecoder("utf-8-sig")().decode(start).lstrip()
    except UnicodeDecodeError:
        return None
    return next((name for prefix, name in MARKUP if text.startswith(prefix)), "text")
