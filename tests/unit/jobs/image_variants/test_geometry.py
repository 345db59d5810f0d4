from hypothesis import given
from hypothesis import strategies as st

from image_variants.geometry import Geometry, measure
from image_variants.spec import Crop, Fit, Focus, Gravity, Resize

sides = st.integers(1, 20_000)
targets = st.integers(1, 4_000)
sizes = st.tuples(sides, sides)
gravities: st.SearchStrategy[Gravity] = st.sampled_from(["center", "top", "bottom", "left", "right"])
both: st.SearchStrategy[Fit] = st.sampled_from(["cover", "fill", "exact"])
resizes = st.one_of(
    st.builds(Resize, width=targets, height=st.none() | targets, enlarge=st.booleans()),
    st.builds(Resize, height=targets, enlarge=st.booleans()),
    st.builds(Resize, width=targets, height=targets, fit=both, gravity=gravities, enlarge=st.booleans()),
)
edges = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted).filter(lambda pair: pair[0] < pair[1])
crops = st.none() | st.builds(
    lambda across, down: Crop(left=across[0], right=across[1], top=down[0], bottom=down[1]), edges, edges
)


def sizes_of(geometry: Geometry) -> tuple[tuple[int, int], tuple[int, int]]:
    return geometry.scaled, geometry.canvas


def test_contain_keeps_the_proportions() -> None:
    assert measure((4000, 3000), None, Resize(width=200)).scaled == (200, 150)
    assert measure((4000, 3000), None, Resize(height=300)).scaled == (400, 300)
    assert measure((4000, 3000), None, Resize(width=200, height=100)).scaled == (133, 100)


def test_cover_cuts_the_longer_side_around_the_middle() -> None:
    geometry = measure((4000, 3000), None, Resize(width=200, height=200, fit="cover"))
    assert geometry == Geometry((500, 0, 3500, 3000), (200, 200), (200, 200))


def test_gravity_tells_which_part_cover_keeps() -> None:
    def box(gravity: Gravity) -> tuple[float, ...]:
        return measure((400, 200), None, Resize(width=50, height=50, fit="cover", gravity=gravity)).box

    assert box("left") == (0, 0, 200, 200)
    assert box("right") == (200, 0, 400, 200)


def test_fill_pads_the_contained_picture() -> None:
    geometry = measure((4000, 2000), None, Resize(width=200, height=200, fit="fill"))
    assert geometry == Geometry((0, 0, 4000, 2000), (200, 100), (200, 200), (0, 50))


def test_fill_does_not_enlarge_the_picture_but_still_pads_it() -> None:
    geometry = measure((50, 40), None, Resize(width=100, height=100, fit="fill", gravity="top"))
    assert (geometry.scaled, geometry.canvas, geometry.offset) == ((50, 40), (100, 100), (25, 0))


def test_exact_gives_up_the_proportions() -> None:
    assert measure((4000, 3000), None, Resize(width=100, height=300, fit="exact")).scaled == (100, 300)


def test_small_sources_stay_small_in_the_wanted_proportions() -> None:
    cover = measure((100, 100), None, Resize(width=400, height=200, fit="cover"))
    assert cover == Geometry((0, 25, 100, 75), (100, 50), (100, 50))
    assert measure((100, 100), None, Resize(width=400, height=200, fit="exact")).scaled == (100, 50)
    assert measure((100, 100), None, Resize(width=400)).scaled == (100, 100)


def test_small_sources_grow_when_asked() -> None:
    assert measure((100, 50), None, Resize(width=400, enlarge=True)).scaled == (400, 200)
    assert measure((100, 50), None, Resize(width=400, height=400, fit="cover", enlarge=True)).scaled == (
        400,
        400,
    )


def test_a_crop_alone_keeps_the_pixels_as_they_are() -> None:
    geometry = measure((400, 200), Crop(left=0.25, right=0.75), None)
    assert geometry == Geometry((100, 0, 300, 200), (200, 200), (200, 200))


@given(sizes, crops, resizes)
def test_every_box_lies_in_the_source_and_holds_something(
    source: tuple[int, int], crop: Crop | None, resize: Resize
) -> None:
    left, top, right, bottom = measure(source, crop, resize).box
    assert 0 <= left < right <= source[0]
    assert 0 <= top < bottom <= source[1]


@given(sizes, crops, resizes)
def test_no_pixel_is_invented_unless_asked(
    source: tuple[int, int], crop: Crop | None, resize: Resize
) -> None:
    geometry = measure(source, crop, resize)
    if not resize.enlarge:
        across, down = geometry.density
        # A side of less than a pixel becomes one pixel, and halves are rounded up.
        assert across <= 1 or geometry.scaled[0] <= (geometry.box[2] - geometry.box[0]) + 1
        assert down <= 1 or geometry.scaled[1] <= (geometry.box[3] - geometry.box[1]) + 1


@given(sizes, crops, resizes)
def test_outputs_fit_into_what_was_asked_for(
    source: tuple[int, int], crop: Crop | None, resize: Resize
) -> None:
    geometry = measure(source, crop, resize)
    for size in sizes_of(geometry):
        assert min(size) >= 1
        assert resize.width is None or size[0] <= resize.width
        assert resize.height is None or size[1] <= resize.height
    if resize.fit == "fill" or (resize.enlarge and resize.fit != "contain"):
        assert geometry.canvas == (resize.width, resize.height)


@given(sizes, crops, resizes)
def test_the_picture_lies_on_its_canvas(source: tuple[int, int], crop: Crop | None, resize: Resize) -> None:
    geometry = measure(source, crop, resize)
    assert 0 <= geometry.offset[0] <= geometry.canvas[0] - geometry.scaled[0]
    assert 0 <= geometry.offset[1] <= geometry.canvas[1] - geometry.scaled[1]


@given(sizes, st.builds(Resize, width=targets, height=targets, fit=st.just("cover"), enlarge=st.just(True)))
def test_cover_shows_the_target_s_proportions(source: tuple[int, int], resize: Resize) -> None:
    across, down = measure(source, None, resize).density
    assert abs(across / down - 1) < 1e-6


def test_a_focus_comes_as_near_to_the_middle_as_it_can() -> None:
    def left(x: float, crop: Crop | None = None) -> float:
        square = Resize(width=100, height=100, fit="cover", focus=Focus(x=x, y=0.5))
        return measure((400, 200), crop, square).box[0]

    assert [left(x) for x in (0.0, 0.25, 0.4, 0.5, 0.75, 1.0)] == [0, 0, 60, 100, 200, 200]
    # Within a crop, and still as shares of the whole source.
    assert [left(x, Crop(left=0.25)) for x in (0.0, 0.5, 0.6)] == [100, 100, 140]


def test_a_focus_works_upwards_as_well() -> None:
    wide = Resize(width=100, height=50, fit="cover", focus=Focus(x=0.1, y=0.3))
    assert measure((400, 400), None, wide).box == (0, 20, 400, 220)


def test_a_box_that_entropy_will_find_may_lie_anywhere_in_the_crop() -> None:
    found = measure((400, 200), Crop(left=0.25), Resize(width=50, height=50, fit="cover", gravity="entropy"))
    assert found.reach == (100, 0, 400, 200)
    assert found.box == (150, 0, 350, 200)
