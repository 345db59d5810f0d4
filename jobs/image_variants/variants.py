"""The job: variants are its tasks, and one source is decoded once for all the tasks that are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import msgspec

from batchkit.job import Failure, Original, Output, Task, decode, recipe_schema
from image_variants import making
from image_variants.formats import AnyVariant
from image_variants.recipe import ImageRecipe
from image_variants.render import Refused, Rendered
from image_variants.resizers import Resizer, fastest
from image_variants.spec import Limits, Variant


@dataclass(frozen=True)
class ImageVariants:
    """Makes resized, filtered and encoded variants of images. See `image_variants.recipe` for the recipe.

    `memory`: the bytes that one call of `make` may use; None is no limit. `resizer`: None is the fastest one.
    """

    memory: int | None = None
    resizer: Resizer | None = None

    version = "2"

    def within(self, memory: int) -> Self:
        """The same job, which rejects a source that needs more bytes than that."""
        return replace(self, memory=memory)

    def plan(self, recipe: Mapping[str, Any]) -> tuple[Task, ...]:
        """One task a variant, in the recipe's order. Raises ConfigError."""
        wanted = decode(recipe, ImageRecipe)
        limits = msgspec.to_builtins(wanted.limits)
        return tuple(_task(variant, limits) for variant in wanted.resolved())

    def make(self, original: Original, tasks: Sequence[Task]) -> Iterator[Output | Failure]:
        """The variants of one image, the largest first. Raises Rejected when it cannot be decoded."""
        resizer = self.resizer or fastest()
        for result in making.make(self._request(original, tasks), resizer):
            yield _refused(result) if isinstance(result, Refused) else _output(result, resizer.name)

    def explain(self, original: Original, tasks: Sequence[Task]) -> list[dict[str, str]]:
        """How the variants of one image come about, a row a step. Raises Rejected as `make` does."""
        from image_variants import explaining  # noqa: PLC0415  (a worker explains nothing)

        return explaining.explain(self._request(original, tasks), self.resizer or fastest())

    def equipment(self) -> Mapping[str, str]:
        """Who resizes here."""
        return {"resizer": (self.resizer or fastest()).name}

    def schema(self) -> Mapping[str, Any]:
        """The JSON Schema of the recipe."""
        return recipe_schema(ImageRecipe)

    def samples(self, folder: Path, seed: int) -> list[Path]:
        """About eight natural-looking photos, one of them rotated by EXIF and one truncated."""
        from image_variants.photos import write  # noqa: PLC0415  (brings numpy, and a worker makes no samples)

        return write(folder, seed)

    def _request(self, original: Original, tasks: Sequence[Task]) -> making.Request:
        limits = msgspec.convert(tasks[0].conditions, Limits) if tasks else Limits()
        return making.Request(original.body, tuple(map(_variant, tasks)), limits, self.memory)


def _task(variant: Variant, limits: Mapping[str, Any]) -> Task:
    """The name is the task's own; everything else that decides the bytes is in the parameters."""
    parameters = _given(msgspec.to_builtins(variant))
    name = parameters.pop("name")
    return Task(name=name, extension=variant.extension, parameters=parameters, conditions=limits)


def _given(value: Any) -> Any:
    """Without what is None: so a key of a later version makes nothing stale where nobody uses it."""
    if isinstance(value, dict):
        return {name: _given(part) for name, part in value.items() if part is not None}
    return [_given(part) for part in value] if isinstance(value, list | tuple) else value


def _variant(task: Task) -> Variant:
    return msgspec.convert({**task.parameters, "name": task.name}, AnyVariant)


def _output(rendered: Rendered, resizer: str) -> Output:
    variant = rendered.variant
    facts: dict[str, str | int | float] = {
        "width": rendered.width,
        "height": rendered.height,
        "format": variant.format,
        "resizer": resizer,
    }
    if rendered.quality is not None:
        facts["quality"] = rendered.quality
    if variant.srcset is not None:
        facts["srcset"] = variant.srcset
    return Output(variant.name, rendered.body, f"image/{variant.format}", {**facts, **rendered.findings})


def _refused(refused: Refused) -> Failure:
    return Failure(refused.variant.name, refused.reason)
