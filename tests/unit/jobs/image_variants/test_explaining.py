from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont
from support.imagery import encoded, landscape, turned

from batchkit.errors import Rejected
from batchkit.job import Explained, Original
from image_variants.resizers.pillow import Pillow
from image_variants.variants import ImageVariants

JOB = ImageVariants(resizer=Pillow())


def told(body: bytes, *variants: dict[str, Any], memory: int | None = None) -> list[tuple[str, ...]]:
    tasks = JOB.plan({"variants": [{"name": f"v{i}", "format": "png", **v} for i, v in enumerate(variants)]})
    job = JOB if memory is None else JOB.within(memory)
    return [tuple(row.values()) for row in job.explain(Original("k", body), tasks)]


def test_a_plan_is_told_step_by_step() -> None:
    assert isinstance(JOB, Explained)
    body = turned(landscape((1600, 1200)), 6, progressive=True)
    cover = {"resize": {"width": 100, "height": 100, "fit": "cover", "gravity": "entropy"}}
    rows = told(body, {"resize": {"width": 400}}, {"resize": {"width": 400}}, cover)
    assert rows[0] == (
        "source",
        "",
        "1600 x 1200",
        "JPEG, RGB, progressive, to be turned (EXIF orientation 6)",
    )
    step, above, size, how = rows[1]
    assert (step, above, size) == ("decode", "source", "800 x 600")
    assert how.startswith("at 1/2 of its size, needs about ")
    assert rows[2:] == [
        ("v0", "decode", "400 x 533", "pillow, then turned"),
        ("v1", "v0", "400 x 533", "the same picture"),
        ("v2", "v0", "100 x 100", "pillow, where most is to be seen"),
    ]


def test_a_page_of_text_is_told_to_be_decoded_twice() -> None:
    page = Image.new("RGB", (1600, 1200), "white")
    for top in range(0, 1200, 26):
        ImageDraw.Draw(page).text((5, top), "The quick brown fox. " * 8, "black", ImageFont.load_default(20))
    rows = told(encoded(page, "JPEG"), {"resize": {"width": 600}})
    assert rows[1][2] == "1600 x 1200"
    assert rows[1][3].startswith("a second time: at 1/2 its sharp details would suffer")


def test_what_cannot_be_made_is_told_too() -> None:
    rows = told(encoded(Image.new("RGB", (40, 30)), "PNG"), {"page": 2}, {"format": "webp"})
    assert ("v0", "", "", "NoSuchPage: page 2 is wanted; the source has 1") in rows
    with pytest.raises(Rejected, match="TooMuchMemory"):
        told(encoded(Image.new("RGB", (4000, 3000)), "PNG"), {}, memory=50_000_000)


def test_memory_is_told_beside_what_is_allowed() -> None:
    rows = told(encoded(Image.new("RGB", (40, 30)), "PNG"), {}, memory=500_000_000)
    assert rows[1][3] == "needs about 10 of 500 MB"


def test_an_animation_is_told_from_its_first_frame() -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "lime", "blue")]
    body = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    rows = told(body, {"format": "webp", "animation": "keep"}, {"format": "webp"})
    assert [row[3] for row in rows if row[0] == "source"] == ["GIF, P, 1 of 3 frames", "GIF, P, all 3 frames"]
