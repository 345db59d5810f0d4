"""What PutTargets refuses on AWS, so that a template that deploys here deploys there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from batchkit.local.events.transform import PLACEHOLDER, reserved_names

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
MAX_TARGETS = 5
MAX_TEMPLATE_CHARACTERS = 8192
MAX_PATHS = 100
INPUTS = ("Input", "InputPath", "InputTransformer")


def problem(targets: Iterable[Mapping[str, Any]]) -> str | None:
    """The first thing that AWS would not accept, in its words where they are known; None if all is well."""
    targets = list(targets)
    if len(targets) > MAX_TARGETS:
        return f"The requested resource exceeds the maximum number allowed: {MAX_TARGETS} targets per rule."
    return next((found for target in targets if (found := _problem_of(target)) is not None), None)


def _problem_of(target: Mapping[str, Any]) -> str | None:
    name = target.get("Id")
    if sum(target.get(each) is not None for each in INPUTS) > 1:
        return f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}."
    if ":batch:" in str(target.get("Arn")) and not target.get("BatchParameters"):
        return f"BatchParameters must be provided for target {name}."
    transformer = target.get("InputTransformer")
    return None if transformer is None else _problem_of_transformer(name, transformer)


def _problem_of_transformer(name: object, transformer: Mapping[str, Any]) -> str | None:
    paths, template = transformer.get("InputPathsMap") or {}, str(transformer.get("InputTemplate", ""))
    if not 1 <= len(template) <= MAX_TEMPLATE_CHARACTERS:
        return f"InputTemplate for target {name} must have 1 to {MAX_TEMPLATE_CHARACTERS} characters."
    if len(paths) > MAX_PATHS or any(key.upper().startswith("AWS") for key in paths):
        return f"InputPathsMap for target {name} has more than {MAX_PATHS} keys, or one that starts with AWS."
    known = {*paths, *reserved_names()}
    unknown = [each for each in PLACEHOLDER.findall(template) if each not in known]
    return f"InputTemplate for target {name} contains invalid placeholder {unknown[0]}." if unknown else None
