import re
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
        ({"format": "png", "quality": 80}, "quality is not a known key"),
        ({"format": "png", "quality": 80}, "one of .*name, .*compression"),
        ({"widths": []}, "widths"),
        ({"widths": [9, 9]}, "names a width twice"),
        ({"widths": [9], "resize": {"width": 5}}, "both width and height"),
        ({"page": 0}, "page"),
        ({"facts": ["colours"]}, "colour"),
        ({"resize": {"width": 9, "height": 9, "focus": {"x": 0.5, "y": 0.5}}}, "go with fit 'cover'"),
        ({"resize": {"width": 9, "height": 9, "fit": "fill", "gravity": "entropy"}}, "go with fit 'cover'"),
        (
            {
                "resize": {
                    "width": 9,
                    "height": 9,
                    "fit": "cover",
                    "gravity": "top",
                    "focus": {"x": 0, "y": 0},
                }
            },
            "contradict",
        ),
        ({"resize": {"width": 9, "height": 9, "fit": "cover", "focus": {"x": 0.5}}}, "y is missing"),
        ({"format": "jpeg", "background": "transparent"}, "jpeg cannot be transparent"),
    ],
)
def test_what_cannot_be_made_is_refused_and_named(variant: dict[str, Any], text: str) -> None:
    assert re.search(text, refused(**variant), re.DOTALL)


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
    assert [t.parameters.get("quality") for t in (jpeg, webp, avif, png)] == [82, 80, 50, None]
    assert jpeg.parameters["background"] == padded.parameters["background"] == "#ffffff"
    assert "background" not in webp.parameters


def test_what_nobody_asks_for_is_not_in_the_parameters() -> None:
    """Or a key that a later version adds would make every output stale."""
    (task,) = job.plan({"variants": [{"name": "a", "format": "png", "resize": {"width": 9}}]})
    assert None not in task.parameters.values()
    assert None not in task.parameters["resize"].values()


def test_widths_make_one_variant_each_for_the_same_srcset() -> None:
    tasks = job.plan({"variants": [{"name": "hero", "format": "webp", "widths": [320, 640]}]})
    assert [task.name for task in tasks] == ["hero-320", "hero-640"]
    assert [task.parameters["resize"]["width"] for task in tasks] == [320, 640]
    assert [task.parameters["srcset"] for task in tasks] == ["hero", "hero"]


def test_widths_keep_the_proportions_of_a_resize() -> None:
    wide = {"width": 16, "height": 9, "fit": "cover"}
    variant = {"name": "hero", "format": "webp", "srcset": "top", "widths": [320, 1000], "resize": wide}
    tasks = job.plan({"variants": [variant]})
    sizes = [(task.parameters["resize"]["width"], task.parameters["resize"]["height"]) for task in tasks]
    assert sizes == [(320, 180), (1000, 563)]
    assert {task.parameters["resize"]["fit"] for task in tasks} == {"cover"}
    assert {task.parameters["srcset"] for task in tasks} == {"top"}
