from io import BytesIO

import pytest
from PIL import Image
from support.imagery import encoded, landscape, made, opened, picture, pictures, quarters

from image_variants import header, render
from image_variants.formats.png import Png
from image_variants.plan import Part, make_plan
from image_variants.resizers import fastest
from image_variants.resizers.pillow import Pillow
from image_variants.spec import Limits, Resize


class CountingFile(BytesIO):
    """A file that counts the bytes that are read from it."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


def planned(source: header.Source, *widths: int) -> Part:
    variants = [Png(name=f"w{width}", resize=Resize(width=width)) for width in widths]
    return Part(source, variants, make_plan(source, variants, Limits()), False, Pillow())


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_one_source_is_decoded_once_for_all_variants(kind: str) -> None:
    body = encoded(landscape((800, 600)), kind)
    file = CountingFile(body)
    source = header.read(body, Limits(), lambda _: file)
    part = planned(source, *(700, 500, 300, 200, 100, 50))
    assert len(list(render.pictures(render.decode(part), part.plan, part.resizer))) == 6
    assert len(body) * 0.9 < file.count < len(body) * 1.2


def test_the_header_alone_is_read_before_a_source_is_decoded() -> None:
    body = encoded(landscape((800, 600)), "JPEG")
    file = CountingFile(body)
    header.read(body, Limits(), lambda _: file)
    assert file.count < 2_000


def test_jpeg_is_decoded_at_exactly_the_planned_scale() -> None:
    scales = set()
    for size in ((161, 243), (8, 9), (3, 1000), (1, 1)):
        body = encoded(Image.new("RGB", size, "red"), "JPEG")
        for width in (1, 4, 12, 30, 70, 161):
            source = header.read(body, Limits())
            part = planned(source, width)
            assert render.decode(part).image.size == part.plan.decoded
            scales.add(part.plan.scale)
    assert scales == {1, 2, 4, 8}


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (499, 3), (17, 16)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_tiny_and_thin_sources_are_made_too(size: tuple[int, int], kind: str) -> None:
    body = encoded(Image.new("RGB", size, (200, 30, 30)), kind)
    wanted = [
        {"format": "png", "resize": {"width": 8}},
        {"format": "png", "resize": {"width": 8, "height": 8, "fit": "cover"}},
        {"format": "png", "resize": {"width": 8, "height": 8, "fit": "fill"}},
        {"format": "png", "resize": {"width": 2, "height": 9, "fit": "exact"}},
        {"format": "png", "resize": {"width": 20, "height": 20, "fit": "cover", "enlarge": True}},
    ]
    ours = pictures(body, *wanted)
    assert [image.size for image in ours][2] == (8, 8)
    assert [image.size for image in ours][4] == (20, 20)


def test_heights_come_from_the_source_and_not_from_an_intermediate() -> None:
    """1999 x 1333: from a picture of half the size, which is 1000 x 667, some heights would be off by one."""
    body = encoded(Image.new("RGB", (1999, 1333)), "JPEG")
    widths = [800, 400, 399, 201, 100, 33]
    ours = pictures(body, *({"format": "png", "resize": {"width": width}} for width in widths))
    assert [image.size for image in ours] == [(w, int(w * 1333 / 1999 + 0.5)) for w in widths]


def test_the_first_frame_of_an_animation_is_taken() -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "lime", "blue")]
    for kind in ("GIF", "WEBP", "PNG", "TIFF", "AVIF"):
        body = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        pixel = picture(body).convert("RGB").getpixel((8, 8))
        assert isinstance(pixel, tuple)
        assert pixel[0] > 240 and pixel[1] < 20, kind


def test_a_crop_shows_its_part_of_the_upright_source() -> None:
    ours = picture(encoded(quarters((80, 60)), "PNG"), crop={"left": 0.5, "bottom": 0.5})
    assert ours.size == (40, 30)
    assert ours.getpixel((3, 3)) == ours.getpixel((36, 26)) == (0, 255, 0)


def test_no_size_and_no_crop_gives_the_pixels_back() -> None:
    source = landscape((320, 200))
    assert picture(encoded(source, "PNG")).tobytes() == source.tobytes()


def test_equal_sizes_in_several_formats_share_their_pixels_and_not_their_filters() -> None:
    body = encoded(landscape((640, 480)), "PNG")
    size = {"width": 160}
    plain, grey, again = pictures(
        body,
        {"format": "png", "resize": size},
        {"format": "png", "resize": size, "filters": [{"type": "grayscale"}]},
        {"format": "png", "resize": size},
    )
    assert grey.mode == "L"
    assert plain.mode == again.mode == "RGB"
    assert plain.tobytes() == again.tobytes()


def test_filters_come_before_padding() -> None:
    body = encoded(Image.new("RGB", (80, 40), (100, 100, 100)), "PNG")
    ours = picture(
        body,
        resize={"width": 40, "height": 40, "fit": "fill"},
        filters=[{"type": "brightness", "factor": 2.0}],
        background="#0a0a0a",
    )
    assert ours.getpixel((20, 2)) == (10, 10, 10)
    assert ours.getpixel((20, 20)) == (200, 200, 200)


def test_facts_tell_the_size_of_each_output() -> None:
    body = encoded(quarters((80, 60)), "JPEG")
    result = made(body, {"format": "webp", "quality": 71, "resize": {"width": 40}})["v0"]
    assert opened(result).size == (40, 30)
    assert result.facts == {  # type: ignore[union-attr]
        "width": 40,
        "height": 30,
        "format": "webp",
        "quality": 71,
        "resizer": fastest().name,
    }
