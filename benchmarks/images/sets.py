"""What is made of each photo: the same variants for every engine, as plain data."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

SetName = Literal["web5", "one800", "fast5"]


class Wanted(TypedDict):
    """One variant: `height` 0 keeps the proportions, otherwise width x height is filled and cut (cover).

    `gray`: in shades of grey, sharpened. `method` is WebP's (0 to 6).
    """

    name: str
    width: int
    height: int
    format: Literal["jpeg", "webp", "png"]
    quality: int
    gray: bool
    method: int


def _wanted(name: str, width: int, kind: Literal["jpeg", "webp"], quality: int, **other: Any) -> Wanted:
    return Wanted(
        name=name,
        width=width,
        height=other.get("height", 0),
        format=kind,
        quality=quality,
        gray=other.get("gray", False),
        method=other.get("method", 4),
    )


WEB5 = (
    _wanted("thumb", 200, "webp", 80, height=200),
    _wanted("small", 400, "jpeg", 80),
    _wanted("medium", 800, "webp", 80),
    _wanted("large", 1600, "jpeg", 82),
    _wanted("gray", 800, "jpeg", 80, gray=True),
)
SETS: dict[SetName, tuple[Wanted, ...]] = {
    "web5": WEB5,
    "one800": tuple(one for one in WEB5 if one["name"] == "medium"),
    "fast5": tuple(Wanted(**{**one, "method": 2}) for one in WEB5),  # type: ignore[typeddict-item]
}


def lossless(wanted: tuple[Wanted, ...]) -> tuple[Wanted, ...]:
    """The same as PNGs, to be compared pixel by pixel."""
    return tuple(Wanted(**{**one, "format": "png"}) for one in wanted)  # type: ignore[typeddict-item]


def finest(wanted: tuple[Wanted, ...]) -> tuple[Wanted, ...]:
    """The same as JPEGs that lose nothing of luma but rounding: not all is made as PNGs are."""
    return tuple(Wanted(**{**one, "format": "jpeg", "quality": 100}) for one in wanted)  # type: ignore[typeddict-item]


def recipe(wanted: tuple[Wanted, ...]) -> dict[str, Any]:
    """The same as the `[job]` of a batchkit.toml."""
    return {"variants": [_variant(one) for one in wanted]}


def _variant(one: Wanted) -> dict[str, Any]:
    size: dict[str, Any] = {"width": one["width"]}
    if one["height"]:
        size |= {"height": one["height"], "fit": "cover"}
    filters = [{"type": "grayscale"}, {"type": "sharpen", "percent": PERCENT}] if one["gray"] else []
    variant: dict[str, Any] = {
        "name": one["name"],
        "resize": size,
        "filters": filters,
        "format": one["format"],
    }
    if one["format"] == "png":
        return variant
    profile = {"profile": "fast"} if one["method"] == 2 else {}
    return variant | {"quality": one["quality"], **profile}


# The gray variant is sharpened in the way that costs each engine least, which is a 3x3 kernel.
PERCENT = 60
