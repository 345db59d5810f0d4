"""Which properties CloudFormation can change in place: the resource schemas that cfn-lint brings."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

Recreation = Literal["Never", "Conditionally", "Always"]

REGION = "us-east-1"
_PROPERTIES = "/properties/"


def recreation(kind: str, path: str) -> Recreation:
    """What a change of the property `path` (`ComputeResources.Type`) of a resource means for it."""
    schema = _schema(kind)
    if _names(schema.get("createOnlyProperties", ()), path):
        return "Always"
    return "Conditionally" if _names(schema.get("conditionalCreateOnlyProperties", ()), path) else "Never"


def name_property(kind: str) -> str | None:
    """The property that is the resource's own name and identifies it; None where AWS makes an id."""
    schema = _schema(kind)
    identifier = schema.get("primaryIdentifier", ())
    given = set(schema.get("properties", {})) - {
        name.removeprefix(_PROPERTIES) for name in schema.get("readOnlyProperties", ())
    }
    name = identifier[0].removeprefix(_PROPERTIES) if len(identifier) == 1 else None
    return name if name in given else None


def _names(pointers: Any, path: str) -> bool:
    """Whether one of the pointers is `path` or leads to it; `*` is any element of a list."""
    parts = path.split(".")
    for pointer in pointers:
        wanted = pointer.removeprefix(_PROPERTIES).split("/")
        if len(wanted) <= len(parts) and all(w in {"*", p} for w, p in zip(wanted, parts, strict=False)):
            return True
    return False


@cache
def _schema(kind: str) -> dict[str, Any]:
    # Half a second of import, for whoever makes change sets.
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError  # noqa: PLC0415

    try:
        return dict(PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema)
    except ResourceNotFoundError:
        return {}
