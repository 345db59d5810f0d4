from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from image_variants.detail import Detail
from image_variants.geometry import Geometry, measure
from image_variants.pyramid import SAFE_OVERSAMPLING, dct_scale, good_enough, order
from image_variants.spec import Fit, Resize

SOURCE = (4000, 3000)
fits: st.SearchStrategy[Fit] = st.sampled_from(["contain", "cover", "fill", "exact"])
sides = st.integers(1, 5000)
geometries = st.builds(
    lambda width, height, fit: measure(SOURCE, None, Resize(width=width, height=height, fit=fit)),
    sides,
    sides,
    fits,
)
several = st.lists(geometries, min_size=1, max_size=8, unique_by=repr)


def wide(width: int) -> Geometry:
    return measure(SOURCE, None, Resize(width=width))


def parents(*widths: int) -> dict[int, int | None]:
    """For each width, the width that it is made from; None is the source."""
    steps = order([wide(width) for width in widths])
    made = [step.geometry.scaled[0] for step in steps]
    return {
        width: None if step.parent is None else made[step.parent]
        for width, step in zip(made, steps, strict=True)
    }


def test_each_variant_comes_from_the_smallest_that_is_good_enough() -> None:
    assert parents(200, 1600, 800, 400) == {1600: None, 800: 1600, 400: 800, 200: 400}


def test_a_variant_without_pixels_to_spare_above_it_comes_from_the_source() -> None:
    assert parents(1600, 1000) == {1600: None, 1000: None}


def test_nothing_is_made_from_an_enlarged_picture() -> None:
    larger = measure(SOURCE, None, Resize(width=9000, enlarge=True))
    steps = order([larger, wide(4000), wide(900)])
    assert [(step.geometry.scaled[0], step.parent) for step in steps] == [
        (9000, None),
        (4000, None),
        (900, 1),
    ]


def test_rounding_does_not_make_a_variant_come_from_a_larger_picture_than_it_needs() -> None:
    """Of 6,000 x 4,000: 800 x 533 and 400 x 267."""
    large, small = (measure((6000, 4000), None, Resize(width=width)) for width in (800, 400))
    assert good_enough(large, small)
    assert not good_enough(large, measure((6000, 4000), None, Resize(width=402)))


def test_what_a_cover_cut_away_is_not_taken_from_it() -> None:
    square = measure(SOURCE, None, Resize(width=3000, height=3000, fit="cover"))
    assert not good_enough(square, wide(100))
    assert good_enough(square, measure(SOURCE, None, Resize(width=200, height=200, fit="cover")))


def test_jpeg_is_scaled_only_where_it_cannot_be_seen() -> None:
    """SOURCE is 4,000 pixels wide. For each detail: the widest picture that each scale is good for."""
    widest: dict[Detail, dict[int, int]] = {
        "photo": {2: 1600, 4: 500, 8: 124},
        "sharp": {2: 1000, 4: 124, 8: 31},
    }
    for detail, widths in widest.items():
        for scale, width in widths.items():
            assert dct_scale([wide(width)], detail) == scale
            assert dct_scale([wide(width + 5)], detail) == scale // 2


@given(several)
def test_every_variant_is_made_once_and_after_its_parent(wanted: list[Geometry]) -> None:
    steps = order(wanted)
    assert sorted(map(repr, wanted)) == sorted(repr(step.geometry) for step in steps)
    assert all(step.parent is None or step.parent < number for number, step in enumerate(steps))


@given(several)
def test_nothing_is_made_from_a_picture_with_too_few_pixels(wanted: list[Geometry]) -> None:
    steps = order(wanted)
    for child in steps:
        if child.parent is not None:
            parent = steps[child.parent].geometry
            left, top, right, bottom = child.geometry.box
            shown = (right - left) * parent.density[0], (bottom - top) * parent.density[1]
            assert all(a >= 2 * b - 1.001 for a, b in zip(shown, child.geometry.scaled, strict=True))


@given(several)
def test_every_box_lies_in_its_parent_s_picture(wanted: list[Geometry]) -> None:
    steps = order(wanted)
    for child in steps:
        assert (child.parent is None) == (child.inside is None)
        if child.parent is not None and child.inside is not None:
            parent = steps[child.parent].geometry
            left, top, right, bottom = child.inside
            assert 0 <= left < right <= parent.scaled[0]
            assert 0 <= top < bottom <= parent.scaled[1]


@given(several, st.sampled_from(get_args(Detail)))
def test_a_scaled_jpeg_keeps_enough_pixels_for_the_densest_variant(
    wanted: list[Geometry], detail: Detail
) -> None:
    need = max(max(geometry.density) for geometry in wanted)
    scale = dct_scale(wanted, detail)
    assert scale == 1 or 1 / scale >= need * SAFE_OVERSAMPLING[detail][scale] - 1e-6
