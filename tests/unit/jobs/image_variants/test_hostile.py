"""Whatever the bytes: correct outputs, or Rejected with a reason; never another exception."""

from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from support.imagery import encoded, landscape, opened, turned

from batchkit.errors import Rejected
from batchkit.job import Original, Output
from image_variants import job
from image_variants.signatures import ACCEPTED

# Readers warn of odd metadata; in a worker that is a line on stderr, and here it must not become an error.
pytestmark = pytest.mark.filterwarnings("ignore")

TASKS = job.plan(
    {
        "variants": [
            {"name": "cover", "format": "jpeg", "resize": {"width": 16, "height": 8, "fit": "cover"}},
            {"name": "pad", "format": "png", "resize": {"width": 20, "height": 20, "fit": "fill"}},
            {
                "name": "keep",
                "format": "gif",
                "animation": "keep",
                "resize": {"width": 16, "height": 8, "fit": "cover", "gravity": "entropy"},
                "facts": ["blurhash", "colour"],
            },
        ],
        "limits": {"max_pixels": 1_000_000, "max_frames": 50},
    }
)
CLASSES = {
    "Empty",
    "UnsupportedFormat",
    "Truncated",
    "Corrupt",
    "TooManyPixels",
    "TooManyFrames",
    "OutputTooLarge",
    "TooManyBlocks",
    "MetadataTooLarge",
}


SMALL = landscape((64, 48))
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
MOVED = [SMALL.rotate(9), SMALL.rotate(20)]
MAKERS: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: turned(SMALL, 6, icc_profile=PROFILE),
    "PNG": lambda: turned(SMALL, 6, "PNG", icc_profile=PROFILE),
    "WEBP": lambda: turned(SMALL, 6, "WEBP", icc_profile=PROFILE),
    "AVIF": lambda: turned(SMALL, 6, "AVIF", icc_profile=PROFILE),
    "GIF": lambda: encoded(SMALL, "GIF"),
    "TIFF": lambda: turned(SMALL, 6, "TIFF", icc_profile=PROFILE),
    "progressive JPEG": lambda: turned(SMALL, 6, progressive=True, icc_profile=PROFILE),
    "CMYK JPEG": lambda: turned(SMALL.convert("CMYK"), 5),
    "16-bit PNG": lambda: encoded(SMALL.convert("L").convert("I;16"), "PNG"),
    "palette PNG": lambda: encoded(SMALL.convert("P"), "PNG", transparency=3),
    "animated GIF": lambda: encoded(SMALL, "GIF", save_all=True, append_images=MOVED),
    "animated WebP": lambda: encoded(SMALL, "WEBP", save_all=True, append_images=MOVED),
    "animated PNG": lambda: encoded(SMALL, "PNG", save_all=True, append_images=MOVED),
    "lossless WebP": lambda: encoded(SMALL.convert("RGBA"), "WEBP", lossless=True, icc_profile=PROFILE),
    "deflated TIFF": lambda: encoded(SMALL, "TIFF", compression="tiff_adobe_deflate"),
    "LZW TIFF": lambda: encoded(SMALL.convert("L"), "TIFF", compression="tiff_lzw"),
    "JPEG in TIFF": lambda: encoded(SMALL, "TIFF", compression="jpeg"),
    "pages of TIFF": lambda: encoded(SMALL, "TIFF", save_all=True, append_images=MOVED),
}


@cache
def whole(kind: str) -> bytes:
    """A small valid file of the kind, with EXIF and a profile where that is usual."""
    return MAKERS[kind]()


def check(body: bytes) -> str:
    """Either 'made' or the class of the rejection; anything else fails the test."""
    try:
        results = list(job.make(Original("any", body), TASKS))
    except Rejected as rejected:
        assert rejected.error_class in CLASSES
        assert rejected.message
        return rejected.error_class
    assert {result.task for result in results} == {"cover", "pad", "keep"}
    for result in results:
        assert isinstance(result, Output)
        assert opened(result).size == (result.facts["width"], result.facts["height"])
    return "made"


# The number of examples is the profile's, so that a long run needs no other code: --hypothesis-profile.
hostile = settings(deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("kind", MAKERS)
def test_the_undamaged_file_is_made(kind: str) -> None:
    assert check(whole(kind)) == "made"


@pytest.mark.parametrize("kind", MAKERS)
def test_cut_off_anywhere(kind: str) -> None:
    @hostile
    @given(st.floats(0, 1, exclude_max=True))
    def cut(share: float) -> None:
        check(whole(kind)[: int(len(whole(kind)) * share)])

    cut()


@pytest.mark.parametrize("kind", MAKERS)
def test_with_flipped_bits(kind: str) -> None:
    flips = st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 7))
    # Headers decide more than pixels do: half of the damage goes there.
    near_the_start = st.tuples(st.floats(0, 0.1), st.integers(0, 7))

    @hostile
    @given(st.lists(flips | near_the_start, min_size=1, max_size=12))
    def flip(damage: list[tuple[float, int]]) -> None:
        body = bytearray(whole(kind))
        for share, bit in damage:
            body[int(len(body) * share)] ^= 1 << bit
        check(bytes(body))

    flip()


@pytest.mark.parametrize("kind", MAKERS)
def test_with_a_part_replaced(kind: str) -> None:
    @hostile
    @given(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=40))
    def replace(share: float, length: int, rubbish: bytes) -> None:
        body = whole(kind)
        at = int(len(body) * share)
        check(body[:at] + rubbish + body[at + length :])

    replace()


@hostile
@given(
    st.sampled_from([whole(kind)[:n] for kind in ACCEPTED for n in (8, 12, 30)]) | st.just(b""), st.binary()
)
def test_rubbish_behind_a_true_signature(start: bytes, rest: bytes) -> None:
    check(start + rest)


@hostile
@given(st.binary(max_size=2000))
def test_any_bytes_at_all(body: bytes) -> None:
    check(body)


def test_a_picture_in_a_picture_s_clothes() -> None:
    """A PNG signature before a JPEG, and the other way round."""
    png, jpeg = encoded(Image.new("RGB", (9, 9)), "PNG"), encoded(Image.new("RGB", (9, 9)), "JPEG")
    assert check(png[:8] + jpeg) == "Corrupt"
    assert check(jpeg[:3] + png) == "Corrupt"
