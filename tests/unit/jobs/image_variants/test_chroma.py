"""Luma and chroma apart: the same picture for less, and only where nobody can tell."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont
from support.imagery import close, encoded, landscape, opened, quarters, turned
from support.similarity import ssim

from batchkit.job import Original
from image_variants import chroma, header
from image_variants.resizers.pillow import REDUCING_GAP, Pillow
from image_variants.spec import Limits
from image_variants.variants import ImageVariants

LANCZOS = Image.Resampling.LANCZOS
SIZE = (1500, 1101)
HALVED = {"format": "jpeg", "quality": 95}
GRAY = [{"type": "grayscale"}, {"type": "sharpen"}]
# Quantizing makes more of the two ways' rounding than they differ: luma's SSIM, and mean levels.
ALIKE, UNSEEN = 0.98, 1.2


def made(body: bytes, *variants: dict[str, Any], resizer: str = "pillow") -> list[Image.Image]:
    job = ImageVariants(resizer=Pillow(resizer))
    tasks = job.plan({"variants": [{"name": f"v{i}", **each} for i, each in enumerate(variants)]})
    results = {result.task: result for result in job.make(Original("photo.jpg", body), tasks)}
    return [opened(results[f"v{i}"]) for i in range(len(variants))]


def is_apart(body: bytes, *variants: dict[str, Any]) -> bool:
    job = ImageVariants(resizer=Pillow())
    tasks = job.plan({"variants": [{"name": f"v{i}", **each} for i, each in enumerate(variants)]})
    rows = job.explain(Original("photo.jpg", body), tasks)
    return any("luma and chroma apart" in row["how"] for row in rows)


def without(body: bytes, marker: int) -> bytes:
    """The JPEG without its first segment of that marker."""
    start = body.index(bytes([0xFF, marker]))
    return body[:start] + body[start + 2 + int.from_bytes(body[start + 2 : start + 4]) :]


def planes(image: Image.Image) -> Sequence[np.ndarray]:
    return [np.asarray(band, np.float64) for band in image.convert("YCbCr").split()]


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4"])
@pytest.mark.parametrize("scene", [0, 2, 5])
def test_outputs_look_as_if_resized_in_colours(scene: int, subsampling: str) -> None:
    body = encoded(landscape(SIZE, scene), "JPEG", quality=92, subsampling=subsampling)
    variants = [
        {**HALVED, "resize": {"width": 701}},
        {**HALVED, "resize": {"width": 300}},
        {**HALVED, "resize": {"width": 300}, "filters": GRAY},
        {"format": "webp", "quality": 95, "resize": {"width": 160, "height": 160, "fit": "cover"}},
    ]
    ours, colours = made(body, *variants), made(body, *variants, resizer="pillow-simd")
    for one, other in zip(ours, colours, strict=True):
        assert (one.mode, one.size) == (other.mode, other.size)
        assert ssim(one, other) >= ALIKE
        differences = [np.abs(a - b).mean() for a, b in zip(planes(one), planes(other), strict=True)]
        assert max(differences) < UNSEEN


def test_luma_is_as_close_to_a_full_decode_as_promised() -> None:
    """What test_quality.py asks of lossless outputs, which are never made from luma and chroma apart."""
    scores = []
    for scene in range(6):
        body = encoded(landscape(SIZE, scene), "JPEG", quality=92)
        full = Image.open(BytesIO(body)).convert("RGB")
        halved = Image.open(BytesIO(body))
        halved.draft(chroma.MODE, (SIZE[0] // 2, SIZE[1] // 2))
        for size in ((600, 440), (375, 275), (100, 73)):
            box = (0.0, 0.0, SIZE[0] / 2, SIZE[1] / 2)
            scores.append(
                ssim(
                    chroma.resize(halved, size, box, REDUCING_GAP), full.resize(size, LANCZOS, (0, 0, *SIZE))
                )
            )
    assert min(scores) >= 0.99
    assert sum(scores) / len(scores) >= 0.995


@pytest.mark.parametrize("size", [(300, 220), (301, 221), (1, 1), (2, 1)])
def test_chroma_is_laid_out_in_the_blocks_that_the_encoder_averages(size: tuple[int, int]) -> None:
    image = landscape(SIZE).convert(chroma.MODE)
    resized = chroma.resize(image, size, (0, 0, *SIZE), REDUCING_GAP)
    assert (resized.mode, resized.size) == (chroma.MODE, size)
    for name in ("Cb", "Cr"):
        plane = np.asarray(resized.getchannel(name))
        blocks = np.repeat(np.repeat(plane[::2, ::2], 2, axis=0), 2, axis=1)
        assert (plane == blocks[: size[1], : size[0]]).all()


@pytest.mark.parametrize("size", [(40, 30), (41, 31), (17, 13), (3, 3)], ids=str)
@pytest.mark.parametrize("box", [(0, 0, 400, 300), (33.3, 17.7, 350.2, 300)], ids=["all", "part"])
def test_chroma_lies_where_its_luma_lies(
    size: tuple[int, int], box: tuple[float, float, float, float]
) -> None:
    """Along a ramp what is moved has other levels, so many a pixel; a drift is greatest near the end."""
    across = Image.linear_gradient("L").transpose(Image.Transpose.ROTATE_90).resize((400, 300))
    for axis, ramp in enumerate((across, Image.linear_gradient("L").resize((400, 300)))):
        resized = chroma.resize(Image.merge(chroma.MODE, (ramp,) * 3), size, box, REDUCING_GAP)
        luma, blue, red = (np.asarray(band, np.float64).mean(axis=axis) for band in resized.split())
        a_pixel = abs(luma[-1] - luma[0]) / (size[axis] - 1)
        end = slice(size[axis] // 2 // 3 * 4, size[axis] // 2 * 2)
        for plane in (blue, red):
            assert abs((plane - luma)[end].mean()) < 0.4 * a_pixel


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 90), st.integers(1, 90))
def test_any_box_becomes_any_size_and_keeps_its_colour(data: st.DataObject, width: int, height: int) -> None:
    left, top = data.draw(st.floats(0, 70)), data.draw(st.floats(0, 50))
    box = (left, top, data.draw(st.floats(left + 1, 80)), data.draw(st.floats(top + 1, 60)))
    plain = Image.new("RGB", (80, 60), (200, 30, 90)).convert(chroma.MODE)
    resized = chroma.resize(plain, (width, height), box, REDUCING_GAP)
    assert resized.size == (width, height)
    assert {close(colour, plain.getpixel((0, 0)), 1) for _, colour in resized.getcolors()} == {True}


def test_colours_stay_in_their_places_when_a_lying_picture_is_turned() -> None:
    body = turned(quarters((1200, 800)).transpose(Image.Transpose.ROTATE_90), 6, quality=95)
    (found,) = made(body, {**HALVED, "resize": {"width": 300}})
    assert found.size == (300, 200)
    corners = ((75, 50), "red"), ((225, 50), "lime"), ((225, 150), "blue"), ((75, 150), "white")
    for place, name in corners:
        assert close(found.getpixel(place), Image.new("RGB", (1, 1), name).getpixel((0, 0)))


def test_only_outputs_that_all_halve_their_chroma_are_made_so() -> None:
    body = encoded(landscape(), "JPEG")
    webp, avif = {"format": "webp"}, {"format": "avif"}
    assert is_apart(body, {"format": "jpeg"}, webp, avif)
    for whole in (
        {"format": "png"},
        {"format": "gif"},
        {"format": "tiff"},
        {"format": "jpeg", "subsampling": "4:4:4"},
        {"format": "jpeg", "subsampling": "4:2:2"},
        {"format": "avif", "subsampling": "4:4:4"},
        {"format": "webp", "lossless": True},
    ):
        assert not is_apart(body, webp, whole)


def test_only_sources_that_are_stored_so_are_read_so() -> None:
    wide = landscape()
    for body in (
        encoded(wide, "PNG"),
        encoded(wide, "WEBP"),
        encoded(wide, "JPEG", keep_rgb=True),
        encoded(wide.convert("L"), "JPEG"),
        encoded(wide.convert("CMYK"), "JPEG"),
    ):
        assert not is_apart(body, HALVED)
    bare = without(encoded(wide, "JPEG"), 0xE0)
    source = header.read(bare, Limits())
    assert "jfif" not in source.image.info
    assert is_apart(bare, HALVED)


def test_what_only_pillow_takes_for_jfif_does_not_say_how_colours_are_stored() -> None:
    stored = encoded(quarters((800, 600)), "JPEG", quality=95, keep_rgb=True)
    short = b"\xff\xe0\x00\x0aJFIF\0\1\1\0"
    body = stored[:2] + short + stored[2:]
    assert not is_apart(body, HALVED)
    (found,) = made(body, {**HALVED, "resize": {"width": 200}})
    assert close(found.getpixel((50, 38)), (255, 0, 0))


@pytest.mark.parametrize("options", [{}, {"keep_rgb": True}, {"subsampling": "4:2:2"}], ids=str)
def test_however_a_jpeg_is_stored_its_colours_are_the_same(options: dict[str, Any]) -> None:
    body = encoded(quarters((800, 600)), "JPEG", quality=95, **options)
    for variant in (
        {**HALVED, "resize": {"width": 200}},
        {**HALVED, "resize": {"width": 1600, "enlarge": True}},
    ):
        (found,) = made(body, variant)
        assert close(found.getpixel((found.width // 4, found.height // 4)), (255, 0, 0))


def test_filters_padding_and_facts_get_the_colours_that_they_know() -> None:
    body = encoded(landscape(), "JPEG")
    variants = [
        {**HALVED, "filters": [{"type": "sepia"}]},
        {**HALVED, "filters": [{"type": "watermark", "text": "batchkit"}]},
        {**HALVED, "filters": [{"type": "saturation", "factor": 1.4}, {"type": "grayscale"}]},
        {**HALVED, "resize": {"width": 300, "height": 300, "fit": "fill"}, "background": "#204060"},
        {**HALVED, "facts": ["blurhash", "colour"]},
    ]
    ours, colours = made(body, *variants), made(body, *variants, resizer="pillow-simd")
    for one, other in zip(ours, colours, strict=True):
        assert one.mode == other.mode
        assert ssim(one, other) >= ALIKE
    assert close(ours[3].getpixel((150, 2)), (0x20, 0x40, 0x60))


@pytest.mark.parametrize("width", [1500, 300], ids=["whole", "small"])
def test_coloured_text_is_made_in_colours(width: int) -> None:
    page = Image.new("RGB", (1500, 1000), "white")
    for number, top in enumerate(range(0, 1000, 26)):
        ink = ("red", "blue", "magenta")[number % 3]
        text = "The quick brown fox. " * 10
        ImageDraw.Draw(page).text((5, top), text, ink, ImageFont.load_default(20))
    body = encoded(page, "JPEG", quality=92)
    variants = [{"format": "webp", "resize": {"width": width}}, {**HALVED, "resize": {"width": width}}]
    assert not is_apart(body, *variants)
    ours, colours = made(body, *variants), made(body, *variants, resizer="pillow-simd")
    assert [one.tobytes() for one in ours] == [one.tobytes() for one in colours]
