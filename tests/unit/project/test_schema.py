"""Tests of batchkit.project.schema."""

from __future__ import annotations

import tomllib
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from batchkit.project import schema
from batchkit.project.tables import Document


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    Draft202012Validator.check_schema(schema())
    return Draft202012Validator(schema())


def changed(text: str, table: str, **values: Any) -> dict[str, Any]:
    document = tomllib.loads(text)
    document[table].update(values)
    return document


def test_a_good_file_fits_the_schema(validator: Draft202012Validator, good: str) -> None:
    validator.validate(tomllib.loads(good))


def test_the_recipe_is_open(validator: Draft202012Validator, good: str) -> None:
    validator.validate(changed(good, "job", variants=[{"anything": 1}]))


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("upload", {"max_bytes": 5}),
        ("upload", {"max_bytes": "5 MB"}),
        ("compute", {"memory": 2048}),
        ("compute", {"memory": "2 GB"}),
    ],
)
def test_a_size_is_text_or_an_integer(
    validator: Draft202012Validator, good: str, table: str, values: dict[str, Any]
) -> None:
    validator.validate(changed(good, table, **values))


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("project", {"name": "Photos"}),
        ("project", {"colour": "red"}),
        ("upload", {"suffixes": []}),
        ("upload", {"max_bytes": 1.5}),
        ("compute", {"type": "lambda"}),
        ("compute", {"max_vcpus": 0}),
        ("job", {"uses": ""}),
    ],
)
def test_an_editor_sees_what_the_loader_would_refuse(
    validator: Draft202012Validator, good: str, table: str, values: dict[str, Any]
) -> None:
    assert not validator.is_valid(changed(good, table, **values))


def test_every_key_is_described_with_its_default() -> None:
    for definition in schema()["$defs"].values():
        for name, key in definition["properties"].items():
            assert "description" in key or "$ref" in key, name
            assert "default" in key or name in definition["required"] or "$ref" in key, name


def test_every_table_of_the_file_is_in_the_schema() -> None:
    tables = {field.encode_name for field in msgspec.structs.fields(Document)}
    assert set(schema()["$defs"]["Document"]["properties"]) == tables
