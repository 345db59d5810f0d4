"""Hostile files, made the same way each time: name → bytes. What a stranger, or a broken disk, may upload.

Truncations at every marker and chunk; flipped bits; bombs (few bytes that claim, or become, many); sizes
of zero; files that are two things at once.
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator
from functools import cache

from PIL import ImageCms

from support.imagery import encoded, landscape, turned

SMALL = (64, 48)
FLIPS = 8
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
SOI, EOI = b"\xff\xd8", b"\xff\xd9"


def hostile() -> Iterator[tuple[str, bytes]]:
    """All of them, one after the other: some are large."""
    yield from truncated()
    yield from flipped()
    yield from bombs()
    yield from nothing_in_them()
    yield from polyglots()


@cache
def whole() -> dict[str, bytes]:
    """Small valid files, one of each kind."""
    picture, profile = landscape(SMALL), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    moved = [picture.rotate(9), picture.rotate(20)]
    return {
        "baseline.jpg": turned(picture, 6, icc_profile=profile),
        "progressive.jpg": turned(picture, 3, progressive=True),
        "cmyk.jpg": encoded(picture.convert("CMYK"), "JPEG"),
        "colour.png": turned(picture, 6, "PNG", icc_profile=profile),
        "palette.png": encoded(picture.convert("P"), "PNG", transparency=3),
        "deep.png": encoded(picture.convert("L").convert("I;16"), "PNG"),
        "lossy.webp": turned(picture, 6, "WEBP", icc_profile=profile),
        "lossless.webp": encoded(picture.convert("RGBA"), "WEBP", lossless=True),
        "moving.webp": encoded(picture, "WEBP", save_all=True, append_images=moved),
        "moving.gif": encoded(picture, "GIF", save_all=True, append_images=moved),
        "moving.png": encoded(picture, "PNG", save_all=True, append_images=moved),
        "pages.tiff": encoded(picture, "TIFF", save_all=True, append_images=moved),
        "deflated.tiff": encoded(picture, "TIFF", compression="tiff_adobe_deflate"),
        "still.avif": encoded(picture, "AVIF", speed=10),
    }


def truncated() -> Iterator[tuple[str, bytes]]:
    """Every file cut off before, in and right behind each of its parts."""
    for name, body in whole().items():
        for place in sorted({at + more for at in _joints(body) for more in (0, 3)}):
            if place < len(body):
                yield f"cut at {place}: {name}", body[:place]


def flipped() -> Iterator[tuple[str, bytes]]:
    """Every file with some bits turned over, most of them in its first part, where the headers are."""
    generator = random.Random(20)
    for name, body in whole().items():
        for number in range(FLIPS):
            damaged = bytearray(body)
            for _ in range(1 + number % 4):
                end = len(body) if number % 2 else max(64, len(body) // 8)
                damaged[generator.randrange(min(end, len(body)))] ^= 1 << generator.randrange(8)
            yield f"flipped {number}: {name}", bytes(damaged)


def bombs() -> Iterator[tuple[str, bytes]]:
    """Few bytes that claim to be, or become, many."""
    for side in (30_000, 65_535, 2**31 - 1):
        yield f"{side} squared in a header.png", _png((side, side), b"\x00" * 100)
    yield "40,000 squared of nothing.png", _png((40_000, 40_000), b"\x00" * 5001 * 2000, bits=1)
    for name in ("baseline.jpg", "progressive.jpg"):
        yield f"65,500 squared: {name}", _resized_jpeg(whole()[name], (65_500, 65_500))
        yield f"one very long line: {name}", _resized_jpeg(whole()[name], (65_500, 1))
    yield "16,383 squared.webp", _lossless_webp((16_383, 16_383))
    yield "65,535 squared.gif", b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + whole()["moving.gif"][10:]
    yield "a canvas around little.gif", _frames((20_000, 20_000), 3)
    yield "20,000 frames.gif", _frames((16, 16), 20_000)
    yield "frames without end.gif", _frames((16, 16), 40)[:-1] * 3
    yield "2,000,000,000 frames.png", _animated_png(2_000_000_000)
    yield "a text of 200 MB.png", _png(SMALL, _rows(SMALL), (b"zTXt", b"Comment\0\0" + _zeros(200_000_000)))
    yield "a profile of 200 MB.png", _png(SMALL, _rows(SMALL), (b"iCCP", b"sRGB\0\0" + _zeros(200_000_000)))
    yield (
        "an international text of 200 MB.png",
        _png(SMALL, _rows(SMALL), (b"iTXt", b"Comment\0\1\0\0\0" + _zeros(200_000_000))),
    )
    yield "5,000 texts.png", _png(SMALL, _rows(SMALL), *[(b"tEXt", b"Comment\0" + b"x" * 200)] * 5_000)
    yield "EXIF that says it is 4 GB.png", _png(SMALL, _rows(SMALL), (b"eXIf", _endless_exif()))
    yield (
        "EXIF that says it is 4 GB.jpg",
        _with_segments(whole()["baseline.jpg"], b"\xe1", [b"Exif\0\0" + _endless_exif()]),
    )
    profile = [b"ICC_PROFILE\0" + bytes([number % 256, 255]) + b"\x55" * 65_000 for number in range(255)]
    yield "a profile of 16 MB.jpg", _with_segments(whole()["baseline.jpg"], b"\xe2", profile)
    yield "10,000 comments.jpg", _with_segments(whole()["baseline.jpg"], b"\xfe", [b"comment"] * 10_000)
    yield from _tiff_bombs()


def nothing_in_them() -> Iterator[tuple[str, bytes]]:
    """Empty, and of no width or height."""
    yield "empty.jpg", b""
    yield "one byte.jpg", b"\xff"
    for name, body in whole().items():
        yield f"the signature alone: {name}", body[:12]
    for size in ((0, 48), (64, 0), (0, 0)):
        yield f"{size[0]} x {size[1]}.png", _png(size, b"")
        yield f"{size[0]} x {size[1]}.jpg", _resized_jpeg(whole()["baseline.jpg"], size)
        yield f"{size[0]} x {size[1]}.gif", b"GIF89a" + struct.pack("<HH", *size) + whole()["moving.gif"][10:]
    yield "start and end.jpg", SOI + EOI
    yield "zeros.tiff", b"II*\0" + bytes(4_000)
    yield "ones.webp", b"RIFF\xff\xff\xff\xffWEBP" + b"\xff" * 4_000


def polyglots() -> Iterator[tuple[str, bytes]]:
    """Files that are two things, or wear another's name."""
    files = list(whole().items())
    for (name, body), (other, more) in zip(files, files[1:] + files[:1], strict=True):
        yield f"{name} and behind it {other}", body + more
        yield f"{other} called {name}", more
        yield f"{other} behind the signature of {name}", body[:8] + more
    jpeg = whole()["baseline.jpg"]
    yield "an archive behind a picture.jpg", jpeg + b"PK\x03\x04" + bytes(2_000)
    yield "a megabyte behind a picture.jpg", jpeg + b"\xff" * 1_000_000
    yield "a script in a comment.jpg", _with_segments(jpeg, b"\xfe", [b"<?php system('id'); ?>"])
    yield "a page around a picture.jpg", b"<html><body>" + jpeg
    yield "a document.jpg", b"%PDF-1.7\n" + jpeg
    yield "PostScript.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n" + jpeg
    yield "a drawing.png", b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'


def _joints(body: bytes) -> list[int]:
    """Where the parts of a file begin."""
    if body.startswith(SOI):
        return [at for at in range(len(body) - 1) if body[at] == 0xFF and body[at + 1] not in {0, 0xFF}]
    if body.startswith(PNG_SIGNATURE):
        return list(_chunks(body, 8, ">I", 12))
    if body.startswith(b"RIFF"):
        return list(_chunks(body, 12, "<I", 8, before=4))
    return [len(body) * part // 24 for part in range(24)]


def _chunks(body: bytes, start: int, length: str, around: int, before: int = 0) -> Iterator[int]:
    while start + before + 4 <= len(body):
        yield start
        (size,) = struct.unpack_from(length, body, start + before)
        start += size + around + (size % 2 if before else 0)


def _png(size: tuple[int, int], rows: bytes, *chunks: tuple[bytes, bytes], bits: int = 8) -> bytes:
    header = struct.pack(">IIBBBBB", *size, bits, 0 if bits == 1 else 2, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return PNG_SIGNATURE + b"".join(_png_chunk(kind, data) for kind, data in parts)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _rows(size: tuple[int, int]) -> bytes:
    return b"\x00" * ((3 * size[0] + 1) * size[1])


@cache
def _zeros(count: int) -> bytes:
    """Zeros, compressed: a thousandth of them."""
    packer = zlib.compressobj(9)
    block = bytes(1_000_000)
    return b"".join(packer.compress(block) for _ in range(count // len(block))) + packer.flush()


def _animated_png(frames: int) -> bytes:
    control = struct.pack(">II", frames, 0)
    return _png(SMALL, _rows(SMALL), (b"acTL", control))


def _resized_jpeg(body: bytes, size: tuple[int, int]) -> bytes:
    """The file with another size in its frame header (T.81, B.2.2)."""
    at = next(at for at in range(2, len(body)) if body[at] == 0xFF and body[at + 1] in {0xC0, 0xC1, 0xC2})
    return body[: at + 5] + struct.pack(">HH", size[1], size[0]) + body[at + 9 :]


def _with_segments(body: bytes, marker: bytes, segments: list[bytes]) -> bytes:
    parts = [b"\xff" + marker + struct.pack(">H", len(data) + 2) + data for data in segments]
    return SOI + b"".join(parts) + body[2:]


def _lossless_webp(size: tuple[int, int]) -> bytes:
    """A header of VP8L that claims this size, and the pixels of a small picture."""
    body = bytearray(whole()["lossless.webp"])
    at = body.index(b"VP8L") + 9
    body[at : at + 4] = struct.pack("<I", (size[0] - 1) | (size[1] - 1) << 14)
    return bytes(body)


def _frames(canvas: tuple[int, int], count: int) -> bytes:
    """A GIF of `count` frames of one pixel each."""
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    palette = b"\x00\x00\x00\xff\xff\xff"
    return b"GIF89a" + struct.pack("<HHBBB", *canvas, 0x80, 0, 0) + palette + frame * count + b"\x3b"


def _endless_exif() -> bytes:
    """One entry of four billion bytes, and a directory that names itself as the next."""
    entry = struct.pack("<HHII", 0x927C, 7, 0xFFFFFFFF, 8)
    return b"II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 8)


def _tiff_bombs() -> Iterator[tuple[str, bytes]]:
    body = whole()["deflated.tiff"]
    for tag, name in (
        (256, "width"),
        (257, "height"),
        (277, "samples"),
        (258, "bits"),
        (279, "bytes of a strip"),
    ):
        yield f"a great {name}.tiff", _with_tag(body, tag, 60_000)
    start = int.from_bytes(body[4:8], "little")
    entries = int.from_bytes(body[start : start + 2], "little")
    end = start + 2 + 12 * entries
    yield "directories in a circle.tiff", body[:end] + struct.pack("<I", start) + body[end + 4 :]
    yield "65,535 entries.tiff", body[:start] + b"\xff\xff" + body[start + 2 :]


def _with_tag(body: bytes, tag: int, value: int) -> bytes:
    """The TIFF with another value in a tag of its first directory."""
    start = int.from_bytes(body[4:8], "little")
    changed = bytearray(body)
    for number in range(int.from_bytes(body[start : start + 2], "little")):
        at = start + 2 + 12 * number
        if int.from_bytes(body[at : at + 2], "little") == tag:
            changed[at + 2 : at + 12] = struct.pack("<HII", 4, 1, value)
    return bytes(changed)
