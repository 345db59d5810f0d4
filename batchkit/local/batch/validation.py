"""Requests against botocore's own model of the Batch API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import botocore.loaders
import botocore.model
import botocore.validate
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from batchkit.local.batch.faults import client_exception

if TYPE_CHECKING:
    from collections.abc import Iterator

# Their values are not case-sensitive (API reference, EvaluateOnExit.action).
_ANY_CASE = frozenset({"RetryAction"})


def service_model() -> botocore.model.ServiceModel:
    """The Batch API as botocore describes it."""
    description = botocore.loaders.Loader().load_service_model("batch", "service-2")
    return botocore.model.ServiceModel(description, "batch")


class Requests:
    """Checks parameters of operations: names, types, required members, lower bounds and enums."""

    def __init__(self, model: botocore.model.ServiceModel) -> None:
        self._model = model
        self._validator = botocore.validate.ParamValidator()
        self.operations = frozenset(model.operation_names)

    def check(self, operation: str, parameters: dict[str, Any]) -> None:
        """Raises ClientException that names every wrong member."""
        shape = self._model.operation_model(operation).input_shape
        if shape is None:
            return
        report = self._validator.validate(parameters, shape)
        if report.has_errors():
            raise client_exception(report.generate_report())
        for problem in _enum_problems(parameters, shape, ""):
            raise client_exception(problem)


def _enum_problems(value: Any, shape: Shape, path: str) -> Iterator[str]:
    for name, member, member_shape in _members(value, shape):
        yield from _enum_problems(member, member_shape, f"{path}{name}")
    if not isinstance(shape, StringShape) or shape.name in _ANY_CASE:
        return
    if shape.enum and value not in shape.enum:
        yield f"{path.lstrip('.')} must be one of {', '.join(shape.enum)}, got {value}"


def _members(value: Any, shape: Shape) -> Iterator[tuple[str, Any, Shape]]:
    if isinstance(shape, StructureShape):
        for name, member in value.items():
            yield f".{name}", member, shape.members[name]
    elif isinstance(shape, ListShape):
        for number, member in enumerate(value):
            yield f"[{number}]", member, shape.member
    elif isinstance(shape, MapShape):
        for key, member in value.items():
            yield f".{key}", member, shape.value
