from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageSequence
from support.imagery import close, encoded, landscape, made, opened

from batchkit.errors import Rejected
from batchkit.job import Failure, Output

COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]
KEEP = {"animation": "keep"}


def animation(kind: str, size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    frames = [Image.new("RGB", size, colour) for colour in COLOURS]
    timing = {"duration": [100, 200, 300, 400], "loop": 2, **options}
    timing = {name: value for name, value in timing.items() if value is not None}
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], **timing)


def frames(result: Output | Failure) -> list[Image.Image]:
    assert isinstance(result, Output), result
    return [frame.convert("RGB") for frame in ImageSequence.Iterator(Image.open(BytesIO(result.body)))]


@pytest.mark.parametrize("source", ["GIF", "WEBP", "PNG", "AVIF"])
@pytest.mark.parametrize("kind", ["gif", "webp", "avif"])
def test_an_animation_stays_one_where_it_is_asked_for(source: str, kind: str) -> None:
    result = made(animation(source), {"format": kind, **KEEP, "resize": {"width": 30}})["v0"]
    found = frames(result)
    assert [frame.size for frame in found] == [(30, 20)] * 4
    assert all(close(f.getpixel((15, 10)), c, 30) for f, c in zip(found, COLOURS, strict=True))


def test_times_and_repetitions_are_kept() -> None:
    results = made(animation("GIF"), {"format": "gif", **KEEP}, {"format": "webp", **KEEP})
    for result in results.values():
        image = opened(result)
        durations = []
        for number in range(4):
            image.seek(number)
            image.load()
            durations.append(image.info["duration"])
        assert durations == [100, 200, 300, 400]
        # A GIF says how often it is repeated, a WebP how often it is shown.
        assert image.info["loop"] == (2 if image.format == "GIF" else 3)


@pytest.mark.parametrize(
    ("source", "said", "gif", "webp"),
    [("GIF", None, None, 1), ("GIF", 0, 0, 0), ("GIF", 1, 1, 2), ("WEBP", 1, None, 1), ("WEBP", 0, 0, 0)],
)
def test_it_is_shown_as_often_as_before(source: str, said: int | None, gif: int | None, webp: int) -> None:
    body = animation(source, loop=said)
    found = [
        opened(each) for each in made(body, {"format": "gif", **KEEP}, {"format": "webp", **KEEP}).values()
    ]
    assert [image.info.get("loop") for image in found] == [gif, webp]


def test_frames_that_are_shown_for_no_time_get_what_browsers_give_them() -> None:
    body = animation("GIF", duration=[0, 10, 20, 30])
    image = opened(made(body, {"format": "webp", **KEEP})["v0"])
    durations = []
    for number in range(4):
        image.seek(number)
        image.load()
        durations.append(image.info["duration"])
    assert durations == [100, 100, 20, 30]


def test_times_and_repetitions_beyond_what_a_gif_can_say_are_cut() -> None:
    body = animation("PNG", duration=[100, 10_000_000, 300, 400], loop=2**31)
    results = made(body, {"format": "gif", **KEEP}, {"format": "webp", **KEEP}).values()
    for result, loop in zip(results, (65_534, 65_535), strict=True):
        image = opened(result)
        image.seek(1)
        image.load()
        assert (image.info["duration"], image.info["loop"]) == (655_350, loop)


def test_equal_frames_that_are_shown_for_too_long_refuse_the_gif_alone() -> None:
    frames = [Image.new("RGB", (40, 30), "red"), *[Image.new("RGB", (40, 30), "blue")] * 3]
    body = encoded(frames[0], "AVIF", save_all=True, append_images=frames[1:], duration=400_000, speed=10)
    gif, webp = made(body, {"format": "gif", **KEEP}, {"format": "webp", **KEEP}).values()
    assert isinstance(gif, Failure) and "655 seconds" in gif.rejected.message
    assert isinstance(webp, Output)


def test_without_keep_the_first_frame_is_taken_and_both_can_be_made_at_once() -> None:
    still, moving = made(animation("WEBP"), {"format": "webp"}, {"format": "webp", **KEEP}).values()
    assert len(frames(still)) == 1
    assert len(frames(moving)) == 4


def test_a_single_picture_stays_one() -> None:
    body = encoded(landscape((60, 40)), "PNG")
    kept, plain = made(body, {"format": "webp", **KEEP}, {"format": "webp"}).values()
    assert isinstance(kept, Output) and isinstance(plain, Output)
    assert kept.body == plain.body


def test_filters_padding_and_crops_hold_for_every_frame() -> None:
    grey = {"format": "webp", **KEEP, "filters": [{"type": "grayscale"}], "lossless": True}
    padded = {"format": "gif", **KEEP, "resize": {"width": 40, "height": 40, "fit": "fill"}}
    results = made(animation("GIF"), grey, padded)
    for frame in frames(results["v0"]):
        red, green, blue = frame.getpixel((9, 9))  # type: ignore[misc]
        assert red == green == blue
    for frame, colour in zip(frames(results["v1"]), COLOURS, strict=True):
        assert close(frame.getpixel((20, 1)), (255, 255, 255), 2)
        assert close(frame.getpixel((20, 20)), colour, 12)


def test_entropy_is_sought_in_the_first_frame_and_then_stays() -> None:
    grounds = []
    for left in (600, 0, 300):
        ground = Image.new("RGB", (900, 200), (128, 128, 128))
        ground.paste(landscape((300, 200)), (left, 0))
        grounds.append(ground)
    body = encoded(grounds[0], "WEBP", save_all=True, append_images=grounds[1:], lossless=True, method=0)
    cover = {"width": 150, "height": 100, "fit": "cover", "gravity": "entropy"}
    first, *others = frames(made(body, {"format": "webp", **KEEP, "resize": cover})["v0"])
    assert not close(first.resize((1, 1)).getpixel((0, 0)), (128, 128, 128))
    assert all(close(frame.resize((1, 1)).getpixel((0, 0)), (128, 128, 128), 12) for frame in others)


def test_transparent_frames_do_not_lie_over_each_other() -> None:
    pictures = []
    for number in range(3):
        picture = Image.new("RGBA", (60, 40), (0, 0, 0, 0))
        # Round: of a rectangle the encoder keeps nothing but the rectangle, which is opaque.
        ImageDraw.Draw(picture).ellipse((20 * number, 10, 20 * number + 19, 29), fill=(255, 0, 0, 255))
        pictures.append(picture)
    body = encoded(pictures[0], "WEBP", save_all=True, append_images=pictures[1:], duration=100)
    for kind in ("gif", "webp"):
        result = made(body, {"format": kind, **KEEP})["v0"]
        assert isinstance(result, Output)
        image = Image.open(BytesIO(result.body))
        image.seek(2)
        last = image.convert("RGBA")
        alpha = [last.getpixel((x, 20))[3] for x in (10, 30, 50)]  # type: ignore[index]
        assert alpha[:2] == [0, 0] and alpha[2] > 250


def test_all_frames_together_have_a_limit() -> None:
    with pytest.raises(Rejected, match="4 frames have 9,600 pixels"):
        made(animation("GIF"), {"format": "gif", **KEEP}, limits={"max_animation_pixels": 9_599})
    assert made(animation("GIF"), {"format": "gif"}, limits={"max_animation_pixels": 1})


def test_a_late_frame_alone_counts_those_before_it() -> None:
    with pytest.raises(Rejected, match="3 frames have 7,200 pixels"):
        made(animation("GIF"), {"format": "gif", "page": 3}, limits={"max_animation_pixels": 7_199})
    assert made(animation("TIFF"), {"format": "gif", "page": 3}, limits={"max_animation_pixels": 1})


def test_a_broken_frame_rejects_the_animation_and_not_its_first_frame() -> None:
    body = animation("WEBP", (200, 150))[:-60]
    with pytest.raises(Rejected):
        made(body, {"format": "gif", **KEEP})


@pytest.mark.parametrize(("kind", "page"), [("TIFF", 2), ("TIFF", 4), ("GIF", 3), ("WEBP", 4)])
def test_a_page_or_frame_can_be_chosen(kind: str, page: int) -> None:
    chosen, first = made(animation(kind), {"format": "png", "page": page}, {"format": "png"}).values()
    assert close(opened(chosen).convert("RGB").getpixel((9, 9)), COLOURS[page - 1], 30)
    assert close(opened(first).convert("RGB").getpixel((9, 9)), COLOURS[0], 30)


def test_pages_of_other_sizes_are_measured_by_themselves() -> None:
    pages = [Image.new("RGB", (100, 50)), Image.new("RGB", (40, 80))]
    body = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    result = made(body, {"format": "png", "page": 2, "resize": {"width": 20}})["v0"]
    assert opened(result).size == (20, 40)


def test_a_page_that_is_not_there_refuses_its_variant_alone() -> None:
    results = made(animation("TIFF"), {"format": "png", "page": 5}, {"format": "png"})
    assert isinstance(results["v0"], Failure)
    assert results["v0"].rejected.error_class == "NoSuchPage"
    assert isinstance(results["v1"], Output)
