"""All of `[job]` but `uses`: the variants, in order, and what is accepted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from image_variants.formats import AnyVariant
from image_variants.spec import WHITE, Limits, Profile, Resize, Spec, Variant


class ImageRecipe(Spec, frozen=True):
    """`profile` holds for all variants that have none."""

    variants: Annotated[tuple[AnyVariant, ...], Meta(min_length=1)]
    profile: Profile = "standard"
    limits: Limits = Limits()

    def resolved(self) -> Iterator[Variant]:
        """Every single output, with its defaults spelt out."""
        for variant in self.variants:
            for single in _expanded(variant):
                yield _padded(single.resolved(self.profile))


def _expanded(variant: Variant) -> Iterator[Variant]:
    """One variant a width."""
    if variant.widths is None:
        yield variant
        return
    for width in variant.widths:
        yield replace(
            variant,
            name=f"{variant.name}-{width}",
            srcset=variant.srcset or variant.name,
            widths=None,
            resize=_at_width(variant.resize, width),
        )


def _at_width(resize: Resize | None, width: int) -> Resize:
    """The resize at another width, in the same proportions."""
    if resize is None or resize.width is None or resize.height is None:
        return Resize(width=width)
    height = int(width * resize.height / resize.width + 0.5)
    return replace(resize, width=width, height=max(1, height))


def _padded(variant: Variant) -> Variant:
    """The variant with the colour of its padding, if it has any."""
    if variant.background is None and variant.resize is not None and variant.resize.fit == "fill":
        return replace(variant, background=WHITE)
    return variant
