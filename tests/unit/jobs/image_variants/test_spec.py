from typing import Any

import pytest

from batchkit.errors import ConfigError
from image_variants import job


def refused(**variant: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        job.plan({"variants": [{"name": "thumb", "format": "webp", **variant}]})
    return str(caught.value)


def test_a_misspelt_key_is_refused_with_the_nearest_name() -> None:
    message = refused(qualty=80)
    assert "qualty" in message
    assert "quality" in message


@pytest.mark.parametrize(
    ("variant", "text"),
    [
        ({"format": "jpg"}, "jpeg"),
        ({"quality": 0}, "quality"),
        ({"quality": 101}, "quality"),
        ({"quality": "80"}, "quality"),
        ({"name": "../thumb"}, "name"),
        ({"background": "white"}, "background"),
        ({"resize": {}}, "width, a height or both"),
        ({"resize": {"width": 0}}, "width"),
        ({"resize": {"width": 100_000}}, "width"),
        ({"resize": {"width": 10, "fit": "cover"}}, "needs both width and height"),
        ({"resize": {"width": 10, "fit": "stretch"}}, "exact"),
        ({"crop": {"left": 0.5, "right": 0.5}}, "empty crop"),
        ({"crop": {"left": -0.1}}, "left"),
        ({"filters": [{"type": "sharpn"}]}, "sharpen"),
        ({"filters": [{"type": "sharpen", "radius": -1}]}, "radius"),
        ({"filters": [{"radius": 1}]}, "type"),
        ({"format": "png", "quality": 80}, "png is lossless and takes no quality"),
        ({"format": "jpeg", "background": "transparent"}, "jpeg cannot be transparent"),
    ],
)
def test_what_cannot_be_made_is_refused_and_named(variant: dict[str, Any], text: str) -> None:
    assert text in refused(**variant)


def test_a_recipe_needs_a_variant() -> None:
    recipes: list[dict[str, Any]] = [{}, {"variants": []}, {"limits": {"max_pixels": 5}}]
    for recipe in recipes:
        with pytest.raises(ConfigError, match="variants"):
            job.plan(recipe)


def test_limits_are_positive_and_named() -> None:
    for limits in ({"max_pixels": 0}, {"max_pixel": 5}):
        with pytest.raises(ConfigError, match="max_pixel"):
            job.plan({"variants": [{"name": "t", "format": "png"}], "limits": limits})


def test_defaults_are_spelt_out_in_the_parameters() -> None:
    jpeg, webp, avif, png, padded = job.plan(
        {
            "variants": [
                {"name": "a", "format": "jpeg"},
                {"name": "b", "format": "webp"},
                {"name": "c", "format": "avif"},
                {"name": "d", "format": "png"},
                {"name": "e", "format": "png", "resize": {"width": 9, "height": 9, "fit": "fill"}},
            ]
        }
    )
    assert [t.parameters["quality"] for t in (jpeg, webp, avif, png)] == [82, 80, 50, None]
    assert jpeg.parameters["background"] == padded.parameters["background"] == "#ffffff"
    assert webp.parameters["background"] is None
