"""The job: variants are its tasks, and one source is decoded once for all the tasks that are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from batchkit.job import Failure, Original, Output, Task, decode, recipe_schema
from image_variants.encode import EXTENSIONS, content_type
from image_variants.header import read
from image_variants.render import Refused, Rendered, render
from image_variants.spec import ImageRecipe, Limits, Variant, resolve


class ImageVariants:
    """Makes resized, filtered and encoded variants of images. See `image_variants.spec` for the recipe."""

    version = "1"

    def plan(self, recipe: Mapping[str, Any]) -> tuple[Task, ...]:
        """One task a variant, in the recipe's order. Raises ConfigError."""
        wanted = decode(recipe, ImageRecipe)
        limits = msgspec.to_builtins(wanted.limits)
        return tuple(_task(resolve(variant), limits) for variant in wanted.variants)

    def make(self, original: Original, tasks: Sequence[Task]) -> Iterator[Output | Failure]:
        """The variants of one image, the largest first. Raises Rejected when it cannot be decoded."""
        if not tasks:
            return
        limits = msgspec.convert(tasks[0].conditions, Limits)
        source = read(original.body, limits)
        variants = [_variant(task) for task in tasks]
        for result in render(source, variants, limits):
            yield _refused(result) if isinstance(result, Refused) else _output(result)

    def schema(self) -> Mapping[str, Any]:
        """The JSON Schema of the recipe."""
        return recipe_schema(ImageRecipe)

    def samples(self, folder: Path, seed: int) -> list[Path]:
        """About eight natural-looking photos, one of them rotated by EXIF and one truncated."""
        from image_variants.photos import write  # noqa: PLC0415  (brings numpy, and a worker makes no samples)

        return write(folder, seed)


def _task(variant: Variant, limits: Mapping[str, Any]) -> Task:
    """The name is the task's own; everything else that decides the bytes is in the parameters."""
    parameters = msgspec.to_builtins(variant)
    name = parameters.pop("name")
    return Task(name=name, extension=EXTENSIONS[variant.format], parameters=parameters, conditions=limits)


def _variant(task: Task) -> Variant:
    return msgspec.convert({**task.parameters, "name": task.name}, Variant)


def _output(rendered: Rendered) -> Output:
    variant = rendered.variant
    facts: dict[str, str | int | float] = {
        "width": rendered.width,
        "height": rendered.height,
        "format": variant.format,
        "resizer": rendered.resizer,
    }
    if variant.quality is not None:
        facts["quality"] = variant.quality
    return Output(variant.name, rendered.body, content_type(variant.format), facts)


def _refused(refused: Refused) -> Failure:
    return Failure(refused.variant.name, refused.reason)
