"""The JSON Schema of batchkit.toml, with which editors complete and check it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from batchkit.project.sizes import Size
from batchkit.project.tables import Document


def schema(job: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """JSON Schema 2020-12 of the whole file.

    `job` is the schema of a job's recipe (with its definitions under `$defs`), and becomes that of [job]
    beside `uses`; without it [job] is open.
    """
    made = msgspec.json.schema(Document, schema_hook=_size)
    if job is not None:
        made["$defs"] = {**made["$defs"], **job.get("$defs", {}), "Job": _job(made["$defs"]["Job"], job)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "batchkit.toml",
        **made,
    }


def _job(table: Mapping[str, Any], recipe: Mapping[str, Any]) -> dict[str, Any]:
    """[job] with the keys of a recipe."""
    return {
        **table,
        "properties": {**table["properties"], **recipe["properties"]},
        "required": [*table["required"], *recipe.get("required", ())],
        "additionalProperties": False,
    }


def _size(kind: type) -> dict[str, Any]:
    if not issubclass(kind, Size):
        raise NotImplementedError(kind.__name__)
    text = {"type": "string", "description": kind.expected, "examples": ["2 GB", "512 MiB"]}
    return {"anyOf": [text, {"type": "integer", "minimum": 1}]}
