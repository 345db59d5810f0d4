from hypothesis import given
from hypothesis import strategies as st

from image_variants.geometry import Geometry, measure
from image_variants.pyramid import Step, dct_scale, good_enough, inside, order
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
several = st.lists(geometries, min_size=1, max_size=8)


def wide(width: int) -> Geometry:
    return measure(SOURCE, None, Resize(width=width))


def test_each_variant_comes_from_the_smallest_that_is_good_enough() -> None:
    assert order([wide(200), wide(1600), wide(800), wide(400)]) == [
        Step(1, None),
        Step(2, 1),
        Step(3, 2),
        Step(0, 3),
    ]


def test_a_variant_without_pixels_to_spare_above_it_comes_from_the_source() -> None:
    assert order([wide(1600), wide(1000)]) == [Step(0, None), Step(1, None)]


def test_equal_sizes_are_shared() -> None:
    assert order([wide(800), wide(800)]) == [Step(0, None), Step(1, 0)]


def test_what_a_cover_cut_away_is_not_taken_from_it() -> None:
    square = measure(SOURCE, None, Resize(width=3000, height=3000, fit="cover"))
    assert not good_enough(square, wide(100))
    assert good_enough(square, measure(SOURCE, None, Resize(width=200, height=200, fit="cover")))


def test_jpeg_is_scaled_only_where_it_cannot_be_seen() -> None:
    assert dct_scale([wide(1604)]) == 1
    assert dct_scale([wide(1600)]) == 2
    assert dct_scale([wide(501)]) == 2
    assert dct_scale([wide(500)]) == 4
    assert dct_scale([wide(128)]) == 4
    assert dct_scale([wide(120)]) == 8


@given(several)
def test_every_variant_is_made_once_and_after_its_parent(wanted: list[Geometry]) -> None:
    steps = order(wanted)
    assert sorted(step.index for step in steps) == list(range(len(wanted)))
    done: set[int] = set()
    for step in steps:
        assert step.parent is None or step.parent in done
        done.add(step.index)


@given(several)
def test_nothing_is_made_from_a_picture_with_too_few_pixels(wanted: list[Geometry]) -> None:
    for step in order(wanted):
        if step.parent is not None:
            parent, child = wanted[step.parent], wanted[step.index]
            spare = min(have / need for have, need in zip(parent.density, child.density, strict=True))
            assert spare > 1.99 or (parent.box, parent.scaled) == (child.box, child.scaled)


@given(several)
def test_every_box_lies_in_its_parent_s_picture(wanted: list[Geometry]) -> None:
    for step in order(wanted):
        if step.parent is not None:
            parent = wanted[step.parent]
            left, top, right, bottom = inside(parent, wanted[step.index])
            assert 0 <= left < right <= parent.scaled[0]
            assert 0 <= top < bottom <= parent.scaled[1]


@given(several)
def test_a_scaled_jpeg_keeps_enough_pixels_for_the_densest_variant(wanted: list[Geometry]) -> None:
    need = max(max(geometry.density) for geometry in wanted)
    scale = dct_scale(wanted)
    assert scale == 1 or 1 / scale >= need * {2: 1.25, 4: 2, 8: 4}[scale] - 1e-6
