import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image, ImageDraw, ImageFont
from support.imagery import encoded, landscape

from batchkit.errors import Rejected
from batchkit.job import Bounded, Original, Output
from image_variants import job, making, memory
from image_variants.plan import Part
from image_variants.recipe import ImageRecipe
from image_variants.resizers import installed
from image_variants.resizers.pillow import Pillow
from image_variants.spec import Limits
from image_variants.variants import ImageVariants

MB = 1_000_000
SIZE = (2400, 1600)
WIDTHS = [{"name": f"w{width}", "format": "jpeg", "resize": {"width": width}} for width in (1000, 500)]
PLAIN = ImageVariants(resizer=Pillow())
WHOLE = [{"name": "all", "format": "jpeg"}]
MARKED = [{**WHOLE[0], "filters": [{"type": "blur"}, {"type": "watermark", "text": "batchkit"}]}]
GRAY = [{**WHOLE[0], "filters": [{"type": "grayscale"}]}]
THIN = [{**WHOLE[0], "resize": {"width": 6000, "height": 10, "fit": "exact"}}]

# What memory a fresh process takes more for a file than for a small one, in kB.
MEASURE = """
import json, sys
from pathlib import Path
from batchkit.job import Original
from image_variants.recipe import ImageRecipe
from image_variants.resizers import installed
from image_variants.variants import ImageVariants

def most():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

name, resizer, variants = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
job = ImageVariants(resizer=installed()[resizer])
tasks = job.plan({"variants": variants})
list(job.make(Original("small", Path("small").read_bytes()), tasks))
body, before = Path(name).read_bytes(), most()
list(job.make(Original(name, body), tasks))
print(most() - before)
"""


def files() -> dict[str, bytes]:
    picture = landscape(SIZE)
    return {
        "small": encoded(Image.new("RGB", (64, 64)), "JPEG"),
        "a.jpg": encoded(picture, "JPEG"),
        "large.jpg": encoded(Image.new("RGB", (6000, 4000)), "JPEG"),
        "progressive.jpg": encoded(picture, "JPEG", progressive=True, subsampling="4:4:4"),
        "rgba.png": encoded(picture.convert("RGBA"), "PNG", compress_level=1),
        "a.webp": encoded(picture, "WEBP", method=0),
    }


def needed(body: bytes, variants: list[dict[str, Any]], resizer: str) -> int:
    recipe = msgspec.convert({"variants": variants}, ImageRecipe)
    request = making.Request(body, tuple(recipe.resolved()), Limits())
    found = making.parts(request, installed()[resizer])
    return sum(memory.need(part) for part in found if isinstance(part, Part))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("resizer", installed())
def test_the_estimate_is_enough_and_not_much_too_much(tmp_path: Path, resizer: str) -> None:
    bodies = files()
    for name, body in bodies.items():
        (tmp_path / name).write_bytes(body)
    for name, variants in (
        ("a.jpg", WHOLE),
        ("a.jpg", MARKED),
        ("a.jpg", GRAY),
        ("large.jpg", THIN),
        ("progressive.jpg", WIDTHS),
        ("rgba.png", WIDTHS),
        ("a.webp", WIDTHS),
    ):
        command = [sys.executable, "-c", MEASURE, name, resizer, json.dumps(variants)]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        taken, estimate = int(ran.stdout) * 1024, needed(bodies[name], variants, resizer)
        assert taken <= estimate, name
        assert estimate <= 2.5 * taken + 20 * MB, name


def test_what_does_not_fit_is_rejected_with_both_figures_before_it_is_decoded() -> None:
    assert isinstance(job, Bounded)
    tasks = job.plan({"variants": WHOLE})
    # Cut off in the middle: decoding it would tell.
    body = encoded(Image.new("RGB", (6000, 4000)), "JPEG")
    with pytest.raises(Rejected) as caught:
        list(PLAIN.within(100 * MB).make(Original("k", body[: len(body) // 2]), tasks))
    assert caught.value.error_class == "TooMuchMemory"
    assert "6,000 x 4,000 JPEG: needs 2" in caught.value.message
    assert "100 MB are allowed" in caught.value.message


def test_a_scaled_jpeg_fits_where_the_whole_one_does_not() -> None:
    body = encoded(Image.new("RGB", (6000, 4000)), "JPEG")
    for variants, expected in ((WHOLE, None), (WIDTHS, 2)):
        tasks = job.plan({"variants": variants})
        bounded = PLAIN.within(60 * MB)
        if expected is None:
            with pytest.raises(Rejected, match="TooMuchMemory"):
                list(bounded.make(Original("k", body), tasks))
        else:
            results = list(bounded.make(Original("k", body), tasks))
            assert [type(result) for result in results] == [Output] * expected


def test_a_progressive_jpeg_needs_its_coefficients_and_an_animation_all_of_its_frames() -> None:
    plain, progressive = (
        encoded(Image.new("RGB", SIZE), "JPEG", progressive=wanted) for wanted in (False, True)
    )
    more = needed(progressive, WIDTHS, "pillow") - needed(plain, WIDTHS, "pillow")
    assert more == pytest.approx(SIZE[0] * SIZE[1] * 1.5 * 2, rel=0.01)
    frames = [Image.new("RGB", (300, 200), (9 * number, 99, 99)) for number in range(20)]
    gif = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    still = {"name": "a", "format": "webp"}
    moving = needed(gif, [{**still, "animation": "keep"}], "pillow") - needed(gif, [still], "pillow")
    assert moving == 19 * 300 * 200 * 4


def test_a_jpeg_whose_components_have_no_samples_is_corrupt() -> None:
    body = bytearray(encoded(Image.new("RGB", (64, 64)), "JPEG", progressive=True))
    frame = body.index(b"\xff\xc2")
    for component in range(3):
        body[frame + 11 + 3 * component] = 0
    with pytest.raises(Rejected, match="Corrupt"):
        list(PLAIN.within(100 * MB).make(Original("k", bytes(body)), job.plan({"variants": WHOLE})))


def test_a_second_decode_must_fit_as_well() -> None:
    """Sharp as it is, a page of text is decoded whole where a photo is not."""
    page = Image.new("L", (3000, 2000), 255)
    for top in range(0, 2000, 24):
        ImageDraw.Draw(page).text((5, top), "The quick brown fox. " * 20, 0, ImageFont.load_default(20))
    tasks = job.plan({"variants": [{"name": "a", "format": "jpeg", "resize": {"width": 1150}}]})
    for picture, fits in ((landscape((3000, 2000)), True), (page.convert("RGB"), False)):
        made = PLAIN.within(45 * MB).make(Original("k", encoded(picture, "JPEG")), tasks)
        if fits:
            assert len(list(made)) == 1
        else:
            with pytest.raises(Rejected, match="TooMuchMemory"):
                list(made)
