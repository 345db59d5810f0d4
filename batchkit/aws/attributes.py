"""Plain data as DynamoDB's attributes, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal, DecimalException
from enum import Enum
from typing import Any

from boto3.dynamodb.types import DYNAMODB_CONTEXT, TypeDeserializer, TypeSerializer

# "Positive range: 1E-130 to 9.9999999999999999999999999999999999999E+125" (DynamoDB, Data types).
SMALLEST = Decimal("1E-130")

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def plain(record: Any) -> dict[str, Any]:
    """A dataclass as ledger attributes."""
    return {f.name: _attribute(getattr(record, f.name)) for f in fields(record)}


def _attribute(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value)
    if isinstance(value, Mapping):
        return {name: _attribute(v) for name, v in value.items()}
    if isinstance(value, list | tuple):
        return [_attribute(v) for v in value]
    return plain(value) if hasattr(value, "__dataclass_fields__") else value


def _number(value: float) -> Decimal | str:
    """DynamoDB has decimals of 38 digits, no infinity and nothing below 1E-130; other numbers are text."""
    # Not repr(value): numpy's float64 is a float that spells itself "np.float64(1.0)".
    text = repr(float(value)) if isinstance(value, float) else str(int(value))
    try:
        decimal = DYNAMODB_CONTEXT.create_decimal(text)
    except DecimalException:
        return text
    fits = decimal.is_finite() and (not decimal or abs(decimal) >= SMALLEST)
    return decimal if fits else text


def _native(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _native(v) for name, v in value.items()}
    return [_native(v) for v in value] if isinstance(value, list) else value


def dumped(record: Mapping[str, Any]) -> dict[str, Any]:
    """As the client of DynamoDB takes it."""
    return {name: _serializer.serialize(value) for name, value in record.items()}


def loaded(record: Mapping[str, Any]) -> dict[str, Any]:
    """As the client of DynamoDB gave it."""
    return {name: _native(_deserializer.deserialize(value)) for name, value in record.items()}
