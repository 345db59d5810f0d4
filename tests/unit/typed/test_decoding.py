"""Tests of batchkit.typed.decoding."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from batchkit.errors import ConfigError
from batchkit.typed import decode


class Strict(Struct, forbid_unknown_fields=True):
    pass


class Blur(Strict, tag_field="type", tag="blur"):
    radius: Annotated[float, Meta(gt=0, lt=50)] = 2.0


class Sharpen(Strict, tag_field="type", tag="sharpen"):
    percent: Annotated[int, Meta(ge=0)] = 60


class Mood(Enum):
    CALM = "calm"
    WILD = "wild"


class Box(Strict):
    width: Annotated[int, Meta(ge=1, le=10_000)]
    fit: Literal["cover", "contain"] = "cover"

    def __post_init__(self) -> None:
        if self.width == 13:
            raise ValueError("a width of 13 brings bad luck")


class Even(int):
    expected = "an even number"

    @classmethod
    def parse(cls, value: Any) -> Even:
        if value % 2:
            raise ValueError("odd")
        return cls(value)


class Variant(Strict):
    name: Annotated[str, Meta(pattern="^[a-z]+$", min_length=1, max_length=8)]
    quality: Annotated[int, Meta(ge=1, le=100)] = 80
    resize: Box | None = None
    filters: list[Blur | Sharpen] = []
    mood: Mood = Mood.CALM
    labels: dict[Annotated[str, Meta(max_length=3)], int] = {}
    corner: tuple[int, int] = (0, 0)
    ratios: Annotated[list[float], Meta(max_length=2)] = []
    pair: Even = Even(2)
    step: Annotated[int, Meta(multiple_of=5)] = 5


class Recipe(Strict):
    variants: Annotated[list[Variant], Meta(min_length=1)]


class Renamed(Strict, rename={"size": "max-size"}):
    size: int = 1


class Renaming(Strict):
    tables: dict[str, Renamed]


def refused(data: Any, kind: Any = Recipe) -> ConfigError:
    with pytest.raises(ConfigError) as raised:
        decode(data, kind, "[job]")
    return raised.value


def variant(**values: Any) -> dict[str, Any]:
    return {"variants": [{"name": "first"}, {"name": "ok", **values}]}


def test_good_data_becomes_the_type() -> None:
    data = variant(quality=7, filters=[{"type": "blur", "radius": 3}], labels={"a": 1}, mood="wild")
    made = decode(data, Recipe).variants[1]
    assert (made.quality, made.filters, made.labels, made.mood) == (7, [Blur(3.0)], {"a": 1}, Mood.WILD)


@pytest.mark.parametrize(
    ("values", "place", "found", "expected"),
    [
        ({"quality": 101}, "quality", "101", "an integer from 1 to 100"),
        ({"quality": 0}, "quality", "0", "an integer from 1 to 100"),
        ({"quality": "80"}, "quality", '"80" (text)', "an integer from 1 to 100"),
        ({"quality": 8.5}, "quality", "8.5 (a number)", "an integer from 1 to 100"),
        ({"quality": True}, "quality", "true (a boolean)", "an integer from 1 to 100"),
        ({"quality": [1]}, "quality", "[1] (a list)", "an integer from 1 to 100"),
        ({"name": "UP"}, "name", '"UP"', "text of 1 to 8 characters matching ^[a-z]+$"),
        ({"name": ""}, "name", '""', "text of 1 to 8 characters matching ^[a-z]+$"),
        ({"resize": {"width": 0}}, "resize.width", "0", "an integer from 1 to 10000"),
        ({"resize": "big"}, "resize", '"big" (text)', "a table with the keys width, fit"),
        (
            {"filters": {}},
            "filters",
            "{} (a table)",
            'a list, each a table with type = one of "blur", "sharpen"',
        ),
        (
            {"filters": ["blur"]},
            "filters[0]",
            '"blur" (text)',
            'a table with type = one of "blur", "sharpen"',
        ),
        (
            {"filters": [{"type": "blur"}, {"type": "blur", "radius": 0}]},
            "filters[1].radius",
            "0",
            "a number greater than 0 and less than 50",
        ),
        (
            {"filters": [{"type": "sharpen", "percent": -1}]},
            "filters[0].percent",
            "-1",
            "an integer at least 0",
        ),
        ({"filters": [{"type": 3}]}, "filters[0].type", "3 (an integer)", 'one of "blur", "sharpen"'),
        ({"mood": "sad"}, "mood", '"sad"', 'one of "calm", "wild"'),
        ({"labels": {"a": 1, "b": "x"}}, "labels.b", '"x" (text)', "an integer"),
        ({"corner": [1]}, "corner", "[1]", "a list of 2: an integer, an integer"),
        ({"corner": [1, "2"]}, "corner[1]", '"2" (text)', "an integer"),
        ({"ratios": [1, 2, 3]}, "ratios", "[1, 2, 3]", "a list of at most 2 elements, each a number"),
        ({"step": 7}, "step", "7", "an integer, a multiple of 5"),
    ],
)
def test_an_error_names_the_key_what_was_found_and_what_was_expected(
    values: dict[str, Any], place: str, found: str, expected: str
) -> None:
    error = refused(variant(**values))
    assert error.what.startswith(f"[job] variants[1].{place} ")
    assert (error.found, error.expected) == (found, expected)


def test_an_unknown_key_comes_with_the_nearest_valid_name() -> None:
    error = refused(variant(qualty=3))
    assert error.what == "[job] variants[1].qualty is not a known key"
    assert error.fix == "did you mean 'quality'?"
    assert "one of name, quality, resize" in str(error.expected)


def test_an_unknown_key_that_resembles_nothing_is_to_be_removed() -> None:
    assert refused(variant(zzz=3)).fix == "remove zzz"


def test_an_unknown_key_of_a_tagged_table_is_compared_with_the_keys_of_its_own_kind() -> None:
    error = refused(variant(filters=[{"type": "blur", "percent": 3}]))
    assert error.what == "[job] variants[1].filters[0].percent is not a known key"
    assert error.expected == "one of type, radius"


def test_an_unknown_tag_comes_with_the_nearest_known_tag() -> None:
    error = refused(variant(filters=[{"type": "sharpn"}]))
    assert error.what == "[job] variants[1].filters[0].type is not one of the known values"
    assert (error.found, error.expected) == ('"sharpn"', 'one of "blur", "sharpen"')
    assert error.fix == "did you mean 'sharpen'?"


def test_a_missing_tag_is_asked_for_with_the_known_tags() -> None:
    error = refused(variant(filters=[{"radius": 3}]))
    assert error.what == "[job] variants[1].filters[0].type is missing"
    assert (error.found, error.expected) == ("only radius", 'one of "blur", "sharpen"')


def test_a_missing_key_is_asked_for_with_its_type() -> None:
    error = refused({"variants": [{"quality": 3}]})
    assert error.what == "[job] variants[0].name is missing"
    assert (error.found, error.expected) == ("only quality", "text of 1 to 8 characters matching ^[a-z]+$")


def test_a_value_of_another_kind_than_the_whole_is_told_without_a_key() -> None:
    error = refused([])
    assert error.what == "[job] has the wrong type"
    assert (error.found, error.expected) == ("[] (a list)", "a table with the keys variants")


def test_the_guilty_key_of_a_mapping_is_named_even_if_more_is_wrong_after_it() -> None:
    error = refused(variant(labels={"a": 1, "b": "x", "c": "y"}, quality=0))
    assert error.what == "[job] variants[1].labels.b has the wrong type"


def test_a_key_of_a_mapping_can_be_wrong_itself() -> None:
    error = refused(variant(labels={"long": 1}))
    assert error.what == "[job] variants[1].labels has a key that is not allowed"
    assert error.expected == "each key text of at most 3 characters"


def test_the_words_of_a_type_of_its_own_are_kept() -> None:
    error = refused(variant(resize={"width": 13}))
    assert error.what == "[job] variants[1].resize: a width of 13 brings bad luck"
    assert error.found == '{"width": 13}'


def test_a_type_that_reads_itself_says_what_it_expects() -> None:
    assert decode(variant(pair=4), Recipe).variants[1].pair == Even(4)
    error = refused(variant(pair=3))
    assert (error.what, error.found, error.expected) == (
        "[job] variants[1].pair: odd",
        "3",
        "an even number",
    )


def test_the_names_of_keys_may_be_renamed_and_hold_marks() -> None:
    error = refused({"tables": {"a.b[0]`": {"max-siz": 1}}}, Renaming)
    assert error.what == "[job] tables.a.b[0]`.max-siz is not a known key"
    assert error.fix == "did you mean 'max-size'?"


def test_where_comes_first_and_may_be_empty() -> None:
    with pytest.raises(ConfigError, match=r"^quality has the wrong type"):
        decode({"name": "x", "quality": None}, Variant, "")


@given(st.text(), st.text())
def test_no_key_however_hostile_breaks_the_explanation(key: str, inner: str) -> None:
    for data in ({key: 1}, variant(**{key: 1}), variant(resize={"width": 1, key: inner})):
        try:
            decode(data, Recipe)
        except ConfigError as error:
            assert error.what
            assert error.expected


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "quality", "filters", "type", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_data_that_msgspec_refuses_is_refused_with_an_explanation(value: Any) -> None:
    data = {"variants": value}
    try:
        msgspec.convert(data, Recipe, dec_hook=lambda kind, plain: kind.parse(plain))
    except msgspec.ValidationError:
        error = refused(data)
        assert error.what.startswith("[job] variants")
        assert error.found is not None
    else:
        assert decode(data, Recipe)


def test_an_index_follows_a_key_that_was_given() -> None:
    with pytest.raises(ConfigError, match=r"^\[job\] names\[1\] has"):
        decode(["a", 1], list[str], "[job] names")
