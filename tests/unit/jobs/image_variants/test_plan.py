from typing import Any

from PIL import Image
from support.imagery import encoded, turned

from image_variants import header
from image_variants.formats.png import Png
from image_variants.plan import Cut, Plan, Use, make_plan
from image_variants.spec import Limits, Resize

LIMITS = Limits()


def plan(body: bytes, *resizes: dict[str, Any], limits: Limits = LIMITS) -> Plan:
    variants = [Png(name=f"v{i}", resize=Resize(**r)) for i, r in enumerate(resizes)]
    return make_plan(header.read(body, LIMITS), variants, limits)


def jpeg(size: tuple[int, int]) -> bytes:
    return encoded(Image.new("RGB", size, "red"), "JPEG")


def uncut(place: int, size: tuple[int, int]) -> Use:
    return Use(place, size, (0, 0))


def test_a_plan_tells_the_scale_and_what_each_picture_is_made_from() -> None:
    found = plan(jpeg((4000, 3000)), {"width": 400}, {"width": 1600}, {"width": 800})
    assert found == Plan(
        detail="photo",
        scale=2,
        safe=False,
        decoded=(2000, 1500),
        orientation=1,
        cuts=(
            Cut(None, (0, 0, 2000, 1500), (1600, 1200), (uncut(1, (1600, 1200)),)),
            Cut(0, (0, 0, 1600, 1200), (800, 600), (uncut(2, (800, 600)),)),
            Cut(1, (0, 0, 800, 600), (400, 300), (uncut(0, (400, 300)),)),
        ),
        refused=(),
    )


def test_a_source_stored_lying_is_cut_as_it_lies() -> None:
    found = plan(turned(Image.new("RGB", (400, 300)), 6), {"width": 60, "height": 40, "fit": "cover"})
    (cut,) = found.cuts
    assert found.orientation == 6
    assert found.decoded == (200, 150)
    # Upright it is 300 x 400, and its middle 300 x 200 are shown.
    assert (cut.box, cut.size) == ((50, 0, 150, 150), (40, 60))


def test_equal_pictures_are_made_once_however_they_are_padded() -> None:
    inside = {"width": 100, "height": 100}
    found = plan(jpeg((400, 200)), inside, {**inside, "fit": "fill"})
    (cut,) = found.cuts
    assert cut.size == (100, 50)
    assert cut.uses == (Use(0, (100, 50), (0, 0)), Use(1, (100, 100), (0, 25)))


def test_what_cannot_be_made_is_in_the_plan_with_its_reason() -> None:
    found = plan(jpeg((400, 300)), {"width": 300}, {"width": 30}, limits=Limits(max_pixels=5_000))
    assert [(place, reason.error_class) for place, reason in found.refused] == [(0, "OutputTooLarge")]
    assert [cut.size for cut in found.cuts] == [(30, 23)]


def test_only_jpeg_is_scaled_while_it_is_decoded() -> None:
    assert plan(encoded(Image.new("RGB", (400, 300)), "PNG"), {"width": 10}).scale == 1
    assert plan(jpeg((400, 300)), {"width": 10}).scale == 8


def test_the_last_use_of_each_picture_is_known() -> None:
    found = plan(jpeg((4000, 3000)), {"width": 1600}, {"width": 1000}, {"width": 800}, {"width": 400})
    assert [cut.parent for cut in found.cuts] == [None, None, 0, 2]
    assert [found.last_use(made) for made in (None, 0, 1, 2, 3)] == [1, 2, -1, 3, -1]
