"""The JSON Schema of batchkit.toml, with which editors complete and check it."""

from __future__ import annotations

from typing import Any

import msgspec

from batchkit.project.model import Document
from batchkit.project.sizes import Size


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of the whole file; [job] is open, for its job types it."""
    made = msgspec.json.schema(Document, schema_hook=_size)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "batchkit.toml",
        **made,
    }


def _size(kind: type) -> dict[str, Any]:
    if not issubclass(kind, Size):
        raise NotImplementedError(kind.__name__)
    text = {"type": "string", "description": kind.expected, "examples": ["2 GB", "512 MiB"]}
    return {"anyOf": [text, {"type": "integer", "minimum": 1}]}
