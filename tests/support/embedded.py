"""CloudWatch's embedded metric format, as its specification describes it."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

# CloudWatch API reference, MetricDatum: the units that there are.
_SIZES = ("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits", "Kilobits", "Megabits")
_RATES = tuple(f"{unit}/Second" for unit in (*_SIZES, "Count"))
UNITS = ("Seconds", "Microseconds", "Milliseconds", *_SIZES, "Percent", "Count", *_RATES, "None")

_NAME = {"type": "string", "minLength": 1, "maxLength": 1024}
_METRIC = {
    "type": "object",
    "required": ["Name"],
    "properties": {
        "Name": _NAME,
        "Unit": {"enum": list(UNITS)},
        "StorageResolution": {"enum": [1, 60]},
    },
    "additionalProperties": False,
}
_DIRECTIVE = {
    "type": "object",
    "required": ["Namespace", "Dimensions", "Metrics"],
    "properties": {
        "Namespace": {"type": "string", "pattern": "^[A-Za-z0-9._/#:-]{1,256}$"},
        "Dimensions": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "array", "minItems": 1, "maxItems": 30, "items": _NAME},
        },
        "Metrics": {"type": "array", "minItems": 1, "maxItems": 100, "items": _METRIC},
    },
    "additionalProperties": False,
}
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer", "minimum": 0},
                "CloudWatchMetrics": {"type": "array", "minItems": 1, "items": _DIRECTIVE},
            },
        }
    },
}


def check_embedded(line: dict[str, Any]) -> dict[tuple[str, tuple[str, ...]], float]:
    """Fails unless CloudWatch makes metrics of `line`; they, by name and the values of their dimensions."""
    Draft202012Validator(SCHEMA).validate(line)
    found: dict[tuple[str, tuple[str, ...]], float] = {}
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            place = tuple(line[name] for name in names)
            assert all(isinstance(value, str) and 0 < len(value) <= 1024 for value in place)
            for metric in directive["Metrics"]:
                value = line[metric["Name"]]
                assert isinstance(value, int | float)
                assert (metric["Name"], place) not in found
                found[metric["Name"], place] = value
    return found
